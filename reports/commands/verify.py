"""Whether a drawing still says what its store says."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from reports.commands.body import body, markdown_lines, markdown_tables
from reports.commands.drawings import Drawing, drawings, read_provenance
from reports.commands.options import HOLE, MISTAKE, WHOLE, parser
from reports.errors import ReportError
from reports.published import find_study
from reports.reading.collect import collect
from reports.reading.opened import opened
from reports.reading.records import find_record
from reports.render import FORMATS, Style, render
from reports.render.style import STYLE_KEYS, TEXT_KEYS
from reports.table import Table
from sweeps.errors import SweepError
from sweeps.store import named_store

SHOWN = 40
"""Lines of a difference that are printed."""

DESCRIPTION = """Whether a table, as it was written down, is still what its store gives.

  python -m reports verify store/reports/table06.tex
  python -m reports verify docs/findings.md        every table in it that says what it was made of
  python -m reports verify docs/findings.md --write      and puts into it what the stores give now

Exit status: 0 the same scores, 1 other ones (the differences are printed), 2 no table of ours, or
one whose store is not there.
"""


def redraw(description: Mapping[str, str], store: Path | None = None) -> str:
    """The drawing that was described, from the store as it is now.

    A store that has moved is given as `store`; its path in the drawing stays the described one.
    Raises ReportError where the description lacks something, or the store no longer has it.
    """
    format, *chosen = description.get("drawn", "").split() or [""]
    if format not in FORMATS or not {*chosen} <= {*STYLE_KEYS}:
        raise ReportError("It does not say how it was drawn: no table of ours, or a cut one.")
    table = _table(description, store)
    if store is not None:
        table = replace(table, provenance={**table.provenance, "store": description["store"]})
    texts: dict[str, Any] = {name: description.get(name) for name in TEXT_KEYS}
    flags: dict[str, Any] = {name: name in chosen for name in STYLE_KEYS}
    return render(table, format, Style(**texts, **flags))


def _table(description: Mapping[str, str], store: Path | None) -> Table:
    if "published" in description:
        from reports.commands.published import published_table

        return published_table(find_study(description.get("study")), description["published"])
    if not {"sweep", "store"} <= description.keys():
        raise ReportError("It names no sweep and no store: no table of ours.")
    place = store or opened(Path(description["store"]))
    if "compared" in description:
        from reports.commands.compare import compare

        number, *absolute = description["compared"].split()
        return compare(
            place,
            description["sweep"],
            number=number,
            study=description["study"],
            absolute=bool(absolute),
        ).table
    if "with" in description:
        from reports.commands.compare import compare_sweeps

        other, *absolute = description["with"].split()
        return compare_sweeps(place, description["sweep"], other, absolute=bool(absolute)).table
    if "separation" in description:
        from reports.commands.columns import separated

        checkpoints, *ratio = description["separation"].split()
        return separated(
            place,
            description["sweep"],
            ratio=float(ratio[0]) if ratio else None,
            checkpoints=int(checkpoints),
        ).table
    table = collect(place, description["sweep"], cost="cost" in description)
    if "claims" in description:
        from reports.commands.claims import claims_of

        return claims_of(table)
    if "test" in description:
        from reports.statistics.difference import mark_differences

        record = find_record(place, description["sweep"])
        table = mark_differences(table, description["test"], place, record)
        table = replace(table, provenance={**table.provenance, "test": description["test"]})
    return table


def run(words: Sequence[str]) -> int:
    """Compare the tables of a file with what their stores give now."""
    options = parser("verify", DESCRIPTION)
    options.add_argument(
        "file", type=Path, help="a table in one of our formats, or a page of Markdown with tables"
    )
    options.add_argument(
        "--store",
        type=named_store,
        help="where the store, or its file of results, lies now, if it has moved",
    )
    options.add_argument(
        "--write",
        action="store_true",
        help="put into a page what the stores give now: rows above each comment, its line scores",
    )
    arguments = options.read(words)
    try:
        text = arguments.file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(f"Cannot read {arguments.file}: {error}.") from error
    store = arguments.store and opened(arguments.store)
    found, rest = drawings(text)
    in_markdown = [one.description.get("drawn", "").startswith("markdown") for one in found]
    if not any(in_markdown) or found[0].whole:
        if arguments.write:
            raise ReportError(
                f"{arguments.file} is no page of Markdown with tables in it: leave out --write, "
                "and draw it again by the command that it names."
            )
        return _verify_file(arguments.file, text, store)
    if arguments.write:
        return _write(arguments.file, found, rest, store)
    others: list[int] = []
    status = max(_verify_in_page(arguments.file, one, store, others) for one in found)
    others += [rest.first + line - 1 for line, _ in markdown_tables(rest.text)]
    if others:
        lines = ", ".join(map(str, others))
        print(f"{arguments.file}: {len(others)} other tables name no store: lines {lines}.")
    return status


def _verify_file(file: Path, text: str, store: Path | None) -> int:
    """Compare a file that is one drawing; the exit status."""
    description = read_provenance(text)
    try:
        now = redraw(description, store)
    except SweepError as error:
        raise ReportError(f"{file}: {error}") from error
    if now == text:
        print(f"{file}: the store still gives this table.")
        return WHOLE
    format = description["drawn"].split()[0]
    if _same_scores(description, now) and body(text, format) == body(now, format):
        print(f"{file}: the same scores and bold; other words around them:")
        status = WHOLE
    else:
        print(f"{file}: the store gives another table now:")
        status = HOLE
    _print_difference(text.splitlines(), now.splitlines())
    return status


def _verify_in_page(file: Path, drawing: Drawing, store: Path | None, others: list[int]) -> int:
    """Compare one drawing of a page by its rows: the words around them are the page's.

    Lines of tables above it that are not its own are added to `others`. The exit status.
    """
    tables = [(drawing.first + line - 1, rows) for line, rows in markdown_tables(drawing.text)]
    description = drawing.description
    name = description.get("sweep") or f"published table {description.get('published')}"
    try:
        now = redraw(description, store)
    except SweepError as error:
        print(f"{file}:{drawing.last}: {name}: {error}", file=sys.stderr)
        others += [line for line, _ in tables[:-1]]
        return MISTAKE
    expected = [rows for _, rows in markdown_tables(now)]
    # A page may leave out the claims; what it calls its columns tells the drawing's tables from
    # others above it.
    headings = {rows[0]: i for i, rows in enumerate(expected)}
    own = {headings[rows[0]]: (line, rows) for line, rows in tables if rows[0] in headings}
    others += [line for line, rows in tables if (line, rows) not in own.values()]
    where = f"{file}:{min((line for line, _ in own.values()), default=drawing.last)}: {name}"
    shown = {0, *own}
    written = [row for i in sorted(own) for row in own[i][1]]
    given = [row for i in sorted(shown) for row in expected[i]]
    if written == given and _same_scores(description, now):
        print(f"{where}: the store still gives this table.")
        return WHOLE
    print(f"{where}: the store gives another table now:")
    _print_difference(
        [*written, f"scores: {description.get('scores')}"],
        [*given, f"scores: {read_provenance(now)['scores']}"],
    )
    return HOLE


def _write(file: Path, found: Sequence[Drawing], rest: Drawing, store: Path | None) -> int:
    """Put into a page what its drawings' stores give now, all of them or none; the exit status."""
    try:
        pieces = [_written(one, redraw(one.description, store)) for one in found]
    except SweepError as error:
        raise ReportError(f"{file} was left as it is: {error}") from error
    for one, piece in zip(found, pieces, strict=True):
        state = "as it was" if piece == one.text else "written"
        print(f"{file}: {one.description.get('sweep') or 'a published table'}: {state}.")
    file.write_text("".join([*pieces, rest.text]), encoding="utf-8")
    return WHOLE


