"""Judged claims as a table, which every format draws below that of the scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from reports.claims.judged import Judged, JudgedClaims, judged_claims
from reports.table import Column, Row, Score, Table, number
from sweeps.claims.verdicts import CANNOT_BE_JUDGED, UNDECIDED, Verdict
from sweeps.columns import COST, recorded_columns
from sweeps.columns import Column as EngineColumn

_USUAL = EngineColumn(name="")
"""How a difference is written in a column that no table has."""


def claims_table(store: Path, record: Mapping[str, Any]) -> Table | None:
    """The claims of a sweep's record as its store is now; None for a sweep without claims."""
    judged = judged_claims(store, record)
    if judged is None:
        return None
    id = str(record["id"])
    return draw(judged, id, str(record.get("title") or id), recorded_columns(record))


def draw(
    judged: JudgedClaims, id: str, above: str, columns_above: Iterable[EngineColumn] = ()
) -> Table:
    """Claims as a table: a row for each column of each; `id` and `above` name the one above it."""
    written = {column.name: column for column in (COST, *columns_above)}
    ours = any(one.ours for one in judged.claims)
    short = judged.published.short if judged.published else None
    columns = list(_columns(judged.level, "", full=True)) if ours else []
    if short:
        columns += _columns(judged.level, f"{short}: " if ours else "", full=not ours)
    return Table(
        id=f"{id}-claims",
        title=f"Claims: {above}",
        headings=("claim", "in"),
        columns=tuple(columns),
        rows=tuple(_row(one, short, written.get(one.column, _USUAL)) for one in judged.claims),
        notes=tuple(_explained(judged)),
    )


def _columns(level: float, side: str, *, full: bool) -> Iterator[Column]:
    names = ["difference", f"{1 - level:.0%} interval", "verdict"]
    for name in [*names, "could show", "seeds a row"] if full else names:
        yield Column(name=f"{side}{name}", signed=name == "difference", competes=False)


def _row(judged: Judged, short: str | None, column: EngineColumn) -> Row:
    claim = judged.claim
    margin = f" within {claim.within:g}" if claim.within is not None else ""
    label = f"{claim.that}{margin}"
    scores: list[Score] = []
    for verdict in (judged.ours, judged.published):
        if verdict is not None:
            # The published side has its full columns where it stands alone.
            full = verdict is judged.ours or judged.ours is None
            scores += list(_scores(verdict, column))[: None if full else 3]
    return Row(
        label=label,
        stub=(label, judged.column),
        scores=tuple(scores),
        notes=tuple(_remarks(judged, short)),
        facts=facts(judged),
    )


def _scores(verdict: Verdict, column: EngineColumn) -> Iterator[Score]:
    def signed(value: float) -> str:
        return number(value, column.decimals, signed=True, scientific=column.scientific)

    value, ends = verdict.difference, verdict.interval
    yield Score(value=value, text=None if value is None else signed(value))
    yield _text(" to ".join(map(signed, ends)) if ends else None)
    yield _text(verdict.verdict)
    could = verdict.detectable
    yield _text(None if could is None else number(could, column.decimals))
    yield _text(_needed(verdict) if verdict.verdict == UNDECIDED else None)


def _needed(verdict: Verdict) -> str:
    if not verdict.seeds_needed:
        return "too many"
    hours = f" ({_hours(verdict.cost.hours)})" if verdict.cost else ""
    return f"{verdict.seeds_needed:,}{hours}"


def _text(text: str | None) -> Score:
    return Score(value=None, text=text)


def _remarks(judged: Judged, short: str | None) -> Iterator[str]:
    """What was noted with the claim, and why it cannot be judged."""
    if judged.claim.note:
        yield judged.claim.note
    for verdict, side in ((judged.ours, ""), (judged.published, f"{short}: ")):
        if verdict is not None and verdict.verdict == CANNOT_BE_JUDGED:
            yield f"{side if judged.ours else ''}{verdict.reason}"


def _hours(hours: float) -> str:
    return f"{hours:,.1f} hours" if hours >= 1 else f"{60 * hours:.1f} minutes"


def _explained(judged: JudgedClaims) -> Iterator[str]:
    yield (
        f"Verdicts at the level {judged.level:g} for all {len(judged.claims)} together (Holm "
        "1979). A difference is above 0 where the first row is the better one; its interval is "
        "that of this claim alone."
    )
    yield (
        "Could show: the smallest difference, or of ~ the smallest margin, that these seeds show "
        "with a chance of 80%. Seeds a row: what an open claim would take for that chance, were "
        f"the difference the one seen{_priced(judged)}."
    )
    looks = max((one.ours.looks for one in judged.claims if one.ours), default=1)
    if looks > 1:
        yield f"The scores were looked at {looks} times; a spending function paid for each look."
    methods = dict.fromkeys(
        one.ours.method for one in judged.claims if one.ours and one.ours.method
    )
    if methods:
        yield " ".join(method for method in methods if method)
    if judged.published:
        yield judged.published.explained


def _priced(judged: JudgedClaims) -> str:
    costs = [one.ours.cost for one in judged.claims if one.ours and one.ours.cost]
    return f"; in brackets the time of the further ones on {costs[0].device}" if costs else ""


def facts(judged: Judged) -> dict[str, Any]:
    """A claim as programs read it: its words and our verdict, and the published one."""
    ours, claim = judged.ours, judged.claim
    return {
        "that": claim.that,
        "column": judged.column,
        **_verdict(ours),
        "seeds_needed": ours.seeds_needed if ours else None,
        "published": _verdict(judged.published) if judged.published else None,
        "within": claim.within,
        "left": claim.left,
        "right": claim.right,
        "over": list(claim.over) if claim.over else None,
        "section": claim.section,
        "note": claim.note,
    }


def _verdict(verdict: Verdict | None) -> dict[str, Any]:
    if verdict is None:
        return {"difference": None, "interval": None, "verdict": None}
    return {
        "difference": verdict.difference,
        "interval": list(verdict.interval) if verdict.interval else None,
        "verdict": verdict.verdict,
        "reason": verdict.reason,
        "method": verdict.method,
        "p_value": verdict.p_value,
        "bound": verdict.bound,
        "detectable": verdict.detectable,
        "looks": verdict.looks,
        "cost": vars(verdict.cost) if verdict.cost else None,
    }
