"""Rows whose training is said to have diverged: their scores are shown, and are no results."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reports.reading.collect import collect
from sweeps.claims.statement import names_of_rows, read_claims
from sweeps.claims.verdicts import judge_record
from sweeps.store import Store

WHY = "7.0 nats, where frequencies have 6.9"


@pytest.fixture
def some(builder: Any) -> Any:
    """A baseline, and a row whose second run never learned."""
    builder.column("Mood", ["mood.acc"])
    builder.column("Loss", ["check.loss"], competes=False, despite_divergence=True)

    def scores(*values: float) -> list[dict[str, dict[str, float]]]:
        return [{"mood": {"acc": value}, "check": {"loss": 1.0}} for value in values]

    builder.row("A", scores(70.0, 72.0), baseline=True)
    keys = builder.row("B", scores(90.0, 92.0))
    builder.add_diverged(keys[1:], WHY)
    return builder


def test_a_diverged_row_keeps_its_numbers_is_never_bold_and_says_why(some: Any) -> None:
    a, b = collect(some.record(), "toy").rows
    assert (b.scores[0].value, b.scores[0].bold, b.scores[0].diverged) == (91.0, False, 1)
    assert (a.scores[0].bold, a.scores[0].diverged, a.notes) == (True, 0, ())
    (note,) = b.notes
    assert note == f"Diverged, not worse: {WHY} in 1 of 2 runs. No claim is judged by it."


def test_no_claim_is_judged_by_a_diverged_row(some: Any) -> None:
    """But in a column whose numbers mean what they say all the same."""
    entries = [{"that": "A > B", "columns": ["Mood", "Loss"]}]
    claims, wrong = read_claims(entries, *names_of_rows([("A", ()), ("B", ())]))
    assert not wrong
    listed = {"list": [one.to_json() for one in claims], "level": 0.05}
    store = some.record(claims=listed)
    record = json.loads((store / "sweeps" / "toy.json").read_text())
    mood, loss = judge_record(record, Store(store))
    assert mood.verdict == "cannot be judged"
    assert mood.reason.startswith("1 of 2 runs of B diverged;")
    assert loss.difference == pytest.approx(-3.0)
