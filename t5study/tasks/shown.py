"""Real examples of a task as a model sees them, with their lengths in tokens and what is cut."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from lab.errors import DataError
from lab.vocabulary import FILE, PUBLISHED, Vocabulary, keep_vocabulary
from t5study.tasks.task import Example, Task

if TYPE_CHECKING:
    from rich.console import Console

READ = 2000
"""Examples whose lengths are counted."""
COUNTED = 100_000
"""Examples of a split that are counted, at most."""
LENGTHS = {"inputs": (32, 64, 128, 256, 512), "targets": (4, 8, 16, 32, 64)}
"""What is tried for finetune.inputs_length and finetune.targets_length."""
WITHOUT = (
    "No vocabulary is known yet, so no tokens are counted, nor what is cut. Type this again after "
    "the first run, or with --vocabulary published, or with --vocabulary FILE, a spiece.model."
)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be shown."""

    split: str
    count: int
    """Examples."""
    vocabulary: str | None
    """A file, a folder with one, or "published"; None takes the newest of the store."""
    lengths: Mapping[str, int | None]
    """Tokens of "inputs" and "targets" that a run keeps; None: several are tried."""


def data_here(task: Task, overrides: Mapping[str, Any]) -> bool:
    """Return whether a task's rows can be read without fetching them."""
    source = task.source
    if overrides or source.listed is not None:
        return True
    return bool(source.prepared.ready()) if source.prepared else source.path is None


def print_examples(
    task: Task, wanted: Wanted, overrides: Mapping[str, Any], console: Console
) -> None:
    """Print the first examples of a split and a table of lengths. Raises TaskError, DataError."""
    found = list(islice(task.examples(wanted.split, **overrides), READ))
    known = _vocabulary(wanted.vocabulary)
    sizes = {split: _count(task, split, overrides) for split in task.splits}
    counted = ", ".join(f"{n:,}{'+' if n == COUNTED else ''} {s}" for s, n in sizes.items())
    console.print(f"Examples: {counted}.", highlight=False)
    vocabulary = known[0] if known else None
    _print_texts(found[: wanted.count], wanted, vocabulary, console)
    if vocabulary is None or known is None:
        console.print(WITHOUT)
        return
    console.print(
        f"{_some(len(found), sizes[wanted.split])} of {wanted.split} in tokens of {known[1]}, "
        "EOS included:"
    )
    counts = {side: _lengths(found, side, vocabulary) for side in LENGTHS}
    console.print(_table(counts, wanted))
    if task.labels:
        words = ", ".join(
            f"{label} {len(vocabulary.encode(label)) + 1}" for label in task.labels[:30]
        )
        console.print(f"Labels in tokens: {words}", highlight=False)


def _count(task: Task, split: str, overrides: Mapping[str, Any]) -> int:
    return sum(1 for _ in islice(task.examples(split, **overrides), COUNTED))


def _some(seen: int, there: int) -> str:
    """How many examples are looked at, and of how many where these are more."""
    return f"{seen:,} examples" if seen == there else f"The first {seen:,} of {there:,} examples"


def _vocabulary(given: str | None) -> tuple[Vocabulary, str] | None:
    """The vocabulary, and what it is called."""
    if given is not None:
        file = keep_vocabulary(given) if given == PUBLISHED else Path(given).expanduser()
        return Vocabulary(file), given
    store = Path(os.environ.get("T5STUDY_STORE") or "store")
    newest = max(store.glob(f"vocabulary/*/{FILE}"), key=os.path.getmtime, default=None)
    if newest is None:
        return None
    return Vocabulary(newest), f"the newest vocabulary of {store}"


def _print_texts(
    found: Sequence[Example], wanted: Wanted, vocabulary: Vocabulary | None, console: Console
) -> None:
    from rich.table import Table
    from rich.text import Text

    for number, example in enumerate(found, start=1):
        table = Table("text", "", title=f"{wanted.split} {number}", show_header=False)
        for side in LENGTHS:
            shown, tokens = _cut(example[side], wanted.lengths[side], vocabulary)
            table.add_row(side + tokens, Text.assemble(*shown))
        console.print(table)


def _cut(
    text: str, length: int | None, vocabulary: Vocabulary | None
) -> tuple[list[tuple[str, str]], str]:
    """What a model sees of a text and what it does not, and how many tokens there are."""
    if vocabulary is None:
        return [(text, "")], ""
    ids = vocabulary.encode(text)
    tokens = f" ({len(ids) + 1} tokens)"
    if length is None or len(ids) < length:
        return [(text, "")], tokens
    seen = vocabulary.decode(ids[: length - 1])
    return [(seen, ""), (f" [cut: {vocabulary.decode(ids[length - 1 :])}]", "red")], tokens


def _lengths(found: Sequence[Example], side: str, vocabulary: Vocabulary) -> list[int]:
    """The tokens of each example, EOS included."""
    encoded = vocabulary.encode_batch([example[side] for example in found])
    return [len(ids) + 1 for ids in encoded]


def _table(counts: Mapping[str, Sequence[int]], wanted: Wanted) -> Any:
    from rich.table import Table

    table = Table("", "shortest", "median", "longest", "of which are cut, by tokens kept")
    for side, lengths in counts.items():
        if not lengths:
            raise DataError(f"The {wanted.split} split has no examples to show.")
        kept = wanted.lengths[side]
        tried = LENGTHS[side] if kept is None else (kept,)
        # Where nothing is cut, nothing is of more.
        last = next((n for n, most in enumerate(tried) if most >= max(lengths)), len(tried) - 1)
        cut = ", ".join(f"{_share(lengths, most)} at {most}" for most in tried[: last + 1])
        middle = f"{median(lengths):g}"
        table.add_row(side, f"{min(lengths)}", middle, f"{max(lengths)}", cut)
    return table


def _share(lengths: Sequence[int], most: int) -> str:
    cut = sum(length > most for length in lengths) / len(lengths)
    return "none" if not cut else f"{cut:.0%}" if cut >= 0.01 else "under 1%"
