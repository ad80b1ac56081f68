"""What a table says of how its scores came about."""

from __future__ import annotations

import re

from lab.corpora import is_own
from lab.encoder.given import GivenEncoder
from lab.encoder.suite.settings import SuiteSchema

CONSTANT = {"label": "Best constant answer", "file": "constant.json"}
FOLDERS = re.compile(r"[^+:]*/")


def without_folders(corpus: str) -> str:
    """A corpus as it was typed, without the folders that its files lie in."""
    return FOLDERS.sub("", corpus)


def selection(config: SuiteSchema) -> str:
    """Which checkpoints and fine-tunings the scores are of."""
    finetune = config.finetune
    which = {"last": "last checkpoint", "best": "best checkpoint on validation"}
    found = which[finetune.selection]
    if finetune.seeds > 1:
        found += f"; the {finetune.summary} of {finetune.seeds} fine-tunings of one pre-training"
    return f"{found}; scores on the {config.evaluate.split} split"


def started(given: GivenEncoder, drawn: bool) -> str:
    """What a row with a given encoder starts from; where `drawn`, from its shape alone."""
    if drawn:
        return f"Without pre-training: the shape and the vocabulary of {given.words}, drawn anew."
    return (
        f"Pre-trained elsewhere: rows start from {given.words} with its vocabulary. They all start "
        "from this one encoder: seeds differ in fine-tuning alone."
    )


def footnotes(config: SuiteSchema) -> list[str]:
    """What must be known about columns, and which text is read."""
    shown = (config.suite.columns or ()) if config.suite.tasks is None else ()
    notes = [f"{column.name}: {column.note}." for column in shown if column.note]
    dataset = config.dataset
    if dataset.corpus != dataset.name and config.pretrain.from_ is None:
        if is_own(dataset.corpus):
            notes.append(f"Pre-training reads {without_folders(dataset.corpus)}.")
        else:
            notes.append(f"dataset={dataset.name} reads the corpus {dataset.corpus} here.")
    return notes
