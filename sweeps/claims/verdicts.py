"""Verdicts on claims: supported, contradicted, undecided, or that they cannot be judged.

All claims of a sweep are one family: Holm's correction (1979) keeps the chance of any false verdict
among them at the level.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from sweeps.claims.cost import Cost, further_cost
from sweeps.claims.evidence import (
    MOST_SEEDS,
    POWER,
    Difference,
    Evidence,
    UnjudgeableError,
    claimed_columns,
    columns_of,
    detectable,
    difference,
    recorded,
    recorded_claims,
    seeds_needed,
)
from sweeps.claims.statement import LEVEL, Claim
from sweeps.columns import Column
from sweeps.store import Store

Word = Literal["supported", "contradicted", "undecided", "cannot be judged"]
SUPPORTED: Word = "supported"
CONTRADICTED: Word = "contradicted"
UNDECIDED: Word = "undecided"
CANNOT_BE_JUDGED: Word = "cannot be judged"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the evidence says of one claim in one column."""

    claim: Claim
    column: str
    verdict: Word
    reason: str
    """Why, as a sentence for below a table."""
    method: str | None = None
    """How the difference was found, as a sentence."""
    difference: float | None = None
    """How much better the left row is, in the column's unit: above 0 where it is the better one."""
    interval: tuple[float, float] | None = None
    """Of the true difference, at 1 - level, for this claim alone."""
    p_value: float | None = None
    """Of the verdict nearest at hand, as the test gives it."""
    bound: float | None = None
    """What the p-value must be at most, by Holm's correction over the sweep's claims."""
    detectable: float | None = None
    """The smallest difference (of `~`: the smallest margin) that these seeds show at 80% power."""
    seeds_needed: int | None = None
    """Seeds a row for 80% power, were the difference the one seen; of undecided claims."""
    cost: Cost | None = None
    """Of these further seeds."""
    looks: int = 1
    """How often the evidence was looked at."""

    def to_json(self) -> dict[str, Any]:
        """The verdict as plain values, its claim's words first."""
        claim = self.claim.to_json()
        own = {k: v for k, v in asdict(self).items() if k != "claim"}
        interval = list(self.interval) if self.interval else None
        return {"that": claim.pop("that"), **own, "interval": interval, "claim": claim}


@dataclass(frozen=True, kw_only=True)
class _Test:
    """A claim in a column, its difference, and what would decide it."""

    claim: Claim
    column: str
    found: Difference
    towards: Word
    """The verdict that its p-value is of."""
    p_value: float


def judge(
    claims: Sequence[Claim],
    columns: Sequence[Column],
    evidence: Evidence,
    *,
    level: float = LEVEL,
    cost: Callable[[Claim, int], Cost | None] | None = None,
) -> list[Verdict]:
    """The verdict on each claim in each of its columns, in the order of the claims.

    `cost` says what a number of seeds a row of a claim would cost beyond those there.
    """
    verdicts: list[Verdict | None] = []
    tests: dict[int, _Test] = {}
    for claim in claims:
        for name, column in columns_of(claim, columns):
            try:
                tests[len(verdicts)] = _test(claim, name, column, evidence)
                verdicts.append(None)
            except UnjudgeableError as error:
                verdicts.append(
                    Verdict(claim=claim, column=name, verdict=CANNOT_BE_JUDGED, reason=str(error))
                )
    for at, verdict in zip(tests, _decided(list(tests.values()), level), strict=True):
        verdicts[at] = verdict
    return [_with_cost(one, cost) for one in verdicts if one is not None]


def _test(claim: Claim, name: str, column: Column | None, evidence: Evidence) -> _Test:
    """The test of a claim in one column. Raises UnjudgeableError."""
    if column is None:
        raise UnjudgeableError(f"These scores have no column {name}.")
    samples = evidence.samples
    left, right = ((row, samples.get((row, column.name))) for row in (claim.left, claim.right))
    found = difference(left, right, column, evidence.ruler(claim, column.name))
    margin = claim.within
    if margin is not None:
        inside = abs(found.value) <= margin
        p_value = found.p_within(margin) if inside else found.p_beyond(margin)
        towards = SUPPORTED if inside else CONTRADICTED
    else:
        sign = -found.value if claim.relation == "<" else found.value
        p_value, towards = found.p_unequal(), SUPPORTED if sign > 0 else CONTRADICTED
    return _Test(claim=claim, column=name, found=found, towards=towards, p_value=p_value)


def _decided(tests: Sequence[_Test], level: float) -> list[Verdict]:
    """The verdicts on all tests of a sweep, the surest first: each must keep a share of the level.

    With m claims open the next one must have p at most level / m (Holm 1979).
    """
    found: dict[int, Verdict] = {}
    waiting = sorted(range(len(tests)), key=lambda at: tests[at].p_value)
    while waiting:
        bound = level / len(waiting)
        if tests[waiting[0]].p_value > bound:
            break
        at = waiting.pop(0)
        found[at] = _verdict(tests[at], bound, level, decided=True)
    for at in waiting:
        found[at] = _verdict(tests[at], level / len(waiting), level, decided=False)
    return [found[at] for at in range(len(tests))]


def _verdict(test: _Test, bound: float, level: float, *, decided: bool) -> Verdict:
    found, margin = test.found, test.claim.within
    verdict = Verdict(
        claim=test.claim,
        column=test.column,
        verdict=test.towards if decided else UNDECIDED,
        reason="",
        method=found.method,
        difference=found.value,
        interval=found.interval(level),
        p_value=test.p_value,
        bound=bound,
        detectable=detectable(found.error, found.freedom, bound, equal=margin is not None),
        seeds_needed=None if decided else seeds_needed(found, bound, margin),
    )
    return replace(verdict, reason=_reason(verdict))


def _reason(verdict: Verdict) -> str:
    """Why a claim is, or is not, decided."""
    claim = verdict.claim
    p_value = f"p = {verdict.p_value:.2g}"
    if verdict.verdict == UNDECIDED:
        could = (
            f"equality within a margin of {verdict.detectable:.3g}"
            if claim.within is not None
            else f"a difference of {verdict.detectable:.3g}"
        )
        needed = (
            f"{verdict.seeds_needed} seeds a row"
            if verdict.seeds_needed
            else f"more than {MOST_SEEDS:,} seeds a row"
        )
        return (
            f"{p_value}, and {verdict.bound:.2g} would decide. These seeds show {could} with a "
            f"chance of {POWER:.0%}; the difference seen would take {needed}."
        )
    kept = f"{p_value}, at most {verdict.bound:.2g}"
    if claim.within is None:
        better = claim.left if (verdict.difference or 0) > 0 else claim.right
        return f"{better} is better: {kept}."
    side = "less" if verdict.verdict == SUPPORTED else "more"
    return f"The rows differ by {side} than {claim.within:g}: {kept}."


def _with_cost(verdict: Verdict, cost: Callable[[Claim, int], Cost | None] | None) -> Verdict:
    if cost is None or verdict.seeds_needed is None:
        return verdict
    return replace(verdict, cost=cost(verdict.claim, verdict.seeds_needed))


def judge_record(record: Mapping[str, Any], store: Store) -> list[Verdict]:
    """The verdicts on a sweep's claims by what its store holds now; none for one without claims."""
    claims, columns = recorded_claims(record), claimed_columns(record)
    if not claims:
        return []
    return judge(
        claims,
        columns,
        recorded(record, store, columns),
        level=float(record["claims"]["level"]),
        cost=lambda claim, seeds: further_cost(record, claim, seeds),
    )
