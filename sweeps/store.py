"""The store: finished stages by key, and what is known of the others; only whole files appear.

<stage name>/<key>/       a finished stage: its files, stage.json, log.txt
work/<key>/<n>/           generation n in progress; out/ inside is what gets published
leases/<key>/<n>[.beat]   who owns the stage, and that it lives
failures/<key>/<n>.json   why attempt n failed
specs/<key>.json          all that a job needs to run the stage
sweeps/<name>.json        the record of a sweep; of a study beside the default one in <study>/
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sweeps.digests import decoded, described_key, sealed
from sweeps.errors import DamagedSpecificationError, StoreError
from sweeps.files import replacing, sync_folder, sync_tree
from sweeps.product import PRODUCT
from sweeps.records import Records, listing
from sweeps.shapes import is_failure, is_spec
from sweeps.stage import RESERVED_NAMES, Stage


def default_store() -> str:
    """The store where nobody names one: the environment's, else ./store."""
    return os.environ.get(PRODUCT.store_variable, "").strip() or "./store"


def named_store(word: str) -> Path:
    """The folder that an option names. Raises StoreError where it names none."""
    if not word.strip():
        raise StoreError("--store: must name a folder, such as --store ./store.")
    return Path(word)


class Store:
    """A folder where finished stages lie by key; safe for many processes and hosts at once."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.path = Path(os.path.expanduser(root)).absolute()
        self.records = Records(self.path / "sweeps")
        """What its sweeps asked for."""
        self._clock: float | None = None
        """What to add to our monotonic clock for that of the store's disk."""

    def prepare(self) -> None:
        """Make the store's folders and show that they can be written; StoreError if they cannot."""
        probe = self.path / "work" / f".probe-{secrets.token_hex(8)}"
        with store_errors("write", self.path):
            for name in ("work", "leases", "failures", "specs", "sweeps"):
                (self.path / name).mkdir(parents=True, exist_ok=True)
            try:
                with probe.open("wb") as file:
                    file.write(b"\0" * 65536)
                    file.flush()
                    os.fsync(file.fileno())
            finally:
                probe.unlink(missing_ok=True)

    def free_bytes(self) -> int:
        """What the file system of the store has left for us."""
        with store_errors("measure free space", self.path):
            return shutil.disk_usage(self.path).free

    def now(self) -> float:
        """Seconds since the epoch by the clock of the store's disk, which dates its files.

        Hosts that share a disk may disagree. By this host's clock where the store cannot be
        written.
        """
        if self._clock is None:
            probe = self.path / f".clock-{secrets.token_hex(8)}"
            now = time.time()
            with suppress(OSError):
                try:
                    probe.touch(exist_ok=False)
                    now = probe.stat().st_mtime
                finally:
                    probe.unlink(missing_ok=True)
            self._clock = now - time.monotonic()
        return self._clock + time.monotonic()

    def place(self, name: str, key: str) -> Path:
        """Where a stage lies once it is finished."""
        return self.path / name / key

    def find(self, stage: Stage) -> Path | None:
        """The folder of a finished stage, or None."""
        return self.find_key(stage.name, stage.key)

    def find_key(self, name: str, key: str) -> Path | None:
        """As `find`, by name and key."""
        described = self.path.joinpath(name, key, "stage.json")
        return described.parent if os.path.exists(described) else None

    def finished(self) -> Iterator[tuple[str, str, Path]]:
        """Name, key and folder of every finished stage."""
        for folder in listing(self.path):
            name = folder.name
            if name not in RESERVED_NAMES and not name.startswith("."):
                for path in listing(folder):
                    if (path / "stage.json").is_file():
                        yield name, path.name, path

    def work(self, key: str, generation: int) -> Path:
        """The scratch folder of one generation of a stage."""
        return self.path / "work" / key / str(generation)

    def earlier_work(self, key: str, generation: int) -> list[Path]:
        """The scratch folders of lower generations, newest first."""
        below = [path for path in listing(self.path / "work" / key) if path.name.isdecimal()]
        below = [path for path in below if int(path.name) < generation]
        return sorted(below, key=lambda path: int(path.name), reverse=True)

    def clear_work(self, key: str) -> None:
        """Remove all scratch of a finished stage."""
        shutil.rmtree(self.path / "work" / key, ignore_errors=True)

    def publish(
        self, name: str, key: str, out: Path, assert_owned: Callable[[], None] = lambda: None
    ) -> bool:
        """Put `out` under the stage's final name at once and for good; False when it was taken.

        Files and folders reach the disk before the rename, the rename before the return.
        `assert_owned` raises where the stage has another owner by then.
        """
        final = self.place(name, key)
        with store_errors("publish a stage", final):
            sync_tree(out)
            final.parent.mkdir(exist_ok=True)
            assert_owned()
            try:
                os.rename(out, final)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                if self.find_key(name, key) is None:
                    raise StoreError(
                        f"{final} is in the way: it is no finished stage (it has no stage.json). "
                        "Move it elsewhere, then run the same command again."
                    ) from None
                return False
            sync_folder(final.parent)
            sync_folder(self.path)
        return True

    def write_spec(self, stage: Stage) -> None:
        """Write down all that a job needs to run `stage` from the store and its key alone."""
        path, spec = self.spec_path(stage.key), stage.spec()
        if read_json(path) != spec:
            write_json(path, spec, sync=False, seal=True)

    def spec_path(self, key: str) -> Path:
        """Where the specification of a stage lies."""
        return self.path / "specs" / f"{key}.json"

    def read_spec(self, key: str) -> dict[str, Any]:
        """The specification of a stage.

        Raises StoreError when this store has never seen the key, DamagedSpecificationError when
        what it has is not what the key stands for.
        """
        path = self.spec_path(key)
        try:
            content = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise StoreError(
                f"The store {self.path} has no specification of stage {key}."
            ) from None
        except OSError as error:
            raise StoreError.during("read", path, error) from error
        try:
            spec = decoded(content)
        except ValueError as error:
            raise DamagedSpecificationError(path, str(error)) from None
        if not is_spec(spec):
            raise DamagedSpecificationError(path, "it is no specification of a stage")
        if spec["key"] != key or described_key(spec["name"], spec) != key:
            raise DamagedSpecificationError(path, f"its content is not that of stage {key}")
        return spec

    def specs(self) -> Iterator[dict[str, Any]]:
        """Every readable specification in the store."""
        for path in listing(self.path / "specs"):
            spec = read_json(path) if path.suffix == ".json" else None
            if is_spec(spec) and spec["key"] == path.stem:
                yield spec

    def write_failure(self, record: Mapping[str, Any], *, instead: bool = False) -> Path:
        """Write the record of a failed attempt.

        The first record of an attempt stays, unless who writes knows better (`instead`).
        """
        path = self.path / "failures" / record["key"] / f"{record['attempt']}.json"
        if instead or not path.exists():
            write_json(path, record)
        return path

    def failures(self, key: str) -> list[dict[str, Any]]:
        """The records of the failed attempts at a stage, oldest first."""
        numbered = [
            (int(path.stem), path)
            for path in listing(self.path / "failures" / key)
            if path.suffix == ".json" and path.stem.isdecimal()
        ]
        records = []
        for number, path in sorted(numbered):
            record = _readable(path)
            usual = {
                "key": key,
                "attempt": number,
                "kind": "error",
                "error": f"{path} is damaged; `python -m sweeps retry {key[:8]}` removes it",
                "log": str((self.work(key, number) / "log.txt").relative_to(self.path)),
            }
            if is_failure(record) and record.get("attempt", number) == number:
                records.append({**usual, **record})
            elif path.exists():
                # Nobody knows why any more, but that there was one.
                records.append(usual)
        return records

    def forget_failures(self, key: str) -> int:
        """Remove the records of a stage's failed attempts; how many there were."""
        count = len(self.failures(key))
        shutil.rmtree(self.path / "failures" / key, ignore_errors=True)
        return count


