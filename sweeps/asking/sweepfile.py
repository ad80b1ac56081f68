"""A sweep as a file: rows around a baseline, seeds, or a search."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, OverrideParseException

from sweeps.errors import ConfigurationError, SweepError, nearest
from sweeps.settings import operational

FOLDER = Path(__file__).parents[1]
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
    """Coordinate ascent: axes in order, each with the winners so far (the paper's Figure 5)."""

    axes: tuple[Mapping[str, Any], ...]
    """Each `{name, candidates: [{label, overrides}]}`."""
    score: str | None = None
    """The column whose best value wins an axis; without one the average, else the first."""
    tie_break: str = "cheaper"


@dataclass(frozen=True, kw_only=True)
class SweepFile:
    """One file of sweeps/, read and checked."""

    name: str
    asked: str
    """The word after `sweep=`: a name of sweeps/ or a path."""
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


def sweep_names(folder: Path = FOLDER) -> list[str]:
    """The sweeps that can be asked for by name."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def read_sweep_file(name: str, folder: Path = FOLDER) -> SweepFile:
    """Read sweeps/<name>.yaml, or a path that ends in .yaml. Raises SweepError."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else folder / f"{name}.yaml"
    if not path.is_file():
        where = f"file {path.absolute()}" if path.name == Path(name).name else "sweep"
        raise SweepError(f"sweep={name}: no such {where}. {nearest(name, sweep_names(folder))}")
    text = path.read_bytes()
    try:
        loader = _Loader(text)
        content = loader.get_single_data()
    except yaml.YAMLError as error:
        reason = " ".join(str(error).replace('in "<byte string>", ', "at ").split())
        raise SweepError(f"{path.name}: not YAML: {reason}") from error
    if loader.twice:
        raise ConfigurationError([f"{path.name}: {said}" for _, said in sorted(loader.twice)])
    return _checked(name, path, content, hashlib.sha256(text).hexdigest())


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, which notes keys that are given twice: YAML drops all but the last."""

    def __init__(self, text: bytes) -> None:
        super().__init__(text)
        self.twice: list[tuple[int, str]] = []
        """The line and the complaint of each."""

    def compose_mapping_node(self, anchor: str | None) -> yaml.MappingNode:
        """YAML's hook for a mapping, before it becomes a dictionary."""
        node = super().compose_mapping_node(anchor)
        lines: dict[str, int] = {}
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            line = key.start_mark.line + 1
            if (first := lines.get(key.value)) is not None:
                said = (
                    f"line {line}: {key.value!r} is given twice, first in line {first}, and would "
                    f"lose what stands there. Write all under one {key.value!r}."
                )
                self.twice.append((line, said))
            lines.setdefault(key.value, line)
        return node


def _checked(asked: str, path: Path, content: Any, sha256: str) -> SweepFile:
    said: list[str] = []
    if not isinstance(content, dict):
        raise SweepError(f"{path.name}: a sweep is a mapping with study, title and rows.")
    ours = ("name", "asked", "file", "sha256")
    known = [f.name for f in fields(SweepFile) if f.name not in ours]
    for key in content:
        if key not in known:
            said.append(f"{path.name}: unknown key {key!r}. {nearest(str(key), known)}")
    said += [
        f"{path.name}: {key!r} is missing." for key in ("study", "title") if key not in content
    ]
    empty = [key for key in _REMEDIES if key in content and not content[key]]
    said += [f"{path.name}: {key} is empty: {_REMEDIES[key]}" for key in empty]
    if not empty and ("rows" in content) == ("search" in content):
        said.append(f"{path.name}: give either rows or search.")
    rows = tuple(_row(path, row, said) for row in _list(path, content, "rows", said))
    labels = [row.label for row in rows]
    said += [
        f"{path.name}: two rows are called {label!r}."
        for label in sorted({x for x in labels if labels.count(x) > 1})
    ]
    baseline = content.get("baseline")
    if rows and baseline not in (None, "none", *labels):
        said.append(f"{path.name}: baseline: no row {baseline!r}. {nearest(str(baseline), labels)}")
    seeds = content.get("seeds") or {}
    if not isinstance(seeds, dict):
        said.append(f"{path.name}: seeds is a mapping such as {{baseline: {seeds}}}.")
        seeds = {}
    for key, value in seeds.items():
        if key not in ("baseline", "variants") or not isinstance(value, int) or value < 1:
            said.append(
                f"{path.name}: seeds: {key}: {value!r}; accepted are baseline and variants, 1 up."
            )
    search = _search(path, content["search"], said) if content.get("search") else None
    if said:
        raise ConfigurationError(said)
    return SweepFile(
        name=path.stem,
        asked=asked,
        file=path.name,
        sha256=sha256,
        study=content["study"],
        title=content["title"],
        section=None if content.get("section") is None else str(content["section"]),
        baseline=baseline,
        seeds=seeds,
        rows=rows,
        search=search,
    )


def _row(path: Path, row: Any, said: list[str]) -> FileRow:
    if not isinstance(row, dict) or "label" not in row:
        said.append(f"{path.name}: a row is {{label, overrides}}, not {row!r}.")
        return FileRow(label=str(row))
    known = [f.name for f in fields(FileRow)]
    said += [
        f"{path.name}: row {row['label']!r}: unknown key {key!r}. {nearest(str(key), known)}"
        for key in row
        if key not in known
    ]
    overrides = row.get("overrides") or []
    if not isinstance(overrides, list) or not all(isinstance(x, str) for x in overrides):
        said.append(f"{path.name}: row {row['label']!r}: overrides is a list of key=value.")
        overrides = []
    said += [
        f"{path.name}: row {row['label']!r}: {wrong}" for x in overrides if (wrong := _misplaced(x))
    ]
    name = None if row.get("name") is None else str(row["name"])
    return FileRow(label=str(row["label"]), overrides=tuple(overrides), name=name)


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


def _list(path: Path, content: Mapping[str, Any], key: str, said: list[str]) -> list[Any]:
    found = content.get(key) or []
    if isinstance(found, list):
        return found
    said.append(f"{path.name}: {key} is a list, not {found!r}.")
    return []


def _search(path: Path, content: Any, said: list[str]) -> Search | None:
    known = [f.name for f in fields(Search)]
    if not isinstance(content, dict):
        said.append(f"{path.name}: search is a mapping with axes.")
        return None
    said += [
        f"{path.name}: search: unknown key {key!r}. {nearest(str(key), known)}"
        for key in content
        if key not in known
    ]
    if not content.get("axes"):
        said.append(f"{path.name}: search: 'axes' is missing.")
    axes = []
    for axis in _list(path, content, "axes", said):
        if not isinstance(axis, dict) or {"name", "candidates"} - axis.keys():
            said.append(f"{path.name}: an axis is {{name, candidates}}, not {axis!r}.")
            continue
        candidates = [_row(path, row, said) for row in _list(path, axis, "candidates", said)]
        if not axis["candidates"]:
            said.append(f"{path.name}: {axis['name']!r} has no candidates.")
        labels = [one.label for one in candidates]
        said += [
            f"{path.name}: two candidates of {axis['name']!r} are called {label!r}."
            for label in sorted({x for x in labels if labels.count(x) > 1})
        ]
        axes.append({"name": str(axis["name"]), "candidates": candidates})
    return Search(
        axes=tuple(axes),
        score=None if content.get("score") is None else str(content["score"]),
        tie_break=str(content.get("tie_break", "cheaper")),
    )
