"""What a plan says of the text that a cell reads: the vocabulary's, and pre-training's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lab.corpora import get_corpus
from lab.stage import Stage
from t5study.config import Schema, vocabulary_corpus
from t5study.given_model import MIXED, UNUSED_ROWS
from t5study.resolved import Resolved

FOLDERS = re.compile(r"[^+:]*/")


def without_folders(corpus: str) -> str:
    """A corpus as it was typed, without the folders that its files lie in."""
    return FOLDERS.sub("", corpus)


def remarks(resolved: Resolved, targets: Iterable[Stage]) -> list[str]:
    """Which text the vocabulary is of, and how often pre-training goes through its own."""
    if resolved.given is not None:
        return given(resolved)
    readings = {_reading(resolved, stage) for stage in _pretraining(targets)}
    return [_vocabulary(resolved.config), *sorted(readings)]


def given(resolved: Resolved) -> list[str]:
    """What a cell with a given model starts from, and what its seeds are of."""
    model = resolved.given
    assert model is not None
    if resolved.config.strategy.name == "no_pretraining":
        start = f"Without pre-training: the shape and the vocabulary of {model.words}, drawn anew."
    else:
        start = (
            f"Pre-trained elsewhere: rows start from {model.words} with its vocabulary. They all "
            "start from this one model: seeds differ in "
        )
        mixed = resolved.config.strategy.name == MIXED
        start += "training on all tasks and in fine-tuning." if mixed else "fine-tuning alone."
    if model.unused > UNUSED_ROWS:
        start += f" Of its embedding {model.unused:,} rows are no piece's."
    return [start]


def _vocabulary(config: Schema) -> str:
    if config.vocabulary.file:
        return f"The vocabulary is the given one: vocabulary.file={config.vocabulary.file}."
    corpus = vocabulary_corpus(config)
    return f"The vocabulary of {config.vocabulary.pieces:,} pieces is trained on {corpus}."


def _reading(resolved: Resolved, stage: Stage) -> str:
    """How often one pre-training goes through its text, as far as is known beforehand."""
    name, config = resolved.config.dataset.corpus, stage.config
    there = get_corpus(name).approximate_tokens
    if not there:
        return f"Pre-training reads {name}, whose size is not known yet."
    used = min(there, config["corpus_tokens"] or there)
    part = f"the first {used:,.0f} tokens of {name}"
    if used == there:
        part = f"{name} (about {float(f'{there:.2g}'):,.0f} tokens)"
    if config["mixture"]:
        return f"Pre-training mixes {part} with tasks."
    texts, _ = resolved.objective.lengths(config["inputs_length"])
    alone = not (resolved.objective.pairs_texts and resolved.model.layout.encoder)
    read = config["steps"] * config["batch_size"] * texts * (1 if alone else 2)
    return f"Pre-training goes about {float(f'{read / used:.2g}'):,g} times through {part}."


def _pretraining(targets: Iterable[Stage]) -> Iterator[Stage]:
    """The stages behind `targets` that read a corpus."""
    for stage in targets:
        if stage.name == "pretrain" and "corpus" in stage.inputs:
            yield stage
        yield from _pretraining(stage.inputs.values())
