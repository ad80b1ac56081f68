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


def test_the_difference_of_two_columns_is_taken_run_by_run() -> None:
    """A column whose own name is such is itself; both must be there, and be better one way."""
    own = Column(name="Mood - Pairs", terms=((("own", "acc"),),))
    assert column_called("Mood - Pairs", [MOOD, PAIRS, own]) is own
    found = column_called("Mood - Pairs", [MOOD, PAIRS])
    assert found is not None
    assert found.tasks == ("mood", "pairs")
    files = {"mood": {"mood": {"acc": 70.0}}, "pairs": {"pairs": {"acc": 90.0}}}
    assert found.value(files) == -20.0
    assert found.value({**files, "pairs": None}) is None
    longer = column_called("Mood - Pairs - Mood", [MOOD, PAIRS, own])
    assert longer is not None
    assert longer.tasks == ("own", "mood")
    assert column_called("Mood - Tone", [MOOD, PAIRS]) is None
    worse = Column(name="Loss", terms=((("mood", "loss"),),), lower_is_better=True)
    assert column_called("Mood - Loss", [MOOD, worse]) is None
