"""Lightning's DDP and FSDP with a group of one process; test_two_processes.py has two."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import distributed
from trained import losses

from lab.errors import StudyError
from lab.training.team import Several, Team, team_of
from t5study.training import finetune, pretrain

WAYS_TO_SHARE = ("ddp", "fsdp")
Train = Callable[..., Path]


@pytest.fixture
def ranks() -> Callable[[str], SimpleNamespace]:
    def of(strategy: str) -> SimpleNamespace:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        return SimpleNamespace(
            rank=0,
            world=1,
            local_rank=0,
            nodes=1,
            address="127.0.0.1",
            port=port,
            strategy=strategy,
        )

    return of


def content(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = torch.load(path, weights_only=False)
    return loaded


@pytest.mark.parametrize("strategy", WAYS_TO_SHARE)
def test_a_group_trains_as_a_process_alone(
    train: Train,
    data: SimpleNamespace,
    pretrain_config: dict[str, Any],
    finetune_config: dict[str, Any],
    toy_task: Any,
    ranks: Callable[[str], SimpleNamespace],
    strategy: str,
) -> None:
    """Dropout included; pre-trained, stopped and resumed, fine-tuned with validation."""
    given = {"vocabulary": data.vocabulary, "corpus": data.corpus}
    alone = train(pretrain.run, pretrain_config, given, "alone")
    group = train(pretrain.run, pretrain_config, given, "group", stops=(13,), ranks=ranks(strategy))
    assert losses(group) == pytest.approx(losses(alone), abs=1e-5)
    one, other = (content(folder / "model.pt") for folder in (alone, group))
    for name, weight in one["weights"].items():
        assert type(other["weights"][name]) is torch.Tensor
        assert torch.allclose(weight, other["weights"][name], atol=1e-5)
    tuned = [
        train(
            finetune.run,
            finetune_config,
            {"vocabulary": data.vocabulary, "pretrain": alone},
            f"tuned {who}",
            ranks=ranks(who) if who else None,
        )
        for who in ("", strategy)
    ]
    assert losses(tuned[0]) == pytest.approx(losses(tuned[1]), abs=1e-5)
    chosen = [(folder / "selection.json").read_text() for folder in tuned]
    assert chosen[0] == chosen[1]
    assert not distributed.is_initialized()


def test_no_two_processes_draw_the_same_masks() -> None:
    """The lead draws what a process alone does; the others, and a lead that resumes, their own."""
    of = [Several.__new__(Several) for _ in range(3)]
    for rank, one in enumerate(of):
        one.rank, one.world = rank, 3
    assert of[0].seed(7, 0) == Team().seed(7, 0) == 7
    assert len({one.seed(7, start) for one in of for start in (0, 5)}) == 6


def test_unfreezing_under_fsdp_is_refused_with_a_remedy(
    train: Train,
    data: SimpleNamespace,
    pretrain_config: dict[str, Any],
    finetune_config: dict[str, Any],
    toy_task: Any,
    ranks: Callable[[str], SimpleNamespace],
) -> None:
    """What trains changes, which the spread parameters would not follow."""
    parent = train(
        pretrain.run,
        pretrain_config | {"steps": 1},
        {"vocabulary": data.vocabulary, "corpus": data.corpus},
        "parent",
    )
    config = finetune_config | {"method": {"name": "gradual_unfreezing"}}
    given = {"vocabulary": data.vocabulary, "pretrain": parent}
    with pytest.raises(StudyError, match=r"gradual_unfreezing.*Give parallel=ddp"):
        train(finetune.run, config, given, "refused", ranks=ranks("fsdp"))
    with (
        pytest.raises(StudyError, match="parallel=dpp: accepted are ddp and fsdp"),
        team_of(SimpleNamespace(ranks=ranks("dpp"), device="cpu")),
    ):
        pass
