"""Who may work on a stage: leases with generations, so that the highest one owns.

`leases/<key>/<n>` is created exclusively, with its content, and is never rewritten. Taking over
from a dead holder is creating n + 1: removing and re-creating one file would let two in. A holder
beats in `<n>.beat`; its last beat says that it let go.
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import os
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from sweeps.errors import LeaseLost, StoreError
from sweeps.files import replacing
from sweeps.shapes import BEAT, HOLDER, complaint
from sweeps.store import Store, read_json, store_errors

DEFAULT_TIMEOUT = 90.0
"""Seconds without a new beat after which a holder is dead: above NFS's 60 s attribute cache."""
RUNNING = "running"

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A process, named so that its death can be proved by who shares its kernel and namespace."""

    host: str
    boot_id: str | None
    pid_ns: str | None
    pid: int
    start_time: int | None
    token: str
    interval: float = 0.0
    """Seconds between two beats."""

    def provably_dead(self) -> bool:
        """Whether this very process is known to be gone; False when it cannot be known."""
        here = this_process()
        if None in (self.boot_id, self.pid_ns, self.start_time):
            return False
        if (self.host, self.boot_id, self.pid_ns) != (here.host, here.boot_id, here.pid_ns):
            return False
        now = _process(self.pid)
        if now is None:
            return not _exists(self.pid)
        start_time, state = now
        return start_time != self.start_time or state in "ZX"

    def provably_alive(self) -> bool:
        """Whether this very process is known to live, though it may stand still."""
        here = this_process()
        same = (self.host, self.boot_id, self.pid_ns) == (here.host, here.boot_id, here.pid_ns)
        now = _process(self.pid) if same else None
        return now is not None and now[0] == self.start_time and now[1] not in "ZX"


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The newest lease of a stage, as another process sees it."""

    generation: int
    holder: Holder | None
    """None when a crash of the machine left the file empty."""
    beat: Mapping[str, Any]

    @property
    def released(self) -> bool:
        """Whether the holder let go."""
        return self.beat.get("state", RUNNING) != RUNNING


def read_lease(store: Store, key: str) -> Lease | None:
    """The lease that owns a stage, or did last; None when it never had one."""
    folder = _folder(store, key)
    newest = max(_generations(folder), default=0)
    if newest == 0:
        return None
    content = read_json(folder / str(newest))
    if complaint(content, HOLDER) is None:
        assert content is not None
        named = {field.name for field in fields(Holder)}
        holder = Holder(**{name: value for name, value in content.items() if name in named})
    else:
        holder = None
    return Lease(generation=newest, holder=holder, beat=read_beat(store, key, newest))


def read_beat(store: Store, key: str, generation: int) -> dict[str, Any]:
    """The last beat of one generation; empty before the first, and without what is no number."""
    beat = read_json(_folder(store, key) / f"{generation}.beat")
    if beat is None or complaint(beat, BEAT) is not None:
        return {}
    return {n: v for n, v in beat.items() if n == "state" or complaint(v, float) is None}


def running_lease(store: Store, key: str) -> Lease | None:
    """The lease of a stage that runs, as far as one look tells; None when nobody is at it.

    Goes by the age of the last beat's file: good for a display, not for taking over.
    """
    lease = read_lease(store, key)
    if lease is None or lease.released:
        return None
    if lease.holder is not None and lease.holder.provably_dead():
        return None
    interval = lease.holder.interval if lease.holder is not None else 0.0
    age = beat_age(store, key, lease.generation)
    return lease if age is None or age < max(DEFAULT_TIMEOUT, 3 * interval) else None


def beat_age(store: Store, key: str, generation: int) -> float | None:
    """Seconds since the last beat by the clock of the store's disk; None before the first."""
    try:
        return store.now() - os.stat(_folder(store, key) / f"{generation}.beat").st_mtime
    except FileNotFoundError:
        return None


def in_use(store: Store, key: str) -> bool:
    """Whether somebody works on a stage, or in a scratch folder, and what it has must stay.

    A holder of this machine that lives counts, also one that stands still.
    """
    lease = read_lease(store, key)
    if lease is None or lease.released:
        return False
    if lease.holder is not None and lease.holder.provably_alive():
        return True
    return running_lease(store, key) is not None


@contextlib.contextmanager
def scratch(store: Store, kind: str) -> Iterator[Path]:
    """A folder in the store's work/ under a lease of this process, so that `gc` leaves it alone."""
    name = f".{kind}-{secrets.token_hex(8)}"
    lease, folder = acquire(store, name), store.path / "work" / name
    assert isinstance(lease, HeldLease)
    try:
        with store_errors("write", folder):
            folder.mkdir(parents=True)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lease.release("done")
        shutil.rmtree(_folder(store, name), ignore_errors=True)


