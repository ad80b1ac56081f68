"""Whether a drawing still says what its store says."""

from __future__ import annotations

import difflib
import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from reports.commands.body import body
from reports.commands.options import HOLE, WHOLE, parser
from reports.errors import ReportError
from reports.published import find_study
from reports.reading.collect import collect
from reports.reading.records import find_record
from reports.render import FORMATS, Style, render
from reports.render.style import STYLE_KEYS, TEXT_KEYS
from reports.table import Table
from sweeps.store import named_store

SHOWN = 40
"""Lines of a difference that are printed."""
_FIELD = re.compile(r"(?:% |# )?(\w+): ?(.*)")

DESCRIPTION = """Whether a table, as it was written down, is still what its store gives.

  python -m reports verify store/reports/table06.tex

Exit status: 0 the same scores, 1 other ones (the differences are printed), 2 no table of ours.
"""


def read_provenance(text: str) -> dict[str, str]:
    """What a drawing says it was made of; empty for a file that says nothing."""
    try:
        drawn = json.loads(text)
    except ValueError:
        return _from_comment(text)
    found = drawn.get("provenance") if isinstance(drawn, dict) else None
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _from_comment(text: str) -> dict[str, str]:
    comments = re.findall(r"^<!--\n(.*?)\n-->$", text, flags=re.DOTALL | re.MULTILINE)
    found: dict[str, str] = {}
    for line in (html.unescape(comments[-1]) if comments else text).splitlines():
        field = _FIELD.fullmatch(line)
        if field is None:
            break
        found[field[1]] = field[2]
        if field[1] == "drawn":
            break
    return found


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
    place = store or Path(description["store"])
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
    """Compare a file with what its store gives now."""
    options = parser("verify", DESCRIPTION)
    options.add_argument("file", type=Path, help="a table in one of our formats")
    options.add_argument(
        "--store", type=named_store, help="where the store lies now, if it has moved"
    )
    arguments = options.read(words)
    try:
        text = arguments.file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(f"Cannot read {arguments.file}: {error}.") from error
    try:
        description = read_provenance(text)
        now = redraw(description, arguments.store and arguments.store.absolute())
    except ReportError as error:
        raise ReportError(f"{arguments.file}: {error}") from error
    if now == text:
        print(f"{arguments.file}: the store still gives this table.")
        return WHOLE
    format = description["drawn"].split()[0]
    same = description.get("scores") == read_provenance(now)["scores"]
    if same and body(text, format) == body(now, format):
        print(f"{arguments.file}: the same scores and bold; other words around them:")
        status = WHOLE
    else:
        print(f"{arguments.file}: the store gives another table now:")
        status = HOLE
    lines = list(difflib.unified_diff(text.splitlines(), now.splitlines(), "written", "now", n=0))
    print("\n".join(line for line in lines[:SHOWN] if not line.startswith(("@@", "---", "+++"))))
    if len(lines) > SHOWN:
        print(f"... and {len(lines) - SHOWN} lines more")
    return status
