"""What no sweep of a store needs any more, and taking it away."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sweeps.errors import SweepError
from sweeps.lease import in_use, scratch
from sweeps.shapes import is_spec
from sweeps.store import Store, read_json, store_errors

DAMAGED = ".damaged-"
"""How what `retry` has moved away begins."""
_IDLE_SECONDS = 3600.0
"""After which scratch without a lease, as older versions of this program leave it, is garbage."""


@dataclass(frozen=True, kw_only=True)
class Garbage:
    """Something that may go."""

    what: str
    """The stage's name, or `work`, `leases`, `failures`, `specs`."""
    path: Path
    size: int
    """Bytes."""
    finished: Path | None = None
    """The finished stage whose leftover it is; it may go only as long as that is there."""

    @property
    def key(self) -> str:
        """Of the stage, or the name of the scratch folder."""
        return self.path.name.removesuffix(".json")


def find_garbage(store: Store) -> list[Garbage]:
    """All that no sweep's record names and that nothing running reads, largest first.

    Of the stages that are needed: the scratch and leases of finished ones. Raises SweepError where
    a record cannot be read.
    """
    if strange := store.records.strange():
        raise SweepError(
            f"{', '.join(map(str, strange))}: no record of a sweep can be read from it, so that "
            "nobody knows what it needs: nothing is removed. If it was one, run the sweep's "
            "command again, which writes it anew; what is still named here then, move out of the "
            "store."
        )
    needs = _Needs(store)
    done = {key: path for _, key, path in store.finished()}
    candidates = [Garbage(what=path.parent.name, path=path, size=0) for path in done.values()] + [
        Garbage(
            what=what,
            path=path,
            size=0,
            finished=done.get(path.name) if what in ("work", "leases") else None,
        )
        for what in ("work", "leases", "failures", "specs")
        for path in _children(store.path / what)
    ]
    found = [
        Garbage(what=one.what, path=one.path, size=_size(one.path), finished=one.finished)
        for one in candidates
        if not needs.spares(one)
    ]
    return sorted(found, key=lambda one: -one.size)


def remove(store: Store, garbage: Iterable[Garbage]) -> list[Garbage]:
    """Take it away; what was. A stage leaves its final name at once: nobody reads half of one.

    Since the garbage was found, a run may have begun that needs some of it. A run writes its record
    before it looks what is finished, so that each thing is looked at once more after it has left
    its place: either the record is there by now and the thing goes back, or the run finds it gone.
    Raises SweepError where no sweep has left a record, since then everything would go.
    """
    if not store.records.all():
        raise SweepError(
            f"{store.path} has no record of a sweep, so that nothing in it is needed: remove the "
            "folder itself if that is what you mean."
        )
    needs, removed = _Needs(store), []
    with scratch(store, "trash") as trash:
        for number, one in enumerate(garbage):
            if needs.spares(one):
                continue
            aside = trash / str(number)
            with store_errors("remove", one.path):
                try:
                    os.rename(one.path, aside)
                except FileNotFoundError:
                    continue
                if needs.spares(one):
                    # Where its place is taken, somebody has made it anew.
                    with suppress(OSError):
                        _put_back(aside, one.path)
                    continue
                if aside.is_dir() and not aside.is_symlink():
                    shutil.rmtree(aside)
                else:
                    aside.unlink()
            removed.append(one)
    return removed


def _put_back(aside: Path, place: Path) -> None:
    if aside.is_dir():
        os.rename(aside, place)
    else:
        os.link(aside, place)


class _Needs:
    """What the sweeps' records and the living processes of a store need, as of the last look."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sign: object = None
        self._needed: set[str] = set()

    def spares(self, one: Garbage) -> bool:
        """Whether something is needed, or worked in, now."""
        self._look()
        if in_use(self._store, one.key):
            return True
        if one.path.parent == self._store.path / "work" and one.key.startswith("."):
            return self._is_fresh(one)
        if one.key not in self._needed:
            return False
        return one.finished is None or not (one.finished / "stage.json").exists()

    def _look(self) -> None:
        """Read the records again if one has changed, or if a new stage has begun."""
        leases = self._store.path / "leases"
        sign = self._store.records.sign(), leases.stat().st_mtime_ns if leases.exists() else 0
        if sign == self._sign:
            return
        self._sign = sign
        if strange := self._store.records.strange():
            raise SweepError(
                f"{strange[0]}: no record of a sweep can be read from it, so that nobody knows "
                "what it needs: nothing more is removed."
            )
        wanted = {key for one in self._store.records.all() for key in one.record["stages"]}
        running = {path.name for path in _children(leases) if in_use(self._store, path.name)}
        self._needed = _with_inputs(self._store, {*wanted, *running})

    def _is_fresh(self, one: Garbage) -> bool:
        """Whether scratch that has no living owner may have one of an older version."""
        if one.key.startswith(DAMAGED) or (self._store.path / "leases" / one.key).exists():
            return False
        return self._store.now() - _newest(one.path) < _IDLE_SECONDS


def _with_inputs(store: Store, keys: set[str]) -> set[str]:
    reached: set[str] = set()
    stack = list(keys)
    while stack:
        key = stack.pop()
        if key not in reached:
            reached.add(key)
            spec = read_json(store.spec_path(key))
            stack.extend(spec["inputs"].values() if is_spec(spec) else ())
    return reached


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []


def _newest(path: Path) -> float:
    """When something in a folder was written last."""
    newest = 0.0
    for found in (path, *path.rglob("*")):
        with suppress(FileNotFoundError):
            newest = max(newest, found.lstat().st_mtime)
    return newest


def _size(path: Path) -> int:
    if not path.is_dir():
        with suppress(FileNotFoundError):
            return path.lstat().st_size
        return 0
    total = 0
    for folder, _, files in os.walk(path):
        for name in files:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except FileNotFoundError:
                continue
    return total
