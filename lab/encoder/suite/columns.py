"""The columns of a suite's table: its tasks, and their plain mean."""

from __future__ import annotations

from lab.columns import Column
from lab.encoder.suite.settings import Suite
from lab.encoder.suite.units import UnitSettings


def suite_columns(suite: Suite, units: tuple[UnitSettings, ...], paper: str) -> list[Column]:
    """Those of the suite, then their average, which the column `paper` of published tables is."""
    made = _of_suite(suite, units)
    scored = [column for column in made if not _tasks(column) & {*suite.absent}]
    if suite.average and len(scored) > 1:
        groups = [term for column in scored for term in column.terms]
        words = f"mean over {len(groups)} tasks"
        made.append(
            Column(
                name=suite.average,
                terms=groups,
                kind="average",
                paper=paper,
                average=True,
                words=words,
            )
        )
    return made


def _of_suite(suite: Suite, units: tuple[UnitSettings, ...]) -> list[Column]:
    given = suite.columns
    if given is not None and suite.tasks is None:
        return [
            Column(
                name=column.name,
                terms=[[term.rsplit(".", 1) for term in group] for group in column.terms],
                kind=column.kind,
                paper=column.paper,
                decimals=column.decimals,
            )
            for column in given
        ]
    return [
        Column(
            name=data.name if len(data.data.metrics) == 1 else f"{data.name} {metric}",
            terms=[[(data.name, metric)]],
            kind=data.data.kind.replace("_", " "),
        )
        for unit in units
        for data in unit.evaluate
        for metric in data.data.metrics
    ]


def _tasks(column: Column) -> set[str]:
    return {task for group in column.terms for task, _ in group}
