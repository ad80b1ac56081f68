"""Our sweep beside the published table of the same question: signs, ranks, bold, a verdict."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from reports.commands.options import (
    HOLE,
    WHOLE,
    add_drawing,
    add_store,
    deliver,
    parser,
    store_of,
    style_of,
)
from reports.errors import ReportError
from reports.published import PublishedStudy
from reports.published.counterpart import (
    counterparts,
    paired_rows,
    published_of,
    table_named,
    with_columns,
)
from reports.reading.collect import collect
from reports.reading.records import find_record
from reports.render import render
from reports.statistics.agreement import Agreement, Pair
from reports.table import Column, Row, Table

DESCRIPTION = """A sweep beside the published table of the same question.

Columns are paired by the suite's map (a column names the published one of its kind), rows by
label, and baseline with baseline. Shown are differences to the baseline, for scales differ.

  python -m reports compare table06
  python -m reports compare last --table 6 --absolute
  python -m reports compare table06 --with table06-1a2b3c4d    another sweep, of the same question

Decision accuracy is the share of pairs of rows that both order alike: of another preset or size it
says whether a small run predicts a larger one.
"""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Both tables as one, and what each pair of columns says."""

    table: Table
    agreements: tuple[Agreement, ...]


def compare(
    store: Path,
    id: str,
    *,
    number: int | str | None = None,
    study: str | None = None,
    absolute: bool = False,
) -> Comparison:
    """Set a sweep beside a table that its study published, by the number in its file's name.

    Raises ReportError for an unknown sweep, a study without published numbers, an unknown table,
    and where no column or no row is paired.
    """
    record = find_record(store, id)
    ours = collect(store, id)
    published = published_of(record, study)
    number = table_named(record, published) if number is None else published.find(number)
    metrics = _paired_columns(ours, published)
    theirs, metrics = with_columns(published, number, metrics)
    rows = paired_rows(ours, theirs, number)
    shown = [column.paper for column in theirs.columns]
    return _beside(
        ours,
        theirs,
        rows=rows,
        columns=[(j, shown.index(metric)) for j, metric in metrics],
        reference=next((r for r in theirs.rows if r.baseline), None) or _outside(published, theirs),
        named=_Named(
            id=f"table{number:02}" if isinstance(number, int) else number,
            title=f"table {number} of {published.about.publication}",
            short=published.about.short,
            owner=f"{published.about.publication}'s",
        ),
        absolute=absolute,
        provenance={
            "compared": str(number) + (" absolute" if absolute else ""),
            "study": published.name,
            **{k: v for k, v in theirs.provenance.items() if k in ("source", "files")},
        },
    )


def compare_sweeps(store: Path, id: str, other: str, *, absolute: bool = False) -> Comparison:
    """Set a sweep beside another one of its store, such as the same question at another size.

    Columns are paired by name, else by the published one that they stand for, rows by label or
    name. Raises ReportError for an unknown sweep, and where nothing is paired.
    """
    ours, theirs = collect(store, id), collect(store, other)
    if ours.id == theirs.id:
        raise ReportError(f"--with {other}: that is {ours.id!r} itself. Name another sweep.")
    rows = counterparts(ours.rows, theirs)
    if sum(found is not None for _, found in rows) < 2:
        raise ReportError(
            f"Fewer than two rows of {ours.id!r} have a counterpart in {theirs.id!r}. Here: "
            f"{_labels(ours)}. There: {_labels(theirs)}."
        )
    columns = [
        (j, k) for j, one in enumerate(ours.columns) if (k := _same(one, theirs)) is not None
    ]
    if not columns:
        raise ReportError(
            f"{ours.id!r} and {theirs.id!r} have no column in common. Here: "
            f"{', '.join(c.name for c in ours.columns)}. There: "
            f"{', '.join(c.name for c in theirs.columns)}."
        )
    return _beside(
        ours,
        theirs,
        rows=rows,
        columns=columns,
        reference=next((row for row in theirs.rows if row.baseline), None),
        named=_Named(
            id=theirs.id.replace("/", "-"),
            title=theirs.id,
            short=theirs.id,
            owner=f"of {theirs.id}",
            other="other",
            table=theirs.id,
        ),
        absolute=absolute,
        provenance={"with": theirs.id + (" absolute" if absolute else "")},
    )


def _labels(table: Table) -> str:
    return ", ".join(repr(row.label) for row in table.rows)


def _same(column: Column, table: Table) -> int | None:
    """The column of a table with this one's name, else the only one of its published kind."""
    names = [one.name for one in table.columns]
    if column.name in names:
        return names.index(column.name)
    kind = [k for k, one in enumerate(table.columns) if column.paper and one.paper == column.paper]
    return kind[0] if len(kind) == 1 else None


@dataclass(frozen=True, kw_only=True)
class _Named:
    """What the second table of a comparison is called, and where."""

    id: str
    title: str
    short: str
    owner: str
    other: str = "published"
    table: str = "the published table"


