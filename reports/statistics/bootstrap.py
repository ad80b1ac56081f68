"""A paired bootstrap over the examples whose predictions were kept: is a row unlike the baseline?

Both rows' scores are computed again over the same draws of examples, each task's on its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reports.statistics import rescoring
from reports.table import Column, Score
from sweeps.digests import check_file
from sweeps.store import Store

if TYPE_CHECKING:
    from reports.statistics.rescoring import Array

RESAMPLES = 9999
FILE = "predictions.jsonl"
SAME = 1e-6
"""Points by which a score made of its parts may differ from the table's."""
PLAIN = {"acc", "em"}
"""Metrics that a line without parts is right or wrong in, by its texts."""

SUMMARIES = ("mean", "median")
"""What the `summary` of a line with several members may be; numpy calls them so too."""

NOT_KEPT = "not every run has kept predictions"
NO_PARTS = "the kept predictions do not say what each example adds to the score"
OTHER_SCORE = "the kept predictions do not give the score"
OTHER_EXAMPLES = "the rows' examples are not the same"


class UntestableError(Exception):
    """Why two rows cannot be compared, in words."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What a test says of the difference of two rows: row minus baseline."""

    p_value: float
    """Two-sided."""
    low: float
    high: float
    """Ends of the interval of 95% confidence."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run's answers to one task."""

    examples: tuple[tuple[str, str], ...]
    """Id and reference text of each example that is a draw of its own."""
    parts: Mapping[str, tuple[str, Sequence[Array]]]
    """By metric, how its numbers become a score, and these numbers (n, d) of each member."""
    summary: str = "mean"
    """What a score is of those of the members, where several trainings answered: one of
    SUMMARIES."""


class Predictions:
    """The kept predictions of a sweep's cells, each file read once."""

    def __init__(self, store: Store, stages: Mapping[str, Any]) -> None:
        self.store = store
        self.stages = stages
        self._read: dict[str, dict[str, list[dict[str, Any]]]] = {}
        self._runs: dict[tuple[str, str, tuple[str, ...]], Run] = {}

    def runs(self, column: Column, score: Score) -> dict[str, list[Run]]:
        """By task, the runs behind a score; UntestableError where one is missing."""
        if not score.keys or score.runs < score.asked:
            raise UntestableError(NOT_KEPT)
        found: dict[str, list[Run]] = {}
        for task, metrics in _metrics(column).items():
            keys = [key for key in score.keys if task in self._lines(key)]
            if len(keys) < score.runs:
                raise UntestableError(NOT_KEPT)
            found[task] = [self._run(key, task, metrics) for key in keys]
        return found

    def _run(self, key: str, task: str, metrics: tuple[str, ...]) -> Run:
        name = key, task, metrics
        if name not in self._runs:
            self._runs[name] = _run(self._lines(key)[task], metrics)
        return self._runs[name]

    def _lines(self, key: str) -> dict[str, list[dict[str, Any]]]:
        if key not in self._read:
            folder = self.store.place(self.stages[key]["name"], key)
            tasks: dict[str, list[dict[str, Any]]] = {}
            if (folder / FILE).is_file():
                for text in check_file(folder, FILE).read_text(encoding="utf-8").split("\n"):
                    if text:
                        line = _line(text, folder / FILE)
                        tasks.setdefault(line["task"], []).append(line)
            self._read[key] = tasks
        return self._read[key]


def paired_bootstrap(
    column: Column, score: Score, baseline: Score, predictions: Predictions
) -> Difference:
    """How sure the difference of two rows is. Raises UntestableError.

    The p-value is twice the share of draws of examples whose difference is on the rarer side of
    zero, the interval has 95% of the draws.
    """
    import numpy as np
    from scipy.stats import bootstrap

    sides = [predictions.runs(column, one) for one in (score, baseline)]
    sizes = {}
    for task in sides[0]:
        examples = {run.examples for side in sides for run in side[task]}
        if len(examples) > 1:
            raise UntestableError(OTHER_EXAMPLES)
        sizes[task] = len(examples.pop())
        if sizes[task] < 2:
            raise UntestableError(f"{task} has {sizes[task]} example, two are needed")
    every = {task: np.arange(size)[None] for task, size in sizes.items()}
    for side, shown in zip(sides, (score, baseline), strict=True):
        if not abs(float(_values(column, side, every)[0]) - (shown.value or 0.0)) < SAME:
            raise UntestableError(OTHER_SCORE)

    def difference(*drawn: Any, axis: int) -> Any:
        chosen = {task: one.astype(int) for task, one in zip(sizes, drawn, strict=True)}
        ours, theirs = (_values(column, side, chosen) for side in sides)
        return ours - theirs

    drawn = bootstrap(
        [np.arange(size) for size in sizes.values()],
        difference,
        n_resamples=RESAMPLES,
        batch=100,
        vectorized=True,
        method="percentile",
        rng=np.random.default_rng(0),
    ).bootstrap_distribution
    below, above = int((drawn <= 0).sum()), int((drawn >= 0).sum())
    low, high = np.percentile(drawn, [2.5, 97.5])
    p_value = min(1.0, 2 * (min(below, above) + 1) / (len(drawn) + 1))
    return Difference(p_value=p_value, low=float(low), high=float(high))


