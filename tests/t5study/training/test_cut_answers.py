"""An evaluation says which inputs and answers did not fit into the lengths asked for."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from t5study.tasks import get_task
from t5study.training import evaluate

LONGEST_INPUT, LONGEST_ANSWER = 4, 3


class Words:
    """A vocabulary of words: each letter is a token."""

    eos = 1

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def encode_batch(self, texts: list[str]) -> list[list[int]]:
        return [[ord(letter) for letter in text] for text in texts]

    def decode(self, tokens: list[int]) -> str:
        return "".join(map(chr, tokens))


def evaluated(
    monkeypatch: Any, folder: Path, task: str, examples: list[dict[str, Any]], written: str
) -> dict[str, Any]:
    """What an evaluation records whose model writes the same to all examples."""
    facts: dict[str, Any] = {}
    model = SimpleNamespace(eval=lambda: None)
    monkeypatch.setattr(evaluate, "load", lambda *_, **__: (model, {"sentinels": 0}))
    monkeypatch.setattr(evaluate, "Vocabulary", Words)
    monkeypatch.setattr(evaluate, "described", lambda name, _: get_task(name))
    # The labels of a task may take more tokens here than the answer may have.
    monkeypatch.setattr(evaluate, "require_whole_labels", lambda *_: None)
    monkeypatch.setattr(evaluate, "examples", lambda *_: examples)
    monkeypatch.setattr(evaluate, "constant", lambda *_: {})
    monkeypatch.setattr(evaluate, "write", lambda *_, **__: [[*map(ord, written)]] * len(examples))
    config = {
        "tasks": {task: {}},
        "train": {},
        "split": "validation",
        "selection": None,
        "inputs_length": LONGEST_INPUT,
        "max_length": LONGEST_ANSWER,
        "examples": None,
        "precision": "32-true",
        "beam_width": 1,
        "length_penalty": None,
    }
    context = SimpleNamespace(device="cpu", progress=lambda *_: None, record=facts.update)
    evaluate.run(config, {"member_0": folder, "vocabulary": folder}, folder, context)
    return facts


@pytest.mark.parametrize(
    ("inputs", "written", "cut"),
    [
        ("abc", "no", None),
        ("abcd", "no", ["input"]),
        ("abc", "yes", ["prediction"]),
        ("abcd", "yes", ["input", "prediction"]),
    ],
)
def test_a_line_names_what_was_cut(
    monkeypatch: Any, tmp_path: Path, inputs: str, written: str, cut: list[str] | None
) -> None:
    """An input needs room for its end; an answer of the full length has none."""
    example = {"inputs": inputs, "targets": "positive", "label": 1}
    facts = evaluated(monkeypatch, tmp_path, "glue_sst2", [example], written)
    assert facts["references_too_long"] == {}
    line = json.loads((tmp_path / "predictions.jsonl").read_text())
    assert line.get("cut") == cut
    assert (line["inputs"], line["prediction"]) == (inputs, written)


def test_references_that_no_answer_reaches_are_counted(monkeypatch: Any, tmp_path: Path) -> None:
    """Of free text; one of as many tokens as an answer may have has no room for its end."""
    targets = ["ab", "abc", "abcd", "a"]
    examples = [{"inputs": "x", "targets": target} for target in targets]
    facts = evaluated(monkeypatch, tmp_path, "gettext_ende", examples, "ab")
    assert facts["references_too_long"] == {"gettext_ende": 0.5}
    assert facts["scored"] == {"gettext_ende": {"examples": 4, "errors": {}}}
    said = "Of gettext_ende's references 50% are longer than the 3 tokens that an answer may have."
    assert facts["notes"][-1] == said


def test_the_shortest_of_several_right_answers_counts(monkeypatch: Any, tmp_path: Path) -> None:
    examples = [
        {"inputs": "x", "targets": "abcd", "answers": ["abcd", "ab"]},
        {"inputs": "x", "targets": "abcd", "answers": ["abcd", "abc"]},
    ]
    facts = evaluated(monkeypatch, tmp_path, "squad", examples, "ab")
    assert facts["references_too_long"] == {"squad": 0.5}
    assert facts["scored"]["squad"]["errors"].keys() == {"em", "f1"}
