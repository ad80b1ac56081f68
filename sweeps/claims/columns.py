"""The columns that a claim is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sweeps.claims.statement import Claim
from sweeps.columns import Column


def column_called(name: str | None, columns: Sequence[Column]) -> Column | None:
    """The column that a claim means; None where there is none.

    Without a name it is the average, or the only column. A name is a column's own, or that of the
    published column whose kind several of ours are: then their mean.
    """
    if name is None:
        scores = [one for one in columns if one.competes]
        average = [one for one in scores if one.average]
        return (average or scores)[0] if average or len(scores) == 1 else None
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


def columns_of(claim: Claim, columns: Sequence[Column]) -> list[tuple[str, Column | None]]:
    """What a claim is judged in: the name of each column, and the column where it is there."""
    found: list[tuple[str, Column | None]] = []
    for name in claim.columns or (None,):
        column = column_called(name, columns)
        found.append((column.name if column else name or "average", column))
    return found
