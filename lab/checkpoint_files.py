"""Which files a Hugging Face checkpoint is, and what its config.json says; torch-free."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lab.errors import ModelError, nearest_path
from lab.not_fetched import AGAIN, instead_of

SETTINGS = "config.json"
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
"""The first that is there is read, whole or in shards."""


def checkpoint_files(folder: Path) -> dict[str, Path]:
    """The settings and the weights of a checkpoint by name. Raises ModelError where one lacks."""
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such folder.{nearest_path(folder)}")
    read_settings(folder)
    names = [SETTINGS]
    for name in WEIGHTS:
        index = folder / f"{name}.index.json"
        if (folder / name).is_file():
            return {one: folder / one for one in (*names, name)}
        if index.is_file():
            return {one: folder / one for one in (*names, index.name, *shards_of(index))}
    raise ModelError(f"{folder} has no {' or '.join(WEIGHTS)}; give the folder of a checkpoint")


def read_settings(folder: Path) -> dict[str, Any]:
    """What a checkpoint's config.json says. Raises ModelError."""
    path = folder / SETTINGS
    if not path.is_file():
        raise ModelError(f"{folder} has no config.json; give the folder of a checkpoint")
    return json_object(path)


def placed_weights(index: Path) -> dict[str, str]:
    """The shard of each weight, as an index says. Raises ModelError."""
    placed = json_object(index).get("weight_map")
    if not isinstance(placed, dict) or not all(isinstance(v, str) for v in placed.values()):
        raise ModelError(f"{index} has no weight_map that names a shard for each weight. {AGAIN}")
    return placed


def shards_of(index: Path) -> list[str]:
    """The shards that an index names. Raises ModelError where one is not there."""
    shards = sorted(set(placed_weights(index).values()))
    absent = [shard for shard in shards if not (index.parent / shard).is_file()]
    if absent:
        raise ModelError(
            f"{index.parent / absent[0]} is missing: {index.name} names {len(shards)} shards, of "
            f"which {len(absent)} are not there. Download {', '.join(absent)} too."
        )
    return shards


def json_object(path: Path) -> dict[str, Any]:
    """The object that a JSON file holds. Raises ModelError."""
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise ModelError(diagnosis(path) or f"{path} is no JSON: {error}. {AGAIN}") from error
    if not isinstance(found, dict):
        raise ModelError(f"{path} holds no JSON object. {AGAIN}")
    return found


def diagnosis(path: Path) -> str | None:
    """What stands in a checkpoint file's place, where it is recognized."""
    found = instead_of(path)
    return found and f"{path} {found}"
