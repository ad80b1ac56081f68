"""What validation says of the checkpoints that a training may be scored by."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sweeps.digests import decoded

Chosen = Mapping[str, Mapping[str, float]]
"""By task: the score on validation by rule of selection, and of the best constant answer."""
CONSTANT = "constant"


def chosen_scores(content: bytes) -> dict[str, dict[str, float]]:
    """What a selection.json says of the tasks that have a constant answer; nothing of another file.

    A task has `constant`, `validation` (entries of step and mean), and by rule the file of a
    checkpoint: step_N.pt, or one of the last step.
    """
    try:
        selection = decoded(content)
    except ValueError:
        return {}
    if not isinstance(selection, dict):
        return {}
    found = {name: _scores(one) for name, one in selection.items()}
    return {name: scores for name, scores in found.items() if CONSTANT in scores}


def no_better_than_constant(chosen: Chosen, rule: str) -> Iterator[str]:
    """The tasks whose checkpoint by this rule scores no more than the best constant answer."""
    for task, scores in chosen.items():
        if rule in scores and scores[rule] <= scores[CONSTANT]:
            yield task


def _scores(entry: Any) -> dict[str, float]:
    if not isinstance(entry, dict) or not _is_number(entry.get(CONSTANT)):
        return {}
    history = entry.get("validation")
    means = {
        one["step"]: float(one["mean"])
        for one in (history if isinstance(history, list) else [])
        if isinstance(one, dict) and _is_number(one.get("mean")) and _is_number(one.get("step"))
    }
    if not means:
        return {}
    scores = {CONSTANT: float(entry[CONSTANT])}
    for rule, file in entry.items():
        if isinstance(file, str):
            step = re.fullmatch(r"step_(\d+)\..*", file)
            at = int(step[1]) if step else max(means)
            if at in means:
                scores[rule] = means[at]
    return scores


def _is_number(value: Any) -> bool:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return plain and math.isfinite(value)
