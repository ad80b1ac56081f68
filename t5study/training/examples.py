"""Training examples of tasks as pairs of token ids, and how often each task is drawn."""

from __future__ import annotations

import json
import logging
from collections.abc import Hashable, Mapping
from dataclasses import asdict
from itertools import islice
from typing import Any

from cachetools import LRUCache, cached

from lab.datasets.source import TaskError
from lab.errors import StudyError
from lab.vocabulary import Vocabulary
from t5study.batching import Pairs
from t5study.mixing import mixing_rates, shared_examples
from t5study.tasks import chosen
from t5study.tasks.label_lengths import cut_labels
from t5study.tasks.task import Tally

logger = logging.getLogger(__name__)

ENCODED_AT_ONCE = 1 << 14
"""Examples that are there as texts at a time: a large task's would not fit into memory."""
KEPT: LRUCache[Hashable, tuple[Pairs, Tally]] = LRUCache(1 << 25, lambda kept: kept[0].nbytes)
"""Encoded training sets, by content: a process's next stages often learn the same ones."""


def training_pairs(
    tasks: Mapping[str, Mapping[str, Any]], vocabulary: Vocabulary, limit: int | None = None
) -> tuple[dict[str, Pairs], dict[str, Tally]]:
    """The preprocessed training examples of described tasks as (inputs, targets), without EOS.

    The tallies say how many rows of each task were read for them, and left out.
    """
    pairs, tallies = {}, {}
    # Sorted: what is drawn depends on the order, and a stage's key does not.
    for name, description in sorted(tasks.items()):
        pairs[name], tallies[name] = _encoded(name, description, vocabulary, limit)
        logger.info("%s: %s training examples", name, f"{len(pairs[name]):,}")
    return pairs, tallies


def _content(
    name: str, description: Mapping[str, Any], vocabulary: Vocabulary, limit: int | None
) -> Hashable:
    """What encoded examples depend on: descriptions name their data exactly."""
    return name, json.dumps(description, sort_keys=True), vocabulary.sha256, limit


@cached(KEPT, key=_content)
def _encoded(
    name: str, description: Mapping[str, Any], vocabulary: Vocabulary, limit: int | None
) -> tuple[Pairs, Tally]:
    tally = Tally()
    examples = islice(chosen.examples(name, "train", description, tally), limit)
    parts = []
    while texts := list(islice(examples, ENCODED_AT_ONCE)):
        inputs = vocabulary.encode_arrays([example["inputs"] for example in texts])
        targets = vocabulary.encode_arrays([example["targets"] for example in texts])
        parts.append(Pairs.of(zip(inputs, targets, strict=True)))
    if not parts and tally.rows and tally.rows == tally.left_out:
        raise TaskError(
            f"Task '{name}': none of the {tally.rows:,} rows of its train split has an answer "
            "to learn."
        )
    return Pairs.joined(parts), tally


def left_out(tallies: Mapping[str, Tally]) -> dict[str, Any]:
    """What is recorded of a stage whose training sets hold rows without an answer.

    The counts by task, and as "notes" what a table says of them, which goes to the log too.
    """
    some = {name: tally for name, tally in tallies.items() if tally.left_out}
    notes = [
        f"Of {name}'s {tally.rows:,} training rows {tally.left_out:,} have no answer and are left "
        "out."
        for name, tally in some.items()
    ]
    for note in notes:
        logger.warning("%s", note)
    counts = {name: asdict(tally) for name, tally in some.items()}
    return {"left_out": counts, "notes": notes} if some else {}


def require_whole_labels(
    read: Mapping[str, Mapping[str, Any]], vocabulary: Vocabulary, length: int, what: str
) -> None:
    """Raise StudyError where a label of tasks takes more than `length` tokens.

    `read` are descriptions by task, by split; `what` is the setting that the length is.
    """
    tasks = {
        name: chosen.described(name, description, split)
        for split, descriptions in read.items()
        for name, description in descriptions.items()
    }
    if complaints := cut_labels(tasks.values(), vocabulary, length, what):
        raise StudyError(" ".join(complaints))


def cut_targets(pairs: Mapping[str, Pairs], length: int) -> dict[str, float]:
    """The share of each task's training targets that lose their end at `length` tokens with EOS."""
    return {
        name: float((one.targets.lengths >= length).mean()) if len(one) else 0.0
        for name, one in pairs.items()
    }


def cut_notes(shares: Mapping[str, float], length: int, training: str) -> list[str]:
    """What a table says of them."""
    return [
        f"In {training} {_percent(share)} of {name}'s targets were cut to {length} tokens."
        for name, share in shares.items()
        if share
    ]


def unreachable_notes(shares: Mapping[str, float], length: int) -> list[str]:
    """What a table says of references that are longer than answers may be."""
    return [
        f"Of {name}'s references {_percent(share)} are longer than the {length} tokens that an "
        "answer may have."
        for name, share in shares.items()
        if share
    ]


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.1 else f"{max(share, 1e-4):.2%}"


def rates(
    counts: Mapping[str, int],
    mixing: Mapping[str, Any] | None,
    artificial: Mapping[str, int] | None = None,
) -> dict[str, float]:
    """How often each task is drawn (section 3.5.2); a single task always.

    A task's own limit goes before the common one. `artificial` sizes stand as they are given
    (section 3.7): no limit caps them.
    """
    if mixing is None:
        return dict.fromkeys(counts, 1.0 / len(counts))
    sizes = shared_examples(counts)
    for name, size in sizes.items():
        limit = (mixing.get("limits") or {}).get(name, mixing.get("limit"))
        if limit is not None:
            sizes[name] = min(size, round(limit))
    return mixing_rates(
        {**sizes, **(artificial or {})},
        mixing["name"],
        temperature=mixing.get("temperature", 1.0),
    )
