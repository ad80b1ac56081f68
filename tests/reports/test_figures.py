"""Figures show the numbers of the sweep, and say nothing where there is nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from reports.errors import ReportError
from reports.figures import Sweep, ascent, cost, dots, lines, losses, run, write_figures
from reports.figures.across import across
from reports.figures.along import along as drawn_along

# A label of the shared store has a letter that matplotlib's own font lacks.
pytestmark = pytest.mark.filterwarnings("ignore:Glyph")

CURVE = "step,loss,lr\n0,4.0,0.1\n10,3.5,0.1\n20,,0.1\n30,3.0,0.1\n"


def curves(builder: Any) -> None:
    """A curve for every finished pretraining."""
    for path in builder.path.glob("pretrain/*"):
        (path / "metrics.csv").write_text(CURVE)


def test_losses_hold_each_logged_step(full: Any) -> None:
    """A line for every finished pretraining, lines without a loss left out."""
    store = full.record()
    curves(full)
    figure = losses(Sweep(store, "toy"))
    assert figure is not None
    lines = figure.axes[0].get_lines()
    assert len(lines) == 5
    assert [tuple(line.get_xdata()) for line in lines] == [(0.0, 10.0, 30.0)] * 5
    assert tuple(lines[0].get_ydata()) == (4.0, 3.5, 3.0)
    assert lines[0].get_label() == "15% of tokens (baseline)"


def test_losses_of_a_named_stage(full: Any) -> None:
    """A stage without curves gives no figure."""
    store = full.record()
    curves(full)
    assert losses(Sweep(store, "toy", stage="evaluate")) is None


def test_cost_is_the_flops_of_a_run(full: Any) -> None:
    """Two stages of 1e12 FLOPs a run, the average score, the baseline's deviation as a bar."""
    figure = cost(Sweep(full.record(), "toy"))
    assert figure is not None
    axes = figure.axes[0]
    points = [container[0].get_xydata()[0].tolist() for container in axes.containers]
    assert [x for x, _ in points] == [2e12] * 3
    assert points[0][1] == pytest.approx((67.5 + 68.5 + 69.5) / 3)
    assert axes.get_xlabel() == "FLOPs of a run's stages"


