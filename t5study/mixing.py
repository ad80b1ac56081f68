"""How often each task of a mixture is drawn (section 3.5.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lab.errors import StudyError, unknown

RTE = ("glue_rte", "super_glue_rte")
"""One data set under two names: it is in both suites."""

SETTINGS: Mapping[str, tuple[str, ...]] = {
    "equal": (),
    "proportional": ("limit",),
    "temperature": ("limit", "temperature"),
}
"""Each mixing's name, and what it reads of the settings."""


class MixingError(StudyError, ValueError):
    """Rates that cannot be worked out from what was given."""


def mixing_rates(
    examples: Mapping[str, int],
    mixing: str,
    limit: float | None = None,
    temperature: float = 1.0,
) -> dict[str, float]:
    """Return each task's share of all draws; they sum to 1.

    `examples` are the tasks' sizes after preprocessing. "equal" gives all the same share,
    "proportional" min(size, limit), "temperature" the latter to the power 1 / temperature.
    `limit` is the paper's K, no limit where not given. Raises MixingError for an unknown name,
    a task without examples, and impossible settings; one that the name does not read does nothing.
    """
    if mixing not in _WEIGHTS:
        raise MixingError(unknown("mixing", mixing, _WEIGHTS))
    complaints = _complaints(examples, limit, temperature)
    if complaints:
        raise MixingError(" ".join(complaints))
    cap = float("inf") if limit is None else limit
    capped = {task: min(count, cap) for task, count in examples.items()}
    # Relative to the largest, so that no power overflows.
    most = max(capped.values())
    weights = {task: _WEIGHTS[mixing](n / most, temperature) for task, n in capped.items()}
    total = sum(weights.values())
    return {task: weight / total for task, weight in weights.items()}


def shared_examples(examples: Mapping[str, int]) -> dict[str, int]:
    """Return the sizes with each copy of RTE halved where both suites are mixed.

    Otherwise it would count twice. To be applied before the limit.
    """
    counts = dict(examples)
    if all(name in counts for name in RTE):
        for name in RTE:
            counts[name] = max(1, counts[name] // 2)
    return counts


_WEIGHTS: dict[str, Callable[[float, float], float]] = {
    "equal": lambda size, temperature: 1.0,
    "proportional": lambda size, temperature: size,
    "temperature": lambda size, temperature: size ** (1 / temperature),
}


def _complaints(examples: Mapping[str, int], limit: float | None, temperature: float) -> list[str]:
    made = []
    if not examples:
        made.append("There are no tasks to mix: give at least one.")
    empty = [task for task, count in examples.items() if not count > 0]
    if empty:
        made.append(f"No examples in {', '.join(empty)}: a mixed task needs at least 1.")
    if limit is not None and not limit > 0:
        made.append(f"limit={limit:g}: a number of examples above 0, or none at all.")
    if not temperature > 0:
        made.append(f"temperature={temperature:g}: a number above 0, such as 2.")
    return made
