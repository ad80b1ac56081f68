"""Docstrings of installed scientific packages: the body, and the line that sums it up.

The source files are read as text; no package is imported.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

from lab.corpora.prepared import Prepared, Rows
from lab.datasets.embedded.splits import Row, content_hash, first_of_each, letters, split
from lab.errors import DataError

# Distribution -> the package whose files are read.
PACKAGES = {
    "sympy": "sympy",
    "networkx": "networkx",
    "pandas": "pandas",
    "scikit-learn": "sklearn",
}
SIZES = {"validation": 500, "test": 500}
BODY_CHARACTERS = 1000
SUMMARY_WORDS = range(4, 21)
Documented = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
RULE = re.compile(r"^\s*([-=~^*])\1{2,}\s*$")
SECTIONS_AT_THE_END = re.compile(r"^\s*(Examples?|References|See Also)\s*\n\s*[-=~^]{3,}", re.M)


def docstrings(package: str) -> Iterator[tuple[str, str]]:
    """Yield (dotted place, docstring) of every class and function of a package but its tests."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise DataError(f"Package {package} is not installed. Type: make install")
    root = Path(found.submodule_search_locations[0])
    for path in sorted(root.rglob("*.py")):
        place = path.relative_to(root)
        if {"test", "tests", "conftest.py"} & set(place.parts):
            continue
        source = path.read_text(encoding="utf-8")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in others' strings
            tree = ast.parse(source)
        module = f"{package}.{'.'.join(place.with_suffix('').parts)}"
        for node in _documented(tree):
            if text := ast.get_docstring(node):
                yield f"{module}.{node.name}", text


def _documented(parent: ast.Module | ast.ClassDef) -> Iterator[Documented]:
    for node in parent.body:
        if isinstance(node, Documented):
            yield node
        if isinstance(node, ast.ClassDef):
            yield from _documented(node)


def body_and_summary(text: str) -> tuple[str, str] | None:
    """Return a docstring's text after its first paragraph, and that paragraph; None if useless.

    The body ends before the examples and references; doctest lines and the rules under headings
    are left out.
    """
    summary, _, rest = text.strip().partition("\n\n")
    rest = SECTIONS_AT_THE_END.split(rest, maxsplit=1)[0]
    kept = [
        line.strip()
        for line in rest.splitlines()
        if not RULE.match(line) and not line.lstrip().startswith((">>>", "..."))
    ]
    body = " ".join(" ".join(kept).split())
    summary = " ".join(summary.split())
    if len(summary.split()) not in SUMMARY_WORDS or len(body.split()) < 15:
        return None
    if summary.startswith(("..", ">>>")) or "%(" in summary + body or "{" in summary:
        return None  # a template that the package fills in at run time
    if len(body) > BODY_CHARACTERS:
        body = body[:BODY_CHARACTERS].rpartition(" ")[0]
    return body, summary


def write() -> dict[str, Rows]:
    """Return {"id", "document", "summary"}; equal bodies or summaries never in two parts."""
    rows: list[Row] = []
    for package in PACKAGES.values():
        for place, text in docstrings(package):
            if made := body_and_summary(text):
                rows.append({"id": place, "document": made[0], "summary": made[1]})
    once = first_of_each(rows, lambda row: letters(row["document"]))
    parts = split(once, lambda row: letters(row["summary"]), SIZES)
    return {n: sorted(part, key=lambda r: content_hash(r["document"])) for n, part in parts.items()}


DATA = Prepared(name="docstrings", version=1, write=write, archives=(), packages=tuple(PACKAGES))
