"""`python -m reports claims ID`: what a sweep's scores say of what was claimed beforehand."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from reports.commands.options import HOLE, WHOLE, add_store, one_of, parser, store_of
from reports.commands.output import print_table
from reports.errors import ReportError
from reports.files import write_text
from reports.reading.collect import collect
from reports.render.claims import CLAIM_FORMATS, render_claims
from reports.table import Table

DESCRIPTION = """The claims of a sweep with their verdicts, beside those of the published numbers.

  python -m reports claims table06
  python -m reports claims table06 --format json
  python -m reports figures table06 claims         the differences with their intervals

A claim is supported, contradicted or undecided; where there is no ruler, or a score is missing, it
cannot be judged. docs/claims.md says how claims are written and judged.
"""


def claims_of(table: Table) -> Table:
    """The claims below a sweep's table, alone. Raises ReportError for a sweep without any."""
    if table.claims is None:
        raise ReportError(
            f"Sweep {table.id!r} has no claims. Write them in its sweep file, such as "
            'claims: [{that: "A > B"}], or type them: claims=["A > B"]; then run its command '
            "again: finished stages are kept."
        )
    return replace(table.claims, provenance={**table.provenance, "claims": "alone"})


def run(words: Sequence[str]) -> int:
    """Draw the claims of a sweep; the exit status is 1 where its table has a hole."""
    options = parser("claims", DESCRIPTION)
    options.add_argument("id", help="a sweep of the store, or `last`")
    options.add_argument(
        "--format",
        type=one_of("format", CLAIM_FORMATS),
        metavar="FORMAT",
        help=f"print this format only: {', '.join(CLAIM_FORMATS)}",
    )
    options.add_argument("--output", type=Path, metavar="DIR", help="write into this folder")
    add_store(options)
    arguments = options.read(words)
    scores = collect(store_of(arguments), arguments.id)
    table = claims_of(scores)
    if arguments.output:
        for format in [arguments.format] if arguments.format else CLAIM_FORMATS:
            path = arguments.output / f"{table.id}{CLAIM_FORMATS[format][0]}"
            write_text(path, render_claims(table, format))
            print(path)
    elif arguments.format:
        sys.stdout.write(render_claims(table, arguments.format))
    else:
        print_table(table)
    return HOLE if scores.holes else WHOLE
