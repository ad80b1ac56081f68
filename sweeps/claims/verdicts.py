"""Verdicts on claims: supported, contradicted, undecided, or that they cannot be judged.

All claims of a sweep are one family: the chance of any false verdict among them is at most the
level, also where the evidence is looked at several times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from sweeps.claims.columns import columns_of
from sweeps.claims.cost import Cost, further_cost
from sweeps.claims.evidence import Difference, Evidence, NoSpreadError, UnjudgeableError, difference
from sweeps.claims.looks import information, nominal_level
from sweeps.claims.power import MOST_SEEDS, POWER, detectable, seeds_needed
from sweeps.claims.recorded import claimed_columns, recorded, recorded_claims
from sweeps.claims.sides import written
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
    """How much better the left side is, in the column's unit: above 0 where it is the better."""
    interval: tuple[float, float] | None = None
    """Of the true difference, at 1 - level, for this claim alone."""
    p_value: float | None = None
    """Of the verdict nearest at hand, as the test gives it."""
    bound: float | None = None
    """What the p-value must be at most: by Holm's correction over the sweep's claims, and by what
    this look may spend where there are several."""
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


def judge(
    claims: Sequence[Claim],
    columns: Sequence[Column],
    evidence: Evidence,
    *,
    earlier: Sequence[Evidence] = (),
    most: int | None = None,
    level: float = LEVEL,
    cost: Callable[[Claim, int], Cost | None] | None = None,
) -> list[Verdict]:
    """The verdict on each claim in each of its columns, in the order of the claims.

    `earlier` is the evidence of the looks before this one, the first one first, where seeds are
    added until claims are decided, up to `most` a row. `cost` says what it costs to bring the rows
    of a claim to a number of seeds.
    """
    family = _Family(claims, columns, level, most)
    for one in (*earlier, evidence):
        family.look(one)
    return [_with_cost(verdict, cost) for verdict in family.verdicts()]


def open_claims(
    claims: Sequence[Claim],
    columns: Sequence[Column],
    looks: Iterable[Evidence],
    *,
    most: int | None = None,
    level: float = LEVEL,
) -> list[Claim]:
    """The claims that further seeds may decide in some column after these looks, in their order."""
    family = _Family(claims, columns, level, most)
    for evidence in looks:
        family.look(evidence)
    return family.open()


@dataclass(frozen=True, kw_only=True)
class _Test:
    """A claim in a column as one look finds it."""

    claim: Claim
    column: str
    found: Difference
    towards: Word
    """The verdict that its p-value is of."""
    p_value: float
    one_sided: bool
    shares: tuple[float, ...]
    """Of the information that there is at the end, at each look that found something new."""

    def bound(self, level: float) -> float:
        """What the p-value must be at most where the claim has this level to itself."""
        # One side spends the whole level, as each side of a two-sided test of twice the level.
        sides = 2 if self.one_sided else 1
        return nominal_level(self.shares, sides * level) / sides


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """What a test came to."""

    test: _Test
    own: float
    """The share of the level that its claim had to itself."""
    decided: bool

    @property
    def word(self) -> Word:
        return self.test.towards if self.decided else UNDECIDED


class _Family:
    """The claims of one sweep, over one look or several: what is decided stays decided.

    With m claims open the next one has a share of level / m to itself (Holm 1979), and over several
    looks spends that share by its spending function (Maurer and Bretz 2013).
    """

    def __init__(
        self, claims: Sequence[Claim], columns: Sequence[Column], level: float, most: int | None
    ) -> None:
        self._judged = [(claim, *found) for claim in claims for found in columns_of(claim, columns)]
        self._level, self._most = level, most
        self._shares: dict[int, tuple[float, ...]] = {}
        self._found: dict[int, _Outcome | str] = {}
        """Of each claim and column; or why it cannot be judged."""
        self._without_spread: set[int] = set()
        """Those that cannot be judged before there are further seeds."""

    def look(self, evidence: Evidence) -> None:
        """Judge what is open by this evidence."""
        tests: dict[int, _Test] = {}
        for at, (claim, name, column) in enumerate(self._judged):
            before = self._found.get(at)
            if isinstance(before, _Outcome) and before.decided:
                continue
            self._without_spread.discard(at)
            try:
                tests[at] = self._test(at, claim, name, column, evidence)
            except UnjudgeableError as error:
                self._found[at] = str(error)
                if isinstance(error, NoSpreadError):
                    self._without_spread.add(at)
        while tests:
            own = self._level / len(tests)
            sure = {at for at, test in tests.items() if test.p_value <= test.bound(own)}
            for at in sure or tests:
                self._found[at] = _Outcome(test=tests[at], own=own, decided=bool(sure))
            tests = {at: test for at, test in tests.items() if at not in sure} if sure else {}

    def open(self) -> list[Claim]:
        """The claims that are undecided in some column, or wait for further seeds there."""
        claims = [
            claim
            for at, ((claim, _, _), found) in enumerate(self._in_order())
            if at in self._without_spread or (isinstance(found, _Outcome) and not found.decided)
        ]
        return list(dict.fromkeys(claims))

    def words(self) -> list[tuple[Claim, Word]]:
        """Each claim, column by column, with its verdict by the last look that judged it."""
        return [
            (claim, CANNOT_BE_JUDGED if isinstance(found, str) else found.word)
            for (claim, _, _), found in self._in_order()
        ]

    def verdicts(self) -> list[Verdict]:
        """As `words`, with all that the evidence says."""
        return [
            Verdict(
                claim=claim,
                column=name,
                verdict=CANNOT_BE_JUDGED,
                reason=found,
                looks=max(1, len(self._shares.get(at, ()))),
            )
            if isinstance(found, str)
            else _verdict(found, self._level)
            for at, ((claim, name, _), found) in enumerate(self._in_order())
        ]

    def _in_order(self) -> Iterator[tuple[tuple[Claim, str, Column | None], _Outcome | str]]:
        return ((judged, self._found[at]) for at, judged in enumerate(self._judged))

    def _test(
        self, at: int, claim: Claim, name: str, column: Column | None, evidence: Evidence
    ) -> _Test:
        """The test of a claim in one column. Raises UnjudgeableError."""
        if column is None:
            raise UnjudgeableError(f"These scores have no column {name}.")
        rows = [
            (weight, row, evidence.samples.get((row, column.name)))
            for row, weight in claim.weights.items()
        ]
        found = difference(rows, column, evidence.ruler(claim, column.name))
        margin = claim.within
        inside = margin is not None and abs(found.value) <= margin
        if margin is not None:
            p_value = found.p_within(margin) if inside else found.p_beyond(margin)
            towards = SUPPORTED if inside else CONTRADICTED
        else:
            sign = -found.value if claim.relation == "<" else found.value
            p_value, towards = found.p_unequal(), SUPPORTED if sign > 0 else CONTRADICTED
        return _Test(
            claim=claim,
            column=name,
            found=found,
            towards=towards,
            p_value=p_value,
            one_sided=inside,
            shares=self._looked(at, found.weights, found.runs),
        )

    def _looked(self, at: int, weights: Sequence[int], runs: Sequence[int]) -> tuple[float, ...]:
        """The shares of information at a claim's looks, this one included if it has more."""
        if self._most is None:
            return (1.0,)
        whole = information(weights, [max(self._most, count) for count in runs])
        share, before = information(weights, runs) / whole, self._shares.get(at, ())
        if not before or share > before[-1]:
            self._shares[at] = (*before, share)
        return self._shares[at]


