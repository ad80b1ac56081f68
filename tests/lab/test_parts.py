"""What is kept of each example gives the score again, over these examples and over any others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab import metrics
from lab.metrics import Metric
from lab.parts import PartKind, mean, sampled
from reports.statistics.rescoring import scores
from t5study.tasks import get_task, task_names

LABEL = st.integers(0, 1)
STRAY = st.integers(-1, 2)
NUMBER = st.sampled_from([0.0, 0.2, 1.0, 2.6, 4.8, -1.0])
TEXT = st.lists(st.sampled_from(["the", "a", "cat", "sat", "on", "mat", "."]), max_size=7).map(
    " ".join
)
ANSWERS = st.lists(TEXT, min_size=1, max_size=3)
PLAIN = {
    "accuracy": (metrics.accuracy, LABEL, STRAY),
    "matthews": (metrics.matthews, LABEL, STRAY),
    "binary_f1": (metrics.binary_f1, LABEL, STRAY),
    "macro_f1": (metrics.macro_f1_over(3), st.integers(0, 2), STRAY),
    "pearson": (metrics.pearson, NUMBER, NUMBER),
    "spearman": (metrics.spearman, NUMBER, NUMBER),
    "squad": (metrics.exact_match_f1, ANSWERS, TEXT),
    "rouge": (metrics.rouge, TEXT, TEXT),
    "bleu": (metrics.bleu, TEXT, TEXT),
    "both": (metrics.all_of(metrics.binary_f1, metrics.accuracy), LABEL, STRAY),
}
GROUPED = {
    "multirc": (get_task("super_glue_multirc").measure, LABEL, STRAY),
    "multirc by question": (get_task("super_glue_multirc", f1a="question").measure, LABEL, STRAY),
    "record": (get_task("super_glue_record").measure, ANSWERS, TEXT),
    "record by answer": (get_task("super_glue_record", scored="answer").measure, ANSWERS, TEXT),
}


def again(metric: Metric, targets: list[Any], predictions: list[Any], chosen: list[int]) -> Any:
    """The scores that the kept parts give over these draws."""
    kept = [part for part in metric.parts(targets, predictions) if part]
    found = {}
    for name, part in kept[0].items():
        (how,) = part
        numbers = np.array([one[name][how] for one in kept])
        (found[name],) = scores(how, numbers, np.array([chosen]))
    return found


@pytest.mark.parametrize("name", PLAIN)
@given(data=st.data())
@settings(deadline=None, max_examples=20)
def test_draws_of_examples_score_as_the_metric_does(name: str, data: st.DataObject) -> None:
    """Any draw of examples, repeats included, has the score that the metric gives to it."""
    metric, target, prediction = PLAIN[name]
    pairs = data.draw(st.lists(st.tuples(target, prediction), min_size=1, max_size=8))
    at = st.integers(0, len(pairs) - 1)
    chosen = data.draw(st.lists(at, min_size=1, max_size=10))
    targets, predictions = (list(side) for side in zip(*pairs, strict=True))
    expected = metric([targets[i] for i in chosen], [predictions[i] for i in chosen])
    assert again(metric, targets, predictions, chosen) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", GROUPED)
@given(data=st.data())
@settings(deadline=None, max_examples=20)
def test_draws_of_groups_score_as_the_metric_does(name: str, data: st.DataObject) -> None:
    """Groups are drawn whole; one that is drawn twice counts as two."""
    metric, target, prediction = GROUPED[name]
    group = st.lists(st.tuples(target, prediction), min_size=1, max_size=3)
    groups = data.draw(st.lists(group, min_size=1, max_size=4))
    at = st.integers(0, len(groups) - 1)
    chosen = data.draw(st.lists(at, min_size=1, max_size=5))

    def sides(drawn: list[int]) -> tuple[list[Any], list[Any]]:
        rows = [(place, row) for place, i in enumerate(drawn) for row in groups[i]]
        return [{"group": [p], "value": t} for p, (t, _) in rows], [
            {"value": p} for _, (_, p) in rows
        ]

    expected = metric(*sides(chosen))
    every = sides(list(range(len(groups))))
    assert again(metric, *every, chosen) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", task_names())
def test_every_task_keeps_parts_of_all_its_metrics(name: str) -> None:
    """The shown example's right answer scores by its parts as it does by its metrics."""
    task = get_task(name)
    made = task.preprocess(task.example)
    targets = [task.target(example) for example in made]
    predictions = [task.postprocess(example["targets"], example) for example in made]
    found = again(task.measure, targets, predictions, [0])
    assert found == pytest.approx(task.score(targets, predictions), abs=1e-6)


@given(right=st.lists(st.booleans(), min_size=2, max_size=50))
def test_an_accuracy_errs_as_a_share_does(right: list[bool]) -> None:
    """p (1 - p) / (n - 1), in percent."""
    told = sampled([{"acc": mean(100.0 * one)} for one in right])
    share = sum(right) / len(right)
    error = 100 * (share * (1 - share) / (len(right) - 1)) ** 0.5
    assert told == {"examples": len(right), "errors": {"acc": pytest.approx(error)}}


def test_only_means_have_an_error_and_groups_count_once() -> None:
    """A correlation has none here; an example without parts belongs to another one's group."""
    pair = {"pearson": {PartKind.PEARSON: [1.0, 2.0]}}
    assert sampled([pair, pair]) == {"examples": 2, "errors": {}}
    assert sampled([{"em": mean(100.0)}, {}]) == {"examples": 1, "errors": {}}
    assert sampled([]) == {"examples": 0, "errors": {}}


def test_the_error_of_a_mean_is_the_spread_of_its_bootstrap() -> None:
    """Also where an example adds a total of several."""
    rng = np.random.default_rng(0)
    parts = rng.uniform(0, 100, (200, 1)) * (count := rng.integers(1, 5, (200, 1)))
    kept = np.hstack([parts, count])
    told = sampled([{"f1a": {PartKind.MEAN: one}} for one in kept.tolist()])
    spread = scores("mean", kept, rng.integers(0, 200, (4000, 200))).std()
    assert told["errors"]["f1a"] == pytest.approx(spread, rel=0.05)
