"""A training's checkpoints on validation: their scores, and which one was chosen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any, TypeGuard

from reports.site.curve import curve_element
from reports.site.page import grid
from sweeps.digests import SELECTION, check_file, decoded
from sweeps.errors import DamagedStageError

RULES = ("best", "best_together", "last")
"""What selection.json may name a checkpoint for."""


def checkpoints_element(folder: Path, rule: str, title: str) -> str:
    """Each task's scores on validation over the checkpoints, the one that `rule` chose marked."""
    text = ""
    for task, entry in _selection(folder):
        history = [one for one in entry["validation"] if _number(one.get("step"))]
        points = [
            (float(one["step"]), float(one["mean"])) for one in history if _number(one["mean"])
        ]
        if not points:
            continue
        steps = {name: _step(entry.get(name), points[-1][0]) for name in RULES}
        chosen = steps.get(rule)
        constant = entry.get("constant")
        level = float(constant) if _number(constant) else None
        metrics = [name for name in history[0] if name not in ("step", "mean")]
        rows = [
            [
                f"{one['step']:g}",
                f"{one['mean']:.2f}",
                *(f"{one[name]:.2f}" if _number(one.get(name)) else "" for name in metrics),
                _named(steps, one["step"], rule),
            ]
            for one in history
            if _number(one.get("mean"))
        ]
        text += f"<h3>{escape(task)}</h3>\n<p>{_said(task, points, chosen, level, rule)}</p>\n"
        if len(points) > 1:
            marked = next(((x, y) for x, y in points if x == chosen), None)
            text += curve_element(points, title, marked=marked, level=level)
        text += grid(["step", "mean", *metrics, "chosen"], rows, "facts checkpoints")
    return text


def _said(
    task: str,
    points: list[tuple[float, float]],
    chosen: float | None,
    level: float | None,
    rule: str,
) -> str:
    found = dict(points)
    parts = []
    if chosen in found and chosen is not None:
        parts.append(
            f"Chosen by the rule <code>{escape(rule)}</code>: step {chosen:g}, "
            f"{found[chosen]:.2f} on validation."
        )
    if level is not None:
        parts.append(f"The best constant answer has {level:.2f} (dashed).")
    return " ".join(parts)


def _named(steps: Mapping[str, float | None], step: float, rule: str) -> str:
    """By which rules a checkpoint is the one; that of this run in bold."""
    names = [name for name, at in steps.items() if at == step]
    return ", ".join(f"<b>{name}</b>" if name == rule else name for name in names)


def _step(file: Any, last: float) -> float | None:
    """The step of a checkpoint's file: step_N.pt, or the last one's."""
    if not isinstance(file, str):
        return None
    found = re.fullmatch(r"step_(\d+)\..*", file)
    return float(found[1]) if found else last


def _selection(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each task's entry of a training's selection.json that has a history; none of another one."""
    try:
        content = decoded(check_file(folder, SELECTION).read_bytes())
    except (OSError, ValueError, DamagedStageError):
        return
    if isinstance(content, dict):
        for task, entry in content.items():
            history = entry.get("validation") if isinstance(entry, dict) else None
            if isinstance(history, list) and all(isinstance(one, dict) for one in history):
                yield task, entry


def _number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