def _beside(
    ours: Table,
    theirs: Table,
    *,
    rows: Sequence[tuple[Row, Row | None]],
    columns: Sequence[tuple[int, int]],
    reference: Row | None,
    named: _Named,
    absolute: bool,
    provenance: Mapping[str, str],
) -> Comparison:
    """Both tables as one, over paired rows and columns."""
    paired = [Pair(ours, theirs, rows, reference, j, k) for j, k in columns]
    agreements = tuple(pair.agreement(named.short, named.other) for pair in paired)
    scores = zip(*(side for pair in paired for side in pair.scores(absolute)), strict=True)
    table = Table(
        id=f"{ours.id}-against-{named.id}",
        title=f"{ours.title}: ours beside {named.title}",
        section=ours.section,
        columns=tuple(
            replace(column, name=name, paper=None, signed=not absolute)
            for a, b in ((ours.columns[j], theirs.columns[k]) for j, k in columns)
            for column, name in ((a, f"{a.name} ours"), (b, f"{b.name} {named.short}"))
        ),
        rows=tuple(
            Row(
                label=a.label,
                baseline=a.baseline,
                scores=s,
                notes=(*a.notes, *(b.notes if b else ())),
            )
            for (a, b), s in zip(rows, scores, strict=True)
        ),
        preface=tuple(_map(ours, agreements, named.owner)),
        notes=(
            *(agreement.sentence() for agreement in agreements),
            *_explained(ours, theirs, rows, paired[0].relative, absolute, named.table),
            *ours.notes,
        ),
        details=ours.details,
        claims=ours.claims,
        provenance={**ours.provenance, **provenance},
    )
    return Comparison(table=table, agreements=agreements)


def _paired_columns(ours: Table, published: PublishedStudy) -> list[tuple[int, str]]:
    """Our columns that name a published one, with its metric."""
    pairs = [
        (j, metric)
        for j, column in enumerate(ours.columns)
        if column.paper and (metric := published.metric(column.paper))
    ]
    if not pairs:
        known = ", ".join(published.comparable)
        raise ReportError(
            f"No column of {ours.id!r} names a published one of its kind. A suite's column does so "
            f"by `paper:`, one of {known}."
        )
    return pairs


def _outside(published: PublishedStudy, theirs: Table) -> Row | None:
    """The study's baseline for a table that leaves it out; none where other systems compete."""
    if all(std is None for std in theirs.ruler):
        return None
    metrics, row = published.baseline()
    return replace(row, scores=tuple(row.scores[metrics.index(c.paper)] for c in theirs.columns))


def _map(ours: Table, agreements: Sequence[Agreement], owner: str) -> list[str]:
    """Which columns are paired, and where the tasks are others."""
    pairs = [
        f"{a.ours} → {a.published}" + ("" if a.same_scores else " (other tasks)")
        for a in agreements
    ]
    lines = [f"Columns of one kind, ours → {owner}: {'; '.join(pairs)}."]
    alone = [c.name for c in ours.columns if c.name not in {a.ours for a in agreements}]
    if alone:
        lines.append(f"Without a published column of their kind: {', '.join(alone)}.")
    if any(not agreement.same_scores for agreement in agreements):
        lines.append("Where the tasks are others, directions and ranks compare, heights do not.")
    return lines


def _explained(
    ours: Table,
    theirs: Table,
    rows: Sequence[tuple[Row, Row | None]],
    relative: bool,
    absolute: bool,
    elsewhere: str,
) -> list[str]:
    zero = "the baseline" if relative else "the mean of the rows in both tables"
    lines = [] if absolute else [f"Shown are differences to {zero}."]
    lines.append(
        f"Verdicts go by the signs of the rows that differ from {zero} by two standard deviations "
        "or more in both tables; a table without a ruler counts every row."
    )
    paired = {a.label for a, _ in rows}, {b.label for _, b in rows if b}
    for table, labels, where in (
        (ours, paired[0], elsewhere),
        (theirs, paired[1], ours.id),
    ):
        alone = [r.label for r in table.rows if r.kind == "score" and r.label not in labels]
        if alone:
            lines.append(f"Not in {where}: {'; '.join(alone)}.")
    return lines


def run(words: Sequence[str]) -> int:
    """Draw the comparison of a sweep."""
    options = parser("compare", DESCRIPTION)
    options.add_argument("id", help="a sweep of the store, or `last`")
    options.add_argument("--table", metavar="N", help="the published table's number, or its name")
    options.add_argument("--with", dest="other", metavar="ID", help="a sweep of the store instead")
    options.add_argument("--study", help="whose published numbers (default: the sweep's study)")
    options.add_argument("--absolute", action="store_true", help="show scores, not differences")
    add_store(options)
    add_drawing(options)
    arguments = options.read(words)
    store, absolute = store_of(arguments), arguments.absolute
    if arguments.other is None:
        comparison = compare(
            store, arguments.id, number=arguments.table, study=arguments.study, absolute=absolute
        )
    elif arguments.table is None and arguments.study is None:
        comparison = compare_sweeps(store, arguments.id, arguments.other, absolute=absolute)
    else:
        raise ReportError("--with sets two sweeps side by side: leave --table and --study out.")
    if arguments.format == "json" and not arguments.output:
        drawn = json.loads(render(comparison.table, "json", style_of(arguments)))
        drawn["comparison"] = [asdict(agreement) for agreement in comparison.agreements]
        sys.stdout.write(json.dumps(drawn, indent=1, ensure_ascii=False) + "\n")
    else:
        deliver(comparison.table, arguments)
    ours = [score for row in comparison.table.rows for score in row.scores[::2]]
    return HOLE if any(s.value is None or s.runs < s.asked for s in ours) else WHOLE
