"""Models on disk: what is written is read without running it, and a full disk is told as one."""

from __future__ import annotations

import errno
import os
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from torch import nn

from lab.training import checkpoint
from lab.training.checkpoint import load, read, save, write
from lab.training.fit import newest_checkpoint
from lab.training.strategies import DirectIO


def build(settings):
    return nn.Linear(settings["width"], 2)


def test_a_model_comes_back_with_what_belongs_to_it(tmp_path: Path):
    """Weights to the bit, settings, and an optimizer's state of tensors, numbers and tuples."""
    model = build({"width": 3})
    state = {"weight": {"step": 4, "second_moment": torch.ones(2), "dims": (1, 0)}}
    save(tmp_path / "model.pt", model, {"width": 3}, optimizer=state, sentinels=5)
    loaded, extra = load(tmp_path / "model.pt", build, device="cpu")
    assert torch.equal(loaded.weight, model.weight)
    assert extra["sentinels"] == 5
    assert extra["optimizer"]["weight"]["dims"] == (1, 0)
    assert torch.equal(extra["optimizer"]["weight"]["second_moment"], torch.ones(2))


def test_files_of_before_are_read(tmp_path: Path):
    """As torch.save wrote them: plain and ordered dicts of tensors."""
    weights = OrderedDict(nn.Linear(3, 2).state_dict())
    torch.save({"config": {"width": 3}, "weights": weights, "sentinels": 1}, tmp_path / "old.pt")
    _, extra = load(tmp_path / "old.pt", build, device="cpu")
    assert extra["sentinels"] == 1


class Touches:
    """Runs code when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("where", ["config", "weights", "extra"])
def test_code_in_a_file_is_not_run(tmp_path: Path, where: str):
    """Wherever it hides, the file is refused and nothing has happened."""
    content = {"config": {"width": 3}, "weights": {}, "extra": None}
    torch.save({**content, where: Touches(tmp_path / "ran")}, tmp_path / "model.pt")
    with pytest.raises(Exception, match=r"[Ww]eights.only"):
        read(tmp_path / "model.pt")
    assert not (tmp_path / "ran").exists()


class Full:
    """A file on a disk that takes so many bytes."""

    def __init__(self, file, room: int, error: int) -> None:
        self.file, self.room, self.error = file, room, error

    def write(self, data) -> int:
        self.room -= memoryview(data).nbytes
        if self.room < 0:
            raise OSError(self.error, os.strerror(self.error))
        return self.file.write(data)

    def __getattr__(self, name: str):
        return getattr(self.file, name)

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self.file.close()


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("room", [0, 100, 20_000, 40_500])
def test_a_full_disk_is_told_as_one(tmp_path: Path, monkeypatch, error: int, room: int):
    """At the file's head, in its tensors or at its end: the OSError, not torch's of a position."""
    model = nn.Linear(100, 100)
    real = Path.open
    monkeypatch.setattr(
        Path, "open", lambda path, *mode, **more: Full(real(path, *mode, **more), room, error)
    )
    with pytest.raises(OSError, match=os.strerror(error)) as raised:
        save(tmp_path / "model.pt", model, {})
    assert raised.value.errno == error


def test_a_full_device_is_one(monkeypatch):
    """The kernel's own: /dev/full."""
    monkeypatch.setattr(checkpoint.os, "fsync", lambda file: None)
    with pytest.raises(OSError, match="No space left"):
        write(Path("/dev/full"), {"weights": torch.zeros(1000)})


def test_lightnings_checkpoints_go_the_same_way(tmp_path: Path, monkeypatch):
    """DirectIO writes what Lightning reads, and lets a full disk through."""
    DirectIO().save_checkpoint({"a": torch.ones(2)}, tmp_path / "last.ckpt")
    assert torch.equal(DirectIO().load_checkpoint(tmp_path / "last.ckpt")["a"], torch.ones(2))
    with pytest.raises(OSError, match="No space left"):
        DirectIO().save_checkpoint({"a": torch.ones(2)}, "/dev/full")


def test_no_flipped_bit_is_resumed_from(tmp_path: Path):
    """An older checkpoint is; each byte of a small one in turn."""
    content = {"weights": torch.arange(40.0), "step": 7, "names": ["a", "b"]}
    older, newer = tmp_path / "1", tmp_path / "2"
    for folder in (older, newer):
        folder.mkdir()
        write(folder / "last.ckpt", content)
    whole = (newer / "last.ckpt").read_bytes()
    refused = 0
    for place in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        (newer / "last.ckpt").write_bytes(bytes(damaged))
        found = newest_checkpoint([newer, older])
        assert found is not None
        refused += found[0].parent == older
        assert torch.equal(found[1]["weights"], content["weights"])
        assert {name: found[1][name] for name in ("step", "names")} == {
            "step": 7,
            "names": ["a", "b"],
        }
    # Of the rest the bits are padding.
    assert refused > len(whole) // 6
    (older / "last.ckpt").write_bytes(bytes(damaged[: len(damaged) // 2]))
    (newer / "last.ckpt").write_bytes(b"")
    assert newest_checkpoint([newer, older]) is None
