"""Files that appear whole or not at all, and folders that reach the disk."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacing(path: Path, *, sync: bool = True) -> Iterator[Path]:
    """A name beside `path` to write to: what is there when the block ends becomes `path`.

    Readers see the old file or the new one, whole; with `sync` that holds after a power cut too.
    Where the block or the disk fails, the old file stays and the new one goes. Raises OSError.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        yield part
        if sync:
            _sync(part, os.O_RDONLY)
        os.replace(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def sync_tree(folder: Path) -> None:
    """Bring every file and folder below `folder` to the disk, `folder` last."""
    for path, _, files in os.walk(folder, topdown=False):
        for name in files:
            file = os.path.join(path, name)
            if not os.path.islink(file):
                _sync(file, os.O_RDONLY)
        sync_folder(path)


def sync_folder(path: str | os.PathLike[str]) -> None:
    """Bring the entries of a folder to the disk."""
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: str | os.PathLike[str], flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network and FUSE file systems cannot sync a folder; they order renames themselves.
        if not flags & os.O_DIRECTORY or error.errno not in (errno.EINVAL, errno.EBADF):
            raise
    finally:
        os.close(descriptor)
