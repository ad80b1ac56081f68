"""What a checkpoint is chosen by: its answers to the validation examples, scored (section 2.4)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

from lab.text_to_text.checkpoint import save
from lab.text_to_text.transformer import EncoderDecoder, LanguageModel
from lab.training.selection import Scores, Validator
from lab.vocabulary import Vocabulary
from t5study.tasks.chosen import described, examples
from t5study.training.answers import Questions, answer, ask, constant, score

log = logging.getLogger(__name__)

LOOKED_AT = 10_000
"""Training examples of which a constant answer is taken; labels are all tried anyway."""


def validator(
    model: EncoderDecoder | LanguageModel,
    vocabulary: Vocabulary,
    config: Mapping[str, Any],
    work: Path,
    extra: Mapping[str, Any],
) -> Validator:
    """What scores a training's checkpoints on `config["validation"]`, and keeps the best.

    `extra` is written with each model, the score of each task's best constant answer to the same
    questions beside its history: a checkpoint that scores no more may have learned nothing.
    """
    questions = {
        name: ask(
            described(name, description),
            "validation",
            examples(name, "validation", description),
            vocabulary,
            config["inputs_length"],
            config["validation_examples"],
            drawn=config.get("validation_drawn", "first"),
        )
        for name, description in config["validation"].items()
    }
    for name, of_task in questions.items():
        log.info("%s: %s validation examples", name, f"{len(of_task.examples):,}")
    return Validator(
        model,
        partial(judge, questions=questions, vocabulary=vocabulary, config=config),
        config["validation"],
        save=partial(_save, extra=extra),
        work=work,
        constants={
            name: fmean(constant(of_task, config["tasks"].get(name), LOOKED_AT).values())
            for name, of_task in questions.items()
        },
    )


def judge(
    model: EncoderDecoder | LanguageModel,
    *,
    questions: Mapping[str, Questions],
    vocabulary: Vocabulary,
    config: Mapping[str, Any],
) -> Scores:
    """The model's scores on each task's questions, greedily answered."""
    return {
        name: score(
            of_task,
            answer(
                model,
                of_task,
                vocabulary,
                max_length=config["targets_length"],
                precision=config["precision"],
            ),
        )
        for name, of_task in questions.items()
    }


def _save(path: Path, model: Any, extra: Mapping[str, Any]) -> None:
    save(path, model, **extra)
