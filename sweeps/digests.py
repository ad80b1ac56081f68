"""Whether what lies in a store is what was put there: digests of files, and seals of JSON texts.

A finished stage's `stage.json` lists the size and the sha256 of each of the stage's other files,
and ends with a seal: the sha256 of its own text. Stages of before have neither; they are taken as
they are.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sweeps.errors import DamagedStageError, StageError, StoreError
from sweeps.stage import stage_key

DESCRIPTION = "stage.json"
FILES = "files"
"""The field of stage.json with the digest of each file."""
SCORES = "scores.json"
SELECTION = "selection.json"
"""Of a training: checkpoints by task and rule, scores on validation, and of a constant answer."""
SEAL = "sha256"

_SEAL = re.compile(rb'"sha256": "([0-9a-f]{64})"\s*\}\s*\Z')
_BLANK = b"0" * 64
_TAIL = 256
"""Bytes at the end of a sealed text in which its seal stands."""
# NaN and Infinity are no JSON: where one stands, nothing does.
_DECODER = json.JSONDecoder(parse_constant=lambda _: None)

_verified: dict[tuple[str, int, int, int], str] = {}
"""Files that this process has read whole, by path, size, time and inode; and their digests."""


def sealed(value: Mapping[str, Any], indent: int | None = 1) -> str:
    """A JSON object as text whose last field is the digest of all of it."""
    text = json.dumps({**value, SEAL: ""}, indent=indent, allow_nan=False) + "\n"
    end = text.rindex('"')
    before, after = text[:end], text[end:]
    digest = hashlib.sha256(f"{before}{_BLANK.decode()}{after}".encode()).hexdigest()
    return f"{before}{digest}{after}"


def seal_holds(content: bytes) -> bool | None:
    """Whether a text still says what it was sealed with; None for a text without a seal."""
    tail = content[-_TAIL:]
    found = _SEAL.search(tail)
    if found is None:
        return None
    start = len(content) - len(tail) + found.start(1)
    digest = hashlib.sha256(content[:start])
    digest.update(_BLANK)
    digest.update(content[start + 64 :])
    return digest.hexdigest().encode() == found[1]


def decoded(content: bytes) -> dict[str, Any]:
    """The object of a JSON file, without its seal. ValueError says what is wrong with it."""
    return unsealed(content)[0]


def unsealed(content: bytes) -> tuple[dict[str, Any], bool]:
    """As `decoded`, and whether the text was sealed."""
    holds = seal_holds(content)
    if holds is False:
        raise ValueError("it is not what was written")
    try:
        value = _DECODER.decode(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError("it is no text") from None
    except json.JSONDecodeError:
        raise ValueError(
            "it is cut off, or no JSON" if content.strip() else "it is empty"
        ) from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")
    if holds:
        value.pop(SEAL, None)
    return value, bool(holds)


def file_digests(folder: Path) -> dict[str, dict[str, Any]]:
    """Size and digest of each file below a stage's folder but its stage.json, by relative path.

    Raises StageError for what is no plain file: it could be neither copied nor compared.
    """
    found = {}
    for name, path in _files(folder):
        if name == DESCRIPTION:
            continue
        status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode):
            raise StageError(f"The stage wrote {name}, which is no plain file: write its content.")
        found[name] = {"bytes": status.st_size, "sha256": _digest(path)}
    return found


def check_stage(folder: Path) -> bool:
    """Whether a finished stage has digests; its files are compared with them.

    Raises DamagedStageError where one is not what was put there.
    A file is read whole once a process, and again when its size, time or inode changes.
    """
    described = read_description(folder)
    kept = described.get(FILES)
    if kept is None:
        return False
    for name, expected in kept.items():
        _compare(folder, name, expected)
    return True


def check_file(folder: Path, name: str) -> Path:
    """The path of one file of a stage. Raises DamagedStageError as `check_stage` does."""
    if not (folder / DESCRIPTION).exists():
        return folder / name
    expected = (read_description(folder).get(FILES) or {}).get(name)
    if expected is not None:
        _compare(folder, name, expected)
    return folder / name


def read_description(folder: Path) -> dict[str, Any]:
    """A finished stage's stage.json. Raises DamagedStageError where it is not what was written."""
    content = _content(folder, DESCRIPTION)
    try:
        described, whole = unsealed(content)
    except ValueError as error:
        raise DamagedStageError(folder, DESCRIPTION, str(error)) from None
    if FILES not in described:
        return described
    if not whole:
        raise DamagedStageError(folder, DESCRIPTION, "it is not what was written")
    if not _is_list_of_files(described[FILES]):
        raise DamagedStageError(folder, DESCRIPTION, f"its {FILES!r} is no list of files")
    if (key := described_key(folder.parent.name, described)) != folder.name:
        raise DamagedStageError(folder, DESCRIPTION, f"it describes stage {key}")
    return described


