"""The claims of a sweep file by the published scores alone, whether or not it was run."""

from __future__ import annotations

from reports.claims.judged import Judged, JudgedClaims
from reports.claims.published import published_of
from reports.table import Row
from sweeps.asking.placeholders import strip
from sweeps.asking.sweepfile import SweepFile
from sweeps.claims.statement import LEVEL


def judged_of_file(file: SweepFile) -> JudgedClaims | None:
    """The claims of a sweep file by the published scores alone; None where there are none."""
    if not (file.claims and file.rows):
        return None
    # A label whose placeholders are left empty may be that of several rows.
    shown = {row.label: row.name or strip(row.label) for row in file.rows}
    rows = [
        Row(label=label, baseline=written == file.baseline, scores=())
        for written, label in shown.items()
    ]
    claims = [claim.renamed(shown.__getitem__) for claim in file.claims]
    theirs = published_of(file.study, file.name, claims, rows, LEVEL)
    if theirs is None:
        return None
    return JudgedClaims(
        claims=tuple(
            Judged(claim=one.claim, column=one.column, ours=None, published=one)
            for one in theirs.verdicts
        ),
        level=LEVEL,
        published=theirs,
    )
