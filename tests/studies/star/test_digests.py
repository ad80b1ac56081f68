"""Each kind of stage at tiny size makes what it made before, or its version must be raised."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from studies.star.reading import perception, programs
from studies.star.training.run import train
from sweeps.asking.command import Command, by_study
from sweeps.asking.preflight import composer_of
from sweeps.graph import Graph

STORED = Path(__file__).with_name("digests.json")
RENEW = "T5STUDY_RENEW_DIGESTS"


def digest(folder: Path) -> str:
    """Of all texts of a stage, by name."""
    found = hashlib.sha256()
    for path in sorted(folder.glob("*.json*")):
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()[:16]


def check(stage: str, exact: str, losses: list[float]) -> None:
    """Compare with the stored digest; renew it where the environment asks for that."""
    stored = json.loads(STORED.read_text()) if STORED.exists() else {}
    if os.environ.get(RENEW):
        stored[stage] = {"version": 1, "exact": exact, "losses": losses}
        STORED.write_text(json.dumps(stored, indent=1, sort_keys=True) + "\n")
    known = stored[stage]
    same = known["exact"] == exact and losses == pytest.approx(known["losses"], abs=1e-5)
    assert same, (
        f"Raise the version of {stage}, or show that its meaning is unchanged and renew the "
        f"digest ({RENEW}=1). Stored {known}, now {exact} {losses}."
    )


def test_what_is_generated_and_seen(house: Any) -> None:
    """Situations, questions, those asked; graphs with every kind of mistake; programs."""
    parts = {"objects": "noisy", "relations": "noisy", "graph": "noisy", "noise": 0.3, "seed": 0}
    house("seen", perception, parts, "situations", "asked")
    house("mistaken", programs, {"program": "noisy", "noise": 0.3, "seed": 0}, "asked")
    config = {"reader": "executor", "fallback": "all"}
    house.scores("judged", config, "perception/seen", "programs/mistaken")
    for stage, folder in {
        "situations": "situations",
        "questions": "questions",
        "asked": "asked",
        "perception": "seen",
        "programs": "mistaken",
        "evaluate": "judged",
    }.items():
        check(stage, digest(house.folder / folder), [])


@pytest.mark.parametrize(("stage", "reads"), [("reader", "graph_text"), ("parser", "program")])
def test_what_is_learned(house: Any, learning: dict[str, Any], stage: str, reads: str) -> None:
    """The losses of two steps."""
    house(f"{stage} of digest", train, {**learning, "reads": reads}, "questions", "situations")
    with (house.folder / f"{stage} of digest/metrics.csv").open() as file:
        losses = [float(line["loss"]) for line in csv.DictReader(file)]
    check(stage, "", losses)


def test_the_digests_are_of_these_versions() -> None:
    """Every kind of stage has one, of the version that cells ask for."""
    asked = ["study=star", "preset=smoke", "seeds.baseline=1", "program=parsed", "graph=noisy"]
    found = {}
    for word in ("reader=executor", "reader=blind"):
        for sweep in Command(by_study([*asked, word], "star"), composer_of).sweeps():
            stages = Graph(c for c in sweep.cells[0].scores.values()).stages.values()
            found |= {stage.name: stage.version for stage in stages}
    assert found == {name: one["version"] for name, one in json.loads(STORED.read_text()).items()}
