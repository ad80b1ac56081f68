"""A small generated world, and questions in the published schema that are made by hand."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from studies.star.generator import run as generating
from studies.star.generator.asking import Draft, drafts
from studies.star.generator.videos import Video, videos
from studies.star.generator.writing import Written, write_questions
from studies.star.reading import evaluate

CONF = Path(__file__).parents[3] / "conf/star"


@pytest.fixture(scope="session")
def world() -> dict[str, Any]:
    """The generated world of conf/star, with few videos."""
    settings = yaml.safe_load((CONF / "world/generated.yaml").read_text())
    settings.pop("name")
    return {**settings, "videos": 30, "seed": 0}


@pytest.fixture(scope="session")
def filmed(world: Mapping[str, Any]) -> dict[str, Video]:
    """The world's videos by id."""
    return {video.id: video for video in videos(world, 0)}


@pytest.fixture(scope="session")
def drafted(filmed: Mapping[str, Video]) -> list[Draft]:
    """All that is asked about them."""
    return [draft for video in filmed.values() for draft in drafts(video)]


@pytest.fixture(scope="session")
def written(
    drafted: list[Draft], filmed: Mapping[str, Video]
) -> tuple[dict[str, list[Written]], dict[str, dict[str, int]]]:
    """The benchmark's questions of each split, and what became of the drafts."""
    return write_questions(drafted, filmed, "full", 0)


def frame(actions: list[str], objects: list[str], *touched: tuple[str, str]) -> dict[str, Any]:
    """A frame in the published schema, with null boxes."""
    return {
        "actions": actions,
        "bbox": [None] * len(objects),
        "bbox_labels": objects,
        "rel_pairs": [["o000", thing] for _, thing in touched],
        "rel_labels": [relation for relation, _ in touched],
    }


def steps(*words: str) -> list[dict[str, Any]]:
    """A program in the published form; `word>Function` is a function with a word in front."""
    found = []
    for word in words:
        *values, function = word.split(">")
        found.append({"function": function, "value_input": values})
    return found


@pytest.fixture
def star_file() -> list[dict[str, Any]]:
    """Four questions of two videos, one a type, as STAR_val.json has them."""
    situations = {
        "000010": frame(["a110"], ["o000", "o008"], ("r019", "o008")),
        "000020": frame(["a049"], ["o000", "o008", "o028"], ("r009", "o028")),
        "000030": frame(["a109"], ["o000", "o008", "o028"], ("r019", "o008")),
    }
    things = ("food", "book", "clothes", "box")
    acts = (("take", "food"), ("open", "door"), ("wash", "dish"), ("sit", "floor"))
    objects = [
        {"choice_id": place, "choice": f"The {name}.", "choice_program": steps(f"{name}>Equal")}
        for place, name in enumerate(things)
    ]
    pairs = [
        {
            "choice_id": place,
            "choice": f"{verb.capitalize()} the {name}.",
            "choice_program": steps(f"{verb}>{name}>Union", "Belong_to"),
        }
        for place, (verb, name) in enumerate(acts)
    ]
    named = steps(
        "Situations",
        "Actions",
        "Situations",
        "Actions",
        "refrigerator>Filter_Actions_with_Obj",
        "open>Filter_Actions_with_Verb",
        "Unique",
        "Filter_After_Actions",
    )
    asked = {
        "Interaction_T1_0": (
            "V1",
            "Which object was taken by the person?",
            steps("Situations", "Actions", "take>Filter_Actions_with_Verb", "Unique", "Query_Objs"),
            objects,
        ),
        "Sequence_T1_1": (
            "V1",
            "Which object did the person take after they opened the refrigerator?",
            [
                *named,
                *steps("take>Filter_Actions_with_Verb", "Query_Earliest_Action", "Query_Objs"),
            ],
            objects,
        ),
        "Prediction_T1_2": (
            "V2",
            "What will the person do next?",
            steps(
                "Situations",
                "Actions",
                "Situations",
                "Actions",
                "Query_Earliest_Action",
                "Filter_After_Actions",
                "Query_Actions",
            ),
            pairs,
        ),
        "Feasibility_T6_3": (
            "V2",
            "What is the person able to do after opening the refrigerator?",
            [*named, *steps("Query_Actions")],
            pairs,
        ),
    }
    return [
        {
            "question_id": id,
            "question": text,
            "answer": options[0]["choice"],
            "video_id": video,
            "start": 0.0,
            "end": 1.0,
            "question_program": program,
            "choices": options,
            "situations": copy.deepcopy(situations),
        }
        for id, (video, text, program, options) in asked.items()
    ]


class House:
    """Runs stages by hand into a folder, each once."""

    def __init__(self, folder: Path, world: dict[str, Any]) -> None:
        self.folder = folder
        self.done: dict[str, Path] = {}
        self.notes: list[str] = []
        self.facts: dict[str, Any] = {}
        self("situations", generating.situations, {"world": world})
        self(
            "questions",
            generating.questions,
            {"distractors": "full", "clip": "paper", "seed": 0},
            "situations",
        )
        self("asked", generating.asked, {"split": "test", "balance": "none"}, "questions")

    def __call__(self, name: str, run: Any, config: dict[str, Any], *inputs: str) -> Path:
        out = self.folder / name
        out.mkdir()
        work = self.folder / f"{name}-work"
        work.mkdir()
        context = SimpleNamespace(
            work=work,
            earlier=[],
            device="cpu",
            threads=1,
            ranks=None,
            execution={},
            progress=lambda *_, **__: None,
            should_stop=lambda: False,
            assert_owned=lambda: None,
            record=self._record,
        )
        found = {key.split("/")[0]: self.done[key.split("/")[-1]] for key in inputs}
        run(config, found, out, context)
        self.done[name] = out
        return out

    def _record(self, notes: Sequence[str] = (), **facts: Any) -> None:
        self.notes.extend(notes)
        self.facts |= facts

    def scores(self, name: str, config: dict[str, Any], *inputs: str) -> dict[str, Any]:
        """Of an evaluation with the usual inputs and these."""
        out = self(name, evaluate, config, "situations", "questions", "asked", *inputs)
        return json.loads((out / "scores.json").read_text())


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, world: dict[str, Any]) -> House:
    """A small world with its questions."""
    return House(tmp_path_factory.mktemp("house"), world)


@pytest.fixture(scope="session")
def learning() -> dict[str, Any]:
    """How a model of next to no size is trained for two steps."""
    return {
        "model": {
            "architecture": "encoder_decoder",
            "vocab_size": 384,
            "d_model": 16,
            "d_ff": 32,
            "d_kv": 8,
            "num_heads": 2,
            "num_layers": 1,
            "num_decoder_layers": 1,
        },
        "steps": 2,
        "batch_size": 4,
        "inputs_length": 160,
        "targets_length": 24,
        "hold": 100,
        "precision": "32-true",
        "seed": 0,
    }
