"""Files known by their content."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from lab import by_content
from lab.by_content import file_sha256


@pytest.fixture
def reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read whole; every size counts as large, and this is a new process."""
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(by_content, "REMEMBERED", 1)
    seen: list[Path] = []
    read = by_content._read_sha256
    monkeypatch.setattr(by_content, "_read_sha256", lambda file: seen.append(file) or read(file))
    return seen


def hashed_anew(file: Path) -> str:
    """As a new process would."""
    by_content._sha256.cache_clear()
    return file_sha256(file)


def test_a_large_file_is_read_once_for_all_commands(tmp_path: Path, reads: list[Path]) -> None:
    """Until its size, time or inode changes."""
    file = tmp_path / "text.jsonl"
    file.write_text("one")
    os.utime(file, (1e9, 1e9))
    assert hashed_anew(file) == hashed_anew(file) == hashlib.sha256(b"one").hexdigest()
    assert len(reads) == 1
    file.write_text("two")
    os.utime(file, (1e9 + 1, 1e9 + 1))
    assert hashed_anew(file) == hashlib.sha256(b"two").hexdigest()
    assert len(reads) == 2


def test_a_file_that_was_just_written_is_not_remembered(tmp_path: Path, reads: list[Path]) -> None:
    """A second write may leave the same time and size."""
    file = tmp_path / "text.jsonl"
    file.write_text("one")
    assert hashed_anew(file) == hashed_anew(file)
    assert len(reads) == 2


def test_a_cache_that_cannot_be_written_costs_only_time(
    tmp_path: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hash is right all the same."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "file"))
    file = tmp_path / "text.jsonl"
    file.write_text("one")
    os.utime(file, (1e9, 1e9))
    assert hashed_anew(file) == hashlib.sha256(b"one").hexdigest()
