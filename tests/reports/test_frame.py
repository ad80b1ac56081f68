"""A sweep as a DataFrame."""

from __future__ import annotations

import pytest

import reports
from reports.errors import ReportError


def test_frame_holds_every_run_and_gives_the_means(full) -> None:
    """One line a run and column; the pivot is the table."""
    frame = reports.frame(full.record(), "toy")
    base = frame[frame.baseline & (frame.column == frame.column.iloc[0])]
    assert base.value.tolist() == [70.0, 71.0, 72.0]
    assert base.seed.tolist() == [0, 1, 2]
    means = frame.pivot_table(index="row", columns="column", values="value", sort=False)
    assert means.iloc[0].tolist() == [71.0, 66.0, 68.5]


def test_frame_has_keys_cost_and_the_settings_that_differ(full) -> None:
    """What is behind each value, so that scores can be set against settings and cost."""
    for row in full.rows:
        for cell in row["cells"]:
            same = {"name": "span", "rates": [0.15], "depth": 2}
            cell["config"] = {"seed": cell["seed"], "objective": same, "size": row["label"][:3]}
    full.rows[1]["cells"][0]["config"]["objective"] = {"name": "iid", "rates": [0.5], "depth": 2}
    frame = reports.frame(full.record(), "toy")
    assert frame.columns.tolist() == [
        *("row", "baseline", "column", "seed", "value", "keys", "flops", "seconds"),
        *("config.objective.name", "config.objective.rates", "config.size"),
    ]
    other = frame[frame["config.objective.name"] == "iid"]
    assert other.row.unique().tolist() == ["50% & more_of *them* | Größe ≥ 中"]
    assert other["config.objective.rates"].unique().tolist() == ["[0.5]"]
    assert other["keys"].unique().tolist() == [full.rows[1]["cells"][0]["scores"]["mood"]]
    assert other.flops.unique().tolist() == [2e12]
    assert other.seconds.unique().tolist() == [120.0]
    unfinished = frame[frame.row == "diverges"]
    assert unfinished[["flops", "seconds", "value"]].isna().all().all()


def test_frame_keeps_holes(builder) -> None:
    """A row that never ran has a line without a value."""
    builder.column("Mood", ["mood.acc"])
    builder.row("ran", [{"mood": {"acc": 10.0}}])
    builder.row("missing", [None])
    frame = reports.frame(builder.record(), "toy")
    assert frame.value.isna().tolist() == [False, True]
    assert frame.value.dtype == "float64"


def test_seeds_that_ask_the_same_stages_are_one_run(builder) -> None:
    """As in the table: a study that does not read its seed gets no false spread."""
    builder.column("Mood", ["mood.acc"])
    builder.row("once", [{"mood": {"acc": 10.0}}])
    builder.rows[0]["cells"].append({**builder.rows[0]["cells"][0], "seed": 1})
    assert reports.frame(builder.record(), "toy").seed.tolist() == [0]


def test_an_unknown_sweep_names_the_known(full) -> None:
    """As every command does."""
    with pytest.raises(ReportError, match="Did you mean 'toy'"):
        reports.frame(full.record(), "tony")
