"""Actions in time: which lie before, after or inside of a span, and what a question shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeVar

from studies.star.classes import ACTIONS

EARLIEST, LATEST = -1.0, 10_000.0
"""Before and after every video, in seconds."""
QUARTER = 0.25
"""The share of the answer's action that a prediction's clip shows."""


class Span(NamedTuple):
    """A stretch of time, in seconds."""

    start: float
    end: float


class Action(NamedTuple):
    """Something that happens in a video: a class of action from `start` to `end` seconds."""

    id: str
    start: float
    end: float

    @property
    def verb(self) -> str:
        """What is done."""
        return ACTIONS[self.id].verb

    @property
    def object(self) -> str:
        """What it is done to."""
        return ACTIONS[self.id].object

    @property
    def span(self) -> Span:
        """When."""
        return Span(self.start, self.end)


Timed = TypeVar("Timed", bound=tuple)

MODES: Mapping[str, Callable[[float, float, float, float], bool]] = {
    "after": lambda begins, ends, start, end: begins > start and ends < end,
    "before": lambda begins, ends, start, end: begins < start and ends < end,
    "in": lambda begins, ends, start, end: begins >= start and ends <= end,
    "cover": lambda begins, ends, start, end: begins <= start and ends >= end,
    "overlap": lambda begins, ends, start, end: begins <= end and ends >= start,
}
"""How (id, start, end) can lie to a span, by the names of the released generator."""


def lying(
    mode: str, actions: Iterable[Timed], start: float = EARLIEST, end: float = LATEST
) -> list[Timed]:
    """The actions (id, start, end) that lie so to a span, in the same order."""
    lies = MODES[mode]
    return [action for action in actions if lies(action[1], action[2], start, end)]


def clip(
    template: str, answer: Span, condition: Span | None = None, *, form: str = "paper"
) -> Span:
    """What a question shows, of the spans of the answer's action and of the one it is asked after.

    `form` "released" ends Prediction_T3 where the released code does: a quarter of the answer's
    action before that begins.
    """
    kind, _, number = template.partition("_")
    if kind == "Interaction" or condition is None:
        return answer
    if kind == "Feasibility":
        return condition
    if kind == "Sequence":
        after = number in ("T1", "T3", "T5")
        return Span(condition.start, answer.end) if after else Span(answer.start, condition.end)
    shown = QUARTER * (answer.end - answer.start)
    if template == "Prediction_T3" and form == "released":
        shown = -shown
    return Span(condition.start, answer.start + shown)
