"""The executor: 21 functions over situations, run from a program in postfix order on one stack.

A value is: situations (frames by number), a list of action ids, one action id, a list of object
ids or names, a name, a pair [verb, object], a verdict, or None, which stands for nothing. An empty
list is never passed on: it is nothing. Single texts are compared as whole names, where the released
code looks for one text inside of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lab.errors import nearest
from studies.star.classes import ACTIONS, OBJECT_IDS, OBJECTS, OBJECTS_OF, RELATION_IDS
from studies.star.programs import INPUTS, Program, ProgramError
from studies.star.situations import Situations

CORRECT, WRONG, ERROR = "Correct", "Wrong", "error"
FALLBACKS = ("all", "none")

Value = Any


class Executor:
    """Runs programs over the situations of one question.

    `fallback` says what a filter of situations gives where no frame passes: "all" frames, as the
    released code does, or "none".
    """

    def __init__(self, situations: Situations, *, fallback: str = "all") -> None:
        self.situations = situations
        self._fallback = fallback == "all"

    def run(self, program: Program) -> Value:
        """What is on top of the stack in the end.

        The word `error` where a function finds too few values, or where the result is nothing.
        Raises ProgramError for values that a function cannot take.
        """
        return self.run_each(program, [()])[0]

    def run_each(self, program: Program, endings: Sequence[Program]) -> list[Value]:
        """What `run` gives of a program with each of several endings behind it."""
        begun = self._pushed([], program)
        results = []
        for ending in endings:
            stack = None if begun is None else self._pushed(begun, ending)
            results.append(ERROR if not stack or stack[-1] is None else stack[-1])
        return results

    def _pushed(self, stack: Sequence[Value], program: Program) -> list[Value] | None:
        """The stack after a program; None where a function finds too few values on it."""
        stack = list(stack)
        for word in program:
            if word not in INPUTS:
                stack.append(word)
                continue
            place = len(stack) - INPUTS[word]
            if place < 0:
                return None
            values = stack[place:]
            del stack[place:]
            try:
                stack.append(FUNCTIONS[word](self, *values))
            except ProgramError as error:
                raise ProgramError(f"{word}: {error}") from None
        return stack

    # -- input and elements ------------------------------------------------------------------

    def _all(self) -> Value:
        return self.situations

    def _actions(self, situations: Value) -> Value:
        """In order of first appearance; a later recurrence is ignored."""
        frames = _frames(situations) or {}
        return _or_nothing(list(dict.fromkeys(a for f in frames.values() for a in f.actions)))

    def _objects(self, situations: Value) -> Value:
        frames = _frames(situations) or {}
        return _or_nothing(sorted({x for frame in frames.values() for x in frame.objects}))

    def _relations(self, situations: Value) -> Value:
        frames = _frames(situations) or {}
        return _or_nothing(sorted({x for frame in frames.values() for x in frame.relations}))

    # -- filters -----------------------------------------------------------------------------

    def _with_verb(self, actions: Value, verb: Value) -> Value:
        return _chosen(actions, lambda action: ACTIONS[action].verb == verb)

    def _with_object(self, actions: Value, name: Value) -> Value:
        return _chosen(actions, lambda action: ACTIONS[action].object == name)

    def _after(self, actions: Value, action: Value) -> Value:
        if actions is None or action is None:
            return None
        return _or_nothing(_list(actions)[_place(actions, action) + 1 :])

    def _before(self, actions: Value, action: Value) -> Value:
        if actions is None or action is None:
            return None
        return _or_nothing(_list(actions)[: _place(actions, action)])

    def _with_relation(self, situations: Value, name: Value) -> Value:
        relation = _id(name, RELATION_IDS, "relation")
        return self._kept(situations, lambda frame: relation in frame.relations)

    def _with_object_in_view(self, situations: Value, name: Value) -> Value:
        thing = _id(name, OBJECT_IDS, "object")
        return self._kept(situations, lambda frame: thing in frame.objects)

    def _kept(self, situations: Value, passes: Callable[[Any], bool]) -> Value:
        frames = _frames(situations) or {}
        kept = {number: frame for number, frame in frames.items() if passes(frame)}
        return kept or (frames if self._fallback else None) or None

    def _objects_by_verb(self, things: Value, verb: Value) -> Value:
        if things is None:
            return None
        if verb not in OBJECTS_OF:
            raise ProgramError(_unknown(verb, OBJECTS_OF, "verb of the action space"))
        names = (OBJECTS[thing] for thing in _list(things) if thing in OBJECTS)
        return _or_nothing([name for name in names if name in OBJECTS_OF[verb]])

    # -- queries -----------------------------------------------------------------------------

    def _verbs(self, actions: Value) -> Value:
        return _asked(actions, lambda action: ACTIONS[action].verb)

    def _objects_of(self, actions: Value) -> Value:
        return _asked(actions, lambda action: ACTIONS[action].object)

    def _pairs(self, actions: Value) -> Value:
        return [None, None] if actions is None else _asked(actions, lambda a: [*ACTIONS[a]])

    def _first(self, values: Value) -> Value:
        return None if values is None else _list(values)[0]

    def _last(self, values: Value) -> Value:
        return None if values is None else _list(values)[-1]

    # -- logic -------------------------------------------------------------------------------

    def _equal(self, one: Value, other: Value) -> Value:
        return _verdict(one is not None and other is not None and one == other)

    def _belongs(self, group: Value, item: Value) -> Value:
        if group is None or item is None:
            return WRONG
        return _verdict(item in group if isinstance(group, list) else item == group)

    def _union(self, one: Value, other: Value) -> Value:
        lists = isinstance(one, list), isinstance(other, list)
        if all(lists):
            return [*one, *other]
        if one is None and other is None:
            return None
        if lists[0] and other is None:
            return one
        if lists[1] and one is None:
            return other
        return [one, other]

    def _except(self, group: Value, left_out: Value) -> Value:
        if group is None or left_out is None:
            return group
        others = left_out if isinstance(left_out, list) else [left_out]
        return _or_nothing([item for item in _list(group) if item not in others])


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "Situations": Executor._all,
    "Actions": Executor._actions,
    "Objs": Executor._objects,
    "Rels": Executor._relations,
    "Filter_Actions_with_Verb": Executor._with_verb,
    "Filter_Actions_with_Obj": Executor._with_object,
    "Filter_After_Actions": Executor._after,
    "Filter_Before_Actions": Executor._before,
    "Filter_Situations_with_Rel": Executor._with_relation,
    "Filter_Situations_with_Obj": Executor._with_object_in_view,
    "Filter_Objs_by_Verb": Executor._objects_by_verb,
    "Query_Verbs": Executor._verbs,
    "Query_Objs": Executor._objects_of,
    "Query_Actions": Executor._pairs,
    "Query_Earliest_Action": Executor._first,
    "Query_Latest_Action": Executor._last,
    "Unique": Executor._first,
    "Equal": Executor._equal,
    "Belong_to": Executor._belongs,
    "Union": Executor._union,
    "Except": Executor._except,
}


def _verdict(right: bool) -> str:
    return CORRECT if right else WRONG


def _or_nothing(values: Sequence[Any]) -> list[Any] | None:
    return list(values) or None


def _frames(value: Value) -> Mapping[str, Any] | None:
    if value is not None and not isinstance(value, Mapping):
        raise ProgramError(f"takes situations, not {value!r}")
    return value


def _list(value: Value) -> Sequence[Any]:
    if not isinstance(value, list):
        raise ProgramError(f"takes a list, not {_shown(value)}")
    return value


def _action(value: Value) -> str:
    if not isinstance(value, str) or value not in ACTIONS:
        raise ProgramError(f"takes actions, not {_shown(value)}")
    return value


def _chosen(actions: Value, passes: Callable[[str], bool]) -> Value:
    if actions is None:
        return None
    return _or_nothing([action for action in _list(actions) if passes(_action(action))])


def _asked(actions: Value, what: Callable[[str], Any]) -> Value:
    if actions is None:
        return None
    if isinstance(actions, list):
        return [what(_action(action)) for action in actions]
    return what(_action(actions))


def _place(actions: Value, action: Value) -> int:
    try:
        return _list(actions).index(action)
    except ValueError:
        raise ProgramError(f"the action {_shown(action)} is not among {actions}") from None


def _id(name: Value, known: Mapping[str, str], kind: str) -> str:
    if not isinstance(name, str) or name not in known:
        raise ProgramError(_unknown(name, known, kind))
    return known[name]


def _unknown(name: Value, known: Mapping[str, Any], kind: str) -> str:
    return f"no {kind} {_shown(name)}.{nearest(str(name), known)}"


def _shown(value: Value) -> str:
    return "situations" if isinstance(value, Mapping) else repr(value)
