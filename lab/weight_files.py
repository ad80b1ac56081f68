"""The weights of a Hugging Face checkpoint, and what is wrong with a file of them."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from lab.checkpoint_files import WEIGHTS, diagnosis, placed_weights, shards_of
from lab.errors import ModelError
from lab.not_fetched import AGAIN


def read_weights(folder: Path) -> dict[str, Tensor]:
    """The weights by name, of one file or of all its shards. Raises ModelError."""
    for name, read in _READERS:
        if (folder / name).is_file():
            return read(folder / name)
        index = folder / f"{name}.index.json"
        if index.is_file():
            return _read_shards(index, read)
    names = " or ".join(name for name, _ in _READERS)
    raise ModelError(f"{folder} has no {names}; give the folder of a checkpoint")


def _read_shards(index: Path, read: Callable[[Path], dict[str, Tensor]]) -> dict[str, Tensor]:
    placed = placed_weights(index)
    weights: dict[str, Tensor] = {}
    for shard in shards_of(index):
        found = read(index.parent / shard)
        lacking = [name for name, of in placed.items() if of == shard and name not in found]
        if lacking:
            raise ModelError(
                f"{index.parent / shard} lacks {len(lacking)} weights that {index.name} places "
                f"there, first '{lacking[0]}': it belongs to another checkpoint. {AGAIN}"
            )
        weights |= found
    return weights


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(diagnosis(path) or _cut_short(path, error)) from error


def read_pickled(path: Path) -> dict[str, Tensor]:
    """The weights by name that torch.save wrote. Raises ModelError."""
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelError(
            diagnosis(path)
            or f"{path} is no file of tensors alone: reading it would run what else it holds, or "
            f"it is damaged ({path.stat().st_size} bytes). Give a checkpoint in the safetensors "
            "format, or download it again."
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError) as error:
        raise ModelError(diagnosis(path) or _cut_short(path, error)) from error
    if not isinstance(found, dict) or not all(isinstance(v, Tensor) for v in found.values()):
        raise ModelError(f"{path} holds no weights by name. Give the folder of a checkpoint.")
    return found


def _cut_short(path: Path, error: Exception) -> str:
    return (
        f"{path} cannot be read as a checkpoint: it is damaged or cut short at "
        f"{path.stat().st_size} bytes ({error}). {AGAIN}"
    )


_READERS = tuple(zip(WEIGHTS, (_read_safetensors, read_pickled), strict=True))
