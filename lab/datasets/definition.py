"""Labelled data sets defined by a YAML file of a few lines: where rows lie and what they hold."""

from __future__ import annotations

import functools
import math
import pkgutil
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab import metrics
from lab.datasets.contents import SHOWN, Values, first_row, lacking, longest_text, values
from lab.datasets.dataset import DataSet
from lab.datasets.fields import Answers, Field, Label, Number, Shown, Text, label_of
from lab.datasets.kinds import KINDS, measures
from lab.datasets.segments import MOST
from lab.datasets.shares import Shares
from lab.datasets.source import Source, existing_files, nearest, of_prepared
from lab.datasets.templates import columns
from lab.datasets.written import IN_QUOTES, Written
from lab.errors import StudyError
from lab.rows import FileRows

if TYPE_CHECKING:
    from lab.corpora.prepared import Prepared

DECIDING = (
    *("kind", "columns", "fields", "prefix", "input", "segments", "answer", "labels", "range"),
    *("step", "metrics", "words"),
)
"""Keys that decide about examples and scores."""
PLACES = ("data", "splits")
"""Keys that say which rows there are; what a stage reads of them is told by their content."""
NOTES = ("title", "about", "licence", "shown_as", "sizes", "lengths", "example")
"""Keys that are there to be shown."""
KEYS = (*DECIDING, *PLACES, *NOTES)
SPLITS = ("train", "validation", "test")
HUB = ("hub", "config", "commit", "withheld")
NONE = "none"
"""What `splits` says where there are no others than the data name, not even train."""
SHARE = 0.1
"""Of the training rows, for a split that has neither files nor a share."""


