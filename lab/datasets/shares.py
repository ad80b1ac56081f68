"""Rows that are shared out among train, validation and test by what they hold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.datasets.fields import MismatchError, value_at, way_of
from lab.rows import FileRows


@dataclass(frozen=True, kw_only=True)
class Shares:
    """The parts of a training set that are validation and test; chance decides, by the seed.

    A row's part depends on its inputs and the seed alone: equal inputs are in one part, and rows
    that are added move no other row.
    """

    validation: float
    """Of the rows, 0..1."""
    test: float
    seed: int
    fields: tuple[str, ...]
    """The inputs."""

    def split_of(self, row: Mapping[str, Any]) -> str:
        """Return the split of a raw row: train, validation or test."""
        try:
            inputs = [value_at(row, way_of(row, field)) for field in self.fields]
        except MismatchError:
            return "train"  # reading the row complains of its field
        text = json.dumps([self.seed, inputs], ensure_ascii=False, default=str)
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        drawn = int.from_bytes(digest[:8], "big") / 2**64
        if drawn < self.validation:
            return "validation"
        return "test" if drawn < self.validation + self.test else "train"

    def places(self, rows: Iterable[Mapping[str, Any]], split: str) -> list[int]:
        """Return which rows, from 0, are those of `split`."""
        return [place for place, row in enumerate(rows) if self.split_of(row) == split]

    def identity(self, split: str) -> dict[str, Any]:
        """Return plain values that name which rows are those of `split`."""
        shares = {"validation": self.validation, "test": self.test}
        return {"split": split, **shares, "seed": self.seed, "by": list(self.fields)}


def described_shares(identity: Mapping[str, Any]) -> Shares:
    """Return the shares that `Shares.identity` names."""
    return Shares(
        validation=identity["validation"],
        test=identity["test"],
        seed=identity["seed"],
        fields=tuple(identity["by"]),
    )


class SharedRows(FileRows):
    """The records of several files that are those of one split."""

    def __init__(self, files: Sequence[Path], shares: Shares, split: str) -> None:
        super().__init__(files)
        self._shares, self._split = shares, split

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (row for _, row in self.placed())

    def placed(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield each record of the split after where it stands, in the words of a message."""
        for place, row in super().placed():
            if self._shares.split_of(row) == self._split:
                yield place, row
