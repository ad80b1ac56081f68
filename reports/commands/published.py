"""`python -m reports published --table N`: the published numbers, drawn as ours are."""

from __future__ import annotations

from collections.abc import Sequence

from reports.commands.options import WHOLE, add_drawing, deliver, parser
from reports.published import find_study, studies

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
    deliver(study.table(arguments.table), arguments)
    return WHOLE
