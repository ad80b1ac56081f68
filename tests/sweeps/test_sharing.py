"""Stages that their processes cannot share, said before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from sweeps.errors import ConfigurationError
from sweeps.graph import Graph
from sweeps.hardware.sharing import unshared
from sweeps.running.local import run_local
from sweeps.settings import Slurm
from sweeps.stage import Cost, Stage
from sweeps.store import Store

WHY = "melting=slow: what melts cannot be spread by parallel=fsdp. Give parallel=ddp."


def melt(**cost: Any) -> Stage:
    """A stage that processes share, but not by spreading its parameters."""
    cost = {"splits": 6, "unshareable": {"fsdp": WHY}} | cost
    return Stage(name="melt", version=1, config={}, run="toy.f", cost=Cost(**cost))


def run(workers: int, parallel: str, **slurm: Any) -> dict[str, Any]:
    """A run's settings."""
    asked = {**vars(Slurm()), "stages": {}, **slurm}
    return {"workers_per_stage": workers, "parallel": parallel, "slurm": asked}


@pytest.mark.parametrize(
    ("stage", "settings", "cluster", "said"),
    [
        (melt(), run(2, "fsdp"), False, [WHY]),
        (melt(), run(1, "fsdp", nodes=2), True, [WHY]),
        (melt(), run(1, "fsdp", stages={"melt": {"tasks": 3}}), True, [WHY]),
        # Alone nothing is spread, however it is asked.
        (melt(), run(1, "fsdp", nodes=2), False, []),
        (melt(), run(2, "fsdp"), True, []),
        (melt(splits=1), run(2, "fsdp"), False, []),
        (melt(), run(2, "ddp"), False, []),
        (melt(unshareable={}), run(2, "fsdp"), False, []),
    ],
)
def test_a_way_to_share_that_a_stage_refuses(
    store: Store, stage: Stage, settings: dict[str, Any], cluster: bool, said: list[str]
):
    """In the study's words, where several processes would share it in that way."""
    assert unshared([stage], store, settings, cluster=cluster) == said


@pytest.mark.parametrize(
    ("settings", "cluster", "asked"),
    [
        (run(4, "ddp"), False, "4 processes (workers_per_stage=4)"),
        (
            run(1, "ddp", gpus=4),
            True,
            "4 processes (slurm.nodes=1 with 4 each by slurm.tasks or slurm.gpus)",
        ),
        (
            run(1, "ddp", nodes=2, stages={"melt": {"tasks": 5}}),
            True,
            "10 processes (slurm.nodes=2 with 5 each by slurm.tasks or slurm.gpus)",
        ),
    ],
)
def test_a_batch_that_the_processes_do_not_divide(
    store: Store, settings: dict[str, Any], cluster: bool, asked: str
):
    """The setting that makes them so many, and how many could; nothing of what is finished."""
    stage = melt(device="any")
    expected = f"melt: {asked} do not divide its batch of 6 rows; accepted are 1, 2, 3 and 6."
    assert unshared([stage], store, settings, cluster=cluster) == [expected]
    store.place(stage.name, stage.key).mkdir(parents=True)
    (store.place(stage.name, stage.key) / "stage.json").write_text("{}")
    assert unshared([stage], store, settings, cluster=cluster) == []


def test_both_that_it_does_not_divide_and_that_it_cannot_be_spread(store: Store):
    """Neither hides the other; many stages of one kind say it once."""
    other = Stage(name="melt", version=2, config={}, run="toy.f", cost=melt().cost)
    divides, why = unshared([melt(), other], store, run(4, "fsdp"), cluster=False)
    assert divides.startswith("melt: 4 processes (workers_per_stage=4) do not divide its batch")
    assert why == WHY


def test_what_is_finished_is_not_shared_any_more(store: Store):
    """Its results can be shown with whatever settings."""
    place = store.place("melt", melt().key)
    place.mkdir(parents=True)
    (place / "stage.json").write_text("{}")
    assert unshared([melt()], store, run(2, "fsdp"), cluster=False) == []


def test_the_local_run_refuses_it_too(store: Store):
    """Whoever starts it."""
    with pytest.raises(ConfigurationError) as error:
        run_local(Graph([melt()]), store, slots=2, workers_per_stage=2, parallel="fsdp")
    assert error.value.complaints == [WHY]