def test_cost_is_as_planned_where_stages_count_nothing(builder: Any) -> None:
    """FLOPs of the record's stages; seconds only where the record has none either."""
    builder.column("Mood", ["mood.acc"])
    builder.row("base", [{"mood": {"acc": 50.0}}, {"mood": {"acc": 52.0}}], baseline=True)
    builder.row("other", [{"mood": {"acc": 60.0}}])
    for path in builder.path.glob("*/*/stage.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"facts": {}}))
    figure = cost(Sweep(builder.record(), "toy"))
    assert figure is not None
    assert figure.axes[0].get_xlabel() == "seconds of a run's stages"
    for stage in builder.stages.values():
        stage["flops"] = {"pretrain": 3e9, "evaluate": 1e9}[stage["name"]]
    figure = cost(Sweep(builder.record(), "toy"))
    assert figure is not None
    assert figure.axes[0].get_xlabel() == "FLOPs of a run's stages"
    points = [container[0].get_xydata()[0].tolist() for container in figure.axes[0].containers]
    assert points == [[4e9, 51.0], [4e9, 60.0]]


def test_dots_draw_the_band_of_two_deviations(full: Any) -> None:
    """The band of a column ends at its best and begins two baseline deviations below it."""
    figure = dots(Sweep(full.record(), "toy"))
    assert figure is not None
    (band,) = figure.axes[0].patches
    left, _, width, _ = band.get_bbox().bounds
    assert (left, left + width) == pytest.approx((70.5, 72.5))


def test_ascent_is_a_flow_chart_of_the_winners(full: Any) -> None:
    """A box for each candidate with its score, and an arrow from a winner to all that it met."""
    search = {
        "score": "Mood",
        "axes": [
            {
                "name": "rate",
                "candidates": ["15% of tokens", "two seeds"],
                "scores": {"15% of tokens": 71.0, "two seeds": 69.5},
                "winner": "two seeds",
                "why": "cheaper",
            },
            {"name": "cost in $", "candidates": ["15% of tokens", "diverges"], "winner": None},
        ],
    }
    figure = ascent(Sweep(full.record(search=search), "toy"))
    assert figure is not None
    (axes,) = figure.axes
    texts = [text.get_text() for text in axes.texts]
    assert [text for text in texts if text] == [
        "rate",
        "15% of tokens\n71.00",
        "two seeds\n69.50",
        "cheaper",
        r"cost in \$",
        "15% of tokens\n—",
        "diverges\n—",
        "Scores: Mood (accuracy)",
    ]
    bold = [text.get_text() for text in axes.texts if text.get_weight() == "bold"]
    assert "two seeds\n69.50" in bold
    assert "15% of tokens\n71.00" not in bold
    arrows = [(text.xyann, text.xy) for text in axes.texts if not text.get_text()]
    assert len(arrows) == 2
    assert [start for start, _ in arrows] == [pytest.approx((0.37, 1.0))] * 2
    assert [end[1] for _, end in arrows] == [0.0, 1.0]


def along(builder: Any, **values: list[float]) -> None:
    """A row with two seeds for each place of the values, which its configuration has."""
    for name, found in values.items():
        for place, value in enumerate(found):
            if len(builder.rows) == place:
                scores = [
                    {"mood": {"acc": 90.0 - 10 * place}},
                    {"mood": {"acc": 92.0 - 10 * place}},
                ]
                builder.row(f"row {place}", scores, baseline=not place)
            for cell in builder.rows[place]["cells"]:
                cell["config"] |= {name: value, "model": {"size": 3}}


def test_lines_run_along_the_number_that_tells_rows_apart(builder: Any) -> None:
    """In its order, with the deviation over a row's seeds; seeds and what is the same are none."""
    builder.column("Mood", ["mood.acc"])
    along(builder, noise=[0.5, 0.0, 0.1])
    figure = lines(Sweep(builder.record(), "toy"))
    assert figure is not None
    (axes,) = figure.axes
    (drawn,) = axes.containers
    assert drawn[0].get_xydata().tolist() == [[0.0, 81.0], [0.1, 71.0], [0.5, 91.0]]
    (bars,) = drawn[2]
    assert [round(float(top - low), 6) for (_, low), (_, top) in bars.get_segments()] == [
        pytest.approx(2 * 2**0.5)
    ] * 3
    assert (axes.get_xlabel(), drawn.get_label()) == ("noise", "Mood")
    assert axes.get_title() == "A toy sweep"


def test_lines_need_one_number(builder: Any) -> None:
    """Two that tell all rows apart, or none, leave nothing to draw."""
    builder.column("Mood", ["mood.acc"])
    along(builder, noise=[0.1, 0.1], rate=[0.5, 0.5])
    assert lines(Sweep(builder.record(), "toy")) is None
    along(builder, noise=[0.1, 0.2], rate=[0.5, 0.6])
    assert lines(Sweep(builder.record(), "toy")) is None


def test_a_sweep_says_along_what_its_figure_runs(builder: Any) -> None:
    """A line for each value of `by`, the ruler as a band, rows without a number across."""
    builder.column("Mood", ["mood.acc"])
    for label, method, width, scores in (
        ("wide", "new", 8, [90.0, 92.0]),
        ("narrow", "new", 4, [80.0, 82.0]),
        ("old", "old", 4, [70.0, 70.0]),
        ("none", "old", None, [50.0, 50.0]),
    ):
        runs = [{"mood": {"acc": score}} for score in scores]
        builder.row(label, runs, baseline=label == "wide")
        for cell in builder.rows[-1]["cells"]:
            cell["config"] |= {"method": method, "size": {"width": width}}
    asked = {"along": "size.width", "by": "method"}
    figure = drawn_along(Sweep(builder.record(figure=asked), "toy"))
    assert figure is not None
    (axes,) = figure.axes
    points = {line.get_label(): line[0].get_xydata().tolist() for line in axes.containers}
    assert points == {"new": [[4.0, 81.0], [8.0, 91.0]], "old": [[4.0, 70.0]]}
    (band,) = axes.patches
    assert (band.get_y(), band.get_height()) == pytest.approx((91 - 2 * 2**0.5, 2 * 2**0.5))
    assert [line.get_ydata()[0] for line in axes.get_lines() if line.get_label() == "none"] == [50]
    assert axes.get_xlabel() == "size.width"
    assert drawn_along(Sweep(builder.record(), "toy")) is None
    with pytest.raises(ReportError, match=r"no key 'size\.widht'\. Did you mean 'size\.width'"):
        drawn_along(Sweep(builder.record(figure={"along": "size.widht"}), "toy"))


def test_same_numbers_same_file(full: Any, tmp_path: Path) -> None:
    """SVG files of one sweep are equal byte for byte, and hold the labels as text."""
    store = full.record()
    curves(full)
    one = write_figures(Sweep(store, "toy"), tmp_path / "1")
    two = write_figures(Sweep(store, "toy"), tmp_path / "2")
    assert [path.name for path in one] == [
        f"toy_{kind}.{suffix}"
        for kind in ("loss", "cost", "dots", "columns")
        for suffix in ("svg", "png")
    ]
    assert [p.read_bytes() for p in one] == [p.read_bytes() for p in two]
    text = "".join(ElementTree.parse(tmp_path / "1/toy_dots.svg").getroot().itertext())
    assert "15% of tokens (baseline)" in text


def test_unknown_figure_and_column_name_the_nearest(full: Any, tmp_path: Path) -> None:
    """Misspelled names are answered with the known ones."""
    store = full.record()
    with pytest.raises(ReportError, match="Did you mean 'loss'"):
        write_figures(Sweep(store, "toy"), tmp_path, ["los"])
    with pytest.raises(ReportError, match="Did you mean 'Mood'"):
        write_figures(Sweep(store, "toy", column="Mod"), tmp_path, ["cost"])


def test_command_writes_below_the_store(full: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The command prints the files that it wrote."""
    store = full.record()
    assert run(["toy", "dots", "--store", str(store)]) == 0
    printed = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert printed == [store / "reports/toy_dots.svg", store / "reports/toy_dots.png"]
    assert all(path.stat().st_size > 1000 for path in printed)


def test_numbered_columns_are_a_line_a_row(builder: Any) -> None:
    """In the order of their numbers; a row that lacks the last ones ends before them."""
    for number in (10, 2, 1):
        builder.column(f"Layer {number}", [f"layers.l{number}"], competes=False)
    builder.row("deep", [{"layers": {"l1": 5.0, "l2": 4.0, "l10": 1.0}}], baseline=True)
    builder.row("shallow", [{"layers": {"l1": 3.0, "l2": 2.0}}])
    figure = across(Sweep(builder.record(figure={"across": "Layer"}), "toy"))
    assert figure is not None
    (axes,) = figure.axes
    lines = [container.lines[0] for container in axes.containers]
    assert [tuple(line.get_xdata()) for line in lines] == [(1, 2, 10), (1, 2)]
    assert [tuple(line.get_ydata()) for line in lines] == [(5.0, 4.0, 1.0), (3.0, 2.0)]
    wrong = Sweep(builder.record(figure={"across": "Lair"}), "toy")
    with pytest.raises(ReportError, match="no column Lair 1"):
        across(wrong)
