"""What a downstream task is: its examples, their text form, and how answers are scored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lab.datasets.dataset import DataSet, facts_of
from lab.datasets.source import SCORE_ANOTHER, TaskError
from t5study.tasks.text import UNLABELLED

Example = dict[str, Any]


@dataclass
class Tally:
    """How many rows of a split were read, and how many of these had no answer."""

    rows: int = 0
    left_out: int = 0


@dataclass(frozen=True, kw_only=True)
class Task(DataSet):
    """A text-to-text task (paper, 2.4): a data set's examples as texts to learn from."""

    to_text: Callable[[Mapping[str, Any]], list[Example]]
    """Raw example -> examples with "inputs", "targets" and what scoring needs; [] drops it."""
    to_target: Callable[[Mapping[str, Any]], Any]
    """Preprocessed example -> the value that `measure` compares with."""
    to_prediction: Callable[[str, Mapping[str, Any] | None], Any]
    """Generated text (and preprocessed example) -> the matching value; -1 for no label."""
    constants: Callable[[Sequence[Any]], Sequence[Any]]
    """Training targets -> the predictions that a constant answer may make."""
    trains_on: Callable[[Mapping[str, Any]], bool] = lambda example: True
    """Whether a raw example may be trained on; evaluation takes all."""
    lengths: tuple[int, int] = (512, 512)
    """Tokens of input and target that the published runs kept."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The settings this task was made with, defaults included; they belong to its identity."""
    uncounted: Callable[[str], bool] = lambda target: False
    """Whether a target is written in a script that the metrics cannot count."""
    title: str | None = None
    """What its column is called where that is not its name; no part of its identity."""
    written: Mapping[str, Any] | None = None
    """What a YAML file says of it, where that is its identity, as of a user's task."""

    @cached_property
    def definition(self) -> dict[str, Any]:
        """Plain values that say what the task makes of its data: in the keys of what reads it.

        That is which fields it reads, its labels in order, its metrics, and the example that it
        shows, as it is learned and as it is scored. Raises TaskError where that example is not what
        the fields say.
        """
        place = "the example that it shows"
        made = self._text(self.read(self.example, place), place)
        return {
            "fields": list(self.fields),
            "classes": list(self.classes),
            "labels": list(self.labels or ()),
            "metrics": list(self.metrics),
            "examples": [
                {
                    "inputs": one["inputs"],
                    "targets": one["targets"],
                    "answer": self.target(one),
                    "read_back": self.postprocess(one["targets"], one),
                }
                for one in made
            ],
        }

    def examples(
        self, split: str, *, scored: bool = False, tally: Tally | None = None, **overrides: Any
    ) -> Iterator[Example]:
        """Yield the preprocessed examples of `split` in order; of train, those to train on.

        A training row without an answer is left out and counted in the `tally`; one of a split to
        be `scored` raises TaskError, as a row does that is not what its fields say.
        """
        tally = tally or Tally()
        for place, raw, row in self.read_rows(split, scored=scored, **overrides):
            tally.rows += 1
            if split == "train" and not self.answered(raw):
                tally.left_out += 1
            elif split != "train" or self.trains_on(row):
                yield from self._text(row, place)

    def check(self, raw: Mapping[str, Any], place: str, split: str, *, whole: bool = True) -> None:
        """Raise TaskError unless a raw example is what its fields say, as a text too if `whole`."""
        row = self.read(raw, place)
        if whole and (split != "train" or self.trains_on(row)):
            self._text(row, place)

    def preprocess(self, example: Mapping[str, Any]) -> list[Example]:
        """Return the raw example as texts: dicts with "inputs", "targets" and what scoring needs.

        An empty list drops the example. Raises TaskError when a field is missing, or holds what it
        should not.
        """
        return self._text(self.read(example))

    def _text(self, row: Mapping[str, Any], place: str = "") -> list[Example]:
        try:
            return self.to_text(row)
        except KeyError as error:
            found = ", ".join(map(repr, row)) or "nothing"
            raise self.error(f"an example has no field {error}, only {found}.", place) from None
        except TaskError as error:
            raise self.error(error, place) from None

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

    def ceiling(self, examples: Sequence[Mapping[str, Any]]) -> dict[str, float]:
        """Return the score of the right answers to preprocessed examples.

        It is far below 100 where a metric cannot see them: a correlation with a constant, F1
        without a positive example, words that are not counted.
        """
        targets = [self.target(one) for one in examples]
        if self.form == "label" and not self.grouped:
            # What a text says of a label may need the model's own words (WSC's "no" is any other).
            return self.score(targets, targets)
        return self.score(targets, [self.postprocess(one["targets"], one) for one in examples])

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


def text_form(data: DataSet, **form: Any) -> Task:
    """Return a data set as a task; `form` is what a task adds, or has in another way."""
    return Task(**{**facts_of(data), **form})


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
