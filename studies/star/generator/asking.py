"""What can be asked about a video, template by template: questions without options yet.

The rules are those of the released generator, of the 16 templates that need no change of place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from studies.star.classes import OBJECTS, OBJECTS_OF, RELATIONS, phrase
from studies.star.generator.times import Action, Span, clip, lying
from studies.star.generator.videos import Video
from studies.star.templates import TEMPLATES

LONGEST_TARGET = 10.0
"""Seconds of an action that is asked for, but for Feasibility."""
SHORTEST_CLIP = 3.0
FEWEST_FRAMES = 4
FEWEST_FRAMES_OPEN = 8
"""Keyframes of the clip of Prediction_T1, whose question names nothing."""
NO_CONTACT = ("sitting_on", "eating", "wearing")
"""Relations that Interaction_T3 does not ask about."""
CONTACT = frozenset(list(RELATIONS.values())[6:21]) - {*NO_CONTACT}


class Answer(NamedTuple):
    """What an option names: a verb with what follows it, an object, or both."""

    verb: str
    object: str

    @property
    def slots(self) -> dict[str, str]:
        """As a template's sentence and program take it."""
        return {"answer_verb": self.verb, "answer_obj": self.object}


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A question with its answer, without options."""

    template: str
    video: str
    slots: Mapping[str, str]
    action: Action
    """The answer's action."""
    condition: Action | None
    """The action that the question names or that comes before its answer."""
    shown: Span
    """The clip."""
    graphed: Span
    """What the stored graph covers: from the clip's start to the answer's end."""
    serving: tuple[str, ...] = ()
    """Actions of the same video that a compositional option may name."""

    @property
    def answer(self) -> Answer:
        """The right answer."""
        return Answer(phrase(self.action.id), self.action.object)

    @property
    def type(self) -> str:
        """The kind of question."""
        return self.template.split("_")[0]

    @property
    def text(self) -> str:
        """The question as a sentence."""
        return TEMPLATES[self.template].ask(self.slots)

    @property
    def answer_text(self) -> str:
        """The answer as a sentence."""
        return TEMPLATES[self.template].say(self.answer.slots)


class _Asked:
    """A video with the lists that the rules choose from."""

    def __init__(self, video: Video, form: str) -> None:
        self.video, self.form = video, form
        self.conditions = list(video.actions)
        self.any_target = [a for a in video.actions if a.object in OBJECTS_OF.get(a.verb, ())]
        self.targets = [
            a for a in self.any_target if a.end - a.start <= LONGEST_TARGET and a.verb != "hold"
        ]

    def draft(
        self,
        template: str,
        action: Action,
        condition: Action | None,
        *,
        serving: Sequence[Action] = (),
        **slots: str,
    ) -> Draft | None:
        """The question, where its clip and its graph are long enough to be asked about."""
        before = condition.span if condition else None
        shown = clip(template, action.span, before, form=self.form)
        graphed = Span(shown.start, max(shown.end, action.end))
        if shown.end - shown.start < SHORTEST_CLIP:
            return None
        fewest = FEWEST_FRAMES_OPEN if template == "Prediction_T1" else FEWEST_FRAMES
        if len(self.video.within(shown)) < fewest:
            return None
        visible = self.video.visible(graphed, condition)
        named = condition or action
        if named.id not in visible or len(visible) <= (0 if template[0] == "I" else 1):
            return None
        return Draft(
            template=template,
            video=self.video.id,
            slots=slots,
            action=action,
            condition=condition,
            shown=shown,
            graphed=graphed,
            serving=tuple(dict.fromkeys(a.id for a in serving if a != action)),
        )

    def inside(self, span: Span) -> list[Action]:
        return lying("in", self.video.actions, *span)

    def following(self, condition: Action) -> Action | None:
        """The earliest-starting target that starts after the condition starts."""
        return min(lying("after", self.targets, condition.start), key=_start, default=None)

    def preceding(self, condition: Action) -> Action | None:
        """The latest-starting target that starts before it and ends before it ends."""
        found = [a for a in self.targets if a.start < condition.start and a.end < condition.end]
        return max(found, key=_start, default=None)

    def then(self, condition: Action) -> Action | None:
        """The earliest-starting target that starts after the condition ends."""
        return min(lying("after", self.targets, condition.end), key=_start, default=None)


