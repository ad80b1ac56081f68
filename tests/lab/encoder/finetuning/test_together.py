"""What an ensemble reads, by what its heads read."""

from __future__ import annotations

from typing import Any

import numpy as np

from lab.encoder.finetuning.kinds.label import LabelKind
from lab.encoder.finetuning.kinds.score import ScoreKind
from lab.encoder.finetuning.kinds.spans import SpansKind


def of(kind: type[Any]) -> Any:
    """A kind that needs no data set for this."""
    return object.__new__(kind)


def test_probabilities_are_averaged_and_not_logits() -> None:
    """One sure head is outvoted by two that lean the other way."""
    sure, lean = np.log([[0.98, 0.02]]), np.log([[0.3, 0.7]])
    found = of(LabelKind).together([{"logits": 5.0 + one} for one in (sure, lean, lean)])
    np.testing.assert_allclose(np.exp(found["logits"]), [[1.58 / 3, 1.42 / 3]], rtol=1e-12)


def test_numbers_are_averaged() -> None:
    found = of(ScoreKind).together(
        [{"place": np.array([0.0, 1.0])}, {"place": np.array([1.0, 1.0])}]
    )
    assert found["place"].tolist() == [0.5, 1.0]


def test_a_span_is_scored_by_the_heads_that_propose_it() -> None:
    """And no answer by all of them."""

    def head(start: int, score: float, none: float) -> dict[str, np.ndarray]:
        one = {"start": start, "last": start + 1, "score": score, "none": none}
        return {name: np.array([value]) for name, value in one.items()}

    found = of(SpansKind).together([head(3, 2.0, 1.0), head(3, 4.0, 2.0), head(7, 2.5, 6.0)])
    assert {name: values.tolist() for name, values in found.items()} == {
        "start": [3],
        "last": [4],
        "score": [3.0],
        "none": [3.0],
    }
