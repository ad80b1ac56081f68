"""Situations: what happens and what is in view, frame by frame, in the published schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from lab.errors import StudyError, nearest
from studies.star.classes import ACTIONS, OBJECTS, RELATIONS


class GraphError(StudyError):
    """A situation graph that is not in the published schema."""


class Frame(NamedTuple):
    """One frame, by class ids."""

    actions: tuple[str, ...]
    """Running actions, those that began first in front."""
    objects: tuple[str, ...]
    """What is in view, the person included."""
    relations: tuple[str, ...]
    """The relations of `pairs`, in the same order."""
    pairs: tuple[tuple[str, str], ...] = ()
    """Subject and object of each relation."""


Situations = Mapping[str, Frame]
"""Frames by their number in six digits, in the order of time."""


def read_situations(given: Any) -> dict[str, Frame]:
    """Situations in the published schema. Raises GraphError, which names the frame and the field.

    Boxes are not read. Class ids are texts such as `o017`; a whole number is the same class.
    """
    if not isinstance(given, Mapping):
        raise GraphError(f"expected frames by number, not {type(given).__name__}")
    strangers = [number for number in given if not str(number).isdigit()]
    if strangers:
        raise GraphError(f"frame {strangers[0]!r}: a frame is named by its number, as 000198")
    return {
        str(number): _frame(f"frame {number}", given[number])
        for number in sorted(given, key=lambda number: int(number))
    }


def _frame(where: str, given: Any) -> Frame:
    if not isinstance(given, Mapping):
        raise GraphError(f"{where}: expected its fields by name, not {type(given).__name__}")
    relations = _ids(f"{where}.rel_labels", _field(where, given, "rel_labels"), "r", RELATIONS)
    pairs = []
    for pair in _field(where, given, "rel_pairs"):
        if not isinstance(pair, list) or len(pair) != 2:
            raise GraphError(f"{where}.rel_pairs: {pair!r} is no subject and object")
        subject, thing = _ids(f"{where}.rel_pairs", pair, "o", OBJECTS)
        pairs.append((subject, thing))
    if len(pairs) != len(relations):
        raise GraphError(
            f"{where}.rel_pairs: {len(pairs)} pairs for {len(relations)} rel_labels; "
            "there is one for each"
        )
    return Frame(
        actions=_ids(f"{where}.actions", _field(where, given, "actions"), "a", ACTIONS),
        objects=_ids(f"{where}.bbox_labels", _field(where, given, "bbox_labels"), "o", OBJECTS),
        relations=relations,
        pairs=tuple(pairs),
    )


def _field(where: str, given: Mapping[str, Any], name: str) -> list[Any]:
    value = given.get(name)
    if not isinstance(value, list):
        wrong = "is missing" if name not in given else f"is no list but {value!r}"
        raise GraphError(f"{where}.{name} {wrong}")
    return value


def _ids(
    where: str, given: Iterable[Any], letter: str, known: Mapping[str, Any]
) -> tuple[str, ...]:
    ids = []
    for one in given:
        number = isinstance(one, int) and not isinstance(one, bool)
        id = f"{letter}{one:03d}" if number else one
        if not isinstance(id, str) or id not in known:
            raise GraphError(f"{where}: no class {one!r}.{nearest(str(one), known)}")
        ids.append(id)
    return tuple(ids)


def published(situations: Situations) -> dict[str, dict[str, Any]]:
    """Situations as the published files have them, without boxes."""
    return {
        number: {
            "actions": list(frame.actions),
            "bbox_labels": list(frame.objects),
            "rel_labels": list(frame.relations),
            "rel_pairs": [list(pair) for pair in frame.pairs],
        }
        for number, frame in situations.items()
    }
