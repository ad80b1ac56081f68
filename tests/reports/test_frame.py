"""A table as a DataFrame."""

from __future__ import annotations

import reports


def test_frame_holds_every_run_and_gives_the_means(full) -> None:
    """One line a run and column; the pivot is the table."""
    frame = reports.frame(full.record(), "toy")
    base = frame[frame.baseline & (frame.column == frame.column.iloc[0])]
    assert sorted(base.value) == [70.0, 71.0, 72.0]
    means = frame.pivot_table(index="row", columns="column", values="value", sort=False)
    assert means.iloc[0].tolist() == [71.0, 66.0, 68.5]


def test_frame_keeps_holes(builder) -> None:
    """A row that never ran has a line without a value."""
    builder.column("Mood", ["mood.acc"])
    builder.row("ran", [{"mood": {"acc": 10.0}}])
    builder.row("missing", [None])
    frame = reports.frame(builder.record(), "toy")
    assert frame.value.isna().tolist() == [False, True]