class Watch:
    """Judges on its own monotonic clock whether the holders of stages still beat."""

    def __init__(
        self,
        store: Store,
        timeout: float = DEFAULT_TIMEOUT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._timeout = timeout
        self._clock = clock
        self._seen: dict[str, tuple[tuple[int, Any], float]] = {}

    def dead(self, key: str) -> int | None:
        """The generation to take over from, 0 for a stage nobody holds, None while it is held."""
        lease = read_lease(self._store, key)
        if lease is None:
            return 0
        if lease.released or (lease.holder is not None and lease.holder.provably_dead()):
            return lease.generation
        now, sign = self._clock(), (lease.generation, lease.beat.get("count"))
        last, since = self._seen.get(key, (None, now))
        if sign != last:
            self._seen[key] = (sign, now)
            return None
        interval = lease.holder.interval if lease.holder is not None else 0.0
        return lease.generation if now - since >= max(self._timeout, 3 * interval) else None


class HeldLease:
    """A lease of this process: it beats until released, and notices when it is lost."""

    def __init__(self, store: Store, key: str, generation: int, token: str, interval: float):
        self.key = key
        self.generation = generation
        self.lost = threading.Event()
        self._folder = _folder(store, key)
        self._token = token
        self._interval = interval
        self._started = time.monotonic()
        self._count = 0
        self._facts: Mapping[str, Any] = {}
        self._writing = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep_beating, name=f"beat {key}", daemon=True)
        self._thread.start()

    def note(self, facts: Mapping[str, Any]) -> None:
        """What the next beat tells (step, total, numbers)."""
        self._facts = facts

    def owned(self) -> bool:
        """Whether no newer generation exists and the lease is still ours."""
        content = read_json(self._folder / str(self.generation))
        if content is None or content.get("token") != self._token:
            return False
        return max(_generations(self._folder), default=0) == self.generation

    def assert_owned(self) -> None:
        """Raise LeaseLost when another process owns the stage."""
        if self.lost.is_set() or not self.owned():
            self.lost.set()
            raise LeaseLost(f"Stage {self.key} has a newer holder than {self.generation}.")

    def release(self, state: str) -> None:
        """Stop beating and say how it ended, so that nobody waits for the timeout."""
        self._over.set()
        with self._writing:
            if not self.lost.is_set():
                self._beat(state)

    def _keep_beating(self) -> None:
        while not self._over.is_set():
            with self._writing:
                if self._over.is_set():
                    return
                self._beat(RUNNING)
            if self._over.wait(self._interval):
                return
            with contextlib.suppress(StoreError):
                if not self.owned():
                    log.error("Stage %s: another process took over; leaving.", self.key)
                    self.lost.set()
                    return

    def _beat(self, state: str) -> None:
        self._count += 1
        content = {
            **self._facts,
            "count": self._count,
            "state": state,
            "seconds": round(time.monotonic() - self._started, 3),
        }
        try:
            # Not synced: a beat lost with the machine's power is a beat of a dead holder.
            with replacing(self._folder / f"{self.generation}.beat", sync=False) as part:
                part.write_text(json.dumps(content), encoding="utf-8")
        except OSError as error:
            log.warning("Stage %s: cannot write a heartbeat: %s", self.key, error)


def acquire(
    store: Store, key: str, *, dead: int = 0, timeout: float = DEFAULT_TIMEOUT
) -> HeldLease | Lease:
    """Own a stage, or learn who does.

    `dead` is a generation that the caller's Watch has judged dead. Returns a HeldLease when the
    stage is ours now, else the Lease of its living holder.
    """
    folder = _folder(store, key)
    current = read_lease(store, key)
    if current is not None and not (
        current.released
        or current.generation == dead
        or (current.holder is not None and current.holder.provably_dead())
    ):
        return current
    generation = 1 + (current.generation if current is not None else 0)
    token = secrets.token_hex(8)
    interval = min(5.0, timeout / 6)
    mine = asdict(this_process()) | {"token": token, "interval": interval}
    with store_errors("take a lease", folder):
        folder.mkdir(parents=True, exist_ok=True)
        if not _create(folder / str(generation), json.dumps(mine), token):
            return read_lease(store, key) or acquire(store, key, timeout=timeout)
    return HeldLease(store, key, generation, token, interval)


def this_process() -> Holder:
    """What this process writes into its leases, without a token."""
    return _describe(os.getpid())


@functools.cache
def _describe(pid: int) -> Holder:
    now = _process(pid)
    return Holder(
        host=socket.gethostname(),
        boot_id=_read(Path("/proc/sys/kernel/random/boot_id")),
        pid_ns=_namespace(),
        pid=pid,
        start_time=now[0] if now is not None else None,
        token="",
    )


def _create(path: Path, content: str, token: str) -> bool:
    """Create a file with its content unless it exists; False when somebody else did."""
    temporary = path.with_name(f".{token}")
    temporary.write_text(content, encoding="utf-8")
    try:
        os.link(temporary, path)
    except FileExistsError:
        # A network file system may repeat a request whose answer was lost: then it is ours.
        return (read_json(path) or {}).get("token") == token
    except OSError:
        # No hard links on this file system.
        return _create_exclusively(path, content)
    finally:
        temporary.unlink(missing_ok=True)
    return True


def _create_exclusively(path: Path, content: str) -> bool:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(content)
    except FileExistsError:
        return False
    return True


def _folder(store: Store, key: str) -> Path:
    return store.path / "leases" / key


def _generations(folder: Path) -> list[int]:
    try:
        return [int(name) for name in os.listdir(folder) if name.isdecimal()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError.during("read a lease", folder, error) from error


def _process(pid: int) -> tuple[int, str] | None:
    """Start time in clock ticks after boot, and state letter, of a process; None if not seen."""
    text = _read(Path(f"/proc/{pid}/stat"))
    if text is None:
        return None
    # The command's name, in parentheses, may hold blanks and parentheses itself.
    fields = text.rpartition(")")[2].split()
    return int(fields[19]), fields[0]


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _namespace() -> str | None:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return None


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return None