def input_places(store: Store, spec: Mapping[str, Any]) -> dict[str, Path]:
    """Where each input of a stage lies once it is finished, by role."""
    return {
        role: store.place(store.read_spec(parent)["name"], parent)
        for role, parent in spec["inputs"].items()
    }


DIED = "slurm"
"""The kind of a failure that no stage told of: its job was gone."""


def newest_failure(store: Store, key: str, *, but: str | None = None) -> int:
    """The newest failed attempt at a stage, `but` those of one kind; -1 where none failed."""
    records = (record for record in store.failures(key) if record["kind"] != but)
    return max((record["attempt"] for record in records), default=-1)


@contextmanager
def store_errors(action: str, path: Path) -> Iterator[None]:
    """Turn an OSError of the block into the one StoreError that a user reads."""
    try:
        yield
    except OSError as error:
        raise StoreError.during(action, path, error) from error


def write_json(path: Path, value: Any, *, sync: bool = True, seal: bool = False) -> None:
    """Replace a JSON file as a whole; readers see the old one or the new one.

    A sealed one ends with its own digest, so that a reader sees what was changed since.
    """
    text = sealed(value) if seal else json.dumps(value, indent=1, allow_nan=False) + "\n"
    with store_errors("write", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, sync=sync) as part:
            part.write_text(text, encoding="utf-8")


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a JSON file; None when there is none, or it is damaged."""
    try:
        return decoded(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError):
        return None
    except OSError as error:
        raise StoreError.during("read", path, error) from error


def _readable(path: Path) -> dict[str, Any] | None:
    """As read_json, but also None where the disk or its permissions keep the file from us."""
    try:
        return read_json(path)
    except StoreError:
        return None
