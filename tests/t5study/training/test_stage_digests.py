"""Each kind of stage at tiny size makes what it made before, or its version must be raised."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lab.corpora.tokenized import TokenizedCorpus
from lab.training import fit
from lab.vocabulary import Vocabulary
from sweeps.asking.command import Command, by_study
from sweeps.asking.preflight import composer_of
from sweeps.graph import Graph
from t5study.training import evaluate, finetune, pretrain

STORED = Path(__file__).with_name("digests.json")
RENEW = "T5STUDY_RENEW_DIGESTS"


def check(stage: str, version: int, exact: dict[str, Any], losses: list[float]) -> None:
    """Compare with the stored digest; renew it where the environment asks for that."""
    stored = json.loads(STORED.read_text()) if STORED.exists() else {}
    if os.environ.get(RENEW):
        stored[stage] = {"version": version, "exact": exact, "losses": losses}
        STORED.write_text(json.dumps(stored, indent=1) + "\n")
    known = stored[stage]
    same = known["exact"] == exact and np.allclose(known["losses"], losses, rtol=0, atol=1e-5)
    assert known["version"] == version or same, f"{stage}: renew its digest ({RENEW}=1)."
    assert same, (
        f"Raise the version of {stage}, or show that its meaning is unchanged and renew the "
        f"digest ({RENEW}=1). Stored {known}, now {exact} {losses}."
    )


def versions() -> dict[str, int]:
    """The version of each kind of stage, as a cell is made of them."""
    (sweep,) = Command(by_study(["study=t5study"], "t5study"), composer_of).sweeps()
    graph = Graph(sweep.rows[0].cells[0].scores.values())
    return {stage.name: stage.version for stage in graph.stages.values()}


def digest(*values: Any) -> str:
    """The first half of a sha256 over values as JSON."""
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:32]


def first_losses(folder: Path) -> list[float]:
    lines = (folder / "metrics.csv").read_text().splitlines()[1:]
    return [float(line.split(",")[1]) for line in lines[:2]]


def test_vocabulary_and_corpus(data: SimpleNamespace) -> None:
    """The pieces' ids and the corpus' tokens are exactly the same."""
    vocabulary = Vocabulary(data.vocabulary)
    pieces = [vocabulary.decode([i]) for i in range(vocabulary.pieces)]
    check("vocabulary", versions()["vocabulary"], {"pieces": digest(pieces)}, [])
    corpus = TokenizedCorpus.open(data.corpus)
    exact = {"tokens": len(corpus), "offsets": digest([int(x) for x in corpus.offsets])}
    check("corpus", versions()["corpus"], exact, [])


def test_training_and_scores(
    train: Callable[..., Path],
    data: SimpleNamespace,
    pretrain_config: dict[str, Any],
    finetune_config: dict[str, Any],
    toy_task: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Losses to 1e-5; the steps validated at, the questions and their number exactly."""
    # Two steps each: after ten, another processor's last bits are no longer the last.
    monkeypatch.setattr(fit, "LOG_EVERY", 1)
    pretrain_config |= {"steps": 2}
    finetune_config |= {"steps": 2, "checkpoint_every": 1}
    given = {"vocabulary": data.vocabulary, "corpus": data.corpus}
    parent = train(pretrain.run, pretrain_config, given, "pretrain")
    check("pretrain", versions()["pretrain"], {}, first_losses(parent))
    given = {"vocabulary": data.vocabulary, "pretrain": parent}
    tuned = train(finetune.run, finetune_config, given, "finetune")
    selection = json.loads((tuned / "selection.json").read_text())
    steps = [entry["step"] for entry in selection["toy_color"]["validation"]]
    check("finetune", versions()["finetune"], {"steps": steps}, first_losses(tuned))
    config = {
        "tasks": {"toy_color": {"settings": {}, "data": {}}},
        "split": "test",
        "train": {"toy_color": {"settings": {}, "data": {}}},
        "examples": 20,
        "selection": "last",
        "inputs_length": 16,
        "max_length": 4,
        "beam_width": 1,
        "length_penalty": None,
        "average": None,
        "precision": "32-true",
    }
    given = {"vocabulary": data.vocabulary, "member_0": tuned}
    scored = train(evaluate.run, config, given, "evaluate")
    lines = [json.loads(x) for x in (scored / "predictions.jsonl").read_text().splitlines()]
    exact = {
        "questions": digest([line["inputs"] for line in lines]),
        "predictions": digest([line["prediction"] for line in lines]),
        "parts": digest([line["parts"] for line in lines]),
        "scores": json.loads((scored / "scores.json").read_text()),
        "constant": json.loads((scored / "constant.json").read_text()),
    }
    check("evaluate", versions()["evaluate"], exact, [])
