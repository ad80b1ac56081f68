"""What a run answered: each example right, wrong or cut, and which labels it takes for others."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from reports.site.page import grid
from sweeps.digests import check_file
from sweeps.errors import DamagedStageError

FILE = "predictions.jsonl"
KEPT = 100
"""Answers of each kind that a page holds of a task."""
LABELS = 20
"""More distinct references than this are no labels."""
LONG = 600
"""Characters shown of an input."""
OTHER = "another text"
KINDS = ("right", "wrong", "cut")

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One example with what a run answered."""

    inputs: str
    target: str
    prediction: str
    right: bool | None
    """None where the task's metrics are about degrees, not about right and wrong."""
    cut: tuple[str, ...] = ()
    """What did not fit into the lengths asked for: the input, the prediction."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The names of KINDS that the answer goes by."""
        found = {"right": self.right is True, "wrong": self.right is False, "cut": bool(self.cut)}
        return tuple(kind for kind in KINDS if found[kind])


def read_answers(folder: Path, task: str) -> list[Answer]:
    """The answers to one task that an evaluation kept; none where it kept none."""
    return [_answer(line) for line in _lines(folder / FILE) if line.get("task") == task]


def answers_element(task: str, answers: Sequence[Answer]) -> str:
    """The answers to a task: how many of each kind, the confusion of labels, pages of examples."""
    if not answers:
        return ""
    kept = _kept(answers)
    rows = "".join(_row(one) for one in kept)
    heads = "".join(f'<th scope="col">{head}</th>' for head in _HEADINGS)
    return (
        f"<h3>{escape(task)}</h3>\n<p>{_counted(answers, len(kept))}</p>\n"
        f"{confusion_element(answers)}"
        f'<div class="answers">\n<table class="samples">\n<thead><tr>{heads}</tr></thead>\n'
        f"<tbody>\n{rows}</tbody></table>\n</div>\n"
    )


def confusion_element(answers: Sequence[Answer]) -> str:
    """References against the labels answered, where the references are a few labels."""
    labels = sorted({one.target for one in answers})
    judged = all(one.right is not None for one in answers)
    if not judged or not 2 <= len(labels) <= LABELS or len(answers) < 2 * len(labels):
        return ""
    found = Counter(
        (one.target, one.prediction if one.prediction in labels else OTHER) for one in answers
    )
    answered = {prediction for _, prediction in found}
    heads = [label for label in (*labels, OTHER) if label in answered]
    rows = []
    for label in labels:
        total = sum(found[label, head] for head in heads)
        shares = [
            f'<span class="share" style="--share:{found[label, head] / total:.3f}">'
            f"{found[label, head]}</span>"
            for head in heads
        ]
        rows.append([escape(label), *shares, str(total)])
    table = grid(["reference", *(f"answered {h}" for h in heads), "all"], rows, "facts confusion")
    return f"<h4>Confusion of labels</h4>\n{table}"


_HEADINGS = ("input", "reference", "prediction", "")


def _row(one: Answer) -> str:
    judged = {True: "right", False: "wrong", None: ""}[one.right]
    words = [judged, *(f"{what} cut" for what in one.cut)]
    cells = (_short(one.inputs), one.target, one.prediction, ", ".join(filter(None, words)))
    drawn = "".join(
        f'<td data-heading="{head}">{escape(cell)}</td>'
        for head, cell in zip(_HEADINGS, cells, strict=True)
    )
    return f'<tr data-kinds="{" ".join(one.kinds)}">{drawn}</tr>\n'


def _kept(answers: Sequence[Answer]) -> list[Answer]:
    """The first KEPT of each kind, and of those without a kind, in order."""
    seen: Counter[str] = Counter()
    kept = []
    for one in answers:
        kinds = one.kinds or ("",)
        if any(seen[kind] < KEPT for kind in kinds):
            kept.append(one)
        seen.update(kinds)
    return kept


def _counted(answers: Sequence[Answer], kept: int) -> str:
    counts = Counter(kind for one in answers for kind in one.kinds)
    judged = any(one.right is not None for one in answers)
    parts = [f"{counts['right']:,} right, {counts['wrong']:,} wrong"] if judged else []
    parts += [f"{counts['cut']:,} cut to the lengths asked for"] if counts["cut"] else []
    text = f"{len(answers):,} answers{': ' if parts else ''}{'; '.join(parts)}."
    if not judged:
        text += " The metrics give degrees: no answer is right or wrong by itself."
    if kept < len(answers):
        text += f" Below are the first {KEPT} of each kind."
    return text


def _answer(line: Mapping[str, Any]) -> Answer:
    cut = line.get("cut")
    return Answer(
        inputs=str(line.get("inputs", "")),
        target=str(line.get("target", "")),
        prediction=str(line.get("prediction", "")),
        right=_right(line),
        cut=tuple(map(str, cut)) if isinstance(cut, list) else (),
    )


def _right(line: Mapping[str, Any]) -> bool | None:
    """Whether an answer is right, by what it adds to the metrics, else by its text."""
    same = str(line.get("prediction", "")).strip() == str(line.get("target", "")).strip()
    parts = line.get("parts")
    if not isinstance(parts, dict) or not parts:
        return same
    for metric in ("acc", "em"):
        match parts.get(metric):
            case {"mean": [total, count]}:
                return bool(total >= 100 * count)
    for of_metric in parts.values():
        match of_metric:
            case {"matthews": [target, prediction]}:
                return bool(target == prediction)
            case {"f1": [*counts]}:
                return not any(counts[1::3]) and not any(counts[2::3])
    return None


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        file = check_file(path.parent, path.name).open(encoding="utf-8")
    except OSError:
        return
    except DamagedStageError as error:
        # A file of results holds no answers.
        if path.exists():
            log.warning("%s", error)
        return
    with file:
        for text in file:
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if isinstance(line, dict):
                yield line


def _short(text: str) -> str:
    return text if len(text) <= LONG else f"{text[:LONG]} ..."
