"""A sweep as a file: rows around a baseline, seeds, or a search."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from typing import Any

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, OverrideParseException

from sweeps.asking.placeholders import strip
from sweeps.asking.repeated import keys_set
from sweeps.asking.sweepnames import FoundFile, find_sweep_file, sweep_name
from sweeps.claims.statement import Claim, names_of_rows, read_claims
from sweeps.constraints import complaint
from sweeps.errors import ConfigurationError, SweepError, nearest
from sweeps.product import PRODUCT
from sweeps.settings import SEEDS, operational

_REMEDIES = {"rows": "give it a row, such as {label: A}.", "search": "give it axes."}


@dataclass(frozen=True, kw_only=True)
class FileRow:
    label: str
    """What the row is called; `{dotted.key}` stands for a value (sweeps/asking/placeholders.py)."""
    overrides: tuple[str, ...] = ()
    name: str | None = None
    """What a published table calls the row, where that is not the label without placeholders."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """Coordinate ascent: axes in order, each with the winners of those before."""

    axes: tuple[Mapping[str, Any], ...]
    """Each `{name, candidates: [{label, overrides}]}`."""
    score: str | None = None
    """The column whose best value wins an axis; without one the average, else the first."""
    tie_break: str = "cheaper"


@dataclass(frozen=True, kw_only=True)
class SweepFile:
    """A sweep file, read and checked."""

    name: str
    """What its sweep is called: `table05`, or `NAME/table05` of a study beside the default one."""
    asked: str
    """What to type behind `sweep=`, whatever `study=` says: the name, or a path."""
    file: str
    """The name with its ending, for complaints."""
    sha256: str
    study: str
    title: str
    section: str | None = None
    baseline: str | None = None
    """The label of the baseline row, or "none" for a table without; added where neither is said."""
    seeds: Mapping[str, int] = field(default_factory=dict)
    rows: tuple[FileRow, ...] = ()
    search: Search | None = None
    claims: tuple[Claim, ...] = ()
    """Of rows by their labels as they stand here."""
    figure: Mapping[str, str] = field(default_factory=dict)
    """How its figure is drawn: `along` which value, and `by` which a line each; or `across` the
    columns whose names begin with one of some words and end in a number."""

    def where(self, row: FileRow, axis: str | None = None) -> str:
        """How a complaint names a row, or a candidate of an axis."""
        what = f"row {row.label!r}" if axis is None else f"candidate {row.label!r} of {axis!r}"
        return f"{self.file}: {what}"

    def settings(self) -> Iterator[tuple[str, str]]:
        """Every override of a row or a candidate, each behind where it stands."""
        for row in self.rows:
            yield from ((self.where(row), text) for text in row.overrides)
        for axis in self.search.axes if self.search else ():
            for row in axis["candidates"]:
                yield from ((self.where(row, axis["name"]), text) for text in row.overrides)


def read_sweep_file(asked: str, study: str = PRODUCT.default_study) -> SweepFile:
    """Read what `find_sweep_file` finds. Raises SweepError."""
    found = find_sweep_file(asked, study)
    path = found.path
    text = path.read_bytes()
    try:
        loader = _Loader(text)
        content = loader.get_single_data()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # Dates that are none, too, and lists without end
        reason = " ".join(str(error).replace('in "<byte string>", ', "at ").split())
        raise SweepError(f"{path.name}: not YAML: {reason}") from error
    if loader.twice:
        raise ConfigurationError([f"{path.name}: {line}" for _, line in sorted(loader.twice)])
    if not isinstance(content, dict):
        raise SweepError(f"{path.name}: a sweep is a mapping with study, title and rows.")
    return _Check(found, content).file(asked, hashlib.sha256(text).hexdigest())


_TEXTS = (
    *("study", "title", "section", "baseline", "label", "name", "score", "tie_break"),
    *("that", "note", "source"),
)
"""Keys whose values are texts as they were typed: `on`, `010`, `1:30`, `2024-01-01`, `~`."""
_TEXT = "tag:yaml.org,2002:str"


class _Mapping(dict[Any, Any]):
    """A mapping of a file that knows its line."""

    line: int


class _Loader(yaml.SafeLoader):
    """YAML's safe loader that leaves texts as typed and knows each mapping's line.

    It notes keys that are given twice: YAML drops all but the last.
    """

    def __init__(self, text: bytes) -> None:
        super().__init__(text)
        self.twice: list[tuple[int, str]] = []
        """The line and the complaint of each."""

    def compose_mapping_node(self, anchor: str | None) -> yaml.MappingNode:
        """YAML's hook for a mapping, before it becomes a dictionary."""
        node = super().compose_mapping_node(anchor)
        lines: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in _TEXTS and isinstance(value, yaml.ScalarNode) and value.value:
                # One without a value stays missing.
                value.tag = _TEXT
            line = key.start_mark.line + 1
            if (first := lines.get(key.value)) is not None:
                complaint = (
                    f"line {line}: {key.value!r} is given twice, first in line {first}, and would "
                    f"lose what stands there. Write all under one {key.value!r}."
                )
                self.twice.append((line, complaint))
            lines.setdefault(key.value, line)
        return node


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Iterator[_Mapping]:
    mapping = _Mapping()
    mapping.line = node.start_mark.line + 1
    yield mapping
    mapping.update(loader.construct_mapping(node))


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


