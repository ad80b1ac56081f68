"""A labelled data set: how its rows are read and split, what they hold, and how they are scored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from statistics import fmean
from typing import TYPE_CHECKING, Any

from lab.datasets.fields import (
    Field,
    Label,
    MismatchError,
    Number,
    Texts,
    Whole,
    blank,
    read_row,
    value_at,
    way_of,
)
from lab.datasets.source import SCORE_ANOTHER, Source, TaskError
from lab.errors import DataError
from lab.parts import Metric, Parts
from lab.rows import FileRows, shown

if TYPE_CHECKING:
    from datasets import Dataset


@dataclass(frozen=True)
class Row:
    """One example: its fields, and the answer in the form that the data set gives (`form`)."""

    fields: Mapping[str, Any]
    """All fields but the answer, in their one form."""
    label: int | None = None
    """Index of the right class; None where it is withheld, or the answer is none."""
    score: float | None = None
    """The right number."""
    spans: tuple[tuple[str, int], ...] | None = None
    """The right answers, each with the character at which it starts in the text; -1 if nowhere."""
    text: str | None = None
    """The right text."""
    group: tuple[int | str, ...] | None = None
    """What the row shares with those that are scored together with it (see DataSet.group)."""

    @property
    def answered(self) -> bool:
        """Whether there is an answer."""
        return any(a is not None for a in (self.label, self.score, self.spans, self.text))


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """Labelled examples, whatever a study makes of them."""

    name: str
    """Name in configurations and in score files."""
    kind: str
    """classification, regression, coreference, question_answering, summarization, translation."""
    source: Source
    """Where the raw examples lie."""
    fields: Mapping[str, Field]
    """Raw fields that are read -> what they hold; "a.b" is b inside a, "a.b|c" is either."""
    answer: str
    """The field that holds the truth; a row where it says that there is none is not learned."""
    measure: Metric
    """Targets and predictions -> score by metric, 0..100."""
    metrics: tuple[str, ...]
    """The keys of a score."""
    example: Mapping[str, Any]
    """One raw example, ours or from a paper, to show."""
    about: str
    """One sentence: what is asked."""
    licence: str
    """Licence or terms of the data."""
    labels: tuple[str, ...] | None = None
    """Label words by label index; None where the target is free text or a number."""
    segments: tuple[str, ...] = ()
    """What an encoder reads, a template over the fields for each segment (lab.datasets.segments).

    Where there are none, each field but the answer is a segment, in order.
    """
    endings: Callable[[Mapping[str, Any]], Sequence[str]] | None = None
    """Where an answer is one of a row's own options: the text that an encoder reads of each, in the
    order of the labels, in place of the last segment."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Published number of raw examples by split."""
    grouped: tuple[str, ...] = ()
    """Fields whose values together say which rows are scored as one; none where each is alone.

    A number is unique in the file that gives it, if there, so the texts it stands for are named
    beside it.
    """

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that there are, of train, validation and test."""
        return tuple(self.source.splits)

    @property
    def form(self) -> str:
        """What an answer is: "label", "choice", "score", "spans" or "text"."""
        if self.endings is not None:
            return "choice"
        kinds = {Label: "label", Number: "score", Texts: "spans"}
        truth = self.fields[self.answer]
        return next((form for kind, form in kinds.items() if isinstance(truth, kind)), "text")

    @property
    def choices(self) -> int:
        """How many texts an encoder scores for one answer: the options of a row, else 1."""
        return len(self.classes) if self.form == "choice" else 1

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the labels, where an answer is one."""
        truth = self.fields[self.answer]
        return truth.words if isinstance(truth, Label) else ()

    def load(self, split: str, **overrides: Any) -> Dataset | FileRows:
        """Return the raw examples of `split`; overrides: data_dir or data_files (see Source)."""
        return self.source.load(self.name, split, self.fields, **overrides)

    def identity(self, split: str, **overrides: Any) -> dict[str, Any]:
        """Return plain values that name exactly the data of `split` (see Source.identity)."""
        return self.source.identity(self.name, split, **overrides)

    def placed(self, split: str, **overrides: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the raw examples of `split`, each after where it stands."""
        data = self.load(split, **overrides)
        if isinstance(data, FileRows):
            for place, row in data.placed():
                yield place, self._without_blank(row)
        else:
            for number, row in enumerate(data, start=1):
                yield f"hub data set {self.source.path}, row {number}", row

    def _without_blank(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """A row of a file, its answer None where that is an empty cell or an empty text.

        Published sets on the hub hold empty texts and are learned as they are.
        """
        way = way_of(row, self.answer)
        first, *rest = way.split(".")
        inner = row.get(first)
        if not rest:
            return {**row, first: None} if blank(inner) else row
        if isinstance(inner, Mapping) and blank(inner.get(rest[0])):
            return {**row, first: {**inner, rest[0]: None}}
        return row

    def rows(self, split: str, **overrides: Any) -> Iterator[Row]:
        """Yield the examples of `split` as fields with a label, a score, spans or a text.

        Of train, those with an answer. Raises TaskError for a row that is not what its fields say.
        """
        for _, raw, row in self.read_rows(split, **overrides):
            if split != "train" or self.answered(raw):
                yield self.row(row)

    def row(self, read: Mapping[str, Any]) -> Row:
        """Return a raw example whose fields were read as a Row."""
        group = self.group(read)
        way = way_of(read, self.answer)
        value = value_at(read, way)
        first = way.partition(".")[0]
        rest = {k: v for k, v in read.items() if k != first}
        if first != way and isinstance(read[first], Mapping) and self.form == "text":
            # The other fields of the same record, such as the source of a translation.
            last = way.rpartition(".")[2]
            rest[first] = {k: v for k, v in read[first].items() if k != last}
        if self.form in ("label", "choice"):
            return Row(rest, label=None if value == -1 else value, group=group)
        if self.form == "score":
            return Row(rest, score=value, group=group)
        if self.form == "text":
            return Row(rest, text=value, group=group)
        absent = self.fields[self.answer].absent(value)
        spans = None if absent else _spans(read, value, f"{first}.answer_start")
        return Row(rest, spans=spans, group=group)

    def group(self, read: Mapping[str, Any]) -> tuple[int | str, ...] | None:
        """Return what rows that are scored as one share: their numbers and a digest of their texts.

        None where rows are scored one by one, or where the row lacks its number.
        """
        try:
            values = {name: value_at(read, name) for name in self.grouped}
        except MismatchError:
            return None  # an index of another form, as tasks without groups have
        numbers = [v for name, v in values.items() if isinstance(self.fields[name], Whole)]
        if not self.grouped or None in numbers:
            return None
        texts = [v for name, v in values.items() if not isinstance(self.fields[name], Whole)]
        return (*numbers, hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:16])

    def read_rows(
        self, split: str, *, scored: bool = False, **overrides: Any
    ) -> Iterator[tuple[str, Mapping[str, Any], dict[str, Any]]]:
        """Yield where each example stands, the raw one, and the one with its fields read.

        Training rows without an answer come as they are, unread; such a row of a split to be
        `scored` raises TaskError.
        """
        try:
            for place, raw in self.placed(split, **overrides):
                if not self.answered(raw) and (scored or split == "train"):
                    if scored:
                        raise self.error(f"{self.no_answer(raw)} {SCORE_ANOTHER}", place)
                    yield place, raw, dict(raw)
                    continue
                row = self.read(raw, place)
                if split != "train" and self.grouped and self.group(row) is None:
                    raise self.error(f"lacks {self.grouped[0]}, which scoring needs.", place)
                yield place, raw, row
        except DataError as error:
            raise self.error(error) from error

    def answered(self, raw: Mapping[str, Any]) -> bool:
        """Return whether a raw example says what is right."""
        try:
            value = value_at(raw, way_of(raw, self.answer))
        except MismatchError:
            return True  # reading the row complains of its field
        return not self.fields[self.answer].absent(value)

    def no_answer(self, raw: Mapping[str, Any]) -> str:
        """The complaint about a raw example that is not `answered`."""
        way = way_of(raw, self.answer)
        return f"Field '{way}' holds {shown(value_at(raw, way))}, which is no answer."

    def read(self, raw: Mapping[str, Any], place: str = "") -> dict[str, Any]:
        """Return a raw example with every field in its one form. Raises TaskError."""
        try:
            return read_row(raw, self.fields)
        except MismatchError as error:
            raise self.error(error, place) from None

    def error(self, error: object, place: str = "") -> TaskError:
        """The complaint with the data set's name, and where the row stands."""
        return TaskError(f"Task '{self.name}': {f'{place}: ' if place else ''}{error}")

    def score(self, targets: Sequence[Any], predictions: Sequence[Any]) -> dict[str, float]:
        """Return the value of each metric, 0..100 (correlations from -100)."""
        if len(targets) != len(predictions):
            raise self.error(f"{len(targets)} targets but {len(predictions)} predictions.")
        if not targets:
            raise self.error("nothing to score.")
        scores = self.measure(targets, predictions)
        return {metric: float(scores[metric]) for metric in self.metrics}

    def parts(self, targets: Sequence[Any], predictions: Sequence[Any]) -> list[Parts]:
        """Return what each example adds to each metric (see lab.parts)."""
        return self.measure.parts(targets, predictions)

    def mean(self, scores: Mapping[str, float]) -> float:
        """Return the mean over the metrics, by which checkpoints are chosen."""
        return fmean(scores[metric] for metric in self.metrics)


def _spans(
    row: Mapping[str, Any], answers: Sequence[str], starts: str
) -> tuple[tuple[str, int], ...]:
    """The answers, each with its start in the row's text: the stated one where that holds."""
    text = next((row[k] for k in ("context", "passage") if isinstance(row.get(k), str)), "")
    nested = isinstance(row.get(starts.partition(".")[0]), Mapping)
    stated = value_at(row, starts) if nested else []
    spans = []
    for at, answer in enumerate(answers):
        start = stated[at] if isinstance(stated, list) and at < len(stated) else None
        if not isinstance(start, int) or not text.startswith(answer, start):
            start = text.find(answer)
        spans.append((answer, start))
    return tuple(spans)


def facts_of(data: DataSet) -> dict[str, Any]:
    """Return a data set's fields by name, to make of it what a study adds to."""
    return {each.name: getattr(data, each.name) for each in fields(DataSet)}
