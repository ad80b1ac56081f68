"""Which columns tell rows apart: signal, noise, their ratio, and the average of those that do."""

from __future__ import annotations

import math
import statistics
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.commands.cli import main
from reports.commands.columns import separated
from reports.commands.verify import run as verify
from reports.errors import ReportError
from reports.figures import Sweep, write_figures
from reports.figures.columns import columns as figure_of_columns
from reports.render import FORMATS
from reports.statistics.separation import separation
from reports.table import Column, Row, Score, Table

MOOD = {"A": [70.0, 71.0, 72.0], "B": [80.0, 80.5, 81.0], "C": [90.0]}
PAIRS = {"A": [50.0, 60.0, 40.0], "B": [51.0, 41.0, 61.0], "C": [49.0]}


def sweep(builder: Any, **record: Any) -> Path:
    """Mood tells its rows apart, Pairs does not."""
    builder.column("Mood", ["mood.acc"], words="accuracy")
    builder.column("Pairs", ["pairs.f1"])
    builder.column("Average", ["mood.acc"], ["pairs.f1"], average=True)
    for label in MOOD:
        both = zip(MOOD[label], PAIRS[label], strict=True)
        runs = [{"mood": {"acc": a}, "pairs": {"f1": b}} for a, b in both]
        builder.row(label, runs, baseline=label == "A")
    return builder.record(**record)


def checkpoints(builder: Any, label: str, seed: int, **scores: list[float]) -> None:
    """A training that scored its checkpoints: `task__metric` to a score each."""
    content = {}
    for name, values in scores.items():
        task, metric = name.split("__")
        history = [{"step": 10 * i, "mean": v, metric: v} for i, v in enumerate(values, start=1)]
        content[task] = {"best": "step_10.pt", "validation": history}
    builder.finish(builder.key("pretrain", label, seed), selection=content)


def lines(table: Table) -> dict[str, list[str | None]]:
    """What stands in the rows below a table."""
    return {row.label: [s.text for s in row.scores] for row in table.references}


def test_signal_and_noise_by_hand(builder) -> None:
    """Rows of 71, 80.5 and 90: a range of 19, a mean of 80.5; variances 1 and 0.25 of two rows."""
    mood = separated(sweep(builder), "toy").separations[0]
    deviation = math.sqrt((2 * 1.0 + 2 * 0.25) / 4)
    assert mood.signal == pytest.approx(19 / 80.5)
    assert mood.noise is not None
    assert mood.noise.freedom == 4
    assert mood.noise.deviation == pytest.approx(deviation)
    assert mood.noise.relative == pytest.approx(deviation / statistics.fmean([71.0, 80.5]))
    assert mood.ratio == pytest.approx(19 / deviation)


def test_chance_is_the_studentized_range(builder) -> None:
    """Of three rows and four degrees of freedom 5.040 (printed tables), of 9/5 runs a row."""
    mood, pairs, _ = separated(sweep(builder), "toy").separations
    assert mood.chance == pytest.approx(5.040 / math.sqrt(9 / 5), abs=1e-3)
    assert mood.clear()
    assert not pairs.clear()


def test_the_average_leaves_out_what_is_noise(builder) -> None:
    """Its scores are those of the column that is kept; the notes name what is not."""
    table = separated(sweep(builder), "toy").table
    assert [c.name for c in table.columns] == ["Mood", "Pairs", "Average", "Average beyond chance"]
    assert [row.scores[-1].value for row in table.rows] == [71.0, 80.5, 90.0]
    assert "Average beyond chance leaves out what lacks a ratio above chance: Pairs." in table.notes
    assert "That swaps the order of 0 of 3 pairs of rows." in table.notes


