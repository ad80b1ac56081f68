"""From a model to scores: decode examples, read answers, compare (sections 2.4 and 3.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from numbers import Integral
from typing import Any

import torch

from lab.parts import Parts
from lab.strata import stratified
from lab.text_to_text.generation import decode
from lab.vocabulary import Vocabulary
from t5study.tasks import Task
from t5study.tasks.chosen import examples
from t5study.tasks.task import require_answers


@dataclass(frozen=True, kw_only=True)
class Questions:
    """Preprocessed examples of one task with their inputs as token ids."""

    task: Task
    examples: Sequence[Mapping[str, Any]]
    inputs: Sequence[Sequence[int]]
    targets: Sequence[Any]
    cut: Sequence[bool] = ()
    """Which inputs are the beginning of longer ones."""


def ask(
    task: Task,
    split: str,
    examples: Iterable[Mapping[str, Any]],
    vocabulary: Vocabulary,
    inputs_length: int,
    limit: int | None,
    *,
    drawn: str = "first",
) -> Questions:
    """`limit` examples of a split, cut to `inputs_length` tokens with EOS.

    They are the first ones; or, where `drawn` is "stratified" and the task answers with labels,
    some with the labels in the shares of the whole split. Raises TaskError where one has no answer.
    """
    scored = list(islice(examples, limit if drawn == "first" else None))
    if drawn == "stratified" and limit is not None:
        scored = [scored[place] for place in _drawn(task, scored, limit)]
    require_answers(task.name, split, scored)
    ids = vocabulary.encode_batch([example["inputs"] for example in scored])
    inputs = [[*tokens[: inputs_length - 1], vocabulary.eos] for tokens in ids]
    targets = [task.target(example) for example in scored]
    cut = [len(tokens) > inputs_length - 1 for tokens in ids]
    return Questions(task=task, examples=scored, inputs=inputs, targets=targets, cut=cut)


def answer(
    model: Any,
    questions: Questions,
    vocabulary: Vocabulary,
    *,
    max_length: int,
    precision: str,
    beam_width: int = 1,
    length_penalty: float | None = None,
) -> list[str]:
    """The decoded text for each question, in order."""
    outputs = write(
        model,
        questions,
        max_length=max_length,
        precision=precision,
        beam_width=beam_width,
        length_penalty=length_penalty,
    )
    return [vocabulary.decode(tokens) for tokens in outputs]


@torch.no_grad()
def write(
    model: Any,
    questions: Questions,
    *,
    max_length: int,
    precision: str,
    beam_width: int = 1,
    length_penalty: float | None = None,
) -> list[list[int]]:
    """The token ids of each answer, without EOS, in order; one of `max_length` ids was cut."""
    device = next(model.parameters()).device
    with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16-mixed"):
        return decode(
            model, questions.inputs, max_length, width=beam_width, alpha=length_penalty or 0.0
        )


def too_long(questions: Questions, vocabulary: Vocabulary, length: int) -> float:
    """The share of the questions to which no right answer ends within `length` tokens.

    Of several right answers the shortest counts. An answer of so many tokens has no room for EOS.
    """
    right = [one.get("answers") or [one["targets"]] for one in questions.examples]
    counts = [min(map(len, vocabulary.encode_batch(answers))) for answers in right]
    return sum(count >= length for count in counts) / len(counts) if counts else 0.0


def _drawn(task: Task, examples: Sequence[Mapping[str, Any]], limit: int) -> Sequence[int]:
    """The places of examples to ask. Examples that are scored in groups, or have texts or numbers
    for answers, have no labels to go by: the first ones."""
    labels = [task.target(example) for example in examples]
    if all(isinstance(label, Integral) for label in labels):
        return stratified(labels, limit)
    return range(min(limit, len(examples)))


def score(questions: Questions, texts: Sequence[str]) -> dict[str, float]:
    """The task's metrics of these answers, 0..100."""
    return questions.task.score(questions.targets, _predictions(questions, texts))


def constant(
    questions: Questions, train: Mapping[str, Any] | None, limit: int | None = None
) -> dict[str, float]:
    """The metrics of the best answer that is the same for every question.

    The answer is taken from the first `limit` examples of the described training set `train`; a
    task that is only evaluated has none to take one from but its own labels, and one with labels
    needs none: all of them are tried.
    """
    task = questions.task
    if train and not task.labels:
        known = islice(examples(task.name, "train", train), limit)
        return task.constant_score([task.target(one) for one in known], questions.targets)
    return task.constant_score([], questions.targets)


def parts(questions: Questions, texts: Sequence[str]) -> list[Parts]:
    """What each answer adds to the task's metrics (see lab.parts)."""
    return questions.task.parts(questions.targets, _predictions(questions, texts))


def _predictions(questions: Questions, texts: Sequence[str]) -> list[Any]:
    return [
        questions.task.postprocess(text, example)
        for text, example in zip(texts, questions.examples, strict=True)
    ]
