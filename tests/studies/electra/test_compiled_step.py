"""The step that a GPU compiles, traced on a CPU with the operations of a GPU."""

from __future__ import annotations

import copy
from dataclasses import asdict

import numpy as np
import pytest
import torch
from torch import Tensor
from torch._dynamo.testing import CompileCounterWithBackend

from lab.encoder.config import EncoderConfig
from lab.kernels import flex, operations
from studies.electra.batches import masked_batch
from studies.electra.networks import Networks, loss
from studies.electra.objectives import get_objective

CONFIG = EncoderConfig(
    vocabulary=24, width=16, layers=2, heads=2, feed_forward=32, embedding=8, positions=16
)


class Pieces:
    """A vocabulary, as far as drawing asks."""

    size, mask, special = 24, 3, frozenset(range(4))


def batch(name: str, seed: int) -> dict[str, Tensor]:
    """Four rows, one of them padded."""
    rng = np.random.default_rng(seed)
    real = np.ones((4, 12), dtype=bool)
    real[1, -3:] = False
    made = masked_batch(
        rng.integers(4, 24, (4, 12)), real, get_objective(name), rng, pieces=Pieces, longest=12
    )
    return {key: torch.from_numpy(value) for key, value in made.items()}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bert", "electra"])
def test_a_step_is_one_graph_with_the_same_gradients(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the batch draws, one compilation serves; dropout's draws are the same."""
    monkeypatch.setattr(operations, "OPERATIONS", {"cpu": flex})
    torch._dynamo.reset()
    counter = CompileCounterWithBackend("eager")
    torch.manual_seed(0)
    plain = Networks(
        get_objective(name), CONFIG, {"kind": "encoder", "encoder": asdict(CONFIG)}
    ).train()
    traced = copy.deepcopy(plain)
    step = torch.compile(loss, backend=counter, fullgraph=True, dynamic=False)
    for seed in range(3):
        rows = batch(name, seed)
        for model, run in ((plain, loss), (traced, step)):
            torch.manual_seed(seed)
            run(model, rows)[0].backward()
    assert counter.frame_count == 1
    expected = dict(plain.named_parameters())
    for key, parameter in traced.named_parameters():
        torch.testing.assert_close(parameter.grad, expected[key].grad, msg=key)
    torch._dynamo.reset()
