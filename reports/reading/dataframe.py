"""A table as a pandas DataFrame, for notebooks and further statistics."""

from __future__ import annotations

import pandas

from reports.table import Table


def to_frame(table: Table) -> pandas.DataFrame:
    """One line for each run of each score: row, baseline, column, run, value.

    A hole has one line without a value. `pivot_table(index="row", columns="column",
    values="value", sort=False)` gives the table's means again.
    """
    lines = [
        {
            "row": row.label,
            "baseline": row.baseline,
            "column": column.name,
            "run": run,
            "value": value,
        }
        for row in table.rows
        for column, score in zip(table.columns, row.scores, strict=True)
        for run, value in enumerate(score.samples or (score.value,))
    ]
    return pandas.DataFrame(lines)
