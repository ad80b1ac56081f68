"""What a plan says of the text that a cell reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from t5study import cell
from t5study.config import Schema, corpora_named


@pytest.fixture
def own(tmp_path: Path) -> str:
    """A text of 4,000 bytes, of about 1,000 tokens."""
    (tmp_path / "my.txt").write_text("four" * 1000)
    return str(tmp_path / "my.txt")


def test_the_vocabulary_follows_a_corpus_of_ones_own(configured: Callable[..., Schema], own: str):
    """Unless it is told otherwise; the preset's text stays that of corpora by name."""
    assert corpora_named(configured(dataset__corpus=own)) == [own]
    told = configured(dataset__corpus=own, vocabulary__corpus="docs")
    assert corpora_named(told) == [own, "docs"]
    assert corpora_named(configured(dataset__corpus="books")) == ["books", "mixed"]
    combined = f"{own}:4+books"
    assert corpora_named(configured(dataset__corpus=combined)) == [combined]


def test_a_plan_says_how_often_pretraining_goes_through_its_text(
    configured: Callable[..., Schema], own: str
):
    """400 steps of 64 rows of 63 raw tokens, of 1,000; and where the vocabulary comes from."""
    made = cell(configured(dataset__corpus=own))
    assert made["remarks"] == [
        f"The vocabulary of 4,000 pieces is trained on {own}.",
        f"Pre-training goes about 600 times through {own} (about 1,000 tokens).",
    ]
    assert made["footnotes"][0] == "Pre-training reads my.txt."
    first = cell(configured(dataset__corpus=own, dataset__tokens=100))["remarks"][1]
    assert first == f"Pre-training goes about 6,000 times through the first 100 tokens of {own}."


def test_a_plan_of_named_corpora_says_the_same(configured: Callable[..., Schema]):
    """Two texts are in a row where the objective pairs them, and the batch is half as large."""
    said = [
        cell(configured(dataset__corpus="docs", objective__name=objective))["remarks"]
        for objective in ("iid", "deshuffling")
    ]
    assert said[0][0] == "The vocabulary of 4,000 pieces is trained on mixed."
    times = [float(remarks[1].split()[3].replace(",", "")) for remarks in said]
    assert times == pytest.approx([0.55, 0.55], rel=0.1)
    assert all("through docs (about 1,1" in remarks[1] for remarks in said)


def test_without_pretraining_only_the_vocabulary_is_told(configured: Callable[..., Schema]):
    made = cell(configured(strategy__name="no_pretraining"))
    assert made["remarks"] == ["The vocabulary of 4,000 pieces is trained on mixed."]