def _written(drawing: Drawing, now: str) -> str:
    """A drawing's part of a page with the rows and the scores of another time.

    Tables that have its headings are replaced; without any, all that was drawn goes above the
    comment.
    """
    lines = drawing.text.splitlines()
    comment = max(number for number, line in enumerate(lines) if line == "<!--")
    for number in range(comment, len(lines)):
        if lines[number].startswith("scores: "):
            lines[number] = f"scores: {read_provenance(now)['scores']}"
    drawn = [rows for _, rows in markdown_lines(now)]
    by_heading = {rows[0]: rows for rows in drawn}
    own = [(first, rows) for first, rows in markdown_lines(drawing.text) if rows[0] in by_heading]
    for first, rows in reversed(own):
        lines[first - 1 : first - 1 + len(rows)] = by_heading[rows[0]]
    if not own:
        lines[comment:comment] = [line for rows in drawn for line in (*rows, "")]
    return "\n".join([*lines, ""])


def _same_scores(description: Mapping[str, str], now: str) -> bool:
    """Whether the scores are the written ones beyond the digits that are shown, as far as said."""
    return description.get("scores") in (None, read_provenance(now)["scores"])


def _print_difference(written: Sequence[str], now: Sequence[str]) -> None:
    lines = list(difflib.unified_diff(written, now, "written", "now", n=0))
    print("\n".join(line for line in lines[:SHOWN] if not line.startswith(("@@", "---", "+++"))))
    if len(lines) > SHOWN:
        print(f"... and {len(lines) - SHOWN} lines more")
