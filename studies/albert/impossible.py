"""What is impossible about a configuration beyond the bounds of single values.

The complaints use the words of the command line; each is one line.
"""

from __future__ import annotations

from collections.abc import Iterator

from lab.encoder.suite.impossible import of_given, of_lengths, of_suite, of_text
from lab.errors import StudyError, unknown
from studies.albert.config import Schema
from studies.albert.resolved import Resolved
from studies.albert.sentence_losses import sentence_loss_names


def complaints(config: Schema) -> list[str]:
    """What is impossible about the configuration, all together."""
    try:
        given = Resolved(config).given
    except StudyError as error:
        return [*str(error).splitlines(), *of_text(config, "albert"), *of_suite(config)]
    if given is not None:
        return [*of_given(given, config), *of_text(config, "albert"), *of_suite(config)]
    return [
        *_sentence_loss(config),
        *of_lengths(config, config.model.positions),
        *of_text(config, "albert"),
        *_shape(config),
        *_start(config),
        *_kept(config),
        *_ensemble(config),
        *of_suite(config),
    ]


def _sentence_loss(config: Schema) -> Iterator[str]:
    name = config.sentence_loss.name
    if name not in sentence_loss_names():
        yield f"sentence_loss={name}: {unknown('sentence loss', name, sentence_loss_names())}"


def _shape(config: Schema) -> Iterator[str]:
    try:
        shape = Resolved(config).encoder
    except StudyError as error:
        yield from str(error).splitlines()
        return
    for line in shape.complaints():
        yield f"size={config.size.name} sharing={config.sharing.name}: {line}"


def _start(config: Schema) -> Iterator[str]:
    """Weights of other depths fit where all layers are one (appendix A.1)."""
    if config.size.start and config.sharing.name != "all":
        yield (
            f"size.start={config.size.start} with sharing={config.sharing.name}: weights "
            "of another depth fit layers that share all. Add sharing=all, or size.start=[]."
        )


def _kept(config: Schema) -> Iterator[str]:
    """Networks are kept in the middle of a training, and a curve is of such."""
    for share in config.length.keep:
        if not 0 < share < 1:
            yield (
                f"length.keep: {share:g}; accepted are shares of the training between 0 and 1, "
                "such as length.keep=[0.5,0.75]."
            )
    if config.evaluate.curve and not config.length.keep:
        yield (
            "evaluate.curve=true: no networks are kept before the last ones. Add "
            "length.keep=[0.5,0.75], or length=longest."
        )


def _ensemble(config: Schema) -> Iterator[str]:
    """Members that there are, of one score together."""
    settings = config.ensemble
    for share in settings.checkpoints:
        if share not in config.length.keep:
            yield (
                f"ensemble.checkpoints: no networks are kept after {share:g} of the training. Add "
                f"length.keep=[{','.join(f'{one:g}' for one in [*config.length.keep, share])}]."
            )
    for name in settings.sizes:
        if name not in config.shapes:
            yield f"ensemble.sizes: {unknown('shape', name, sorted(config.shapes))}"
    together = settings.checkpoints or settings.sizes
    if together and config.finetune.summary != "ensemble":
        yield (
            f"ensemble={settings.name} with finetune.summary={config.finetune.summary}: members of "
            "several networks have one score together. Add finetune.summary=ensemble."
        )
