"""The errors of this package: one root and the few cases a caller tells apart."""

from __future__ import annotations

import difflib
import errno
import os
from collections.abc import Iterable, Sequence
from pathlib import Path


class SweepError(Exception):
    """Anything this package raises on purpose; its text is meant for the screen."""


class ConfigurationError(SweepError):
    """What is wrong with a configuration: every complaint, each quoting what was typed."""

    def __init__(self, complaints: Sequence[str]) -> None:
        self.complaints = list(dict.fromkeys(complaints))
        super().__init__("\n".join(self.complaints))


class RefusedError(SweepError):
    """Whoever would run the stages does not take them, or does not answer."""

    begun: bool = False
    """Whether some of the sweep's stages are under way all the same."""


class StageError(SweepError):
    """A stage, or a graph of stages, that cannot be what its study says it is."""


class ColumnError(SweepError):
    """A column of a table that cannot be what its study, or a record, says it is."""


class StoreError(SweepError):
    """The store cannot be written or read: no space, no permission, or not a store."""

    @classmethod
    def during(cls, action: str, path: Path, error: OSError) -> StoreError:
        """The one message for what went wrong with `path` while doing `action`."""
        if is_full(error):
            remedy = "Free space there, then run the same command again: finished stages are kept."
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            remedy = "Choose a folder you may write with store=PATH, or change its permissions."
        elif error.errno == errno.ENAMETOOLONG:
            longest = max(path.parts, key=len)
            remedy = f"Shorten the name {longest!r}, or the path to it."
        else:
            remedy = "Choose another folder with store=PATH."
        reason = os.strerror(error.errno) if error.errno else str(error)
        return cls(f"Cannot {action} in the store: {path}: {reason}. {remedy}")


class DamagedStageError(SweepError):
    """A file of a finished stage is not what was put there."""

    failure_kind = "damaged"

    def __init__(self, folder: Path, file: str, reason: str) -> None:
        self.folder, self.file, self.reason = folder, file, reason
        key = folder.name
        super().__init__(
            f"{folder.parent.name} {key} is damaged: {folder / file}: {reason}. "
            f"`python -m sweeps retry {key[:8]}` moves it away; the same command as before then "
            "makes it anew."
        )


class DamagedSpecificationError(SweepError):
    """What a store says of how a stage runs is not what the stage's key stands for."""

    failure_kind = "damaged"

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(
            f"{path}: {reason}, so the stage does not run. The same command as before writes it "
            "anew and runs the stage."
        )


class LeaseLost(BaseException):
    """Another process owns this stage now; nothing more may be written for it.

    No Exception, so that a study's `except Exception` cannot keep a lost stage going.
    """


class Stopped(BaseException):
    """The stage saved what it had and left because it was asked to."""


def refuses(folder: Path) -> bool:
    """Whether a disk or quota takes no mebibyte more in a folder, for errors that do not say so."""
    probe = folder / f".probe-{os.getpid()}"
    try:
        try:
            with probe.open("wb") as file:
                file.write(b"\0" * 2**20)
                file.flush()
                os.fsync(file.fileno())
        finally:
            probe.unlink(missing_ok=True)
    except OSError as error:
        return is_full(error)
    return False


def nearest(given: object, known: Iterable[str]) -> str:
    """The sentences "Did you mean ...? Known: ..." that end a complaint about a name."""
    names = [str(name) for name in known]
    near = difflib.get_close_matches(str(given), names, n=1)
    question = f"Did you mean {near[0]!r}? " if near else ""
    return f"{question}Known: {', '.join(names) or 'none'}."


def is_full(error: BaseException) -> bool:
    """Whether `error`, or what it was raised from, says that a disk or quota is full."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        if isinstance(current, OSError) and current.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        seen.add(id(current))
        current = current.__cause__ or current.__context__
    return False
