"""The files of a Hugging Face checkpoint, and what is wrong with one that cannot be read."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from lab.errors import ModelError
from lab.not_fetched import AGAIN, instead_of


def read_settings(folder: Path) -> dict[str, Any]:
    """What a checkpoint's config.json says. Raises ModelError."""
    path = folder / "config.json"
    if not path.is_file():
        raise ModelError(f"{folder} has no config.json; give the folder of a checkpoint")
    return _json_object(path)


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
    placed = _json_object(index).get("weight_map")
    if not isinstance(placed, dict) or not all(isinstance(v, str) for v in placed.values()):
        raise ModelError(f"{index} has no weight_map that names a shard for each weight. {AGAIN}")
    shards = sorted(set(placed.values()))
    absent = [shard for shard in shards if not (index.parent / shard).is_file()]
    if absent:
        raise ModelError(
            f"{index.parent / absent[0]} is missing: {index.name} names {len(shards)} shards, of "
            f"which {len(absent)} are not there. Download {', '.join(absent)} too."
        )
    weights: dict[str, Tensor] = {}
    for shard in shards:
        found = read(index.parent / shard)
        lacking = [name for name, of in placed.items() if of == shard and name not in found]
        if lacking:
            raise ModelError(
                f"{index.parent / shard} lacks {len(lacking)} weights that {index.name} places "
                f"there, first '{lacking[0]}': it belongs to another checkpoint. {AGAIN}"
            )
        weights |= found
    return weights


def _json_object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise ModelError(_diagnosis(path) or f"{path} is no JSON: {error}. {AGAIN}") from error
    if not isinstance(found, dict):
        raise ModelError(f"{path} holds no JSON object. {AGAIN}")
    return found


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(_diagnosis(path) or _cut_short(path, error)) from error


def _read_pickled(path: Path) -> dict[str, Tensor]:
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelError(
            _diagnosis(path)
            or f"{path} is no file of tensors alone: reading it would run what else it holds, or "
            f"it is damaged ({path.stat().st_size} bytes). Give a checkpoint in the safetensors "
            "format, or download it again."
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError) as error:
        raise ModelError(_diagnosis(path) or _cut_short(path, error)) from error
    if not isinstance(found, dict) or not all(isinstance(v, Tensor) for v in found.values()):
        raise ModelError(f"{path} holds no weights by name. Give the folder of a checkpoint.")
    return found


def _diagnosis(path: Path) -> str | None:
    """What stands in a checkpoint file's place, where it is recognized."""
    found = instead_of(path)
    return found and f"{path} {found}"


def _cut_short(path: Path, error: Exception) -> str:
    return (
        f"{path} cannot be read as a checkpoint: it is damaged or cut short at "
        f"{path.stat().st_size} bytes ({error}). {AGAIN}"
    )


_READERS: tuple[tuple[str, Callable[[Path], dict[str, Tensor]]], ...] = (
    ("model.safetensors", _read_safetensors),
    ("pytorch_model.bin", _read_pickled),
)
