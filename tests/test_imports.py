"""Which way imports may run: between packages, between the rooms of one, and between files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

STUDIES = ("t5study", *(f"studies.{p.parent.name}" for p in ROOT.glob("studies/*/__init__.py")))
PACKAGES = ("lab", "sweeps", "reports", *STUDIES)

NEVER = {
    "lab": (*STUDIES, "sweeps", "reports"),
    "sweeps": (*STUDIES, "reports", "lab", "torch", "lightning", "transformers"),
    "reports": (*STUDIES, "lab", "torch", "lightning", "transformers"),
    **{one: (*(s for s in STUDIES if s != one), "sweeps", "reports") for one in STUDIES},
}
"""What no file of a package imports, inside of functions neither."""

FLOORS = {
    "sweeps": (
        "__init__ errors stage columns constraints product screen shapes",
        "files graph digests study studies",
        "records",
        "store",
        "lease",
        "hardware",
        "settings",
        "claims",
        "asking",
        "search planning",
        "running",
        "cluster",
        "launcher",
        "launchers",
        "sweeper verbs",
        "__main__ worker slurm_job garbage",
    ),
    "reports": (
        "errors significance",
        "files table",
        "published",
        "claims",
        "statistics reading",
        "render",
        "commands",
        "figures",
        "site",
        "__init__",
        "__main__",
    ),
}
"""The rooms of a package, folders and the files beside them, the lowest floor first. A room imports
from lower floors and from its own, but no two rooms from each other."""

EXCEPTIONS: dict[tuple[str, str], str] = {}
"""Imports from one file to another that are to go, and why they are still there."""


@cache
def modules() -> dict[str, Path]:
    """Every file of the packages by the name under which it is imported."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package.replace(".", "/")).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


@cache
def imported(module: str) -> frozenset[str]:
    """All that a file imports, wherever in it: `a.b` of `import a.b` and of `from a import b`."""
    path = modules()[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1])
            base = ".".join(filter(None, [start if node.level else "", node.module or ""]))
            found.update(f"{base}.{alias.name}" for alias in node.names)
    return frozenset(found)


@cache
def arrows() -> dict[str, frozenset[str]]:
    """The files of ours that each file imports."""
    return {
        module: frozenset(filter(None, map(_file, imported(module)))) - {module}
        for module in modules()
    }


def _file(name: str) -> str:
    """The file that holds what is imported under this name; empty where it is not ours."""
    while name and name not in modules():
        name = name.rpartition(".")[0]
    return name