def test_a_ratio_decides_where_one_is_given(builder) -> None:
    """Pairs' ratio is 0.2: below 0.3, above 0.1; nothing reaches 1000."""
    store = sweep(builder)
    below = separated(store, "toy", ratio=0.3).table
    assert below.columns[-1].name == "Average, ratio 0.3 up"
    above = separated(store, "toy", ratio=0.1).table
    assert above.columns[-1].name == "Average"
    assert "Every column of Average has a ratio of 0.1 or more." in above.notes
    none = separated(store, "toy", ratio=1000).table
    assert none.columns[-1].name == "Average"
    assert any(note.startswith("No column of Average has a ratio of 1000") for note in none.notes)


def test_rows_below_the_table_have_two_decimals(builder) -> None:
    """A hole where the added average has none of its own."""
    below = lines(separated(sweep(builder), "toy").table)
    assert below["Ratio of signal to noise"] == ["24.03", "0.20", "1.82", None]
    assert below["Signal, % of the mean"] == ["23.60", "4.00", "13.79", None]


def test_checkpoints_are_a_stand_in_that_says_so(builder) -> None:
    """The last three of five of the baseline's first run, each task's from its training's end."""
    store = sweep(builder)
    checkpoints(builder, "A", 0, mood__acc=[10, 60, 70, 72, 74], pairs__f1=[40, 44, 42])
    found = separated(store, "toy", checkpoints=3)
    mood, pairs, average = found.separations
    assert mood.checkpoints is not None
    assert mood.checkpoints.deviation == pytest.approx(2.0)
    assert mood.checkpoints.relative == pytest.approx(2 / 72)
    assert mood.checkpoint_ratio == pytest.approx(19 / 2)
    assert pairs.checkpoints is not None
    assert pairs.checkpoints.deviation == pytest.approx(2.0)
    assert average.checkpoints is not None
    assert average.checkpoints.deviation == pytest.approx(statistics.stdev([55, 58, 58]))
    assert any(
        note.startswith("Noise over checkpoints: the last 3 of A, seed 0, scored on validation")
        for note in found.table.notes
    )


def test_too_few_checkpoints_give_no_noise(builder) -> None:
    """Said, not made of fewer."""
    store = sweep(builder)
    checkpoints(builder, "A", 0, mood__acc=[70, 72])
    found = separated(store, "toy")
    assert all(one.checkpoints is None for one in found.separations)
    assert "A, seed 0 scored fewer than 5 checkpoints: no noise over checkpoints." in (
        found.table.notes
    )


@pytest.mark.parametrize("content", ["[]", '{"mood": 3}', '{"mood": {"validation": [1]}}', "{"])
def test_a_selection_in_another_form_is_none(builder, content: str) -> None:
    """As of an older training, or a damaged one."""
    store = sweep(builder)
    builder.write(f"pretrain/{builder.key('pretrain', 'A', 0)}/selection.json", content)
    assert all(one.checkpoints is None for one in separated(store, "toy").separations)


def test_no_repeated_run_no_noise(builder) -> None:
    """A signal alone; the notes say why there is no ratio."""
    builder.column("Mood", ["mood.acc"])
    builder.row("A", [{"mood": {"acc": 50.0}}], baseline=True)
    builder.row("B", [{"mood": {"acc": 60.0}}])
    found = separated(builder.record(), "toy")
    (mood,) = found.separations
    assert (mood.signal, mood.noise, mood.ratio, mood.chance) == (10 / 55, None, None, None)
    assert "No row has two finished runs: the noise over seeds is not known." in found.table.notes
    assert figure_of_columns(Sweep(builder.path, "toy")) is None


def test_runs_that_agree_exactly_give_no_ratio(builder) -> None:
    """A noise of zero would make any difference infinitely clear."""
    builder.column("Mood", ["mood.acc"])
    builder.row("A", [{"mood": {"acc": 50.0}}] * 2, baseline=True)
    builder.row("B", [{"mood": {"acc": 60.0}}])
    found = separated(builder.record(), "toy")
    assert found.separations[0].ratio is None
    assert "The runs of every row agree exactly in Mood: no ratio." in found.table.notes


