"""Rows of an encoder with masks drawn, ours beside transformers' collator, for `objectives.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from transformers import BertTokenizer, DataCollatorForLanguageModeling

from lab.corpora.tokenized import TokenizedCorpus
from lab.encoder.lines import Lines
from lab.encoder.rows import Rows
from studies.electra.batches import MaskedBatches
from studies.electra.objectives import get_objective

SPECIAL = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4}
PIECES = 30_522
LINES, LINES_A_DOCUMENT = 40_000, 25
WINDOW = 16
"""Batches that are made in a turn."""


@dataclass(frozen=True)
class Words:
    """What masking asks of a vocabulary."""

    size: int = PIECES
    mask: int = SPECIAL["[MASK]"]
    special: frozenset[int] = frozenset(SPECIAL.values())


@dataclass(frozen=True)
class Masked:
    """A window of batches, made by ours and, of the same rows, by the collator."""

    tokens: int
    """Of all rows, without padding."""
    ours: Callable[[], object]
    """Reads the rows from the text, and draws the masks."""
    collators: tuple[Callable[[], object], ...]
    """Have the rows as lists of numbers at hand; one makes torch's tensors, one numpy's arrays."""


def masked_rows(batch: int, longest: int) -> Masked:
    """Batches of rows of two segments of random words, 15% of which are drawn."""
    torch.set_num_threads(1)
    rows = Rows(_lines(), longest=longest)
    batches = MaskedBatches(
        rows,
        get_objective("bert"),
        Words(),
        longest=longest,
        batch_size=batch,
        rate=0.15,
        replacement=False,
        seed=0,
    )
    examples = [_examples(rows, batches.chosen(index)) for index in range(WINDOW)]
    names = {piece: piece for piece in SPECIAL}
    words = {**SPECIAL, **{f"word{n}": n for n in range(len(names), PIECES)}}
    tokenizer = BertTokenizer(vocab=words)
    collators = [
        DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.15, return_tensors=kind)
        for kind in ("pt", "np")
    ]
    return Masked(
        tokens=sum(len(one["input_ids"]) for own in examples for one in own),
        ours=lambda: [batches[index] for index in range(WINDOW)],
        collators=tuple(
            lambda collator=collator: [collator([dict(one) for one in own]) for own in examples]
            for collator in collators
        ),
    )


def _lines() -> Lines:
    rng = np.random.default_rng(0)
    sizes = rng.integers(5, 46, LINES)
    tokens = rng.integers(len(SPECIAL), PIECES, sizes.sum()).astype(np.uint16)
    corpus = TokenizedCorpus(
        (tokens,), np.array([0, len(tokens)]), np.concatenate([[0], np.cumsum(sizes)])
    )
    special = {"pad": SPECIAL["[PAD]"], "cls": SPECIAL["[CLS]"], "sep": SPECIAL["[SEP]"]}
    return Lines(corpus, np.arange(0, LINES + 1, LINES_A_DOCUMENT), special)


def _examples(rows: Rows, chosen: np.ndarray) -> list[dict[str, list[int]]]:
    """What a tokenized data set has for a collator."""
    read = rows.read(chosen)
    made = []
    for tokens, types, real in zip(read["tokens"], read["types"], read["real"], strict=True):
        ids = tokens[real].tolist()
        made.append(
            {
                "input_ids": ids,
                "token_type_ids": types[real].tolist(),
                "attention_mask": [1] * len(ids),
                "special_tokens_mask": [int(one < len(SPECIAL)) for one in ids],
            }
        )
    return made
