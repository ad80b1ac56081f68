"""What a table says of its cells: columns, selection, stand-ins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import pytest

from sweeps.study import Study
from t5study.cells import cell
from t5study.config import Schema
from t5study.resolved import Resolved

Configured = Callable[..., Schema]


def test_corpus_that_stands_in_has_a_footnote(configured: Configured):
    """Whoever names a role and gets another corpus is told, be it the preset's or a typed one."""
    made = cell(configured(dataset__name="realnews_like", dataset__corpus="docs"))
    assert made["footnotes"][:-1] == ["dataset=realnews_like reads the corpus docs here."]
    assert cell(configured())["footnotes"][:-1] == []


def test_decoding_is_printed_with_the_scores(configured: Configured):
    """Greedy or beam search, and the most tokens of an answer by column, or one for all."""
    config = configured()
    config.suite.units["gettext_ende"].beam_width = 4
    assert cell(config)["footnotes"][-1] == (
        "Decoding: greedy, at most 10 tokens for Sentiment; 6 tokens for Rating; "
        "15 tokens for Gloss; 7 tokens for WiC, BoolQ; 8 tokens for Winogrande; "
        "24 tokens for Docstrings; beam search of width 4, alpha 0.6, at most 24 tokens for EnDe."
    )
    capped = cell(configured(evaluate__max_length=128))["footnotes"][-1]
    assert capped.startswith("Decoding: greedy, at most 128 tokens for Sentiment, ")
    assert capped.count("tokens for") == 1


def test_selection_names_the_split_of_each_task(configured: Configured):
    """One split is said once; several with the tasks that are scored on them."""
    config = configured()
    assert cell(config)["selection"].endswith("scores on the test split")
    config.suite.units["boolq"].split = "validation"
    said = cell(config)["selection"]
    assert "boolq on the validation split" in said
    assert "gettext_ende on the test split" in said


def test_units_own_split_is_scored(configured: Configured):
    """It goes before evaluate.split, for its tasks alone."""
    config = configured()
    config.suite.units["boolq"].split = "validation"
    scores = cell(config)["scores"]
    assert scores["boolq"].config["split"] == "validation"
    assert scores["winogrande"].config["split"] == "test"


def test_average_is_over_all_columns(configured: Configured):
    """A suite's last column holds every group of the others."""
    columns = cell(configured())["columns"]
    average = columns[-1]
    assert average.average
    assert sum(len(column.terms) for column in columns[:-1]) == len(average.terms)


def test_a_cell_is_built_once(configured: Configured, monkeypatch: pytest.MonkeyPatch):
    """What is impossible about its stages is found as they are built for its scores."""
    built = []

    class Counted(Resolved):
        def __init__(self, config: Schema) -> None:
            built.append(config)
            super().__init__(config)

    monkeypatch.setattr("t5study.cells.Resolved", Counted)
    monkeypatch.setattr("t5study.resolved.Resolved", Counted)
    made = Study("t5study").cell(asdict(configured()))
    assert [set(config.suite.units) for config in built] == [set(made.scores)]
