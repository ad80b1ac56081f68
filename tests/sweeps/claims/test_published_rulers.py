"""The published baseline's deviation, where no run of ours tells one."""

from __future__ import annotations

import pytest

from sweeps.claims import published
from sweeps.claims.published import published_rulers
from sweeps.studies import StudyPlace

TABLES = """
full: full.csv
labels: [experiment]
deviation_row: Deviation
baseline_runs: 4
columns:
  a_acc: {name: A accuracy}
  b_f1: {name: B}
condensed: {A: a_acc}
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A study whose published folder is written by the test."""
    found = StudyPlace(
        name="paper", module="paper", conf=tmp_path, sweeps=tmp_path, published=tmp_path
    )
    monkeypatch.setattr("sweeps.claims.published.find_study", lambda name: found)
    for cached in (published_rulers, published._about):
        cached.cache_clear()
    yield tmp_path
    for cached in (published_rulers, published._about):
        cached.cache_clear()


def test_each_column_goes_by_its_names(place) -> None:
    (place / "tables.yaml").write_text(TABLES)
    (place / "full.csv").write_text("experiment,a_acc,b_f1\nBest,70.0,1.0\nDeviation,0.5,\n")
    found = published_rulers("paper")
    assert {name: (one.deviation, one.runs) for name, one in found.items()} == {
        "A": (0.5, 4),
        "A accuracy": (0.5, 4),
    }
    assert found["A"].source == "the 4 published runs of the baseline"


@pytest.mark.parametrize("missing", ["deviation_row: Deviation\n", "baseline_runs: 4\n"])
def test_without_a_printed_deviation_there_is_none(place, missing: str) -> None:
    (place / "tables.yaml").write_text(TABLES.replace(missing, ""))
    (place / "full.csv").write_text("experiment,a_acc\nDeviation,0.5\n")
    assert published_rulers("paper") == {}


def test_a_table_that_is_not_there_is_no_error(place) -> None:
    (place / "tables.yaml").write_text(TABLES)
    assert published_rulers("paper") == {}
