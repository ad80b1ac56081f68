"""What a plan says of a cell beside its stages: text, updates, and FLOPs by both counts."""

from __future__ import annotations

from lab.corpora import get_corpus
from lab.encoder.suite.corpora import vocabulary_corpus
from lab.encoder.suite.saying import started
from studies.electra.resolved import Resolved


def of_cell(resolved: Resolved) -> list[str]:
    """Which text is read, and what the row's pre-training is by our count and by the paper's."""
    if resolved.given is not None:
        return [started(resolved.given, not resolved.pretrains)]
    said = [_vocabulary(resolved)]
    if resolved.pretrains:
        said += [_cost(resolved), _reading(resolved)]
    return said


def _vocabulary(resolved: Resolved) -> str:
    settings = resolved.config.vocabulary
    if settings.file:
        return f"The vocabulary is the given one: vocabulary.file={settings.file}."
    corpus = vocabulary_corpus(resolved.config)
    return f"The vocabulary of {resolved.encoder.vocabulary:,} pieces is trained on {corpus}."


def _cost(resolved: Resolved) -> str:
    config, counted = resolved.config, resolved.counted
    generator = ""
    if resolved.objective.generator:
        shape = resolved.generator
        width = (
            f", generator {shape.width} wide" if shape else f", generator {config.generator.kind}"
        )
        how = "" if config.algorithm.name == "joint" else f", {config.algorithm.name}"
        generator = f"{width}, tying {config.tying.name}{how}"
    return (
        f"objective={config.objective.name} size={config.size.name}{generator}: "
        f"{resolved.steps:,} updates, {counted['flops']:.4g} FLOPs; "
        f"{counted['paper_flops']:.4g} by the paper's count."
    )


def _reading(resolved: Resolved) -> str:
    """How often pre-training goes through its text, as far as is known beforehand."""
    name, config = resolved.config.dataset.corpus, resolved.config
    there = get_corpus(name).approximate_tokens
    if not there:
        return f"Pre-training reads {name}, whose size is not known yet."
    read = resolved.steps * config.pretrain.batch_size * config.rows.length
    return (
        f"Pre-training goes about {float(f'{read / there:.2g}'):,g} times through "
        f"{name} (about {float(f'{there:.2g}'):,.0f} tokens)."
    )
