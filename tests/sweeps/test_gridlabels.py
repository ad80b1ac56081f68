"""Labels of a grid's rows are read without knowing the keys, and never name two rows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.asking import gridlabels
from sweeps.asking.claimed import typed_claims
from sweeps.asking.rows import Sweep
from sweeps.columns import Column
from sweeps.verbs.address import RecordedCell

PERCENT = frozenset({"corruption"})


@pytest.mark.parametrize(
    ("axes", "expected"),
    [
        ([["objective=span", "objective=iid"], ["corruption=0.15"]], ["span, 15%", "iid, 15%"]),
        ([["corruption=0.125"]], ["12.5%"]),
        ([["span_length=3", "span_length=10"]], ["span length=3", "span length=10"]),
        ([["train.learning_rate=1e-3"]], ["learning rate=1e-3"]),
        ([["pretrain.steps=1"], ["finetune.steps=2"]], ["pretrain steps=1, finetune steps=2"]),
        ([["scaling=none", "scaling=big"]], ["scaling=none", "scaling=big"]),
        ([["packing=true"]], ["packing=true"]),
        ([["text.corpus=/data/mine.txt"]], ["mine.txt"]),
        ([["a.x=1", "a.x=2"], ["b.y=1"]], ["x=1, y=1", "x=2, y=1"]),
        ([["one=same"], ["other=same"]], ["one=same, other=same"]),
        ([], ["baseline"]),
    ],
)
def test_a_row_reads_like_a_label(axes: list[list[str]], expected: list[str]) -> None:
    """Names stand alone, shares are in percent, other values stand behind the key's words."""
    assert list(gridlabels.labels(axes, PERCENT).values()) == expected


def test_two_files_of_one_name_are_told_apart() -> None:
    """By what was typed, for all rows."""
    axes = [["corpus=/a/text.txt", "corpus=/b/text.txt"]]
    assert list(gridlabels.labels(axes, PERCENT).values()) == axes[0]


@given(
    st.lists(
        st.lists(st.sampled_from(["0.5", "50%", "50", "none", "span", "a/b", "c/b"]), min_size=1),
        max_size=3,
    )
)
def test_no_two_rows_share_a_label(values: list[list[str]]) -> None:
    """Whatever the values; there is one label for each combination."""
    keys = ["corruption", "size", "x.corpus"]
    axes = [[f"{k}={v}" for v in dict.fromkeys(of)] for k, of in zip(keys, values, strict=False)]
    found = gridlabels.labels(axes, PERCENT)
    count = 1
    for axis in axes:
        count *= len(axis)
    assert len({*found.values()}) == len(found) == count


def test_a_title_says_the_axes_and_their_values() -> None:
    """And counts them where they are many."""
    axes = [["objective=span", "objective=iid"], ["corruption=0.15", "corruption=0.5"]]
    assert (
        gridlabels.title(axes, PERCENT)
        == "Scores by objective (span, iid) and corruption (15%, 50%)"
    )
    many = [[f"a.seed_count={i}" for i in range(40)]]
    assert gridlabels.title(many, PERCENT) == "Scores by seed count (40 values)"


def test_a_cell_answers_to_its_label_and_to_what_was_typed() -> None:
    """With and without its seed and its sweep."""
    cell = RecordedCell(
        sweep="grid-1",
        row="span, 15%",
        typed="objective=span, corruption=0.15",
        seed=1,
        config={},
        scores={},
        stages=(),
    )
    for row in ("span, 15%", "objective=span, corruption=0.15"):
        for word in (row, f"{row}@1", f"grid-1:{row}", f"grid-1:{row}@1"):
            assert cell.answers_to(word)
    assert not cell.answers_to("span, 15%@0")
    assert not cell.answers_to("span")


def test_a_typed_claim_may_name_a_row_by_its_label_or_as_typed() -> None:
    """Both mean the row, which goes by its label from then on."""
    names = {"span, 15%": ("objective=span", "corruption=0.15"), "iid, 15%": ("objective=iid",)}
    rows = [
        SimpleNamespace(label=label, name=label, overrides=overrides, baseline=False)
        for label, overrides in names.items()
    ]
    sweep = SimpleNamespace(
        rows=rows, cells=[SimpleNamespace(columns=[Column(name="Mood")])], study="toy"
    )
    for that in ("span, 15% > iid, 15%", "objective=span, corruption=0.15 > objective=iid"):
        (claim,) = typed_claims([{"that": that}], cast(Sweep, sweep), ())
        assert (claim.left, claim.right) == ("span, 15%", "iid, 15%")