def drafts(video: Video, *, form: str = "paper") -> Iterator[Draft]:
    """All that is asked about a video, by template."""
    asked = _Asked(video, form)
    for template, rule in RULES.items():
        yield from (draft for draft in rule(asked, template) if draft)


def _start(action: Action) -> float:
    return action.start


def _differs(one: Action, other: Action) -> bool:
    return one.verb != other.verb and one.object != other.object


def _once(actions: Sequence[Action], *, verb: str = "", object: str = "") -> bool:
    return (
        sum((not verb or a.verb == verb) and (not object or a.object == object) for a in actions)
        == 1
    )


def _all_unlike(times: Sequence[float]) -> bool:
    return len(set(times)) == len(times)


def _starts_unlike(actions: Sequence[Action]) -> bool:
    return _all_unlike([a.start for a in actions])


def _ends_unlike(actions: Sequence[Action]) -> bool:
    return _all_unlike([a.end for a in actions])


Found = Iterator[Draft | None]


def _interaction_object(asked: _Asked, template: str) -> Found:
    for action in asked.targets:
        alike = lying("overlap", [a for a in asked.targets if a.verb == action.verb], *action.span)
        if len({a.object for a in alike}) == 1:
            yield asked.draft(template, action, None, verb=phrase(action.id))


def _interaction_verb(asked: _Asked, template: str) -> Found:
    for action in asked.targets:
        alike = [a for a in asked.targets if a.object == action.object]
        overlapping = lying("overlap", alike, *action.span)
        if len({a.verb for a in overlapping}) == 1 and action == min(overlapping, key=_start):
            yield asked.draft(template, action, None, obj=action.object)


def _interaction_relation(asked: _Asked, template: str) -> Found:
    known: set[tuple[str, str, str]] = set()
    video = asked.video
    for number, frame in video.frames.items():
        time = number / video.rate
        for relation, (_, thing) in zip(frame.relations, frame.pairs, strict=True):
            name, rel = OBJECTS[thing], RELATIONS[relation]
            running = [a for a in asked.targets if a.object == name and a.start <= time <= a.end]
            if rel not in CONTACT or len(running) != 1:
                continue
            (action,) = running
            first_quarter = time <= action.start + (action.end - action.start) / 4
            if first_quarter and (name, rel, action.verb) not in known:
                known.add((name, rel, action.verb))
                yield asked.draft(template, action, None, rel=rel, obj=name)


def _sequence(asked: _Asked, template: str) -> Found:
    number = template[-1]
    for condition in asked.conditions:
        after = number in "135"
        action = (asked.following if after else asked.preceding)(condition)
        if action is None or not _differs(action, condition):
            continue
        shown = clip(template, action.span, condition.span)
        inside = asked.inside(shown)
        seen = asked.video.in_view(shown)
        both_verbs = _once(inside, verb=action.verb) and _once(inside, verb=condition.verb)
        unlike = _starts_unlike(inside) and _ends_unlike(inside)
        in_view = {action.object, condition.object} <= seen
        verb, name = phrase(condition.id), condition.object
        if number in "12" and both_verbs:
            yield asked.draft(
                template, action, condition, verb1=phrase(action.id), verb2=verb, obj2=name
            )
        elif number in "34" and both_verbs and unlike and in_view:
            yield asked.draft(template, action, condition, verb1=verb, obj1=name)
        elif (
            number in "56"
            and unlike
            and in_view
            and _once(inside, object=action.object)
            and _once(inside, verb=condition.verb)
        ):
            yield asked.draft(
                template, action, condition, verb1=verb, obj1=name, obj2=action.object
            )


