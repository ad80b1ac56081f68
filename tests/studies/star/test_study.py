"""The study from the command line to scores: its stages, its sweep files, its complaints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from studies.star.classes import TYPES
from studies.star.generator import run as generating
from studies.star.reading import evaluate, perception, programs
from studies.star.training.run import train
from sweeps.asking.command import Command, by_study
from sweeps.asking.preflight import composer_of
from sweeps.errors import ConfigurationError
from sweeps.graph import Graph

SMOKE = ["preset=smoke"]
SWEEPS = Path(__file__).parents[3] / "sweeps/star"


def cells(*words: str) -> list[Any]:
    """The cells of a command line, in order."""
    asked = Command(by_study(["study=star", *SMOKE, *words], "star"), composer_of)
    return [cell for sweep in asked.sweeps() for row in sweep.rows for cell in row.cells]


def key_of(cell: Any, name: str) -> str:
    """The key of the stage of this name behind a cell's scores."""
    graph = Graph(cell.scores.values())
    (found,) = {key for key, stage in graph.stages.items() if stage.name == name}
    return str(found)


def test_readers_share_what_they_do_not_change() -> None:
    """Balance leaves the trained model alone, noise the questions; truth needs no perception."""
    plain, noisy = (c for c in cells("graph=gt,noisy") if c.seed == 0)
    assert key_of(plain, "asked") == key_of(noisy, "asked")
    names = {stage.name for stage in Graph(plain.scores.values()).stages.values()}
    assert names == {"situations", "questions", "asked", "evaluate"}
    one, other = (c for c in cells("reader=blind", "balance=none,answers") if c.seed == 0)
    assert key_of(one, "reader") == key_of(other, "reader")
    assert key_of(one, "evaluate") != key_of(other, "evaluate")


def test_noise_is_no_part_of_what_does_not_read_it() -> None:
    """With everything true, or without a graph, it changes no key."""
    for words in ([], ["reader=random"]):
        keys = {key_of(cells(*words, f"noise={n}")[0], "evaluate") for n in (0.1, 0.4)}
        assert len(keys) == 1


@pytest.mark.parametrize("path", sorted(SWEEPS.glob("*.yaml")), ids=lambda path: path.stem)
def test_sweep_files_ask_what_they_say(path: Path) -> None:
    """Their rows are different work, their claims are about them, and the title says what it is."""
    words = [f"sweep=star/{path.stem}", *SMOKE, "seeds.baseline=1"]
    (sweep,) = Command(by_study(words, "star"), composer_of).sweeps()
    assert "generated situations" in sweep.title
    assert len({row.cells[0].identity for row in sweep.rows}) == len(sweep.rows)
    assert sum(row.baseline for row in sweep.rows) == 1


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        ("model.size=nanno", "model.size=nanno: Unknown size 'nanno'. Did you mean 'nano'?"),
        ("noise=2", "noise=2: must be"),
        ("world.spatial=[]", "world.spatial=[]: give one relation or more, such as [near]."),
        ("world.contact.hold=hugging", "world.contact.hold=hugging: Unknown relation 'hugging'."),
    ],
)
def test_what_is_impossible_is_said(word: str, complaint: str) -> None:
    """In the words of the command line."""
    with pytest.raises(ConfigurationError) as caught:
        cells(word)
    assert caught.value.complaints[0].startswith(complaint)


ORACLE = {"reader": "executor", "fallback": "all"}


def test_the_oracle_is_right(house: Any) -> None:
    """100 in every type, by the filter; what it threw out is said."""
    scores = house.scores("oracle", ORACLE)
    assert scores == {kind: {"acc": 100.0, "one": 100.0} for kind in TYPES}
    note = house.notes[0]
    assert note.startswith("The executor threw out ")
    assert "in the world of seed 0." in note


def test_random_is_a_quarter(house: Any) -> None:
    """Exactly: the chance of a guess is scored."""
    scores = house.scores("random", {"reader": "random"})
    assert {one["acc"] for one in scores.values()} == {25.0}


def test_the_frequent_distractor_does_its_work(house: Any) -> None:
    """The most frequent answer is right less often than by its share without such options."""
    house(
        "plain",
        generating.questions,
        {"distractors": "random", "clip": "paper", "seed": 0},
        "situations",
    )
    house("plain asked", generating.asked, {"split": "test", "balance": "none"}, "questions/plain")
    out = house(
        "plain frequent",
        evaluate,
        {"reader": "frequent"},
        "questions/plain",
        "asked/plain asked",
    )
    plain = json.loads((out / "scores.json").read_text())
    told, lines = house.facts["scored"], (out / "predictions.jsonl").read_text().splitlines()
    assert told.keys() == plain.keys()
    assert sum(one["examples"] for one in told.values()) == len(lines)
    full = house.scores("frequent", {"reader": "frequent"})
    assert sum(one["acc"] for one in full.values()) < sum(one["acc"] for one in plain.values())
    # The reference row is the same reader.
    constant = json.loads((out / "constant.json").read_text())
    assert constant == {kind: {"acc": one["acc"]} for kind, one in plain.items()}


def test_wrong_graphs_and_words_cost_answers(house: Any) -> None:
    """Actions that are mistaken, words of programs that are; each prediction has its part."""
    parts = {"objects": "noisy", "relations": "noisy", "graph": "noisy", "noise": 0.4, "seed": 0}
    house("perception", perception, parts, "situations", "asked")
    noisy = house.scores("noisy", ORACLE, "perception")
    assert all(one["acc"] < 90 for one in noisy.values())
    house("programs", programs, {"program": "noisy", "noise": 0.4, "seed": 0}, "asked")
    misread = house.scores("misread", ORACLE, "programs")
    assert all(one["acc"] < 90 for one in misread.values())
    lines = (house.folder / "misread/predictions.jsonl").read_text().splitlines()
    mean = [json.loads(line) for line in lines]
    points = [line["parts"]["acc"]["mean"][0] for line in mean if line["task"] == "Sequence"]
    assert sum(points) / len(points) == pytest.approx(misread["Sequence"]["acc"])


@pytest.mark.parametrize("reads", ["blind", "graph_text", "program"])
def test_models_train_and_answer(house: Any, learning: dict[str, Any], reads: str) -> None:
    """Whatever they learned in two steps: one option each, or texts that are no programs."""
    house(f"{reads} model", train, {**learning, "reads": reads}, "questions", "situations")
    if reads == "program":
        lengths = {"inputs_length": 40, "targets_length": 6}
        config = {"program": "parsed", **lengths}
        house("parsed", programs, config, "asked", "parser/program model")
        scores = house.scores("understood", ORACLE, "programs/parsed")
        assert set(scores) == set(TYPES)
        return
    config = {"reader": reads, "inputs_length": 160}
    scores = house.scores(f"{reads} answers", config, f"reader/{reads} model")
    assert {one["one"] for one in scores.values()} == {100.0}
