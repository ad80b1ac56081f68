"""How many examples a score is of, how much their choice matters, and what a coarse ruler is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reports.reading.collect import collect
from reports.table import FEW_RUNS


def told(builder: Any, keys: list[str], scored: Any) -> None:
    """Let these evaluations say what they scored."""
    for key in keys:
        file = builder.path / "evaluate" / key / "stage.json"
        content = json.loads(file.read_text())
        content["facts"]["scored"] = scored
        file.write_text(json.dumps(content))


def small(builder: Any, runs: tuple[float, ...], scored: Any) -> tuple[str, ...]:
    """The notes of a table whose baseline has these scores."""
    builder.column("Mood", ["mood.acc"], words="accuracy")
    keys = builder.row("base", [{"mood": {"acc": one}} for one in runs], baseline=True)
    builder.row("other", [{"mood": {"acc": 60.0}}])
    told(builder, keys, scored)
    return collect(builder.record(), "toy").notes


def test_a_ruler_smaller_than_the_sampling_error_is_told(builder: Any) -> None:
    """With the number of examples, and what another draw of them would change."""
    scored = {"mood": {"examples": 316, "errors": {"acc": 1.96}}}
    notes = small(builder, (85.1, 85.4, 85.7), scored)
    assert (
        "Mood is scored on 316 examples (±2.0): drawing others would move a score by about that "
        "much (one standard error). The baseline's standard deviation is smaller than that in "
        "Mood: what is bold there may be otherwise on other examples."
    ) in notes


def test_a_larger_ruler_and_an_unknown_error_are_not(builder: Any) -> None:
    """The number of examples stands alone where a metric has no such error."""
    notes = small(builder, (80.0, 85.0), {"mood": {"examples": 316, "errors": {"acc": 1.96}}})
    assert not [note for note in notes if "smaller" in note]


@pytest.mark.parametrize("errors", [{}, {"acc": 0.0}])
def test_a_metric_without_an_error_has_its_number_of_examples(
    builder: Any, errors: dict[str, float]
) -> None:
    """So has one of which every answer is wrong: that spread of 0 is none to go by."""
    notes = small(builder, (85.1, 85.4), {"mood": {"examples": 1316, "errors": errors}})
    assert "Mood is scored on 1,316 examples." in notes


@pytest.mark.parametrize("scored", [None, [], {"mood": 3}, {"mood": {"examples": 3}}, {}])
def test_stages_that_say_nothing_of_it_leave_the_table_as_it_was(builder: Any, scored: Any) -> None:
    """Those of earlier versions, and what was changed by hand."""
    assert not [note for note in small(builder, (1.0, 2.0), scored) if "xamples" in note]


def test_several_tasks_err_independently_and_metrics_of_one_together(builder: Any) -> None:
    """The mean of two tasks with errors 3 and 4 has one of 2.5; an average is not listed."""
    builder.column("Both", ["mood.acc", "mood.f1"], ["tone.acc"])
    builder.column("Average", ["mood.acc"], average=True)
    scores = {"mood": {"acc": 1.0, "f1": 1.0}, "tone": {"acc": 1.0}}
    keys = builder.row("base", [scores], baseline=True)
    told(
        builder,
        keys,
        {
            "mood": {"examples": 10, "errors": {"acc": 2.0, "f1": 4.0}},
            "tone": {"examples": 20, "errors": {"acc": 4.0}},
        },
    )
    (note,) = (n for n in collect(builder.record(), "toy").notes if " scored on " in n)
    assert note.startswith("Both is scored on 30 examples (±2.5): drawing others")


def test_every_column_is_listed_in_one_sentence(builder: Any) -> None:
    """An error where one is known."""
    builder.column("Mood", ["mood.acc"])
    builder.column("Tone", ["tone.acc"])
    keys = builder.row("base", [{"mood": {"acc": 1.0}, "tone": {"acc": 1.0}}], baseline=True)
    told(
        builder,
        keys,
        {
            "mood": {"examples": 10, "errors": {"acc": 2.0}},
            "tone": {"examples": 20, "errors": {}},
        },
    )
    (note,) = (n for n in collect(builder.record(), "toy").notes if " scored on " in n)
    assert note == (
        "Mood is scored on 10 examples (±2.0), Tone on 20: drawing others would move a score by "
        "about that much (one standard error)."
    )


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ((2, 2, 2), "★ is the baseline; each score is the mean of 2 runs. Bold: "),
        ((3, 1, 1), "★ is the baseline; each score is of one run (row 0: of 3). Bold: "),
        ((1, 1, 1), "★ is the baseline; each score is of one run. No ruler: "),
    ],
)
def test_the_star_and_the_runs_of_a_score_are_told(
    builder: Any, runs: tuple[int, ...], said: str
) -> None:
    """Before what is bold, with the rows of other numbers of runs."""
    builder.column("Mood", ["mood.acc"])
    for i, count in enumerate(runs):
        scores = [{"mood": {"acc": 50.0 + i + seed}} for seed in range(count)]
        builder.row(f"row {i}", scores, baseline=i == 0)
    assert collect(builder.record(), "toy").notes[0].startswith(said)


def test_a_ruler_of_three_runs_is_called_coarse(builder: Any) -> None:
    """A deviation of three normal scores: 0.52 to 6.3 times as large, by chi-square of 2."""
    from scipy.stats import chi2

    low, high = ((2 / chi2.ppf(q, 2)) ** 0.5 for q in (0.975, 0.025))
    assert f"{low:.1g} to {high:.2g} times" in FEW_RUNS[3]
    builder.column("Mood", ["mood.acc"])
    builder.row("base", [{"mood": {"acc": a}} for a in (1.0, 2.0, 4.0)], baseline=True)
    table = collect(builder.record(), "toy")
    assert table.references[0].notes == (FEW_RUNS[3],)


def test_a_bold_score_below_the_constant_answer_has_a_mark(builder: Any) -> None:
    """Only the bold one: others are not offered as good."""
    builder.column("Sense", ["sense.acc"])
    builder.references = [{"label": "Best constant answer", "file": "constant.json"}]
    constant = {"sense": {"acc": 61.0}}
    builder.row("base", [{"sense": {"acc": 39.0}}], baseline=True, constant=constant)
    builder.row("worse", [{"sense": {"acc": 30.0}}], constant=constant)
    base, worse = collect(builder.record(), "toy").rows
    assert base.scores[0].notes == ("Bold, and yet worse than the best constant answer.",)
    assert worse.scores[0].notes == ()
