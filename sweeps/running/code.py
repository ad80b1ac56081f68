"""The code that a stage runs: its commit, and what the work tree has beside that."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import subprocess
from pathlib import Path
from typing import Any

from sweeps.stage import split_run

CHANGES = "changes.patch"
"""The file of a stage with what its code had beside the commit."""
_MOST_CHANGES = 2**18
"""Characters of it that are kept."""


def code_state(run: str) -> dict[str, Any]:
    """Commit and changes of the code behind a dotted path; outside of git a digest of its files."""
    module = split_run(run)[0]
    folder = _folder_of(module)
    commit, changes = commit_of(folder), _changes(folder)
    return {
        "git_commit": commit,
        "git_dirty": bool(changes) if commit else None,
        "git_diff": _digest(changes.encode()) if changes else None,
        "source": None if commit else _package_digest(module.partition(".")[0]),
    }


def kept_changes(run: str) -> str | None:
    """What the code behind a dotted path has beside its commit, as a patch; None for nothing.

    Of a long one the beginning, with a line that says so.
    """
    changes = _changes(_folder_of(split_run(run)[0]))
    if len(changes) <= _MOST_CHANGES:
        return changes or None
    cut = len(changes) - _MOST_CHANGES
    return f"{changes[:_MOST_CHANGES]}\n({cut:,} more characters are not kept.)\n"


def output(*command: str, statuses: tuple[int, ...] = (0,)) -> str | None:
    """What a command prints, without the last line's end; None where it fails."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace").strip("\n") if done.returncode in statuses else None


@functools.cache
def commit_of(folder: Path) -> str | None:
    """The commit of the work tree around `folder`; None outside of one."""
    if "site-packages" in folder.parts:
        return None
    return output("git", "-C", str(folder), "rev-parse", "HEAD") or None


@functools.cache
def _changes(folder: Path) -> str:
    """Git's diff of the work tree around `folder`; a package's new Python files belong to it."""
    if commit_of(folder) is None:
        return ""
    root = output("git", "-C", str(folder), "rev-parse", "--show-toplevel")
    return _changes_below(Path(root)) if root else ""


@functools.cache
def _changes_below(root: Path) -> str:
    git = ("git", "-C", str(root))
    diff = ("diff", "--no-ext-diff", "--no-color")
    parts = [output(*git, *diff, "HEAD")]
    new = output(*git, "ls-files", "--others", "--exclude-standard", "-z", "--", "*.py") or ""
    for name in filter(None, new.split("\0")):
        if (root / name).with_name("__init__.py").is_file():
            # It says by its status that the two differ.
            parts.append(output(*git, *diff, "--no-index", "--", os.devnull, name, statuses=(0, 1)))
    return "".join(f"{part}\n" for part in parts if part)


@functools.cache
def _package_digest(package: str) -> str | None:
    """Of the Python files of a package, by their places in it, or of a module's file."""
    spec = _spec(package)
    if spec is None or not spec.origin or not os.path.exists(spec.origin):
        return None
    file = Path(spec.origin)
    files = sorted(file.parent.rglob("*.py")) if spec.submodule_search_locations else [file]
    found = [(str(one.relative_to(file.parent)), _digest(one.read_bytes())) for one in files]
    return _digest(repr(found).encode())


@functools.cache
def _folder_of(module: str) -> Path:
    spec = _spec(module)
    origin = spec.origin if spec is not None else None
    return Path(origin).resolve().parent if origin and os.path.exists(origin) else Path.cwd()


def _spec(module: str) -> Any:
    try:
        return importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
