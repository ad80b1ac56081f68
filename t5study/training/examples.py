"""Training examples of tasks as pairs of token ids, and how often each task is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from t5study.mixing import mixing_rates, shared_examples
from t5study.tasks import get_task
from t5study.vocabulary import Vocabulary

Pair = tuple[list[int], list[int]]


def training_pairs(
    names: Iterable[str], vocabulary: Vocabulary, limit: int | None = None
) -> dict[str, list[Pair]]:
    """Each task's preprocessed training examples as (inputs, targets), without EOS."""
    pairs = {}
    for name in names:
        texts = list(islice(get_task(name).examples("train"), limit))
        inputs = vocabulary.encode_batch([example["inputs"] for example in texts])
        targets = vocabulary.encode_batch([example["targets"] for example in texts])
        pairs[name] = list(zip(inputs, targets, strict=True))
    return pairs


def rates(counts: Mapping[str, int], mixing: Mapping[str, Any] | None) -> dict[str, float]:
    """How often each task is drawn (section 3.5.2); a single task always."""
    if mixing is None:
        return dict.fromkeys(counts, 1.0 / len(counts))
    return mixing_rates(
        shared_examples(counts),
        mixing["name"],
        limit=mixing.get("limit"),
        temperature=mixing["temperature"],
    )
