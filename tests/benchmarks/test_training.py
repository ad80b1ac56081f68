"""The contestants of the training benchmark train the same model on the same tokens."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import contestants
import contestants_electra
import contestants_t5
from contestants import Contestant
from contestants_t5 import T5Case, T5Contestant

TINY: dict[str, Any] = {"size": "pico", "vocab_size": 64, "batch": 4, "source": 12, "target": 5}
SETTINGS = [{"dropout_rate": 0.1}, {"dropout_rate": 0.0, "feed_forward": "gated_gelu"}]
OURS = [
    T5Contestant(name="ours", ours=True),
    T5Contestant(name="broadcast", ours=True, dropout_form="broadcast"),
]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("settings", SETTINGS)
def test_all_begin_as_the_same_model(precision: str, settings: dict[str, Any]) -> None:
    """As many parameters, and first losses alike to the precision's rounding."""
    case = T5Case(**TINY, precision=precision, settings=settings)
    ready = []
    for contestant in (T5Contestant(name="peer", ours=False, attention="eager"), *OURS):
        torch.manual_seed(0)
        make = case.ours if contestant.ours else case.peer
        one, step = make(contestant)
        ready.append(one)
        step()
    assert len({one.parameters for one in ready}) == 1
    within = 1e-5 if precision == "fp32" else 0.02
    assert [one.loss for one in ready] == pytest.approx([ready[0].loss] * 3, abs=within)


@pytest.mark.parametrize(
    ("contestant", "kept"),
    [
        (T5Contestant(name="script", ours=False), False),
        (T5Contestant(name="kept", ours=False, keeps_memory=True), True),
        (OURS[0], True),
    ],
)
def test_a_peer_keeps_freed_memory_only_where_it_says_so(
    monkeypatch: pytest.MonkeyPatch, contestant: Contestant, kept: bool
) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(contestants, "keep_freed_memory", lambda: asked.append(True))
    monkeypatch.setattr(contestants, "forget_peak", lambda case: None)
    said: list[Any] = []
    pipe = SimpleNamespace(send=said.append, recv=lambda: 0)
    case = T5Case(**TINY, settings={"dropout_rate": 0.1})
    contestants.serve(pipe, case, contestant, torch.get_num_threads())  # type: ignore[arg-type]
    assert bool(asked) is kept
    assert said[0].parameters > 0


def test_steps_of_ours_train(monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmark's step is a training step: the loss of its one batch falls."""
    case = T5Case(**TINY, settings={"dropout_rate": 0.0})
    models = []
    donor = contestants_t5.donor

    def remembered(*given: Any) -> Any:
        models.append(donor(*given))
        return models[-1]

    monkeypatch.setattr(contestants_t5, "donor", remembered)
    torch.manual_seed(0)
    ready, step = contestants_t5.ours(case, OURS[0])
    for _ in range(40):
        step()
    inputs, targets = contestants_t5.tokens(case)
    with torch.no_grad():
        logits = models[0].eval()(inputs, torch.nn.functional.pad(targets, (1, 0))[:, :-1])
    after = float(torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten()))
    assert after < ready.loss - 0.1


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("objective", contestants_electra.OBJECTIVES)
@pytest.mark.parametrize("embedding", [16, 8])
def test_encoders_begin_as_hugging_face_s(
    monkeypatch: pytest.MonkeyPatch, objective: str, embedding: int, precision: str
) -> None:
    """As many parameters and first losses alike; each can make a step."""
    shape = contestants_electra.encoder(16, 2, 40, embedding)
    shape = replace(shape, heads=2)
    tiny = contestants_electra.Size(encoder=shape, fraction=0.5, rows=4, length=12, rows_on_gpu=4)
    monkeypatch.setattr(contestants_electra, "SIZES", {"tiny": tiny})
    case = contestants_electra.ElectraCase(
        objective=objective, size="tiny", batch=4, precision=precision
    )
    ready = []
    for contestant in (Contestant(name="peer", ours=False), Contestant(name="ours", ours=True)):
        torch.manual_seed(0)
        one, step = (case.ours if contestant.ours else case.peer)(contestant)
        ready.append(one)
        step()
    assert ready[0].parameters == ready[1].parameters
    assert ready[0].loss == pytest.approx(ready[1].loss, abs=case.tolerance)
