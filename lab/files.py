"""Files that appear whole or not at all."""

from __future__ import annotations

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
            descriptor = os.open(part, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        os.replace(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