def _verdict(outcome: _Outcome, level: float) -> Verdict:
    test, own = outcome.test, outcome.own
    found, margin, bound = test.found, test.claim.within, test.bound(own)
    verdict = Verdict(
        claim=test.claim,
        column=test.column,
        verdict=outcome.word,
        reason="",
        method=found.method,
        difference=found.value,
        interval=found.interval(level),
        p_value=test.p_value,
        bound=bound,
        detectable=None if found.counted else detectable(found, bound, equal=margin is not None),
        seeds_needed=None if outcome.decided else seeds_needed(found, own, margin),
        looks=len(test.shares),
    )
    return replace(verdict, reason=_reason(verdict, counted=found.counted))


def _reason(verdict: Verdict, *, counted: bool) -> str:
    """Why a claim is, or is not, decided."""
    claim = verdict.claim
    p_value = f"p = {verdict.p_value:.2g}"
    if verdict.verdict == UNDECIDED:
        needed = (
            f"{verdict.seeds_needed} seeds a row"
            if verdict.seeds_needed
            else f"more than {MOST_SEEDS:,} seeds a row"
        )
        return (
            f"{p_value}, and {verdict.bound:.2g} would decide{_looks(verdict)}. {_could(verdict)} "
            f"The difference seen would take {needed}."
        )
    kept = f"{p_value}, at most {verdict.bound:.2g}{_looks(verdict)}"
    if counted:
        kept = "counted, not estimated"
    if claim.within is None and not verdict.difference:
        return f"Both are equal: {kept}."
    if claim.within is None:
        better = written(claim.sides[0 if (verdict.difference or 0) > 0 else 1])
        return f"{better} is {'larger' if claim.over else 'better'}: {kept}."
    side = "less" if verdict.verdict == SUPPORTED else "more"
    what = "differences" if claim.over else "rows"
    return f"The {what} differ by {side} than {claim.within:g}: {kept}."


def _could(verdict: Verdict) -> str:
    """What such evidence shows of a claim that it leaves open."""
    if verdict.detectable is None:
        return "So early a look decides nothing."
    what = "a difference of" if verdict.claim.within is None else "equality within a margin of"
    return f"These seeds show {what} {verdict.detectable:.3g} with a chance of {POWER:.0%}."


def _looks(verdict: Verdict) -> str:
    return f" at look {verdict.looks}" if verdict.looks > 1 else ""


def _with_cost(verdict: Verdict, cost: Callable[[Claim, int], Cost | None] | None) -> Verdict:
    if cost is None or verdict.seeds_needed is None:
        return verdict
    return replace(verdict, cost=cost(verdict.claim, verdict.seeds_needed))


def judge_record(record: Mapping[str, Any], store: Store) -> list[Verdict]:
    """The verdicts on a sweep's claims by what its store holds now; none for one without claims."""
    claims, columns = recorded_claims(record), claimed_columns(record)
    if not claims:
        return []
    about = record["claims"]
    looks = [recorded(record, store, columns, seeds) for seeds in about.get("looks") or [None]]
    return judge(
        claims,
        columns,
        looks[-1],
        earlier=looks[:-1],
        most=about.get("most"),
        level=float(about["level"]),
        cost=lambda claim, seeds: further_cost(record, claim, seeds),
    )
