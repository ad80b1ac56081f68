"""The stages that generate: situations, questions about them, and those that are scored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studies.star.generator.asking import drafts
from studies.star.generator.balance import balanced
from studies.star.generator.videos import read_videos, videos, write_videos
from studies.star.generator.writing import THROWN_OUT, Written, load, save, write_questions

VIDEOS = "videos.jsonl"
COUNTS = "counts.json"
ASKED = "asked.jsonl"


def situations(
    config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any
) -> None:
    """Publishes videos.jsonl."""
    world = config["world"]
    write_videos(out / VIDEOS, videos(world, world["seed"]))


def questions(
    config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any
) -> None:
    """Publishes a file a split, and counts.json: what became of the questions, by template."""
    made = read_videos(inputs["situations"] / VIDEOS)
    found = [draft for video in made.values() for draft in drafts(video, form=config["clip"])]
    written, fates = write_questions(found, made, config["distractors"], config["seed"])
    for name, some in written.items():
        save(out / f"{name}.jsonl", some)
    (out / COUNTS).write_text(json.dumps(fates, indent=1))
    total = sum(sum(fate.values()) for fate in fates.values())
    thrown = sum(fate.get(THROWN_OUT, 0) for fate in fates.values())
    context.record(
        notes=[
            f"The executor threw out {thrown:,} of {total:,} questions with distractors="
            f"{config['distractors']} in the world of seed {config['seed']}."
        ]
    )


def asked(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """Publishes asked.jsonl."""
    found: list[Written] = load(inputs["questions"] / f"{config['split']}.jsonl")
    save(out / ASKED, balanced(found) if config["balance"] == "answers" else found)