class _Check:
    """Makes a SweepFile of a file's content and notes all that is wrong with it."""

    def __init__(self, found: FoundFile, content: Mapping[str, Any]) -> None:
        self._found = found
        self._content = content
        self._complaints: list[str] = []
        name = sweep_name(found.study, found.path.stem)
        self._name = name
        self._file = f"{name}.yaml" if found.named else found.path.name

    def file(self, asked: str, sha256: str) -> SweepFile:
        """The file, typed. Raises ConfigurationError with every complaint."""
        content, study = self._content, self._found.study
        ours = ("name", "asked", "file", "sha256")
        self._unknown_keys("", content, [f.name for f in fields(SweepFile) if f.name not in ours])
        for key in ("study", "title"):
            if not self._text(content, key):
                self._complain(f"{key!r} is missing.")
        for key in ("section", "baseline"):
            self._text(content, key)
        if self._found.named and content.get("study", study) != study:
            self._complain(
                f"study: {content['study']}: the file lies among those of {study}. Write "
                f"study: {study}, or move the file."
            )
        empty = [key for key in _REMEDIES if key in content and not content[key]]
        for key in empty:
            self._complain(f"{key} is empty: {_REMEDIES[key]}")
        if not empty and ("rows" in content) == ("search" in content):
            self._complain("give either rows or search.")
        rows = tuple(self._row(row) for row in self._list(content, "rows"))
        labels = [row.label for row in rows]
        self._once(labels, "two rows are called {!r}.")
        baseline = content.get("baseline")
        baseline = baseline if isinstance(baseline, str) else None
        if rows and baseline not in (None, "none", *labels):
            self._complain(f"baseline: no row {baseline!r}. {nearest(str(baseline), labels)}")
        seeds = self._seeds(content.get("seeds") or {})
        search = self._search(content["search"]) if content.get("search") else None
        claims = self._claims(content, rows, search) if "claims" in content else ()
        figure = self._figure(content.get("figure"))
        if self._complaints:
            raise ConfigurationError(self._complaints)
        return SweepFile(
            name=self._name,
            asked=self._name if self._found.named else asked,
            file=self._file,
            sha256=sha256,
            study=content["study"],
            title=content["title"],
            section=content.get("section"),
            baseline=baseline,
            seeds=seeds,
            rows=rows,
            search=search,
            claims=claims,
            figure=figure,
        )

    def _claims(
        self, content: Mapping[str, Any], rows: Sequence[FileRow], search: Search | None
    ) -> tuple[Claim, ...]:
        names = names_of_rows(
            [
                *((row.label, (strip(row.label), row.name)) for row in rows),
                *candidates(search.axes if search else ()),
            ]
        )
        claims, complaints = read_claims(content["claims"], *names)
        for line in complaints:
            self._complain(line)
        return claims

    def _figure(self, figure: Any) -> Mapping[str, str]:
        if figure is None:
            return {}
        if not isinstance(figure, dict) or ("along" in figure) == ("across" in figure):
            self._complain(
                f"figure: {figure!r}; accepted is a mapping such as {{along: size.width, "
                "by: objective.name}, or {across: [Distance, Angle]}."
            )
            return {}
        if "across" in figure:
            self._unknown_keys("figure: ", figure, ("across",))
            given = figure["across"]
            return {"across": ", ".join(map(str, given if isinstance(given, list) else [given]))}
        self._unknown_keys("figure: ", figure, ("along", "by"))
        return {key: str(value) for key, value in figure.items()}

    def _text(self, content: Mapping[str, Any], key: str, where: str = "") -> str | None:
        """A text; None where it is missing or, with a complaint, none."""
        value = content.get(key)
        if value is None or isinstance(value, str):
            return value
        self._complain(f"{where}{key} is a text, not {value!r}.")
        return "?"

    def _complain(self, text: str) -> None:
        self._complaints.append(f"{self._file}: {text}")

    def _unknown_keys(self, where: str, content: Mapping[str, Any], known: Sequence[str]) -> None:
        for key in content:
            if key not in known:
                self._complain(f"{where}unknown key {key!r}. {nearest(str(key), known)}")

    def _once(self, labels: Sequence[str], words: str) -> None:
        for label in sorted({x for x in labels if labels.count(x) > 1}):
            self._complain(words.format(label))

    def _seeds(self, seeds: Any) -> Mapping[str, int]:
        if not isinstance(seeds, dict):
            self._complain(f"seeds is a mapping such as {{baseline: {seeds}}}.")
            return {}
        counts = {key: _count(value) for key, value in seeds.items()}
        for key, count in counts.items():
            where = f"seeds: {key}"
            if key not in ("baseline", "variants") or count is None:
                self._complain(
                    f"{where}: {seeds[key]!r}; accepted are baseline and variants, 1 up."
                )
            elif line := complaint(where, count, SEEDS):
                self._complain(line)
        return {key: count for key, count in counts.items() if count is not None}

    def _row(self, row: Any) -> FileRow:
        if not isinstance(row, dict):
            self._complain(f"a row is {{label, overrides}}, not {row!r}.")
            return FileRow(label=str(row))
        line = f"line {row.line}: " if isinstance(row, _Mapping) else ""
        label = self._text(row, "label", line)
        if not (label and label.strip()):
            self._complain(f"{line}a row needs a label, such as {{label: A}}; this one is {row!r}.")
            label = str(row)
        where = f"row {label!r}: "
        self._unknown_keys(where, row, [f.name for f in fields(FileRow)])
        overrides = row.get("overrides") or []
        if not isinstance(overrides, list) or not all(isinstance(x, str) for x in overrides):
            self._complain(f"{where}overrides is a list of key=value.")
            overrides = []
        for text in overrides:
            if wrong := _misplaced(text):
                self._complain(f"{where}{wrong}")
        by_key = Counter(key for text in dict.fromkeys(overrides) for key in _keys(text))
        for key in (key for key, count in by_key.items() if count > 1):
            self._complain(f"{where}{key} is set more than once. Keep one of them.")
        name = self._text(row, "name", where)
        return FileRow(label=label, overrides=tuple(overrides), name=name)

    def _list(self, content: Mapping[str, Any], key: str) -> list[Any]:
        found = content.get(key) or []
        if isinstance(found, list):
            return found
        self._complain(f"{key} is a list, not {found!r}.")
        return []

    def _search(self, content: Any) -> Search | None:
        if not isinstance(content, dict):
            self._complain("search is a mapping with axes.")
            return None
        self._unknown_keys("search: ", content, [f.name for f in fields(Search)])
        if not content.get("axes"):
            self._complain("search: 'axes' is missing.")
        axes = []
        for axis in self._list(content, "axes"):
            if not (isinstance(axis, dict) and axis.get("name") and "candidates" in axis):
                self._complain(f"an axis is {{name, candidates}}, not {axis!r}.")
                continue
            candidates = [self._row(row) for row in self._list(axis, "candidates")]
            if not axis["candidates"]:
                self._complain(f"{axis['name']!r} has no candidates.")
            labels = [one.label for one in candidates]
            self._once(labels, f"two candidates of {axis['name']!r} are called {{!r}}.")
            axes.append({"name": self._text(axis, "name", "search: "), "candidates": candidates})
        return Search(
            axes=tuple(axes),
            score=self._text(content, "score", "search: "),
            tie_break=self._text(content, "tie_break", "search: ") or "cheaper",
        )