def read_file(folder: Path, name: str) -> bytes:
    """One file of a finished stage. Raises DamagedStageError where it is not what was put there."""
    described = read_description(folder)
    content = _content(folder, name)
    expected = (described.get(FILES) or {}).get(name)
    if expected is not None and hashlib.sha256(content).hexdigest() != expected["sha256"]:
        raise DamagedStageError(folder, name, _CHANGED)
    return content


def stored_scores(folder: Path, file: str = SCORES) -> dict[str, dict[str, Any]]:
    """A finished stage's scores, or those of a reference, by task and metric; NaN is None.

    Raises DamagedStageError where they are not what was put there.
    """
    try:
        scores = decoded(read_file(folder, file))
    except ValueError as error:
        raise DamagedStageError(folder, file, str(error)) from None
    return {task: metrics for task, metrics in scores.items() if isinstance(metrics, dict)}


def described_key(name: str, described: Mapping[str, Any]) -> str | None:
    """The key of what a specification or a stage.json describes; None where it does not say."""
    try:
        version, config, inputs = (described[part] for part in ("version", "config", "inputs"))
        if not isinstance(config, Mapping) or not isinstance(inputs, Mapping):
            return ""
        return stage_key(name, version, config, inputs)
    except KeyError:
        return None
    except (StageError, TypeError, ValueError, RecursionError):
        return ""


_CHANGED = "its content is not what was put there"


def _compare(folder: Path, name: str, expected: Mapping[str, Any]) -> None:
    path = folder / name
    try:
        status = os.stat(path)
        if status.st_size != expected["bytes"]:
            raise DamagedStageError(
                folder, name, f"it has {status.st_size} bytes instead of {expected['bytes']}"
            )
        sign = (str(path), status.st_size, status.st_mtime_ns, status.st_ino)
        digest = _verified.get(sign) or _digest(path)
    except OSError as error:
        raise _unreadable(folder, name, error) from error
    if digest != expected["sha256"]:
        raise DamagedStageError(folder, name, _CHANGED)
    _verified[sign] = digest


def _content(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise _unreadable(folder, name, error) from error


def _unreadable(folder: Path, name: str, error: OSError) -> DamagedStageError | StoreError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return DamagedStageError(folder, name, "it is missing")
    if isinstance(error, IsADirectoryError):
        return DamagedStageError(folder, name, "it is a folder")
    if isinstance(error, PermissionError):
        return StoreError.during("read", folder / name, error)
    # What a disk answers that cannot read its own sectors any more, too.
    return DamagedStageError(folder, name, os.strerror(error.errno) if error.errno else str(error))


def _digest(path: str | os.PathLike[str]) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    for parent, folders, files in os.walk(folder):
        folders.sort()
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        for name in sorted([*files, *links]):
            path = os.path.join(parent, name)
            yield os.path.relpath(path, folder).replace(os.sep, "/"), path


def _is_list_of_files(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(one, dict)
        and isinstance(one.get("bytes"), int)
        and isinstance(one.get("sha256"), str)
        and not os.path.isabs(name)
        and ".." not in name.split("/")
        for name, one in value.items()
    )
