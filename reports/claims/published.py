"""Published numbers as evidence: what they say of the claims of a sweep that repeats their table.

They are judged by their own ruler, the spread of the published baseline; where a table has none,
by the one that a claim names with its source.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from reports.errors import ReportError
from reports.published.counterpart import counterparts, table_named
from reports.published.find import find_study
from reports.published.study import PublishedStudy
from reports.table import Column, Row, Table
from sweeps.claims.columns import parts_of
from sweeps.claims.evidence import Evidence, Sample
from sweeps.claims.statement import Claim, Ruler
from sweeps.claims.verdicts import Verdict, judge

AVERAGE = "average"
"""What a claim without columns is about, where nothing is known of the sweep's own."""


@dataclass(frozen=True, kw_only=True)
class PublishedClaims:
    """What a published table says of claims."""

    verdicts: tuple[Verdict, ...]
    """A claim after the other, and of each a column after the other."""
    table: str
    short: str
    """What its numbers are called beside ours."""
    explained: str
    """By what its verdicts are."""


def published_claims(
    record: Mapping[str, Any], claims: Sequence[Claim], rows: Sequence[Row], level: float
) -> PublishedClaims | None:
    """The published verdicts on a recorded sweep's claims; None where it repeats no table."""
    columns = record.get("columns") or []
    own = {str(one["name"]): one.get("paper") for one in columns}
    scores = [one for one in columns if one.get("competes", True)]
    average = [one["name"] for one in scores if one.get("average") or len(scores) == 1]
    # What a claim without columns is about: the sweep's average is no published one of any name.
    claims = [replace(c, columns=c.columns or tuple(average[:1])) for c in claims]
    file = (record.get("sweep_file") or {}).get("name") or record["id"]
    study = str(record.get("study") or "")
    return published_of(study, str(file), claims, rows, level, own, *average[:1])


def published_of(
    name: str,
    sweep: str,
    claims: Sequence[Claim],
    rows: Sequence[Row],
    level: float,
    own: Mapping[str, str | None] | None = None,
    average: str = AVERAGE,
) -> PublishedClaims | None:
    """The published verdicts on claims of a study's sweep; None where it repeats no table.

    `own` says which published column is of the kind of one of the sweep's own, `average` what the
    sweep's average is called.
    """
    try:
        study = find_study(name or None)
        number = table_named({"id": sweep}, study)
    except ReportError:
        return None
    claims = [replace(claim, columns=claim.columns or (AVERAGE,)) for claim in claims]
    kinds = own or {}

    def metric(column: str) -> str | None:
        return study.metric(column) or study.metric(kinds.get(column) or "")

    named = dict.fromkeys(one for claim in claims for one in claim.columns)
    for one in [one for one in named if metric(one) is None]:
        named |= dict.fromkeys(parts_of(one, lambda part: metric(part) is not None) or ())
    metrics = {one: metric(one) for one in named}
    return _judged(
        study.name, number, tuple(claims), tuple(rows), level, tuple(metrics.items()), average
    )


@lru_cache(maxsize=64)
def _judged(
    name: str,
    number: int | str,
    claims: tuple[Claim, ...],
    rows: tuple[Row, ...],
    level: float,
    metrics: tuple[tuple[str, str | None], ...],
    average: str,
) -> PublishedClaims:
    """`metrics` says which column of the files stands for each that is claimed about.

    For the `average` the table's own does, where it has another. Kept, for a table that is drawn
    again and again has the same ones.
    """
    study = find_study(name)
    table = study.table(number)
    if not {metric for _, metric in metrics if metric} <= {c.paper for c in table.columns}:
        table = _fuller(study, number, table)
    there = {column.paper for column in table.columns}
    metrics = tuple(
        (one, _average(study, table) if one == average and metric not in there else metric)
        for one, metric in metrics
    )
    columns = [
        (j, replace(column, name=claimed))
        for claimed, metric in metrics
        for j, column in enumerate(table.columns)
        if metric is not None and column.paper == metric
    ]
    evidence = _with_differences(_evidence(study, table, columns, rows), claims)
    verdicts = judge(claims, [column for _, column in columns], evidence, level=level)
    sources = dict.fromkeys(ruler.source for ruler in evidence.rulers.values())
    sources |= dict.fromkeys(c.ruler.source for c in claims if c.ruler and not sources)
    about = study.about
    ruler = (
        f"by the deviation of {' and of '.join(sources)}, which is taken to be each row's"
        if sources
        else "it has no deviation"
    )
    return PublishedClaims(
        verdicts=tuple(verdicts),
        table=str(number),
        short=about.short,
        explained=f"{about.short}: table {number} of {about.publication}, {ruler}.",
    )


def _fuller(study: PublishedStudy, number: int | str, table: Table) -> Table:
    """The table of every metric, where a study has one."""
    try:
        return study.table(number, every_metric=True)
    except ReportError:
        return table


def _average(study: PublishedStudy, table: Table) -> str | None:
    """The column that summarizes the others, or the only one; None where there is none, or several.

    One of several is of a benchmark, and stands for no table.
    """
    scores = [column.paper for column in table.columns if column.competes]
    means = [metric for metric in scores if metric in study.about.averages]
    return means[0] if len(means) == 1 else scores[0] if len(scores) == 1 else None


def _with_differences(evidence: Evidence, claims: Iterable[Claim]) -> Evidence:
    """The evidence with the difference of two columns for each claim about one.

    Nothing printed says how much a run's two scores vary together: it has no deviation.
    """
    samples = dict(evidence.samples)
    known = {column for _, column in samples}
    for name in {name for claim in claims for name in claim.columns} - known:
        if parts := parts_of(name, known.__contains__):
            for row in {row for row, _ in evidence.samples}:
                one, other = (samples.get((row, part)) for part in parts)
                if one and other and one.mean is not None and other.mean is not None:
                    samples[row, name] = Sample(mean=one.mean - other.mean)
    return replace(evidence, samples=samples)


def _evidence(
    study: PublishedStudy, table: Table, columns: Iterable[tuple[int, Column]], rows: Sequence[Row]
) -> Evidence:
    samples: dict[tuple[str, str], Sample] = {}
    rulers: dict[str, Ruler] = {}
    runs = study.about.baseline_runs
    pairs = counterparts(rows, table)
    for j, column in columns:
        std = table.ruler[j] if table.ruler else None
        if std is not None and runs is not None:
            source = f"the {runs} runs of {study.about.publication}'s baseline"
            rulers[column.name] = Ruler(deviation=std, runs=runs, source=source)
        for ours, theirs in pairs:
            if theirs is None or (value := theirs.scores[j].value) is None:
                continue
            repeated = theirs.baseline and column.name in rulers
            samples[ours.label, column.name] = (
                Sample(mean=value, deviation=std, runs=runs or 1, asked=runs or 1)
                if repeated
                else Sample(mean=value)
            )
    return Evidence(samples=samples, rulers=rulers, published=True)
