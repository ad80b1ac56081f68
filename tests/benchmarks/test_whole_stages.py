"""What the benchmark of whole stages compares is there in the study as it is now."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import whole_stages


def test_the_preset_has_the_stages_that_are_compared() -> None:
    graph = whole_stages.planned(whole_stages.WORDS)
    found = whole_stages.stages_of(graph)
    assert sorted(found) == ["finetune", "pretrain"]
    learned = graph.stages[found["finetune"]]
    assert list(learned.config["tasks"]) == [whole_stages.TASK]
    assert found["pretrain"] in {stage.key for stage in learned.inputs.values()}
