"""Generated videos: actions with their times, and what is seen in each keyframe.

All that is invented is a value of `World` (conf/star/world/).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from studies.star.classes import (
    ACTIONS,
    OBJECT_IDS,
    OBJECTS,
    OBJECTS_OF,
    PERSON,
    RELATION_IDS,
)
from studies.star.generator.times import Action, Span
from studies.star.situations import Frame

NEVER_SHOWN = ("hands",)
"""Objects that are no background."""


@dataclass(frozen=True, kw_only=True)
class Video:
    """What happens, and what is in view, keyframe by keyframe."""

    id: str
    rate: float
    """Frames a second."""
    actions: tuple[Action, ...]
    """By their start."""
    frames: Mapping[int, Frame]
    """By number; `actions` of a frame are left empty, for a question shows only some."""

    def within(self, span: Span) -> list[int]:
        """The numbers of the keyframes in a span."""
        return [n for n in self.frames if span.start <= n / self.rate <= span.end]

    def in_view(self, span: Span) -> set[str]:
        """The names of what is seen in a span."""
        return {OBJECTS[thing] for n in self.within(span) for thing in self.frames[n].objects}

    def _shown(self, span: Span, condition: Action | None) -> list[Action]:
        shown = [a for a in self.actions if a.start >= span.start and a.end <= span.end]
        if condition is not None and condition not in shown:
            shown.append(condition)
        return sorted(shown, key=lambda action: action.start)

    def visible(self, span: Span, condition: Action | None = None) -> set[str]:
        """The classes of the actions in a span's graph."""
        times = [number / self.rate for number in self.within(span)]
        shown = self._shown(span, condition)
        return {a.id for a in shown if any(a.start <= time <= a.end for time in times)}

    def graph(self, span: Span, condition: Action | None = None) -> dict[str, Frame]:
        """The situation graph of a span: its keyframes with the actions that lie wholly inside.

        The action that a question names is there whether it lies inside or not.
        """
        shown = self._shown(span, condition)
        graph = {}
        for number in self.within(span):
            time = number / self.rate
            running = dict.fromkeys(a.id for a in shown if a.start <= time <= a.end)
            graph[f"{number:06d}"] = self.frames[number]._replace(actions=tuple(running))
        return graph


def videos(world: Mapping[str, Any], seed: int) -> Iterator[Video]:
    """The videos of a world, each a function of (world, seed, its number)."""
    weights = _weights(world, np.random.default_rng([seed, 0]))
    for number in range(world["videos"]):
        rng = np.random.default_rng([seed, 1, number])
        yield _video(f"G{number:04d}", world, weights, rng)


def _weights(world: Mapping[str, Any], rng: np.random.Generator) -> dict[str, float]:
    """How often each action begins: by Zipf over an order that the seed draws."""
    askable = [a for a, (verb, name) in ACTIONS.items() if name in OBJECTS_OF.get(verb, ())]
    weights: dict[str, float] = {}
    for group, share in (
        (askable, 1 - world["other_share"]),
        ([a for a in ACTIONS if a not in askable], world["other_share"]),
    ):
        ranks = (np.arange(len(group)) + 1.0) ** -world["skew"]
        drawn = share * ranks[rng.permutation(len(group))] / ranks.sum()
        weights |= dict(zip(group, drawn.tolist(), strict=True))
    return weights


def _video(
    id: str, world: Mapping[str, Any], weights: Mapping[str, float], rng: np.random.Generator
) -> Video:
    length = world["seconds"] * rng.uniform(0.6, 1.4)
    actions = _actions(world, weights, length, rng)
    background = [
        thing for thing in OBJECTS if thing != PERSON and OBJECTS[thing] not in NEVER_SHOWN
    ]
    always = rng.choice(background, size=world["background"], replace=False).tolist()
    spatial = [RELATION_IDS[name] for name in world["spatial"]]
    place = {thing: spatial[rng.integers(len(spatial))] for thing in OBJECTS}
    frames = {}
    step = world["keyframe_seconds"] * world["rate"]
    for number in range(1, int(length * world["rate"]), max(1, round(step))):
        time = number / world["rate"]
        frames[number] = _frame(world, actions, time, always, place, rng)
    return Video(id=id, rate=world["rate"], actions=actions, frames=frames)


def _actions(
    world: Mapping[str, Any],
    weights: Mapping[str, float],
    length: float,
    rng: np.random.Generator,
) -> tuple[Action, ...]:
    ids, chances = list(weights), np.array(list(weights.values()))
    found: list[Action] = []
    start = rng.exponential(world["seconds"] / world["actions"])
    while start < length - 1:
        odds = chances
        if found and rng.random() < world["same_object"]:
            alike = np.array([ACTIONS[a].object == found[-1].object for a in ids])
            odds = chances * alike
        id = ids[rng.choice(len(ids), p=odds / odds.sum())]
        spread = world["action_spread"]
        seconds = world["action_seconds"] * np.exp(spread * rng.standard_normal() - spread**2 / 2)
        end = min(length, start + max(1.0, seconds))
        found.append(Action(id, round(float(start), 1), round(float(end), 1)))
        start += rng.exponential(world["seconds"] / world["actions"])
    return tuple(sorted(found, key=lambda action: action.start))


def _frame(
    world: Mapping[str, Any],
    actions: Iterable[Action],
    time: float,
    always: Iterable[str],
    place: Mapping[str, str],
    rng: np.random.Generator,
) -> Frame:
    margin = world["in_view_seconds"]
    near = [a for a in actions if a.start - margin <= time <= a.end + margin]
    seen = dict.fromkeys([*always, *(OBJECT_IDS[action.object] for action in near)])
    relations = [(place[thing], (PERSON, thing)) for thing in seen]
    for action in near:
        touched = world["contact"].get(action.verb)
        running = action.start <= time <= action.end
        if touched and running and rng.random() < world["contact_seen"]:
            relations.append((RELATION_IDS[touched], (PERSON, OBJECT_IDS[action.object])))
    relations = list(dict.fromkeys(relations))
    return Frame(
        actions=(),
        objects=(PERSON, *seen),
        relations=tuple(relation for relation, _ in relations),
        pairs=tuple(pair for _, pair in relations),
    )


def write_videos(path: Path, made: Iterable[Video]) -> int:
    """Write videos, one a line; how many there are."""
    count = 0
    with path.open("w") as file:
        for video in made:
            line = {
                "id": video.id,
                "rate": video.rate,
                "actions": video.actions,
                "frames": {str(n): frame for n, frame in video.frames.items()},
            }
            file.write(json.dumps(line) + "\n")
            count += 1
    return count


def read_videos(path: Path) -> dict[str, Video]:
    """What `write_videos` wrote, by id."""
    found = {}
    with path.open() as file:
        for line in map(json.loads, file):
            frames = {}
            for number, (_, objects, relations, pairs) in line["frames"].items():
                joined = tuple((one, other) for one, other in pairs)
                frames[int(number)] = Frame((), tuple(objects), tuple(relations), joined)
            found[line["id"]] = Video(
                id=line["id"],
                rate=line["rate"],
                actions=tuple(Action(*action) for action in line["actions"]),
                frames=frames,
            )
    return found