def _prediction(asked: _Asked, template: str) -> Found:
    number = template[-1]
    known: set[tuple[str, str]] = set()
    for condition in asked.conditions:
        action = asked.then(condition)
        if action is None or not _differs(action, condition):
            continue
        inside = asked.inside(Span(condition.start, action.end))
        earlier = lying("before", asked.targets, condition.end)
        pair = (action.verb, action.object)
        shown = clip(template, action.span, condition.span, form=asked.form)
        slots: dict[str, str] | None = None
        if number == "1" and pair not in known and action.object in asked.video.in_view(shown):
            slots = {} if _once(inside, verb=pair[0], object=pair[1]) else None
            known.add(pair)
        elif number == "2" and _once(inside, object=action.object):
            last = not any(a.start > action.start for a in inside)
            slots = {"obj": action.object} if last and _ends_unlike(inside) else None
        elif number == "3" and _once(inside, verb=action.verb) and _starts_unlike(inside):
            slots = {"verb": phrase(action.id)}
        elif (
            number == "4"
            and _once(inside, verb=action.verb)
            and _starts_unlike(inside)
            and action.object in asked.video.in_view(condition.span)
        ):
            slots = {
                "verb1": phrase(condition.id),
                "obj1": condition.object,
                "verb2": phrase(action.id),
            }
        if slots is not None:
            yield asked.draft(template, action, condition, serving=earlier, **slots)


def _feasible_verb(asked: _Asked, template: str) -> Found:
    for condition in asked.any_target:
        for action in lying("after", asked.any_target, condition.end):
            if action.object != condition.object or action.verb == condition.verb:
                continue
            if _starts_unlike(asked.inside(Span(condition.start, action.end))):
                yield asked.draft(
                    template, action, condition, serving=[condition], obj=action.object
                )


def _feasible_after(asked: _Asked, template: str) -> Found:
    for condition in asked.conditions:
        seen = asked.video.in_view(condition.span)
        for action in lying("after", asked.any_target, condition.end):
            inside = asked.inside(Span(condition.start, action.end))
            verbs = Counter(a.verb for a in inside)
            if not _differs(action, condition) or action.object not in seen:
                continue
            if verbs[action.verb] != 1:
                continue
            verb, name = phrase(condition.id), condition.object
            earlier = lying("before", asked.any_target, condition.end)
            if template == "Feasibility_T5":
                yield asked.draft(
                    template, action, condition, verb1=phrase(action.id), verb2=verb, obj2=name
                )
            elif verbs[condition.verb] == 1:
                yield asked.draft(
                    template, action, condition, serving=earlier, verb1=verb, obj1=name
                )


RULES: Mapping[str, Callable[[_Asked, str], Found]] = {
    "Interaction_T1": _interaction_object,
    "Interaction_T2": _interaction_verb,
    "Interaction_T3": _interaction_relation,
    **{f"Sequence_T{number}": _sequence for number in range(1, 7)},
    **{f"Prediction_T{number}": _prediction for number in range(1, 5)},
    "Feasibility_T2": _feasible_verb,
    "Feasibility_T5": _feasible_after,
    "Feasibility_T6": _feasible_after,
}
"""Template -> what is asked by it. The four that need a change of place have no rule."""


def question_key(draft: Draft) -> str:
    """The group of questions in which answers are counted, by the released code's keys."""
    kind, number = draft.template.split("_")
    words = draft.text.split(" ")
    if draft.template == "Prediction_T1":
        return draft.template
    if kind == "Sequence":
        return " ".join(words[5 if number in ("T1", "T2", "T3", "T4") else 7 :])
    if draft.template == "Feasibility_T6":
        return " ".join(words[9:])
    slot = TEMPLATES[draft.template].asked
    return draft.slots[slot].split(" ")[0] if slot else draft.template


@cache
def answer_key(template: str, answer: Answer) -> str:
    """What is counted of an answer: its object, its verb, or of both the whole sentence."""
    shape = TEMPLATES[template]
    if shape.names == "object":
        return answer.object
    if shape.names == "verb" or shape.asked:
        return answer.verb.split(" ")[0]
    return shape.say(answer.slots)