class Definition(Written):
    """What a definition says, checked; `dataset()` is the data set that it describes.

    `folder` is where its relative paths begin. Raises DefinitionError with all that is wrong, a
    line each.
    """

    def __init__(self, name: str, written: Mapping[str, Any], *, folder: Path = Path()) -> None:
        super().__init__(name, written)
        self.folder = folder
        for key in written:
            if key not in KEYS:
                self.complain(key, f"unknown.{nearest(key, KEYS)} Known: {', '.join(KEYS)}.")
        self.kind = self.one_of("kind", tuple(KINDS))
        self.words = self.one_of("words", ("english", "any"), "english")
        self.columns = self.one_of("columns", ("any", "text"), "any")
        self.answer = self.text("answer")
        self.templates = self._templates("input")
        self.inputs = self._inputs()
        self.segments = self._segments()
        self.check()
        self._shares()
        self._look_for_columns()
        self.labels = self._labels()
        self.metrics = self._metrics()
        self.range = self._range()
        self.step = self._step()
        self.title = self.text("title", name)
        self.check()

    def but(self, **changes: Any) -> Definition:
        """Return this definition with something else under some keys."""
        return Definition(self.name, {**self.written, **changes}, folder=self.folder)

    def _inputs(self) -> tuple[str, ...]:
        """The columns that the input is made of."""
        if "input" not in self.written:
            found = self.texts("fields")
            if not found:
                self.complain(
                    "input", 'is missing. Write a template with columns, such as "review: {text}".'
                )
            return found
        if "fields" in self.written:
            self.complain("fields", "the columns stand in input already: leave one of them out.")
        named = [name for text in self.templates for name in self._named("input", text)]
        return tuple(dict.fromkeys(named))

    def _segments(self) -> tuple[str, ...]:
        """What an encoder reads where it is said: by itself, or as the texts of the input."""
        found = self._templates("segments")
        for text in found:
            self.known("segments", self._named("segments", text), self.inputs)
        return found or self.templates

    def _templates(self, key: str) -> tuple[str, ...]:
        """The texts under a key: one, or two that an encoder reads as segments."""
        if isinstance(self.written.get(key), dict):
            self.complain(key, f"braces without quotes are a mapping in YAML. {IN_QUOTES}")
            return ()
        if not isinstance(self.written.get(key, ""), list):
            return (self.text(key),) if key in self.written else ()
        found = self.texts(key)
        if not 1 <= len(found) <= MOST:
            self.complain(key, f"found {len(found)} texts, expected one or two.")
        return found

    def _named(self, key: str, template: str) -> list[str]:
        """The columns that a template under a key names."""
        try:
            named = columns(template)
        except ValueError as error:
            self.complain(key, f"{template!r}: {error}. A brace itself is written twice: {{{{.")
            return []
        if not named or not all(named):
            self.complain(key, f"{template!r} names no column. Write one as {{column}}.")
        return named

    def _labels(self) -> dict[str, str]:
        """What the data hold -> the label's word, in order."""
        given = self.written.get("labels")
        if self.kind != "classification":
            if given is not None:
                self.complain("labels", f"a {self.kind} has none: leave them out.")
            return {}
        if given is None:
            self.complain("labels", f"are missing. {self._found()}")
            return {}
        pairs = isinstance(given, list) and all(isinstance(one, list) for one in given)
        if isinstance(given, dict) or pairs:
            labels = dict(given)
        else:
            labels = {each: each for each in self.texts("labels")}
        if not all(isinstance(word, str) and word.strip() for word in labels.values()):
            self.complain(
                "labels", f"found {given!r}, expected [bad, good] or {{0: bad, 1: good}}."
            )
            return {}
        if len(labels) < 2 or len({*labels.values()}) < len(given):
            self.complain("labels", f"{given!r}: at least two are needed, and each once.")
        return {value.strip(): word.strip() for value, word in labels.items()}

    def _found(self) -> str:
        """Which labels there are, as a user may write them."""
        found = self._values()
        if not found.counts:
            return "Write those that the answers have, such as [bad, good]."
        shown = ", ".join(f"{text} ({n:,})" for text, n in islice(found.counts.items(), SHOWN))
        names = ", ".join(sorted(found.counts)[:SHOWN])
        return (
            f"Column '{self.answer}' holds, in {found.where}: {shown}. Write, in the order you "
            f"like: [{names}]"
        )

    def _metrics(self) -> tuple[str, ...]:
        found = self.texts("metrics") or KINDS[self.kind]
        known = measures(self.kind, len(self.labels), self.words)
        self.known("metrics", found, tuple(known), of=f" of a {self.kind}")
        return tuple(dict.fromkeys(found))

    def _range(self) -> tuple[float, float]:
        """The least and the greatest number that a regression answers."""
        given = self.written.get("range")
        if self.kind != "regression":
            if given is not None:
                self.complain("range", f"a {self.kind} has none: leave it out.")
            return -math.inf, math.inf
        if not isinstance(given, list) or len(given) != 2:
            held = self._values()
            numbers = held.numbers
            there = (
                f" Column '{self.answer}' holds, in {held.where}, {min(numbers):g} to "
                f"{max(numbers):g}."
                if numbers
                else ""
            )
            expected = "expected the least and the greatest answer, such as [0, 5]."
            self.complain("range", f"{expected}{there}")
            return 0.0, 1.0
        least, most = (self.number("range", value) for value in given)
        if not least < most:
            self.complain("range", f"{given!r}: the first is to be less than the second.")
        return least, most

    def _step(self) -> str:
        """What a regression's numbers are rounded to, as it is written."""
        step = str(self.written.get("step", "")).strip()
        if self.kind != "regression":
            if step:
                self.complain("step", f"a {self.kind} has none: leave it out.")
        elif not step:
            self.complain(
                "step",
                "is missing: answers are written to the nearest multiple of it, such as 0.5.",
            )
        elif not self.number("step", step) > 0:
            self.complain("step", f"found {step}, expected a number above 0, such as 0.5.")
        return step

    # -- what its files hold -----------------------------------------------------------------

    def _files(self) -> list[Path]:
        """The files of the training rows; none where they are no files, or are not there."""
        entries = self._entries
        if {"hub", "prepared"} & self._data.keys() or self._together not in entries:
            return []
        try:
            return existing_files(self.name, self._paths(entries[self._together]))
        except StudyError:
            return []  # Told where its rows are read.

    def _values(self) -> Values:
        """What the column of the answers holds; nothing where it cannot be read."""
        try:
            return values(FileRows(self._files()), self.answer)
        except StudyError:
            return Values(counts={}, rows=0, whole=True)

    def _look_for_columns(self) -> None:
        """Complain of columns that the training rows do not have."""
        try:
            row = first_row(self._files())
        except StudyError:
            return  # Told where its rows are read.
        if row is None:
            return
        key = "input" if "input" in self.written else "fields"
        for name in self.inputs:
            if lacks := lacking(row, name):
                way = f"{{{longest_text(row)}}}" if key == "input" else longest_text(row)
                self.complain(key, f"{lacks} Write one of them, such as {way}.")
        if lacks := lacking(row, self.answer):
            self.complain("answer", lacks)

    # -- where rows lie ----------------------------------------------------------------------

    @property
    def _data(self) -> dict[str, Any]:
        """What `data` says: files, or the names that splits have where the rows come from, by ours.

        One entry "rows" where all lie together.
        """
        given = self.written.get("data")
        return given if isinstance(given, dict) else {} if given is None else {"rows": given}

    @property
    def _entries(self) -> dict[str, Any]:
        """Of the data, what says where the rows of a split are."""
        return {k: v for k, v in self._data.items() if k not in (*HUB, "prepared")}

    @property
    def _together(self) -> str:
        """The entry of the data whose rows may be shared out."""
        return "rows" if "rows" in self._data else "train"

    def _shares(self) -> Shares:
        if self.written.get("splits") == NONE:
            return Shares(validation=0.0, test=0.0, seed=0, fields=self.inputs)
        given = self.mapping("splits", "{validation: 10%, test: 10%}, or none")
        known = ("validation", "test", "seed")
        self.known("splits", tuple(given), known)
        shares = {}
        for split in known[:2]:
            if split in given and split in self._data:
                self.complain("splits", f"{split} has its own data: leave one of them out.")
            default = 0.0 if split in self._data else SHARE
            shares[split] = self.number("splits", given.get(split, default))
            if not 0 <= shares[split] < 1:
                self.complain("splits", f"{split}: a share lies between 0 and 1, such as 10%.")
        if sum(shares.values()) >= 1:
            self.complain("splits", "the shares leave nothing to train on.")
        seed = self.number("splits", given.get("seed", "0"))
        return Shares(seed=int(seed) if math.isfinite(seed) else 0, fields=self.inputs, **shares)

    @functools.cached_property
    def source(self) -> Source:
        """Where the rows of each split lie. Raises DefinitionError."""
        entries, shares = self._entries, self._shares()
        known = (*SPLITS, *HUB, "prepared")
        self.known("data", [key for key in entries if key != "rows"], known)
        only_named = self.written.get("splits") == NONE and entries
        if self._together not in entries and not only_named:
            self.complain("data", "names no rows to train on: data: FILE, or data: {train: FILE}.")
        self.check()
        splits = {split: split for split in SPLITS if split in entries}
        splits |= {"train": self._together} if self._together in entries else {}
        splits |= {s: self._together for s in SPLITS[1:] if getattr(shares, s)}
        splits = {split: splits[split] for split in SPLITS if split in splits}
        shared = shares if len({*splits.values()}) < len(splits) else None
        if "hub" not in self._data and "prepared" not in self._data:
            listed = {key: self._paths(value) for key, value in entries.items()}
            return Source(splits=splits, listed=listed, shares=shared)
        theirs = {ours: str(entries[key]) for ours, key in splits.items()}
        if "prepared" in self._data:
            return of_prepared(self._prepared(shared), theirs)
        return Source(
            splits=theirs,
            path=str(self._data["hub"]),
            config=self._data.get("config"),
            revision=self._data.get("commit"),
            withheld=self.listed("data", self._data.get("withheld", [])),
            shares=shared,
        )

    def _prepared(self, shared: Shares | None) -> Prepared:
        """The data out of packages that package.module:NAME is."""
        given = str(self._data["prepared"])
        if shared:
            self.complain("splits", f"{given} is shared out already: name its splits, or none.")
        try:
            found = pkgutil.resolve_name(given)
        except (ImportError, AttributeError, ValueError) as error:
            self.complain("data", f"prepared: {given}: {error}. Expected package.module:NAME.")
        self.check()
        return found

    def _paths(self, given: Any) -> list[str]:
        """Files as they are named, those without a folder of their own beside the definition."""
        files = [given] if isinstance(given, str | Path) else given
        if not isinstance(files, list) or not all(isinstance(f, str | Path) for f in files):
            self.complain("data", f"found {given!r}, expected a file, or a list of files.")
            self.check()
        return [str(self.folder / Path(file).expanduser()) for file in files]

    # -- the data set ------------------------------------------------------------------------

    @property
    def fields(self) -> dict[str, Field]:
        """The columns that are read, the answer last."""
        text = Text if self.columns == "text" else Shown
        return {**{name: text("text") for name in self.inputs}, self.answer: self._truth()}

    def _truth(self) -> Field:
        if self.kind == "classification":
            values, words = tuple(self.labels), tuple(self.labels.values())
            if values == tuple(map(str, range(len(words)))):
                return label_of(words)
            return Label("one of " + ", ".join(words), words, values)
        if self.kind == "regression":
            least, most = self.range
            return Number(f"a number of {least:g} to {most:g}", least=least, most=most)
        if self.kind == "spans":
            return Answers("the answers")
        return Text("the text") if self.columns == "text" else Shown("the text")

    @property
    def measure(self) -> metrics.Metric:
        """Targets and predictions -> the named scores."""
        known = measures(self.kind, len(self.labels), self.words)
        needed = {id(known[name]): known[name] for name in self.metrics}
        return metrics.only(metrics.all_of(*needed.values()), self.metrics)

    def dataset(self, source: Source | None = None) -> DataSet:
        """Return the data set, of another source if given.

        Raises DefinitionError where it is not said where its rows lie.
        """
        return DataSet(
            name=self.name,
            kind=self.text("shown_as", self.kind),
            source=source or self.source,
            fields=self.fields,
            answer=self.answer,
            labels=tuple(self.labels.values()) or None,
            measure=self.measure,
            metrics=self.metrics,
            example=self.mapping("example"),
            sizes={k: int(self.number("sizes", v)) for k, v in self.mapping("sizes").items()},
            segments=self.segments,
            about=self.written.get("about", f"a {self.kind} that {self.name}.yaml defines"),
            licence=self.written.get("licence", "yours to know"),
        )

    def identity(self) -> dict[str, Any]:
        """Return what of the definition decides about examples and scores, as plain values.

        Labels are pairs, for their order counts and a mapping's does not.
        """
        kept = {key: value for key, value in self.written.items() if key in DECIDING}
        return kept | ({"labels": list(map(list, self.labels.items()))} if self.labels else {})
