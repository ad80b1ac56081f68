"""Write the list of modules in docs/architecture.md anew: `python tests/shared/architecture.py`.

Each module's line is the first sentence of its docstring.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- modules -->\n", "<!-- end of modules -->\n"
PACKAGES = ("sweeps", "lab", "t5study", "studies", "reports", "hydra_plugins")


def modules() -> list[str]:
    """Every module of the house, as a path from its root, those of a folder together."""
    found = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    found.sort(key=lambda path: (path.parent, path.name))
    return ["run.py", *(str(path.relative_to(ROOT)) for path in found)]


def sentence(module: str) -> str:
    """The first sentence of a module's docstring, on one line."""
    text = ast.get_docstring(ast.parse((ROOT / module).read_text("utf-8"))) or ""
    first = " ".join(text.partition("\n\n")[0].split())
    return re.split(r"(?<=[a-z)`\"'0-9])\. ", first)[0].removesuffix(".")


def listing() -> Iterator[str]:
    """The list in Markdown: a heading a folder, a line a module."""
    for folder, names in groupby(modules(), key=lambda module: str(Path(module).parent)):
        yield f"\n### {'The root' if folder == '.' else folder + '/'}\n\n"
        for name in names:
            yield f"- `{name}`: {sentence(name)}.\n"


def parts(page: str) -> tuple[str, str, str]:
    """What stands before the list of modules, the list, and what stands behind it."""
    before, _, rest = page.partition(BEGIN)
    inside, _, after = rest.partition(END)
    return before, inside, after


if __name__ == "__main__":
    before, _, after = parts(PAGE.read_text("utf-8"))
    PAGE.write_text("".join([before, BEGIN, *listing(), "\n", END, after]), "utf-8")
