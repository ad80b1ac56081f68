"""What no sweep of a store needs any more, and taking it away."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sweeps.errors import SweepError
from sweeps.lease import running_lease
from sweeps.store import Store, read_json, store_errors


@dataclass(frozen=True, kw_only=True)
class Garbage:
    """Something that may go."""

    what: str
    """The stage's name, or `work`, `leases`, `failures`, `specs`."""
    path: Path
    size: int
    """Bytes."""


def find_garbage(store: Store) -> list[Garbage]:
    """All that no sweep's record names and that nothing running reads, largest first.

    Of the stages that are needed: the scratch and leases of finished ones. Raises SweepError where
    a record cannot be read.
    """
    if strange := store.strange_records():
        raise SweepError(
            f"{', '.join(map(str, strange))}: no record of a sweep can be read from it, so that "
            "nobody knows what it needs: nothing is removed. If it was one, run the sweep's "
            "command again, which writes it anew; what is still named here then, move out of the "
            "store."
        )
    running = _running(store)
    wanted = {key for one in store.recorded() for key in one.record["stages"]}
    needed = _with_inputs(store, {*wanted, *running})
    done = {key for _, key, _ in store.finished()}
    found = [
        Garbage(what=name, path=path, size=_size(path))
        for name, key, path in store.finished()
        if key not in needed
    ]
    for what in ("work", "leases", "failures", "specs"):
        for path in _children(store.path / what):
            key = path.name.removesuffix(".json")
            over = key in done and what in ("work", "leases")
            if key not in running and (key not in needed or over):
                found.append(Garbage(what=what, path=path, size=_size(path)))
    return sorted(found, key=lambda one: -one.size)


def remove(store: Store, garbage: Iterable[Garbage]) -> None:
    """Take it away. A stage leaves its final name at once: nobody ever reads half of one.

    Raises SweepError where no sweep has left a record, since then everything would go.
    """
    if not store.recorded():
        raise SweepError(
            f"{store.path} has no record of a sweep, so that nothing in it is needed: remove the "
            "folder itself if that is what you mean."
        )
    for one in garbage:
        with store_errors("remove", one.path):
            trash = store.path / "work" / f".trash-{secrets.token_hex(8)}"
            try:
                os.rename(one.path, trash)
            except FileNotFoundError:
                continue
            if trash.is_dir():
                shutil.rmtree(trash)
            else:
                trash.unlink()


def _running(store: Store) -> set[str]:
    keys = (path.name for path in _children(store.path / "leases"))
    return {key for key in keys if running_lease(store, key) is not None}


def _with_inputs(store: Store, keys: set[str]) -> set[str]:
    reached: set[str] = set()
    stack = list(keys)
    while stack:
        key = stack.pop()
        if key not in reached:
            reached.add(key)
            spec = read_json(store.spec_path(key)) or {}
            stack.extend(spec.get("inputs", {}).values())
    return reached


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []


def _size(path: Path) -> int:
    if not path.is_dir():
        return path.lstat().st_size
    total = 0
    for folder, _, files in os.walk(path):
        for name in files:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except FileNotFoundError:
                continue
    return total
