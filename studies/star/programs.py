"""Programs: postfix lists of steps, each a function and the words in front of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from lab.errors import StudyError, nearest

INPUTS: dict[str, int] = {
    "Situations": 0,
    "Actions": 1,
    "Objs": 1,
    "Rels": 1,
    "Filter_Actions_with_Verb": 2,
    "Filter_Actions_with_Obj": 2,
    "Filter_After_Actions": 2,
    "Filter_Before_Actions": 2,
    "Filter_Situations_with_Rel": 2,
    "Filter_Situations_with_Obj": 2,
    "Filter_Objs_by_Verb": 2,
    "Query_Verbs": 1,
    "Query_Objs": 1,
    "Query_Actions": 1,
    "Query_Earliest_Action": 1,
    "Query_Latest_Action": 1,
    "Unique": 1,
    "Equal": 2,
    "Belong_to": 2,
    "Union": 2,
    "Except": 2,
}
"""The 21 functions and how many values each takes off the stack."""

MOST_WORDS = 256
"""Words and functions of a program that is run; the templates' longest has 20."""

Program = tuple[str, ...]
"""Words and function names in the order in which they are pushed and run."""


class ProgramError(StudyError):
    """A program that is none, or that cannot be run."""


def program(steps: Any) -> Program:
    """A program in the published form (steps of function and value_input) or as a flat list.

    Raises ProgramError for what is neither, and for one that is too long.
    """
    if not isinstance(steps, Sequence) or isinstance(steps, str):
        raise ProgramError(f"a program is a list of steps, not {_short(steps)}")
    words = tuple(_words(steps))
    if len(words) > MOST_WORDS:
        raise ProgramError(
            f"{len(words)} words and functions: no program of more than {MOST_WORDS} is run"
        )
    return words


def _words(steps: Iterable[Any]) -> Iterator[str]:
    for number, step in enumerate(steps):
        if isinstance(step, str):
            yield step
            continue
        values = step.get("value_input") if isinstance(step, dict) else None
        if not isinstance(values, list) or not isinstance(step.get("function"), str):
            raise ProgramError(
                f"step {number} is {_short(step)}; accepted is "
                '{"function": NAME, "value_input": [WORDS]}'
            )
        for value in values:
            if not isinstance(value, str):
                raise ProgramError(f"step {number}: {_short(value)} in value_input is no text")
            yield value
        yield step["function"]


def strangers(steps: Any) -> list[str]:
    """What is wrong with the function names of a program in the published form."""
    return [
        f"step {number}: no function {step['function']!r}.{nearest(step['function'], INPUTS)}"
        for number, step in enumerate(steps)
        if isinstance(step, dict) and step["function"] not in INPUTS
    ]


def published(words: Program) -> list[dict[str, Any]]:
    """A program in the published form; words behind the last function have no place there."""
    steps: list[dict[str, Any]] = []
    waiting: list[str] = []
    for word in words:
        if word in INPUTS:
            steps.append({"function": word, "value_input": waiting})
            waiting = []
        else:
            waiting.append(word)
    return steps


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
