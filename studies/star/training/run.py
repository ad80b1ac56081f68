"""The stage that trains a model: a reader of questions, or a parser of programs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studies.star.generator.run import VIDEOS
from studies.star.generator.videos import read_videos
from studies.star.generator.writing import load
from studies.star.model.texts import PAIRS
from studies.star.training.learning import learn


def train(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """Publishes model.pt and metrics.csv."""
    videos = read_videos(inputs["situations"] / VIDEOS) if "situations" in inputs else {}
    written = load(inputs["questions"] / "train.jsonl")
    questions = [one.question(videos.get(one.video)) for one in written]
    learn(PAIRS[config["reads"]](questions), config, out, context)
