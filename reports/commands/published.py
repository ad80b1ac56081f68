"""`python -m reports published --table N`: the published numbers, drawn as ours are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reports.claims.drawn import draw
from reports.claims.files import judged_of_file
from reports.commands.options import WHOLE, add_drawing, deliver, parser
from reports.published import PublishedStudy, find_study, studies
from reports.table import Table
from sweeps.asking.sweepfile import read_sweep_file
from sweeps.asking.sweepnames import sweep_name, sweep_names
from sweeps.studies import study_names

DESCRIPTION = """The numbers that a study published, through the code that draws ours.

  python -m reports published                          the tables there are
  python -m reports published --table 6 --format latex
  python -m reports published --study NAME             those of another study
"""


def run(words: Sequence[str]) -> int:
    """Draw one published table, or list them."""
    options = parser("published", DESCRIPTION)
    options.add_argument("--table", metavar="N", help="the table's number, or its name")
    options.add_argument("--study", help=f"whose: {', '.join(studies())}")
    add_drawing(options)
    arguments = options.read(words)
    study = find_study(arguments.study)
    if arguments.table is None:
        width = max(map(len, study.names))
        for name in study.names:
            print(f"--table {name:<{width}}  {study.title(name)}")
        return WHOLE
    deliver(published_table(study, arguments.table), arguments)
    return WHOLE


def published_table(study: PublishedStudy, name: str) -> Table:
    """A published table with what it says of the claims of the sweep that repeats it."""
    table, key = study.table(name), study.find(name)
    sweep = sweep_name(study.name, f"table{key:02}" if isinstance(key, int) else key)
    if sweep not in sweep_names(*study_names()):
        return table
    judged = judged_of_file(read_sweep_file(sweep))
    return replace(table, claims=draw(judged, sweep, table.title)) if judged else table
