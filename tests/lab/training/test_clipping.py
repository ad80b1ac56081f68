"""The norm of all gradients together is held to a limit, also of a batch in several parts."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from lab.training.fit import Keeper, fit
from lab.training.module import Training
from lab.training.schedule import constant
from lab.training.team import Team


class Same:
    """The same four rows at every step."""

    fixed_widths = True

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        return {"x": np.arange(8, dtype=np.float32).reshape(4, 2)}


def change(tmp_path, clip: float | None, micro_batch_size: int | None) -> torch.Tensor:
    """What one step of plain descent at rate 1 changes the weights of a linear layer by."""
    torch.manual_seed(0)
    model = nn.Linear(2, 3)
    before = torch.cat([p.detach().flatten().clone() for p in model.parameters()])
    context = SimpleNamespace(
        work=tmp_path,
        earlier=[],
        device="cpu",
        threads=1,
        execution={"micro_batch_size": micro_batch_size},
        progress=lambda *_, **__: None,
        should_stop=lambda: False,
        assert_owned=lambda: None,
    )
    module = Training(
        model,
        lambda model, rows: 2 * (model(rows["x"]).square().sum(),),
        lambda rows: torch.tensor(len(rows["x"])),
        optimizer=partial(torch.optim.SGD, lr=1.0),
        schedule=constant(1.0),
        clip=clip,
    )
    keeper = Keeper(context, 1, tokens_per_step=1, team=Team(), save_seconds=1e9)
    fit(module, Same(), steps=1, seed=0, precision="32-true", context=context, keeper=keeper)
    return torch.cat([p.detach().flatten() for p in model.parameters()]) - before


@pytest.mark.parametrize("micro_batch_size", [None, 3])
def test_a_step_is_as_long_as_the_limit(tmp_path, micro_batch_size):
    """Gradients of norm far above 0.5 keep their direction, and lose all of the excess."""
    free = change(tmp_path / "free", None, micro_batch_size)
    held = change(tmp_path / "held", 0.5, micro_batch_size)
    assert free.norm() > 5
    torch.testing.assert_close(held, 0.5 * free / free.norm(), rtol=1e-5, atol=1e-7)


def test_small_gradients_stay_as_they_are(tmp_path):
    """A limit above their norm changes nothing."""
    free = change(tmp_path / "free", None, None)
    assert torch.equal(change(tmp_path / "held", 1e6, None), free)
