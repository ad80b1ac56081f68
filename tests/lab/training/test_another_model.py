"""A token classifier of ten lines goes through the training loop like any model."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


@pytest.fixture
def classifier(monkeypatch):
    """The module that the processes run."""
    monkeypatch.syspath_prepend(HERE)
    import token_classifier

    return token_classifier


def start(*arguments: object, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(HERE / "token_classifier.py"), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def whole(classifier, folder: Path, dropout: float = 0.1) -> Path:
    out = folder / "out"
    out.mkdir(parents=True)
    classifier.train(out, classifier.Context(folder / "work"), dropout)
    return out


def test_killed_and_resumed_it_ends_with_the_same_bits(classifier, tmp_path):
    """kill -9 between two checkpoints; weights, losses and choices are those of a whole run."""
    expected = whole(classifier, tmp_path / "whole")
    killed = start(tmp_path / "killed", DIES="23")
    said, _ = killed.communicate()
    assert killed.returncode == -9, said
    work = tmp_path / "killed" / "work"
    assert (work / "last.ckpt").exists()
    assert not (tmp_path / "killed" / "out" / "model.pt").exists()
    resumed = start(tmp_path / "killed")
    said, _ = resumed.communicate()
    assert resumed.returncode == 0, said
    out = tmp_path / "killed" / "out"
    for file in ("model.pt", "last.pt"):
        one, other = classifier.read(expected / file), classifier.read(out / file)
        assert all(torch.equal(one[name], other[name]) for name in one)
    for file in ("metrics.csv", "selection.json"):
        assert (out / file).read_text() == (expected / file).read_text()


def test_scores_on_validation_are_told_as_they_come(classifier, tmp_path):
    """At each checkpoint the mean of each task, as selection.json keeps it afterwards."""
    told = []

    class Watched(classifier.Context):
        def progress(self, step, total, **numbers):
            told.append((step, numbers))

    out = tmp_path / "out"
    out.mkdir()
    classifier.train(out, Watched(tmp_path / "work"))
    selection = json.loads((out / "selection.json").read_text())
    for name, chosen in selection.items():
        seen = [(step, n[f"validation/{name}"]) for step, n in told if f"validation/{name}" in n]
        assert seen == [(entry["step"], entry["mean"]) for entry in chosen["validation"]]


def test_the_judge_chooses(classifier, tmp_path):
    """Each task's best step by the scores the judge gave; the model of that step lies there."""
    out = whole(classifier, tmp_path)
    selection = json.loads((out / "selection.json").read_text())
    assert selection.keys() == {"low", "high"}
    for name, chosen in selection.items():
        assert [entry["step"] for entry in chosen["validation"]] == [10, 20, 30, 40]
        best = max(chosen["validation"], key=lambda entry: entry["acc"])
        assert chosen["best"] == f"step_{best['step']}.pt"
        model, _ = classifier.load(out / chosen["best"], classifier.Classifier, device="cpu")
        assert classifier.judge(model.eval())[name]["acc"] == best["acc"]
    assert selection["low"]["constant"] == 40.0
    assert "constant" not in selection["high"]
    lines = (out / "metrics.csv").read_text().splitlines()
    losses = [float(line.split(",")[1]) for line in lines[1:]]
    assert losses[-1] < 0.7 * losses[0]


def test_micro_batches_are_the_batch(classifier, tmp_path):
    """Rows that are masked unevenly: three parts give the gradients of the whole."""
    one = classifier.read(whole(classifier, tmp_path / "whole", dropout=0.0) / "model.pt")
    out = tmp_path / "parts" / "out"
    out.mkdir(parents=True)
    context = classifier.Context(tmp_path / "parts" / "work")
    context.execution["micro_batch_size"] = 3
    classifier.train(out, context, 0.0)
    other = classifier.read(out / "model.pt")
    for name in one:
        torch.testing.assert_close(one[name], other[name], rtol=0, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
def test_two_processes_train_as_one(classifier, tmp_path, strategy):
    """Over gloo, each with half of the rows, whose labels are unevenly many."""
    one = whole(classifier, tmp_path / "one", dropout=0.0)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ranks = [start(tmp_path / "two", rank, 2, port, strategy) for rank in range(2)]
    said = [rank.communicate()[0] for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0, 0], "\n".join(said)
    two = tmp_path / "two" / "out"
    weights, others = classifier.read(one / "model.pt"), classifier.read(two / "model.pt")
    for name in weights:
        torch.testing.assert_close(weights[name], others[name], rtol=0, atol=1e-5)
    chosen = [json.loads((out / "selection.json").read_text()) for out in (one, two)]
    assert chosen[0]["low"]["best"] == chosen[1]["low"]["best"]


def test_a_model_that_cannot_recompute_says_so(classifier, tmp_path):
    """Activation checkpointing of a model without blocks is a mistake with a remedy."""
    context = classifier.Context(tmp_path / "work")
    context.execution["activation_checkpointing"] = True
    with pytest.raises(classifier.loop.StudyError, match="Classifier cannot compute its blocks"):
        classifier.train(tmp_path, context)
