"""Tar files that appear whole or not at all."""

from __future__ import annotations

import lzma
import os
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sweeps.errors import StoreError, SweepError, is_full
from sweeps.files import replacing


def check_name(file: Path) -> None:
    """Raise SweepError for a folder, and for a name that would say another kind of file."""
    if file.is_dir():
        raise SweepError(f"{file} is a folder. Name a file, such as {file / 'study.tar.xz'}.")
    if file.suffix not in (".tar", ".xz"):
        better = file.with_name(file.name.partition(".")[0] + ".tar.xz")
        raise SweepError(
            f"{file}: an export is called .tar, or .tar.xz to be compressed, such as {better}."
        )


@contextmanager
def written(file: Path, store: Path, xz: Mapping[str, Any]) -> Iterator[tarfile.TarFile]:
    """A tar file to be filled from a store; one called .xz is compressed by the filter `xz`.

    Raises SweepError where it cannot be written, StoreError where the store cannot be read.
    """
    try:
        with replacing(file) as part, _opened(part, file.suffix, xz) as tar:
            yield tar
    except OSError as error:
        if error.filename and store in Path(error.filename).parents:
            raise StoreError.during("read", Path(error.filename), error) from error
        reason = os.strerror(error.errno) if error.errno else error
        remedy = "Free space there, or name" if is_full(error) else "Name"
        raise SweepError(
            f"Cannot write {file}: {reason}. {remedy} a file in another folder."
        ) from error


@contextmanager
def _opened(path: Path, suffix: str, xz: Mapping[str, Any]) -> Iterator[tarfile.TarFile]:
    if suffix != ".xz":
        with tarfile.open(path, "w") as tar:
            yield tar
        return
    with lzma.open(path, "wb", filters=[xz]) as file, tarfile.open(fileobj=file, mode="w|") as tar:
        yield tar
