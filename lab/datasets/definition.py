"""Labelled data sets defined by a YAML file of a few lines: where rows lie and what they hold."""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from lab import metrics
from lab.datasets.dataset import DataSet
from lab.datasets.fields import Answers, Field, Label, Number, Shown, as_text, value_at, way_of
from lab.datasets.segments import MOST
from lab.datasets.shares import Shares
from lab.datasets.source import Source, TaskError, nearest
from lab.datasets.templates import columns
from lab.errors import StudyError

KEYS = (
    *("about", "licence", "kind", "data", "splits", "fields", "input", "answer", "labels"),
    *("range", "metrics", "words"),
)
"""What a definition may say of its data; a study's own keys say what is made of them."""
PLACES = ("about", "licence", "data", "splits")
"""Keys that change no example: which rows a stage reads is told by their content."""
SPLITS = ("train", "validation", "test")
KINDS: dict[str, tuple[str, ...]] = {
    "classification": ("acc",),
    "regression": ("pearson", "spearman"),
    "generation": ("rougeL",),
    "spans": ("em", "f1"),
}
"""Kind -> the metrics where none are named."""
SHARE = 0.1
"""Of the training rows, for a split that has neither files nor a share."""
ENDINGS = (".yaml", ".yml")
SEEN = 100_000
"""Rows that labels are looked for in."""


class DefinitionError(TaskError):
    """What is wrong with a definition, a line for each mistake."""


class _Texts(yaml.SafeLoader):
    """Reads every scalar as the text that stands there: no, 010 and 1:30 stay what they are."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value if isinstance(key.value, str)]
        for name, count in Counter(names).items():
            if count > 1:
                raise yaml.MarkedYAMLError(None, None, f"'{name}' stands there twice", None)
        return super().construct_mapping(node, deep)


_Texts.yaml_implicit_resolvers = {}


def is_definition(name: str) -> bool:
    """Return whether a task's name is that of a file that defines it."""
    return name.endswith(ENDINGS)


def name_of(file: str | Path) -> str:
    """Return how a definition's data set is called: as its file, without the ending."""
    return Path(file).stem


def read_definition(file: Path) -> dict[str, Any]:
    """Return what a definition says, every value as text. Raises DefinitionError."""
    try:
        content = yaml.load(file.read_text("utf-8-sig"), Loader=_Texts)
    except (OSError, UnicodeDecodeError) as error:
        beside = [p.name for p in file.parent.glob("*.y*ml")] if file.parent.is_dir() else []
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        hint = nearest(file.name, beside)
        raise DefinitionError(f"Task definition {file}: {reason}.{hint}") from error
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise DefinitionError(f"Task definition {file} is no YAML: {reason}") from error
    if not isinstance(content, dict):
        raise DefinitionError(
            f"Task definition {file}: found {content!r}, expected keys such as kind, data, input, "
            "answer."
        )
    return content