def test_a_mean_at_zero_has_a_ratio_and_no_share(builder) -> None:
    """A correlation around zero: percentages of it would say nothing."""
    builder.column("MCC", ["cola.mcc"], least=-100)
    builder.row("A", [{"cola": {"mcc": v}} for v in (-1.0, 1.0)], baseline=True)
    builder.row("B", [{"cola": {"mcc": -4.0}}])
    (mcc,) = separated(builder.record(), "toy").separations
    assert mcc.signal is None
    assert mcc.noise is not None
    assert mcc.noise.relative is None
    assert mcc.ratio == pytest.approx(4 / math.sqrt(2))


SAMPLES = st.lists(
    st.lists(st.floats(10, 90).map(lambda v: round(v, 3)), min_size=3, max_size=3),
    min_size=3,
    max_size=3,
)


@given(SAMPLES, st.floats(0.5, 4.0))
def test_the_ratio_knows_no_unit(samples: list[list[float]], factor: float) -> None:
    """Scores in another unit have the same signal, noise and ratio."""

    def table(scale: float) -> Table:
        rows = tuple(
            Row(label=str(i), scores=(_score([v * scale for v in one]),))
            for i, one in enumerate(samples)
        )
        return Table(id="t", title="t", columns=(Column(name="c"),), rows=rows)

    one, other = separation(table(1.0), 0), separation(table(factor), 0)
    assert one.signal == pytest.approx(other.signal)
    assert (one.ratio is None) == (other.ratio is None)
    if one.ratio is not None and one.ratio < 1e6:
        assert one.ratio == pytest.approx(other.ratio, rel=1e-3)


def _score(samples: list[float]) -> Score:
    return Score(
        value=statistics.fmean(samples),
        samples=tuple(samples),
        runs=len(samples),
        asked=len(samples),
    )


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_drawn_and_verified(builder, tmp_path: Path, format: str) -> None:
    """The file says how it was made, so that it can be made again."""
    store = sweep(builder)
    words = ["columns", "toy", "--store", str(store), "--format", format, "--ratio", "0.3"]
    assert main([*words, "--output", str(tmp_path)]) == 0
    path = tmp_path / f"toy-columns{FORMATS[format].suffix}"
    assert "24.03" in path.read_text()
    assert verify([str(path)]) == 0


def test_a_hole_is_an_exit_status(full) -> None:
    """As of the table itself."""
    assert main(["columns", "toy", "--store", str(full.record())]) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--ratio", "none"], "--ratio none: accepted is a number above 0, such as 3."),
        (["--ratio", "-1"], "--ratio -1: accepted is a number above 0"),
        (["--checkpoints", "1"], "--checkpoints 1: accepted is a whole number from 2 up."),
    ],
)
def test_a_wrong_option_is_named(builder, capsys, words: list[str], said: str) -> None:
    """One sentence, exit status 2."""
    assert main(["columns", "toy", "--store", str(sweep(builder)), *words]) == 2
    assert said in capsys.readouterr().err


def test_an_unknown_sweep_is_named(builder) -> None:
    """With the nearest one."""
    with pytest.raises(ReportError, match="'toy'"):
        separated(sweep(builder), "toi")


def test_the_figure_has_each_ratio_beside_chance(builder, tmp_path: Path) -> None:
    """The largest ratio on top; SVG and PNG."""
    store = sweep(builder)
    checkpoints(builder, "A", 0, mood__acc=[66, 68, 70, 72, 74])
    figure = figure_of_columns(Sweep(store, "toy"))
    assert figure is not None
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Pairs", "Average", "Mood"]
    drawn = {
        (round(line.get_xdata()[0], 2), line.get_ydata()[0])
        for line in axes.get_lines()
        if len(line.get_xdata())
    }
    assert {(24.03, 2), (0.2, 0), (round(19 / statistics.stdev([66, 68, 70, 72, 74]), 2), 2)} <= (
        drawn
    )
    paths = write_figures(Sweep(store, "toy"), tmp_path, ["columns"])
    assert [path.name for path in paths] == ["toy_columns.svg", "toy_columns.png"]
    assert all(path.stat().st_size > 1000 for path in paths)
