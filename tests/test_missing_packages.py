"""What a command says where the packages of this project are not installed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import missing_packages

ROOT = Path(__file__).parents[1]
OURS = {path.stem for path in ROOT.iterdir()}
ENTRIES = [
    "run.py study=electra plan=true",
    "-m reports published --table 6",
    "-m sweeps --help",
    "-m lab.corpora list",
    *(
        f"-m {'.'.join(path.parent.relative_to(ROOT).parts)} list"
        for path in sorted(ROOT.glob("t5study/*/__main__.py"))
    ),
    *(
        f"-m studies.{path.parent.name} --help"
        for path in sorted(ROOT.glob("studies/*/__main__.py"))
    ),
]


def without_packages(*words: str) -> subprocess.CompletedProcess[str]:
    """Python with its own library alone, in the folder of the project."""
    return subprocess.run(
        [sys.executable, "-S", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("command", ENTRIES)
def test_a_missing_package_is_one_line_with_what_to_type(command: str) -> None:
    """Whichever the command needs first."""
    done = without_packages(*command.split())
    (line,) = done.stderr.splitlines()
    name, _, rest = line.removeprefix("The package ").partition(" ")
    assert name in missing_packages.required(ROOT / "pyproject.toml")
    assert rest == (
        f"is missing in {sys.executable}. In {ROOT} type `make install` once, then "
        "`. .venv/bin/activate`, and the command again."
    )
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize(
    "module", ["lab.no_such_room", "sweeps.no_such_room", "no_requirement_of_ours"]
)
def test_another_missing_module_is_a_fault_with_its_traceback(module: str) -> None:
    """One of ours, or one of the user's own code."""
    done = without_packages("-c", f"import lab\nimport {module}")
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert f"No module named '{module}'" in done.stderr


def test_other_errors_go_to_the_hook_that_was_there() -> None:
    """A module of a package that is there is no missing package either."""
    before = "import sys\nsys.excepthook = lambda *error: print('before', error[0].__name__)\n"
    for fault, name in (("1 / 0", "ZeroDivisionError"), ("import lab.nothing", "ModuleNotFound")):
        done = without_packages("-c", f"{before}import lab\n{fault}")
        assert done.stdout.startswith(f"before {name}")
        assert done.stderr == ""


def test_every_import_of_a_package_is_known_by_the_name_that_is_installed() -> None:
    """But for packages that only tests need, and those that required ones bring along."""
    imported = set()
    for folder in ("lab", "sweeps", "reports", "t5study", "studies", "hydra_plugins"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    imported.update(alias.name for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    imported.add(node.module or "")
    tops = {name.partition(".")[0] for name in imported} - sys.stdlib_module_names - OURS
    required = missing_packages.required(ROOT / "pyproject.toml")
    assert {top for top in tops if missing_packages.distribution(top) not in required} == set()
