"""What a downstream task is: its examples, their text form, and how answers are scored."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING, Any

from lab.datasets.fields import Field, MismatchError, Whole, read_row, value_at, way_of
from lab.datasets.source import SCORE_ANOTHER, Source, TaskError
from lab.errors import DataError
from lab.parts import Metric, Parts
from lab.rows import Rows, shown
from t5study.tasks.text import UNLABELLED

if TYPE_CHECKING:
    from datasets import Dataset

logger = logging.getLogger(__name__)

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
    fields: Mapping[str, Field]
    """Raw fields that are read -> what they hold; "a.b" is b inside a, "a.b|c" is either."""
    answer: str
    """The field that holds the truth; a row where it says that there is none is not learned."""
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
    numbered: tuple[str, ...] = ()
    """Fields whose numbers group rows when they are scored, and then those that hold the texts
    which one number stands for."""
    uncounted: Callable[[str], bool] = lambda target: False
    """Whether a target is written in a script that the metrics cannot count."""

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that the task has, of train, validation and test."""
        return tuple(self.source.splits)

    def load(self, split: str, **overrides: Any) -> Dataset | Rows:
        """Return the raw examples of `split`; overrides: data_dir or data_files (see Source)."""
        return self.source.load(self.name, split, self.fields, **overrides)

    def identity(self, split: str, **overrides: Any) -> dict[str, Any]:
        """Return plain values that name exactly the data of `split` (see Source.identity)."""
        return self.source.identity(self.name, split, **overrides)

    def examples(self, split: str, *, scored: bool = False, **overrides: Any) -> Iterator[Example]:
        """Yield the preprocessed examples of `split` in order; of train, those to train on.

        A training row without an answer is left out, with a line in the log that counts them; one
        of a split to be `scored` raises TaskError, as a row does that is not what its fields say.
        """
        left_out = rows = 0
        numbers: dict[Any, tuple[Any, str]] = {}
        try:
            for place, raw in self.placed(split, **overrides):
                rows += 1
                if (split == "train" or scored) and not self.answered(raw):
                    if scored:
                        raise TaskError(
                            f"Task '{self.name}': {place}: {self.no_answer(raw)} {SCORE_ANOTHER}"
                        )
                    left_out += 1
                    continue
                row = self._read(raw, place)
                if split != "train":
                    self._check_number(row, place, numbers)
                elif not self.trains_on(row):
                    continue
                yield from self._text(row, place)
        except DataError as error:
            raise TaskError(f"Task '{self.name}': {error}") from error
        finally:
            if left_out:
                logger.warning("%s", left_out_note(self.name, left_out, rows))

    def answered(self, raw: Mapping[str, Any]) -> bool:
        """Return whether a raw example says what is right."""
        try:
            value = value_at(raw, way_of(raw, self.answer))
        except MismatchError:
            return True  # what is wrong with it is said when it is read
        return not self._field_of_answer.absent(value)

    @property
    def _field_of_answer(self) -> Field:
        return self.fields[self.answer]

    def check(self, raw: Mapping[str, Any], place: str, split: str) -> None:
        """Raise TaskError unless a raw example is what its fields say."""
        row = self._read(raw, place)
        if split != "train" or self.trains_on(row):
            self._text(row, place)

    def no_answer(self, raw: Mapping[str, Any]) -> str:
        """The complaint about a raw example that is not `answered`."""
        way = way_of(raw, self.answer)
        return f"Field '{way}' holds {shown(value_at(raw, way))}, which is no answer."

    def placed(self, split: str, **overrides: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the raw examples of `split`, each after where it stands."""
        data = self.load(split, **overrides)
        if isinstance(data, Rows):
            yield from data.placed()
        else:
            for number, row in enumerate(data, start=1):
                yield f"hub data set {self.source.path}, row {number}", row

    def _check_number(
        self, row: Mapping[str, Any], place: str, numbers: dict[Any, tuple[Any, str]]
    ) -> None:
        """Refuse a number that stands for two texts: their answers would be scored as one's."""
        if not self.numbered:
            return
        kinds = {name: self.fields[name] for name in self.numbered}
        try:
            number = tuple(
                kind.read(value_at(row, n)) for n, kind in kinds.items() if isinstance(kind, Whole)
            )
        except MismatchError as error:
            raise self._error(f"Field '{self.numbered[0]}' {error}", place) from None
        texts = hash(tuple(value_at(row, n) for n, k in kinds.items() if not isinstance(k, Whole)))
        first = numbers.setdefault(number, (texts, place))
        if first[0] != texts:
            names = [n for n, kind in kinds.items() if isinstance(kind, Whole)]
            raise TaskError(
                f"Task '{self.name}': {place}: {' and '.join(names)} "
                f"{', '.join(map(str, number))} stands for another text in {first[1]}; answers "
                "with one number are scored together. Number the rows of all files through."
            )

    def preprocess(self, example: Mapping[str, Any]) -> list[Example]:
        """Return the raw example as texts: dicts with "inputs", "targets" and what scoring needs.

        An empty list drops the example. Raises TaskError when a field is missing, or holds what it
        should not.
        """
        return self._text(self._read(example))

    def _read(self, raw: Mapping[str, Any], place: str = "") -> dict[str, Any]:
        try:
            return read_row(raw, self.fields)
        except MismatchError as error:
            raise self._error(error, place) from None

    def _text(self, row: Mapping[str, Any], place: str = "") -> list[Example]:
        try:
            return self.to_text(row)
        except KeyError as error:
            found = ", ".join(map(repr, row)) or "nothing"
            raise self._error(f"an example has no field {error}, only {found}.", place) from None
        except TaskError as error:
            raise self._error(error, place) from None

    def _error(self, error: object, place: str) -> TaskError:
        return TaskError(f"Task '{self.name}': {f'{place}: ' if place else ''}{error}")

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


def left_out_note(task: str, left_out: int, rows: int) -> str:
    """What a log and a table say of training rows without an answer."""
    return f"Of {task}'s {rows:,} training rows {left_out:,} have no answer and are left out."


def require_answers(task: str, split: str, examples: Sequence[Mapping[str, Any]]) -> None:
    """Raise TaskError where preprocessed examples cannot be scored: the hub withholds answers."""
    lacking = sum(example["targets"] == UNLABELLED for example in examples)
    if lacking:
        raise TaskError(
            f"Task '{task}': {lacking} of the first {len(examples)} examples of its {split} split "
            f"have no answer (label -1: withheld). {SCORE_ANOTHER}"
        )
