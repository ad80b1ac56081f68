"""Decision accuracy: the pairs of rows that two columns put in the same order."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, kendalltau

from reports.commands.cli import main
from reports.commands.compare import compare, compare_sweeps
from reports.commands.verify import run as verify
from reports.errors import ReportError
from reports.published import find_study
from reports.statistics.ordering import ordering

RATES = [f"Corruption rate = {rate}%" for rate in (10, 15, 25, 50)]


def sweep(builder: Any, values: list[float], **record: Any) -> Path:
    """Four corruption rates on one column, the baseline with a deviation of 0.5."""
    builder.rows, builder.columns = [], []
    builder.column("Mood", ["mood.acc"], paper="GLUE")
    for label, value in zip(RATES, values, strict=True):
        baseline = label == RATES[1]
        runs = [value - 0.5, value, value + 0.5] if baseline else [value]
        builder.row(label, [{"mood": {"acc": v}} for v in runs], baseline=baseline)
    return builder.record(record.pop("id", "table06"), study=find_study().name, **record)


def test_pairs_by_hand() -> None:
    """1 < 2 < 3 < 4 against 1 < 3 < 2 < 4: one pair of six is swapped; two pairs share no row."""
    found = ordering([(1.0, 1.0), (2.0, 3.0), (3.0, 2.0), (4.0, 4.0)])
    assert (found.pairs, found.same) == (6, 5)
    assert found.share == pytest.approx(5 / 6)
    # Wilson (1927) of 5/3 of 2, from its formula.
    n, p, z = 2, 5 / 6, 1.959964
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    assert found.interval == pytest.approx((middle - half, middle + half), abs=1e-5)
    assert found.words() == "5 of 6 pairs (83%, 95% interval 24% to 99%)"


def test_ties_there_are_no_pairs_and_ties_here_are_not_the_same() -> None:
    """No order to find again, and an order that was not found."""
    assert ordering([(1.0, 1.0), (2.0, 1.0)]).pairs == 0
    tied = ordering([(1.0, 1.0), (1.0, 2.0)])
    assert (tied.pairs, tied.same) == (1, 0)


def test_nothing_to_order() -> None:
    """No share, no interval."""
    found = ordering([(1.0, 2.0)])
    assert (found.share, found.interval) == (None, None)
    assert found.words() == "no pair"


def test_only_clear_pairs_count_with_rulers() -> None:
    """Those that differ by two or more in both."""
    both = [(0.0, 0.0), (1.0, 5.0), (2.0, 4.5), (9.0, 1.0)]
    found = ordering(both, (2.0, 2.0))
    clear = [
        (a, b) for a, b in combinations(both, 2) if abs(a[0] - b[0]) >= 2 and abs(a[1] - b[1]) >= 2
    ]
    assert found.pairs == len(clear) == 3
    assert found.same == 1


SCORES = st.lists(
    st.tuples(st.integers(0, 1000), st.integers(0, 1000)),
    min_size=2,
    max_size=12,
    unique_by=(lambda pair: pair[0], lambda pair: pair[1]),
)


@given(SCORES)
def test_the_share_is_kendalls_tau(both: list[tuple[int, int]]) -> None:
    """Without ties tau is twice the share less one; the interval holds the share."""
    found = ordering([(float(a), float(b)) for a, b in both])
    assert found.share is not None
    assert found.interval is not None
    tau = kendalltau([a for a, _ in both], [b for _, b in both]).statistic
    assert 2 * found.share - 1 == pytest.approx(tau)
    assert found.interval[0] - 1e-9 <= found.share <= found.interval[1] + 1e-9


@pytest.mark.parametrize("rows", [4, 9, 40])
def test_a_full_agreement_is_as_sure_as_half_the_rows(rows: int) -> None:
    """scipy's own interval of so many successes."""
    found = ordering([(float(i), float(i)) for i in range(rows)])
    expected = binomtest(rows // 2, rows // 2).proportion_ci(method="wilson")
    assert found.interval == pytest.approx((expected.low, expected.high))


def test_a_comparison_says_how_many_pairs_agree(builder) -> None:
    """Published 82.82, 83.28, 83.00, 81.27; all pairs, and those beyond both spreads."""
    found = compare(sweep(builder, [80.0, 83.0, 84.0, 70.0]), "table06").agreements[0]
    assert (found.order.same, found.order.pairs) == (5, 6)
    # Beyond both are the three pairs of 50%.
    assert (found.clear_order.same, found.clear_order.pairs) == (3, 3)
    assert "ordered alike are 5 of 6 pairs (83%," in found.sentence()
    assert "two deviations or more apart in both 3 of 3 pairs (100%," in found.sentence()


# -- two sweeps -------------------------------------------------------------------------------


def two(builder: Any, small: list[float], large: list[float]) -> Path:
    """One sweep at two sizes: the newer one has the name."""
    sweep(builder, small, id="small", order=1)
    builder.rows = []
    for row, value in zip(RATES, large, strict=True):
        runs = [value - 0.5, value, value + 0.5] if row == RATES[1] else [value]
        scores = [{"mood": {"acc": v}} for v in runs]
        label = f"{row} at another size"
        builder.row(label, scores, baseline=row == RATES[1])
        builder.rows[-1]["name"] = row
    return builder.record("large", study=find_study().name, order=2)


def test_a_small_run_against_a_large_one(builder) -> None:
    """Rows of one name are paired, whatever their labels say."""
    store = two(builder, [70.0, 71.0, 75.0, 60.0], [80.0, 83.0, 82.0, 70.0])
    found = compare_sweeps(store, "small", "large")
    assert [column.name for column in found.table.columns] == ["Mood ours", "Mood large"]
    assert [row.label for row in found.table.rows] == RATES
    assert [score.value for score in found.table.rows[3].scores] == [-11.0, -13.0]
    (mood,) = found.agreements
    assert (mood.order.same, mood.order.pairs) == (5, 6)
    assert mood.sentence().startswith("Mood ours, Mood large: mixed; 2 of 3 signs are the same")
    assert "published" not in " ".join([*found.table.preface, *found.table.notes])


def test_a_file_of_two_sweeps_is_verified(builder, tmp_path: Path) -> None:
    """It says which two it was made of."""
    store = two(builder, [70.0, 71.0, 75.0, 60.0], [80.0, 83.0, 82.0, 70.0])
    words = ["compare", "small", "--with", "large", "--store", str(store), "--format", "markdown"]
    assert main([*words, "--output", str(tmp_path)]) == 0
    assert verify([str(tmp_path / "small-against-large.md")]) == 0


def test_what_cannot_be_paired_is_said(builder) -> None:
    """The sweep itself, other rows, other columns."""
    store = two(builder, [70.0, 71.0, 75.0, 60.0], [80.0, 83.0, 82.0, 70.0])
    with pytest.raises(ReportError, match="that is 'small' itself"):
        compare_sweeps(store, "small", "small")
    builder.rows, builder.columns = [], []
    builder.column("Speed", ["mood.speed"])
    for label in RATES[:2]:
        builder.row(label, [{"mood": {"speed": 1.0}}])
    builder.record("speeds", order=3)
    with pytest.raises(ReportError, match=r"no column in common\. Here: Mood\. There: Speed\."):
        compare_sweeps(store, "small", "speeds")
    builder.rows = []
    builder.row("alone", [{"mood": {"speed": 1.0}}])
    builder.record("alone", order=4)
    with pytest.raises(ReportError, match="Fewer than two rows"):
        compare_sweeps(store, "small", "alone")


def test_one_of_both_is_asked_for(builder, capsys) -> None:
    """A published table and another sweep at once are refused."""
    store = two(builder, [70.0, 71.0, 75.0, 60.0], [80.0, 83.0, 82.0, 70.0])
    words = ["compare", "small", "--with", "large", "--table", "6", "--store", str(store)]
    assert main(words) == 2
    assert "leave --table and --study out" in capsys.readouterr().err
