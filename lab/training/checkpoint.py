"""Models on disk: weights with the settings that build them, and nothing that is run to be read."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, TypeVar

import torch
from torch import nn

M = TypeVar("M", bound=nn.Module)


def save(
    path: Path,
    model: nn.Module,
    settings: Mapping[str, Any],
    weights: Mapping[str, Any] | None = None,
    **extra: Any,
) -> None:
    """Write a model's weights, the `settings` that build it, and what else belongs to it.

    `weights` are given where the model's own are spread over several processes. What is written is
    tensors, numbers, texts and containers of these: `load` reads nothing else.
    """
    held = model.state_dict() if weights is None else weights
    write(path, {"config": dict(settings), "weights": held, **extra})


def load(
    path: Path, build: Callable[[Mapping[str, Any]], M], *, device: str
) -> tuple[M, dict[str, Any]]:
    """The model that `save` wrote, made by `build` of its settings, and what else was written."""
    content = read(path, device)
    model = build(content["config"]).to(device)
    model.load_state_dict(content.pop("weights"))
    return model, content


def write(path: Path, content: Any) -> None:
    """torch.save that reaches the disk whole, or raises the OSError that kept it from there."""
    with path.open("wb") as file:
        recording = _Recording(file)
        try:
            torch.save(content, recording)  # type: ignore[arg-type]
        except RuntimeError as error:
            # torch tells of a full disk as of a wrong position in the file.
            if recording.error is not None:
                raise recording.error from error
            raise
        file.flush()
        os.fsync(file.fileno())


def read(path: Path, device: str = "cpu") -> dict[str, Any]:
    """What `write` wrote; a file whose reading would run code is refused."""
    content: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    return content


def check_sums(path: Path) -> None:
    """Compare a file that torch wrote with the sums in it, which torch writes and does not read.

    Raises ValueError or BadZipFile where a bit of it is another one.
    """
    with zipfile.ZipFile(path) as archive:
        if damaged := archive.testzip():
            raise ValueError(f"{damaged} is not what was written")


class _Recording:
    """A file that remembers what a write raised, which torch drops."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.error: OSError | None = None

    def write(self, data: Any) -> int:
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self._file.flush()
