"""Where a command reads: in a store's folder, or in a file of results that stands for one."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from reports.errors import ReportError

_folders: dict[tuple[Path, int, int, int], Path] = {}
"""Where this process unpacked a file, by its path, size, time and inode."""
_files: dict[Path, Path] = {}
"""The file that lies unpacked in a folder."""


def opened(store: Path) -> Path:
    """The folder to read of a store, or of a file of results: unpacked until the process ends.

    Raises SweepError for a file that is none of results, or not whole.
    """
    file = Path(os.path.expanduser(store))
    if not file.is_file():
        if file.suffix in (".tar", ".xz") and not file.exists():
            raise ReportError(
                f"There is no file {file.absolute()}. Name a file of results, or a store's folder, "
                "with --store PATH."
            )
        return file.absolute()
    status = file.stat()
    sign = (file, status.st_size, status.st_mtime_ns, status.st_ino)
    if sign not in _folders:
        from sweeps.verbs.results import unpack_results

        folder = Path(tempfile.mkdtemp(prefix="results-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        unpack_results(file, folder)
        _folders[sign], _files[folder] = folder, file
    return _folders[sign]


def origin(folder: Path) -> Path:
    """What a user calls an opened folder: the file of results as it was named, or the folder."""
    return _files.get(folder, folder)


def is_file(folder: Path) -> bool:
    """Whether an opened folder stands for a file of results, so that nothing is written there."""
    return folder in _files
