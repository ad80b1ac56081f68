"""Which column a claim without one is about."""

from __future__ import annotations

from sweeps.claims.columns import column_called
from sweeps.columns import Column

MOOD = Column(name="Mood", terms=((("mood", "acc"),),))
PAIRS = Column(name="Pairs", terms=((("pairs", "acc"),),))
MEAN = Column(name="Mean", terms=(*MOOD.terms, *PAIRS.terms), average=True)
LOSS = Column(name="Loss", terms=((("mood", "loss"),),), competes=False)


def test_it_is_the_average_or_the_only_score() -> None:
    """What only describes a row is no score."""
    assert column_called(None, [MOOD, PAIRS, MEAN, LOSS]) is MEAN
    assert column_called(None, [MOOD, LOSS]) is MOOD
    assert column_called(None, [MOOD, PAIRS, LOSS]) is None
    assert column_called(None, [LOSS]) is None
    assert column_called("Loss", [MOOD, LOSS]) is LOSS