def candidates(axes: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The candidates of a search as a claim calls them: each its axis and label, or its label."""
    for axis in axes:
        for one in axis["candidates"]:
            yield f"{axis['name']}: {strip(one.label)}", (strip(one.label), one.label)


def _count(value: Any) -> int | None:
    """The whole number that stands there; behind a key of texts it is still as typed."""
    return int(value) if re.fullmatch("[0-9]+", str(value)) else None


def _keys(text: str) -> list[str]:
    """The keys that an override sets."""
    if "{" in text:
        # A wrong one is complained of where it is composed.
        with suppress(HydraException, OverrideParseException):
            return keys_set(OverridesParser.create().parse_override(text))
    return [text.lstrip("+~").partition("=")[0]]


def _misplaced(text: str) -> str | None:
    """Why an override, right by itself, sets no row apart."""
    key = text.lstrip("+~").partition("=")[0]
    if key == "seed":
        return f"{text}: seeds are averaged and no rows; say how many under seeds."
    if operational(key):
        return f"{text}: how to run is no matter of a row; type it on the command line."
    if {",", "("}.intersection(text):
        # A wrong one is complained of where it is composed.
        with suppress(HydraException, OverrideParseException):
            if OverridesParser.create().parse_override(text).is_sweep_override():
                return f"{text}: a row has one value; make each a row of its own."
    return None
