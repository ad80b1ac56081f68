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
    model = SimpleNamespace(eval=lambda: None)
    monkeypatch.setattr(evaluate, "load", lambda *_, **__: (model, {"sentinels": 0}))
    monkeypatch.setattr(evaluate, "Vocabulary", Words)
    monkeypatch.setattr(evaluate, "described", lambda name, _: get_task(name))
    # The labels of this task take more tokens than the answer may have, which it is about.
    monkeypatch.setattr(evaluate, "require_whole_labels", lambda *_: None)
    monkeypatch.setattr(evaluate, "examples", lambda *_: [example])
    monkeypatch.setattr(evaluate, "constant", lambda *_: {})
    monkeypatch.setattr(evaluate, "write", lambda *_, **__: [[ord(c) for c in written]])
    config = {
        "tasks": {"glue_sst2": {}},
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
    context = SimpleNamespace(device="cpu", progress=lambda *_: None, record=lambda **_: None)
    evaluate.run(config, {"member_0": tmp_path, "vocabulary": tmp_path}, tmp_path, context)
    line = json.loads((tmp_path / "predictions.jsonl").read_text())
    assert line.get("cut") == cut
    assert (line["inputs"], line["prediction"]) == (inputs, written)
