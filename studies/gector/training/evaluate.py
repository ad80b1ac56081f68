"""The stage "evaluate": what a system scores on a set of pairs.

Its `config` holds task, examples, scorer, and what `systems.open_system` reads; inputs are "pairs",
"misspellings" and the system's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from lab.allocator import keep_freed_memory
from lab.timing import Timing
from studies.gector.floors import look_up, nothing
from studies.gector.judging import Reference, judged, read_references
from studies.gector.scoring import Score, Scorer, get_scorer
from studies.gector.systems import open_system
from studies.gector.training.misspellings import read_misspellings

NOTHING, LOOK_UP = "nothing.json", "look_up.json"
"""What a set scores without a model."""


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """Publishes scores.json, two floors and corrections.jsonl. Raises DataError."""
    keep_freed_memory()
    torch.set_num_threads(context.threads)
    timing = Timing()
    scorer = get_scorer(config["scorer"])
    scorer.check()
    with timing.part("data"):
        references = read_references(inputs["pairs"], config["examples"])
    with timing.part("model"):
        system = open_system(config, inputs, context)
    with timing.part("correcting"):
        made = system.correct([one.source for one in references])
    with timing.part("scoring"):
        found = judged(references, made.sentences, scorer)
        known_words = read_misspellings(inputs["misspellings"])
        floors = {
            NOTHING: nothing([one.source for one in references]),
            LOOK_UP: look_up(known_words)([one.source for one in references]),
        }
        written = {"scores.json": scores_of(found, references, made.sentences, scorer)}
        for name, outputs in floors.items():
            floor = judged(references, outputs, scorer)
            written[name] = scores_of(floor, references, outputs, scorer)
    for name, scores in written.items():
        (out / name).write_text(json.dumps({config["task"]: scores}, indent=1))
    with (out / "corrections.jsonl").open("w", encoding="utf-8") as file:
        for one, output in zip(references, made.sentences, strict=True):
            line = {
                "source": " ".join(one.source),
                "target": " ".join(one.target),
                "output": " ".join(output),
            }
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    context.record(
        changed_sentences=made.changes,
        counts=found.counts._asdict(),
        seconds=timing.seconds,
    )


def scores_of(
    found: Score,
    references: Sequence[Reference],
    outputs: Sequence[Sequence[str]],
    scorer: Scorer,
) -> dict[str, float]:
    """Percentages, and numbers of edits: all that were made, and those in right sentences."""
    edits = found.counts.tp + found.counts.fp
    exact = sum(one.target == [*output] for one, output in zip(references, outputs, strict=True))
    scores = {
        "p": 100.0 * found.precision,
        "r": 100.0 * found.recall,
        "f05": 100.0 * found.f,
        "edits": float(edits),
        "exact": 100.0 * exact / len(references),
    }
    if found.right_sentences:
        scores["spoiled"] = 100.0 * found.spoiled / found.right_sentences
        scores["false_edits"] = found.false_edits / found.right_sentences
    return scores
