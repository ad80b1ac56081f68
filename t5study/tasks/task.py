"""What a downstream task is: its examples, their text form, and how answers are scored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING, Any

from lab.datasets.source import SCORE_ANOTHER, Source, TaskError
from lab.parts import Metric, Parts
from t5study.tasks.text import UNLABELLED

if TYPE_CHECKING:
    from datasets import Dataset

Example = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Task:
    """A text-to-text task (paper, 2.4): raw examples in, texts to learn from and scores out."""

    name: str
    """Name in the registry, in configurations and in score files."""
    kind: str
    """classification, regression, coreference, question_answering, summarization, translation."""
    source: Source
    """Where the raw examples lie."""
    fields: Mapping[str, str]
    """Raw fields that are read -> what they hold; "a.b" is b inside a, "a.b|c" is either."""
    to_text: Callable[[Mapping[str, Any]], list[Example]]
    """Raw example -> examples with "inputs", "targets" and what scoring needs; [] drops it."""
    to_target: Callable[[Mapping[str, Any]], Any]
    """Preprocessed example -> the value that `measure` compares with."""
    to_prediction: Callable[[str, Mapping[str, Any] | None], Any]
    """Generated text (and preprocessed example) -> the matching value; -1 for no label."""
    measure: Metric
    """Targets and predictions -> score by metric, 0..100."""
    metrics: tuple[str, ...]
    """The keys of a score."""
    constants: Callable[[Sequence[Any]], Sequence[Any]]
    """Training targets -> the predictions that a constant answer may make."""
    example: Mapping[str, Any]
    """One raw example of the task, ours or from the paper, to show."""
    about: str
    """One sentence: what is asked."""
    licence: str
    """Licence or terms of the data."""
    labels: tuple[str, ...] | None = None
    """Label words by label index; None where the target is free text or a number."""
    trains_on: Callable[[Mapping[str, Any]], bool] = lambda example: True
    """Whether a raw example may be trained on; evaluation takes all."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Published number of raw examples by split."""
    lengths: tuple[int, int] = (512, 512)
    """Tokens of input and target that the published runs kept."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The settings this task was made with, defaults included; they belong to its identity."""

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that the task has, of train, validation and test."""
        return tuple(self.source.splits)

    def load(self, split: str, **overrides: Any) -> Dataset:
        """Return the raw examples of `split`; overrides: data_dir or data_files (see Source)."""
        return self.source.load(self.name, split, self.fields, **overrides)

    def identity(self, split: str, **overrides: Any) -> dict[str, Any]:
        """Return plain values that name exactly the data of `split` (see Source.identity)."""
        return self.source.identity(self.name, split, **overrides)

    def examples(self, split: str, **overrides: Any) -> Iterator[Example]:
        """Yield the preprocessed examples of `split` in order; of train, those to train on."""
        for raw in self.load(split, **overrides):
            if split != "train" or self.trains_on(raw):
                yield from self.preprocess(raw)

    def preprocess(self, example: Mapping[str, Any]) -> list[Example]:
        """Return the raw example as texts: dicts with "inputs", "targets" and what scoring needs.

        An empty list drops the example. Raises TaskError when a field is missing.
        """
        try:
            return self.to_text(example)
        except KeyError as error:
            found = ", ".join(map(repr, example)) or "nothing"
            raise TaskError(
                f"Task '{self.name}': an example has no field {error}, only {found}."
            ) from None
        except TaskError as error:
            raise TaskError(f"Task '{self.name}': {error}") from None

    def target(self, example: Mapping[str, Any]) -> Any:
        """Return what a preprocessed example's prediction is compared with.

        A label's index; a float; a list of answers (squad); {"group", "value"} where answers are
        scored in groups (multirc, record). Raises TaskError where the example lacks its part.
        """
        try:
            return self.to_target(example)
        except KeyError as error:
            raise TaskError(
                f"Task '{self.name}': a preprocessed example has no {error} to be scored by."
            ) from None

    def postprocess(self, text: str, example: Mapping[str, Any] | None = None) -> Any:
        """Return a generated text as a prediction for `score`; any string is accepted."""
        return self.to_prediction(text, example)

    def score(self, targets: Sequence[Any], predictions: Sequence[Any]) -> dict[str, float]:
        """Return the value of each metric, 0..100 (correlations from -100)."""
        if len(targets) != len(predictions):
            raise TaskError(
                f"Task '{self.name}': {len(targets)} targets but {len(predictions)} predictions."
            )
        if not targets:
            raise TaskError(f"Task '{self.name}': nothing to score.")
        scores = self.measure(targets, predictions)
        return {metric: float(scores[metric]) for metric in self.metrics}

    def parts(self, targets: Sequence[Any], predictions: Sequence[Any]) -> list[Parts]:
        """Return what each example adds to each metric (see lab.parts)."""
        return self.measure.parts(targets, predictions)

    def mean(self, scores: Mapping[str, float]) -> float:
        """Return the mean over the task's metrics, by which its checkpoints are chosen."""
        return fmean(scores[metric] for metric in self.metrics)

    def constant_score(
        self, train_targets: Sequence[Any], targets: Sequence[Any]
    ) -> dict[str, float]:
        """Return the score of the best answer that is the same for every example.

        Every label is tried, or the mean of the training targets, or their most frequent texts;
        the best is the one with the highest mean over the metrics on `targets`.
        """
        scores = [
            self.score(targets, [constant] * len(targets))
            for constant in self.constants(train_targets)
        ]
        return max(scores, key=self.mean)


def frequent(texts: Sequence[str], count: int = 5) -> list[str]:
    """Return the most frequent texts, ties in order of appearance; "" when there are none."""
    return [text for text, _ in Counter(texts).most_common(count)] or [""]


def require_answers(task: str, split: str, examples: Sequence[Mapping[str, Any]]) -> None:
    """Raise TaskError where preprocessed examples cannot be scored: the hub withholds answers."""
    lacking = sum(example["targets"] == UNLABELLED for example in examples)
    if lacking:
        raise TaskError(
            f"Task '{task}': {lacking} of the first {len(examples)} examples of its {split} split "
            f"have no answer (label -1: withheld). {SCORE_ANOTHER}"
        )
