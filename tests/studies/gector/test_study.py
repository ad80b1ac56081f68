"""The study from the command line to stages: what rows share, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studies.gector.preparation import archives_read
from sweeps.asking.command import Command, by_study
from sweeps.asking.preflight import composer_of
from sweeps.errors import ConfigurationError
from sweeps.graph import Graph
from sweeps.stage import Stage


def cells(*words: str) -> list[Any]:
    """The cells of a command line, in order."""
    preset = [] if any(word.startswith("preset=") for word in words) else ["preset=smoke"]
    asked = Command(by_study(["study=gector", *preset, *words], "gector"), composer_of)
    return [cell for sweep in asked.sweeps() for row in sweep.rows for cell in row.cells]


def stages(cell: Any, name: str) -> dict[str, Stage]:
    """The stages of this name behind a cell's scores, by key."""
    graph = Graph(cell.scores.values())
    return {stage.key: stage for stage in graph.stages.values() if stage.name == name}


def test_rounds_and_tweaks_share_their_trainings() -> None:
    """Rows that differ in the evaluation alone read one tagger; found tweaks are searched once."""
    found = cells("inference=plain", "inference.iterations=1,2,5", "baseline=none")
    found += cells("inference=given", "inference.confidence=0.2")
    trained = [frozenset(stages(cell, "tune")) for cell in found]
    assert len(found) == 4
    assert len(set(trained)) == 1
    assert len(trained[0]) == 3
    assert len({frozenset(stages(cell, "evaluate")) for cell in found}) == 4
    (tweaked,) = cells()
    assert frozenset(stages(tweaked, "tune")) == trained[0]
    assert len(stages(tweaked, "search")) == 1


def test_stages_of_training_are_a_chain() -> None:
    """A row that goes further begins where the one before ends; the last reads all of them."""
    one, two, three = cells("stages=one,two,three", "inference=plain", "baseline=none")
    kept = [set(stages(cell, "tune")) for cell in (one, two, three)]
    assert kept[0] < kept[1] < kept[2]
    without = stages(cells("stages=without_two")[0], "tune")
    assert len(without) == 2
    assert set(without) & kept[2] == kept[0]


def test_a_list_of_tags_shares_its_alignment() -> None:
    """Sizes differ in the list alone, kinds in the tags of the pairs; coverage trains nothing."""
    small, large = cells("evaluate.coverage=true", "size=s100,s10000", "baseline=none")
    (basic,) = cells("evaluate.coverage=true", "tags=basic")
    assert set(stages(small, "tagged")) == set(stages(large, "tagged"))
    assert not set(stages(small, "tagged")) & set(stages(basic, "tagged"))
    assert set(stages(small, "pairs")) == set(stages(basic, "pairs"))
    assert set(stages(small, "tags")) != set(stages(large, "tags"))
    assert not stages(small, "tune")


def test_seeds_of_a_coverage_count_other_pairs() -> None:
    """A share is drawn by the seed; the whole list is the same for all seeds."""
    words = ["evaluate.coverage=true", "seeds.baseline=3"]
    whole, shares = cells(*words), cells(*words, "tags.share=0.8")
    assert len({key for cell in whole for key in stages(cell, "tags")}) == 1
    assert len({key for cell in shares for key in stages(cell, "tags")}) == 3


@pytest.mark.parametrize("name", ["speed", "evaluate"])
def test_a_rewriter_reads_no_forms_of_verbs(name: str) -> None:
    """Which a tagger's corrections do."""
    tagger, rewriter = cells(
        "system=tagger,rewriter", "speed.measured=true", "inference=plain", "baseline=none"
    )
    assert archives_read(stages(tagger, name).values()) == ["word_forms"]
    assert archives_read(stages(rewriter, name).values()) == []


def test_members_of_an_ensemble_are_trainings_of_their_own() -> None:
    """The first is the single tagger; seeds of a row are no seeds of members."""
    one, three = cells("ensemble=single,seeds", "inference=plain", "baseline=none")
    assert set(stages(one, "tune")) < set(stages(three, "tune"))
    seeds = {stage.config["seed"] for stage in stages(three, "tune").values()}
    assert seeds == {0, 10_000, 20_000}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["encoder=given"], "encoder=given: say which, by encoder.folder=FOLDER."),
        (["inference=plain", "inference.minimum=0.5"], "are not read by inference=plain"),
        (["stages.settings.one.most=null"], "of synthetic pairs there is no end"),
        (["stages.settings.two.cold=9"], "stages.settings.two.cold=9 of 2 epochs"),
        (["encoder.heads=3"], "do not divide the width"),
        (["stages.settings.two.files=[a,b]"], "is not read by stages.settings.two.pairs=real"),
        (["stages.settings.two.pairs=own"], "Give [WRONG,RIGHT]"),
        (["speed.sentences.at_no=3"], "give it as at_N"),
    ],
)
def test_what_is_impossible_is_told(words: list[str], told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        cells(*words)
    assert told in " ".join(caught.value.complaints)


def test_an_encoder_of_a_folder_is_known_by_its_content(tmp_path: Path) -> None:
    """A folder without one is told with what it needs."""
    with pytest.raises(ConfigurationError) as caught:
        cells("encoder=given", f"encoder.folder={tmp_path}")
    assert "it has no config.json" in " ".join(caught.value.complaints)


def test_rows_of_speed_share_both_trainings() -> None:
    """Beams and rounds are of the writing alone; a rewriter reads the tagger's pairs."""
    words = ["inference=plain", "speed.measured=true", "evaluate.sets=[seen]", "baseline=none"]
    taggers = cells(*words, "inference.iterations=1,5")
    writers = cells(*words, "system=rewriter", "rewriter.beam=1,12")
    assert len({frozenset(stages(cell, "tune")) for cell in taggers}) == 1
    assert len({frozenset(stages(cell, "rewrite")) for cell in writers}) == 1
    assert len(stages(writers[0], "rewrite")) == len(stages(taggers[0], "tune")) == 3
    assert len({key for cell in taggers + writers for key in stages(cell, "speed")}) == 4
    learned = [set(stages(cell, "pairs")) for cell in (taggers[0], writers[0])]
    assert learned[1] < learned[0]
    updates = [stage.config["updates"] for stage in stages(writers[0], "rewrite").values()]
    assert sorted(updates) == [3, 8, 14]


MEASURED = {
    "vocabulary": (170, 170),
    "lines": (338, 338),
    "pretrain": (699, 699),
    "pairs": (655, 827),
    "tagged": (709, 790),
    "tags": (650, 650),
    "tune": (1004, 1099),
    "misspellings": (786, 786),
    "search": (1080, 1080),
    "evaluate": (1130, 1187),
}
"""MiB of the one worker that ran all stages (benchmarks/README.md), the least and the most."""


def test_plans_state_the_memory_that_a_worker_had() -> None:
    """Of every kind of stage, within a quarter."""
    (cell,) = cells("preset=embedded", "baseline=none", "seed=0")
    for name, (least, most) in MEASURED.items():
        planned = [stage.cost.memory_bytes / 2**20 for stage in stages(cell, name).values()]
        assert planned, name
        assert 0.8 * most <= min(planned) <= max(planned) <= 1.25 * least, name
