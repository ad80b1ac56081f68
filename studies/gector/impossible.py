"""What is impossible about a configuration beyond the bounds of single values."""

from __future__ import annotations

from collections.abc import Iterator

from lab.errors import StudyError, unknown
from studies.gector import given
from studies.gector.config import STAGES, Schema, Variant
from studies.gector.data_stages import vocabulary_file
from studies.gector.encoders import kinds
from studies.gector.objectives import objective_names
from studies.gector.sources import own
from studies.gector.stages import Stages


def complaints(config: Schema) -> list[str]:
    """All complaints together, in the command line's words."""
    found = [*_stages(config), *_inference(config), *_encoder(config), *_system(config)]
    return found or [*_shape(config)]


def _stages(config: Schema) -> Iterator[str]:
    if not config.stages.run:
        yield "stages.run=[]: a tagger is trained in one stage at least, such as [two]."
    if not config.tags.counted:
        yield "tags.counted=[]: the list of tags is counted on one stage's pairs, such as [two]."
    if not config.evaluate.sets:
        yield "evaluate.sets=[]: give one set at least, such as [seen]."
    for name in STAGES:
        settings = config.stages.settings.get(name)
        read = name in config.stages.run or name in config.tags.counted
        if settings is None and read:
            yield f"stages.settings.{name}: stage {name} has no settings. Give its pairs and rate."
        if settings is None:
            continue
        key = f"stages.settings.{name}"
        if settings.pairs == "synthetic" and settings.most is None:
            yield f"{key}.most=null: of synthetic pairs there is no end. Give a number."
        if settings.pairs == "own":
            yield from _own(key, settings.files)
        elif settings.files:
            yield f"{key}.files is not read by {key}.pairs={settings.pairs}. Add {key}.pairs=own."
        if read and settings.most == 0 and not settings.correct:
            yield f"{key}.most=0: without pairs and with correct=0 there is nothing to learn."
        if settings.cold > settings.epochs:
            yield (
                f"{key}.cold={settings.cold} of {settings.epochs} epochs: give at most as many "
                "cold epochs as there are."
            )
    for name in config.stages.settings:
        if name not in STAGES:
            yield f"stages.settings.{name}: {unknown('stage', name, STAGES)}"


def _own(key: str, files: list[str]) -> Iterator[str]:
    try:
        own.files_of(files)
    except StudyError as error:
        yield f"{key}.files: {error}"


def _inference(config: Schema) -> Iterator[str]:
    inference = config.inference
    if inference.name != "given" and (inference.confidence or inference.minimum):
        yield (
            f"inference.confidence={inference.confidence:g} and inference.minimum="
            f"{inference.minimum:g} are not read by inference={inference.name}. Add "
            "inference=given."
        )
    if not config.mixture:
        yield "mixture={}: synthetic sentences come from one corpus at least, such as everyday."


def _encoder(config: Schema) -> Iterator[str]:
    encoder = config.encoder
    if encoder.name == "given" and encoder.folder is None:
        yield "encoder=given: say which, by encoder.folder=FOLDER."
    if encoder.name != "given" and encoder.folder is not None:
        yield (
            f"encoder.folder={encoder.folder} is not read by encoder={encoder.name}. Add "
            "encoder=given."
        )
    for variant in (encoder, *config.ensemble.others):
        yield from _variant(variant)
    if encoder.folder is not None and (encoder.objective or encoder.kind != "transformer"):
        yield "encoder=given has a kind and a training of its own: leave out the others."
    if encoder.folder is not None:
        try:
            given.files_of(encoder.folder)
        except StudyError as error:
            yield str(error)


def _variant(variant: Variant) -> Iterator[str]:
    kind, objective = variant.kind, variant.objective
    learner = "causal" if objective == "next_piece" else "transformer"
    if kind not in kinds():
        yield f"encoder.kind: {unknown('kind of encoder', kind, kinds())}"
    elif objective is not None and objective not in objective_names():
        yield f"encoder.objective: {unknown('objective', objective, objective_names())}"
    elif objective is not None and kind != learner:
        yield (
            f"encoder.kind={kind} does not learn encoder.objective={objective}. Give "
            f"encoder.kind={learner}, or encoder.objective=null."
        )


def _system(config: Schema) -> Iterator[str]:
    for key in config.speed.sentences:
        size = key.removeprefix("at_")
        if not (key.startswith("at_") and size.isdecimal() and int(size)):
            yield f"speed.sentences.{key}: give it as at_N, N sentences in a batch, such as at_1."
    if config.speed.measured and not config.speed.sentences:
        yield "speed.sentences={}: give a number of sentences, such as speed.sentences.at_1=32."
    if config.system.name == "rewriter" and vocabulary_file(config):
        yield (
            "system=rewriter writes with pieces that are trained here: leave out vocabulary.file "
            "and encoder=given."
        )


def _shape(config: Schema) -> Iterator[str]:
    try:
        shape = Stages(config).encoder
    except StudyError as error:
        yield from str(error).splitlines()
        return
    for line in shape.complaints():
        yield f"encoder.{line}"