def below(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def test_the_reader_sees_every_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative, inside of a function, under another name, for type checkers only."""
    text = (
        "from __future__ import annotations\n"
        "import x.y as z\nfrom . import beside\nfrom .room import thing\n"
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from a import b\n"
        "def f():\n    from c.d import e\n"
    )
    (tmp_path / "one.py").write_text(text)
    monkeypatch.setitem(modules(), "house.one", tmp_path / "one.py")
    found = imported("house.one")
    assert {"x.y", "house.beside", "house.room.thing", "a.b", "c.d.e"} <= found


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_what_they_may(package: str) -> None:
    """The arrows of the house: see docs/architecture.md."""
    wrong = [
        f"{module} imports {name}"
        for module in modules()
        if below(module, package)
        for name in imported(module)
        for other in NEVER[package]
        if below(name, other) and (module, _file(name)) not in EXCEPTIONS
    ]
    assert wrong == []


@pytest.mark.parametrize("package", FLOORS)
def test_no_arrow_runs_up(package: str) -> None:
    """Every room has its floor, and imports from its own and the ones below."""
    floors = {room: n for n, rooms in enumerate(FLOORS[package]) for room in rooms.split()}
    unknown, up = [], []
    for module, others in arrows().items():
        if not below(module, package):
            continue
        here = _room(module)
        if here not in floors:
            unknown.append(f"{here} ({module}): give it a floor")
            continue
        up += [
            f"{module} imports {other}"
            for other in others
            if below(other, package)
            and floors.get(_room(other), -1) > floors[here]
            and (module, other) not in EXCEPTIONS
        ]
    assert unknown == []
    assert up == []
    rooms = {_room(module) for module in modules() if below(module, package)}
    assert set(floors) - rooms == set()


def _room(module: str) -> str:
    """The folder, or the file beside the folders, in its package."""
    return module.split(".")[1] if "." in module else "__init__"


@pytest.mark.parametrize("package", FLOORS)
def test_rooms_stand_in_no_circle(package: str) -> None:
    """Two rooms of one floor do not import each other either."""
    between: dict[str, set[str]] = {}
    for module, others in arrows().items():
        if below(module, package):
            rooms = {_room(other) for other in others if below(other, package)}
            between.setdefault(_room(module), set()).update(rooms - {_room(module)})
    assert _circle(between) == []


def test_no_files_import_each_other_in_a_circle() -> None:
    """Not even what only a type checker reads."""
    assert _circle({module: set(others) for module, others in arrows().items()}) == []


def _circle(graph: dict[str, set[str]]) -> list[str]:
    """One circle of it, or nothing."""
    done: set[str] = set()

    def walk(node: str, path: list[str]) -> list[str]:
        if node in path:
            return path[path.index(node) :]
        if node in done:
            return []
        for other in sorted(graph.get(node, ())):
            if circle := walk(other, [*path, node]):
                return circle
        done.add(node)
        return []

    return next((circle for node in sorted(graph) if (circle := walk(node, []))), [])


def test_every_exception_is_needed() -> None:
    """One that is not is struck from the list."""
    assert [pair for pair in EXCEPTIONS if pair[1] not in arrows().get(pair[0], ())] == []


# What names a study: its package, and its name as its authors write it. `star` is a word of every
# table too, so that only its package counts.
NAMES = sorted({study.rpartition(".")[2] for study in STUDIES} - {"t5study", "star"})
STUDY = re.compile(
    rf"(?<![a-z0-9])(t5|({'|'.join(NAMES) or '(?!)'})(?![a-z]))|\bstudies[./]\w+|the paper\b",
    re.IGNORECASE,
)
OF_ANY_PAPER = ("reports/published/", "reports/commands/compare.py")
"""Code about published numbers, whose papers are any study's."""
STILL_NAMED = {
    "lab/corpora/crawl/spans.py": "says whose rule it is",
    "lab/corpora/named/hub.py": "says whose corpora they are",
    "lab/corpora/named/provided.py": "says whose corpora they are",
    "lab/corpora/pins.py": "the licence of a vocabulary",
    "lab/corpora/registry/mixture.py": "says whose mixture it is",
    "lab/encoder/huggingface.py": "families of checkpoints that go by these names",
    "lab/encoder/huggingface_layouts.py": "families of checkpoints that go by these names",
    "lab/metrics.py": "says whose names they are",
    "lab/vocabulary.py": "says whose published vocabulary it is",
}
"""Files that still name a study, and what of it."""


def named() -> Iterator[tuple[str, int, str]]:
    for module, path in modules().items():
        if any(below(module, package) for package in ("lab", "sweeps", "reports")):
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                words = {match.group().lower() for match in STUDY.finditer(line)}
                file = str(path.relative_to(ROOT))
                if words - ({"the paper"} if file.startswith(OF_ANY_PAPER) else set()):
                    yield file, number, line.strip()


def test_what_studies_share_names_none() -> None:
    """In lab/, sweeps/ and reports/ data may name a study, code and its comments may not."""
    found = list(named())
    assert [line for line in found if line[0] not in STILL_NAMED] == []
    assert set(STILL_NAMED) - {file for file, _, _ in found} == set()


def test_a_name_is_seen_in_any_case() -> None:
    """Upper and lower, in words that are joined by underscores."""
    for line in (
        '"T5STUDY_STORE"',
        "from t5study import x",
        "as the T5 checkpoints",
        "The paper's",
    ):
        assert STUDY.search(line)
    for line in ("starred", "papers of the field", "set5 of 10"):
        assert not STUDY.search(line)