class Definition:
    """What a definition says, checked; `dataset()` is the data set that it describes.

    `folder` is where its relative paths begin, `also` the keys that a study adds. Raises
    DefinitionError with all that is wrong, a line each.
    """

    def __init__(
        self,
        name: str,
        written: Mapping[str, Any],
        *,
        also: Sequence[str] = (),
        folder: Path = Path(),
    ) -> None:
        self.name, self.written = name, written
        self._folder = folder
        self.complaints: list[str] = []
        """What was found wrong so far; `check` raises them."""
        for key in written:
            if key not in (known := (*KEYS, *also)):
                self.complain(key, f"unknown.{nearest(key, known)} Known: {', '.join(known)}.")
        self.kind = self._one_of("kind", tuple(KINDS))
        self.words = self._one_of("words", ("english", "any"), "english")
        self.answer = self.text("answer")
        self.templates = self._templates()
        self.inputs = self._inputs()
        self.check()
        self.labels = self._labels()
        self.metrics = self._metrics()
        self.range = self._range()
        self._shares()
        self.check()

    def complain(self, key: str, what: str) -> None:
        """Keep a complaint about what the definition says under a key."""
        self.complaints.append(f"Task '{self.name}': {key}: {what}")

    def check(self) -> None:
        """Raise DefinitionError if anything was found wrong."""
        if self.complaints:
            raise DefinitionError("\n".join(self.complaints))

    def text(self, key: str, default: str | None = None) -> str:
        """Return the text under a key; without a default it has to be there."""
        value = self.written.get(key, default)
        if isinstance(value, str) and value.strip():
            return value
        self.complain(key, "is missing." if value is None else f"found {value!r}, expected a text.")
        return ""

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the list of texts under a key; one text is a list of it, nothing is none."""
        value = self.written.get(key, [])
        value = [value] if isinstance(value, str) else value
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        self.complain(key, f"found {value!r}, expected a list such as [a, b].")
        return ()

    def number(self, key: str, value: Any) -> float:
        """Return the number that a text is, or the share that a percentage is."""
        text = str(value).strip()
        try:
            number = float(text[:-1]) / 100 if text.endswith("%") else float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            self.complain(key, f"found {value!r}, expected a number.")
        return number

    def _one_of(self, key: str, options: tuple[str, ...], default: str | None = None) -> str:
        value = self.text(key, default)
        if value and value not in options:
            known = f"Known: {', '.join(options)}."
            self.complain(key, f"unknown '{value}'.{nearest(value, options)} {known}")
        return value

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
        return tuple(dict.fromkeys(name for text in self.templates for name in self._named(text)))

    def _templates(self) -> tuple[str, ...]:
        """The texts that the input is made of: one, or two that an encoder reads as segments."""
        if not isinstance(self.written.get("input", ""), list):
            return (self.text("input"),) if "input" in self.written else ()
        found = self.texts("input")
        if not 1 <= len(found) <= MOST:
            self.complain("input", f"found {len(found)} texts, expected one or two.")
        return found

    def _named(self, template: str) -> list[str]:
        """The columns that a template names."""
        try:
            named = columns(template)
        except ValueError as error:
            self.complain("input", f"{template!r}: {error}. A brace itself is written twice: {{{{.")
            return []
        if not named or not all(named):
            self.complain("input", f"{template!r} names no column. Write one as {{column}}.")
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
        try:
            rows = self.source.load(self.name, "train", [self.answer])
            values = [value_at(row, way_of(row, self.answer)) for row in islice(rows, SEEN)]
        except StudyError as error:
            return str(error)
        counts = Counter(text for v in values if (text := (as_text(v) or "").strip()))
        shown = ", ".join(f"{text} ({count:,})" for text, count in counts.most_common(20))
        names = ", ".join(sorted(counts)[:20])
        return f"Column '{self.answer}' holds: {shown}. Write, in the order you like: [{names}]"

    def _metrics(self) -> tuple[str, ...]:
        found = self.texts("metrics") or KINDS[self.kind]
        known = _measures(self.kind, len(self.labels), self.words)
        for name in found:
            if name not in known:
                what = f"unknown '{name}' of a {self.kind}.{nearest(name, known)}"
                self.complain("metrics", f"{what} Known: {', '.join(known)}.")
        return tuple(dict.fromkeys(found))

    def _range(self) -> tuple[float, float]:
        """The least and the greatest number that a regression answers."""
        given = self.written.get("range")
        if self.kind != "regression":
            if given is not None:
                self.complain("range", f"a {self.kind} has none: leave it out.")
            return -math.inf, math.inf
        if not isinstance(given, list) or len(given) != 2:
            self.complain("range", "expected the least and the greatest answer, such as [0, 5].")
            return 0.0, 1.0
        least, most = (self.number("range", value) for value in given)
        if not least < most:
            self.complain("range", f"{given!r}: the first is to be less than the second.")
        return least, most

    # -- where rows lie ----------------------------------------------------------------------

    @property
    def _data(self) -> dict[str, Any]:
        """Files, or the hub's split, by ours; one entry "rows" where all lie together."""
        given = self.written.get("data")
        return given if isinstance(given, dict) else {} if given is None else {"rows": given}

    @property
    def _together(self) -> str:
        """The entry of the data whose rows may be shared out."""
        return "rows" if "rows" in self._data else "train"

    def _shares(self) -> Shares:
        given = self.written.get("splits", {})
        if not isinstance(given, dict):
            self.complain("splits", f"found {given!r}, expected {{validation: 10%, test: 10%}}.")
            given = {}
        known = ("validation", "test", "seed")
        for key in given:
            if key not in known:
                hint = nearest(key, known)
                self.complain("splits", f"unknown '{key}'.{hint} Known: {', '.join(known)}.")
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
        data, shares = self._data, self._shares()
        hub = data.get("hub")
        entries = {k: v for k, v in data.items() if k not in ("hub", "config", "commit")}
        for key in entries:
            if key not in (*SPLITS, "rows"):
                known = (*SPLITS, "hub", "config", "commit")
                hint = nearest(key, known)
                self.complain("data", f"unknown '{key}'.{hint} Known: {', '.join(known)}.")
        if self._together not in entries:
            self.complain("data", "names no rows to train on: data: FILE, or data: {train: FILE}.")
        self.check()
        splits = {split: split for split in SPLITS if split in entries}
        splits |= {"train": self._together}
        splits |= {s: self._together for s in SPLITS[1:] if getattr(shares, s)}
        splits = {split: splits[split] for split in SPLITS if split in splits}
        shared = shares if len({*splits.values()}) < len(splits) else None
        if hub is None:
            listed = {key: self._paths(value) for key, value in entries.items()}
            return Source(splits=splits, listed=listed, shares=shared)
        theirs = {ours: str(entries[key]) for ours, key in splits.items()}
        return Source(
            splits=theirs,
            path=str(hub),
            config=data.get("config"),
            revision=data.get("commit"),
            shares=shared,
        )

    def _paths(self, given: Any) -> list[str]:
        """Files as they are named, those without a folder of their own beside the definition."""
        files = [given] if isinstance(given, str | Path) else given
        if not isinstance(files, list) or not all(isinstance(f, str | Path) for f in files):
            self.complain("data", f"found {given!r}, expected a file, or a list of files.")
            self.check()
        return [str(self._folder / Path(file).expanduser()) for file in files]

    # -- the data set ------------------------------------------------------------------------

    @property
    def fields(self) -> dict[str, Field]:
        """The columns that are read, the answer last."""
        return {**{name: Shown("text") for name in self.inputs}, self.answer: self._truth()}

    def _truth(self) -> Field:
        if self.kind == "classification":
            values, words = tuple(self.labels), tuple(self.labels.values())
            return Label("one of " + ", ".join(words), words, values)
        if self.kind == "regression":
            least, most = self.range
            return Number(f"a number of {least:g} to {most:g}", least=least, most=most)
        return Answers("the answers") if self.kind == "spans" else Shown("the text")

    @property
    def measure(self) -> metrics.Metric:
        """Targets and predictions -> the named scores."""
        known = _measures(self.kind, len(self.labels), self.words)
        needed = {id(known[name]): known[name] for name in self.metrics}
        return metrics.only(metrics.all_of(*needed.values()), self.metrics)

    def dataset(self, source: Source | None = None) -> DataSet:
        """Return the data set, of another source if given.

        Raises DefinitionError where it is not said where its rows lie.
        """
        return DataSet(
            name=self.name,
            kind=self.kind,
            source=source or self.source,
            fields=self.fields,
            answer=self.answer,
            labels=tuple(self.labels.values()) or None,
            measure=self.measure,
            metrics=self.metrics,
            example={},
            segments=self.templates,
            about=self.written.get("about", f"a {self.kind} that {self.name}.yaml defines"),
            licence=self.written.get("licence", "yours to know"),
        )

    def identity(self) -> dict[str, Any]:
        """Return what of the definition decides about examples and scores, as plain values.

        Labels are pairs, for their order counts and a mapping's does not.
        """
        kept = {key: value for key, value in self.written.items() if key not in PLACES}
        return kept | ({"labels": list(map(list, self.labels.items()))} if self.labels else {})


def _measures(kind: str, labels: int, words: str) -> dict[str, metrics.Metric]:
    """The scores that answers of a kind can be given, by name."""
    if kind == "classification":
        f1 = metrics.binary_f1 if labels == 2 else metrics.macro_f1_over(labels)
        return {"acc": metrics.accuracy, "f1": f1, "mcc": metrics.matthews}
    if kind == "regression":
        return {"pearson": metrics.pearson, "spearman": metrics.spearman}
    if kind == "spans":
        return dict.fromkeys(("em", "f1"), metrics.exact_match_f1)
    rouge = metrics.rouge if words == "english" else metrics.rouge_of_any_script
    bleu = metrics.bleu if words == "english" else metrics.bleu_of_any_script
    rouges = dict.fromkeys(("rouge1", "rouge2", "rougeL"), rouge)
    return {**rouges, "bleu": bleu, "acc": metrics.accuracy}
