"""The columns that a claim is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sweeps.claims.statement import Claim
from sweeps.columns import COST, Column

_LESS = " - "


@dataclass(frozen=True, kw_only=True)
class ColumnDifference(Column):
    """One column less another, run by run: what a run has in both hangs together."""

    first: Column
    second: Column

    def value(self, files: Mapping[str, Mapping[str, Mapping[str, Any]] | None]) -> float | None:
        """The first column's value less the second's; None where either is missing."""
        one, other = self.first.value(files), self.second.value(files)
        return None if one is None or other is None else one - other


def parts_of(name: str, known: Callable[[str], bool]) -> tuple[str, str] | None:
    """The two columns of `A - B`, where both are known; None of any other name."""
    words = name.split(_LESS)
    for at in range(1, len(words)):
        first, second = _LESS.join(words[:at]), _LESS.join(words[at:])
        if known(first) and known(second):
            return first, second
    return None


def column_called(name: str | None, columns: Sequence[Column]) -> Column | None:
    """The column that a claim means; None where there is none.

    Without a name it is the average, or the only column. A name is a column's own, or that of the
    published column whose kind several of ours are: then their mean; or `A - B`, of two such names.
    `FLOPs` is what a run computes, where no column of ours is called so.
    """
    if name is None:
        scores = [one for one in columns if one.competes]
        average = [one for one in scores if one.average]
        return (average or scores)[0] if average or len(scores) == 1 else None
    if found := _of_name(name, columns):
        return found
    if parts := parts_of(name, lambda part: _of_name(part, columns) is not None):
        return _difference(name, *(_of_name(part, columns) for part in parts))
    return COST if name == COST.name else None


def _of_name(name: str, columns: Sequence[Column]) -> Column | None:
    for column in columns:
        if column.name == name:
            return column
    kind = [one for one in columns if one.paper == name and not one.average]
    if not kind or len({one.lower_is_better for one in kind}) > 1:
        return None
    if len(kind) == 1:
        return kind[0]
    return replace(
        kind[0],
        name=name,
        terms=tuple(group for one in kind for group in one.terms),
        decimals=max(one.decimals for one in kind),
        words=f"mean of {', '.join(one.name for one in kind)}",
        unit=kind[0].unit if len({one.unit for one in kind}) == 1 else None,
        average=True,
    )


def _difference(name: str, first: Column | None, second: Column | None) -> Column | None:
    """The first column less the second; None where the best of one is the worst of the other."""
    if not first or not second or first.lower_is_better != second.lower_is_better:
        return None
    return ColumnDifference(
        name=name,
        first=first,
        second=second,
        terms=(*first.terms, *second.terms),
        decimals=max(first.decimals, second.decimals),
        words=f"{first.name} less {second.name}",
        unit=first.unit if first.unit == second.unit else None,
        least=None,
        most=None,
        lower_is_better=first.lower_is_better,
    )


def columns_of(claim: Claim, columns: Sequence[Column]) -> list[tuple[str, Column | None]]:
    """What a claim is judged in: the name of each column, and the column where it is there."""
    found: list[tuple[str, Column | None]] = []
    for name in claim.columns or (None,):
        column = column_called(name, columns)
        found.append((column.name if column else name or "average", column))
    return found