def _values(
    column: Column, side: Mapping[str, Sequence[Run]], chosen: Mapping[str, Array]
) -> Array:
    """A row's score in a column over each choice of examples (b,): the mean over its runs."""
    import numpy as np

    def of_run(run: Run, name: str, drawn: Array) -> Array:
        kind, members = run.parts[name]
        found = [rescoring.scores(kind, numbers, drawn) for numbers in members]
        value: Array = getattr(np, run.summary)(found, axis=0)
        return value

    def metric(task: str, name: str) -> Array:
        return np.mean([of_run(run, name, chosen[task]) for run in side[task]], axis=0)

    groups = [np.mean([metric(*term) for term in group], axis=0) for group in column.terms]
    value: Array = np.mean(groups, axis=0)
    return value


def _line(text: str, path: Path) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except ValueError:
        line = None
    if not isinstance(line, dict) or "task" not in line:
        raise UntestableError(f"{path} is damaged")
    return line


def _metrics(column: Column) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for group in column.terms:
        for task, metric in group:
            found.setdefault(task, set()).add(metric)
    return {task: tuple(sorted(metrics)) for task, metrics in found.items()}


def _run(lines: Sequence[Mapping[str, Any]], metrics: Sequence[str]) -> Run:
    every = [(i, line, _members(line, metrics)) for i, line in enumerate(lines)]
    # An example without parts is scored with another one, and no draw of its own.
    drawn = [(i, line, members) for i, line, members in every if any(members)]
    summaries = {str(line.get("summary", "mean")) for _, line, _ in drawn}
    if len({len(members) for _, _, members in drawn}) != 1 or len(summaries) != 1:
        raise UntestableError(NO_PARTS)
    (summary,) = summaries
    if summary not in SUMMARIES:
        raise UntestableError(NO_PARTS)
    found = {metric: _numbers([members for _, _, members in drawn], metric) for metric in metrics}
    examples = tuple((str(line.get("id", i)), str(line.get("target"))) for i, line, _ in drawn)
    return Run(examples=examples, parts=found, summary=summary)


def _numbers(
    examples: Sequence[Sequence[Mapping[str, Any]]], metric: str
) -> tuple[str, list[Array]]:
    """How the numbers that examples keep of a metric become a score, and these of each member."""
    import numpy as np

    kinds = {kind for members in examples for part in members for kind in part.get(metric, {})}
    if len(kinds) != 1 or not kinds <= rescoring.SCORE_OF.keys():
        raise UntestableError(NO_PARTS)
    (kind,) = kinds
    try:
        return kind, [
            np.array([part[metric][kind] for part in of_member], dtype=float)
            for of_member in zip(*examples, strict=True)
        ]
    except (KeyError, TypeError, ValueError):
        raise UntestableError(NO_PARTS) from None


def _members(line: Mapping[str, Any], metrics: Sequence[str]) -> list[Mapping[str, Any]]:
    """The parts of a line, of each member where several answered.

    Right or wrong by its texts where it has none and that is all one asks.
    """
    if "members" in line:
        return [dict(parts) for parts in line["members"]]
    if "parts" in line:
        return [dict(line["parts"])]
    if not PLAIN.issuperset(metrics):
        raise UntestableError(NO_PARTS)
    right = str(line.get("prediction")).strip() == str(line.get("target")).strip()
    return [{metric: {"mean": [100.0 * right, 1]} for metric in metrics}]
