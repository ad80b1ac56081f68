"""What a checkpoint is chosen by: its answers to the validation examples, scored (section 2.4)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from lab.training.selection import Scores, Validator
from lab.vocabulary import Vocabulary
from t5study.model.transformer import EncoderDecoder, LanguageModel
from t5study.tasks.chosen import described, examples
from t5study.training.answers import Questions, answer, ask, score
from t5study.training.checkpoint import save


def validator(
    model: EncoderDecoder | LanguageModel,
    vocabulary: Vocabulary,
    config: Mapping[str, Any],
    work: Path,
    extra: Mapping[str, Any],
) -> Validator:
    """What scores a training's checkpoints on `config["validation"]`, and keeps the best.

    `extra` is written with each model.
    """
    questions = {
        name: ask(
            described(name, description),
            "validation",
            examples(name, "validation", description),
            vocabulary,
            config["inputs_length"],
            config["validation_examples"],
        )
        for name, description in config["validation"].items()
    }
    return Validator(
        model,
        partial(judge, questions=questions, vocabulary=vocabulary, config=config),
        config["validation"],
        save=partial(_save, extra=extra),
        work=work,
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
            asked,
            answer(
                model,
                asked,
                vocabulary,
                max_length=config["targets_length"],
                precision=config["precision"],
            ),
        )
        for name, asked in questions.items()
    }


def _save(path: Path, model: Any, extra: Mapping[str, Any]) -> None:
    save(path, model, **extra)
