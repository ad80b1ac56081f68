"""A tiny tagger's world: a vocabulary, pairs, the settings of each stage, and a context."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stage_context import Context

from lab.encoder.config import EncoderConfig
from lab.encoder.wordpiece import given_wordpiece, keep_wordpiece, publish
from studies.gector.training import misspellings, tagged, tags, tune
from studies.gector.training.pairs import FILE

ROLES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
NAMES = ["ann", "bob", "cat", "dog", "eve", "fox", "gus", "hen"]
THINGS = [
    ("bread", "eat", "eats"),
    ("fish", "eats eats", "eats"),
    ("milk", "drink", "drinks"),
    ("rice", "eats", "eats"),
]
PAIRS = [
    (f"{name} {wrong} {thing} .", f"{name} {right} {thing} .")
    for name in NAMES
    for thing, wrong, right in THINGS
]
"""Of 32 pairs 8 are right; the others want a word replaced or deleted."""


def vocabulary(folder: Path) -> Path:
    """Publish a WordPiece vocabulary of the pairs' words, and give its folder."""
    words = {word for pair in PAIRS for side in pair for word in side.split()}
    folder.mkdir(parents=True)
    file = folder / "vocab.txt"
    file.write_text("\n".join([*ROLES, *sorted(words)]) + "\n")
    keep_wordpiece(file)
    publish(given_wordpiece(file, lowercase=False), folder)
    return folder


def pairs(folder: Path, made: list[tuple[str, str]]) -> Path:
    """Publish pairs as their stage does."""
    folder.mkdir(parents=True)
    lines = [json.dumps({"source": wrong, "target": right}) for wrong, right in made]
    (folder / FILE).write_text("\n".join(lines) + "\n")
    return folder


def prepared(folder: Path) -> dict[str, Path]:
    """The inputs of a training: 32 pairs to learn, which validate it too."""
    made = {"pairs": pairs(folder / "pairs", PAIRS), "vocabulary": vocabulary(folder / "pieces")}
    for stage, module, config, inputs in (
        ("train", tagged, {"kind": "basic"}, {"pairs": made["pairs"]}),
        ("tags", tags, {"size": 20, "share": 1.0, "seed": None}, {"train": folder / "train"}),
    ):
        made[stage] = folder / stage
        made[stage].mkdir()
        module.run(config, inputs, made[stage], Context(folder / "work" / stage))
    made["misspellings"] = folder / "misspellings"
    made["misspellings"].mkdir()
    (made["misspellings"] / misspellings.FILE).write_text(json.dumps({"eat": "eats"}))
    return {**made, "validation": made["train"]}


def settings(size: int, **changes: Any) -> dict[str, Any]:
    """A training's configuration, of a new encoder for so many pieces."""
    encoder = EncoderConfig(
        vocabulary=size, width=32, layers=2, heads=2, feed_forward=64, embedding=32, positions=64
    )
    return {
        "kind": "transformer",
        "encoder": asdict(encoder),
        "rate": 3e-3,
        "batch_size": 16,
        "epoch_updates": None,
        "epochs": 40,
        "cold": {"epochs": 0, "rate": 1e-3},
        "patience": None,
        "shares": {"correct": 1.0, "errorful": 1.0},
        "smoothing": 0.0,
        "error_head": True,
        "dropout": 0.0,
        "reading": {"tokens": 50, "per_word": 5, "longest": 64},
        "seed": 0,
        "precision": "32-true",
        **changes,
    }


def tuned(
    folder: Path, config: Mapping[str, Any], inputs: Mapping[str, Path], stop_at: int = 0
) -> Path:
    """Train, and give the folder of what is published."""
    out = folder / "out"
    out.mkdir(parents=True, exist_ok=True)
    roles = ("vocabulary", "tags", "train", "validation", "before", "pretrain")
    read = {role: inputs[role] for role in roles if role in inputs}
    tune.run(config, read, out, Context(folder / "work", stop_at=stop_at))
    return out
