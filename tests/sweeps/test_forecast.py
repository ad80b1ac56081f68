"""What a plan says of a cluster: jobs, wall time, and what cannot end in time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf
from rich.console import Console

from sweeps.asking.rows import Row, Sweep
from sweeps.cluster.forecast import EFFICIENCY, Forecast, forecast
from sweeps.cluster.forecast_view import as_json, show
from sweeps.graph import Graph
from sweeps.hardware.devices import CORE, Device, devices
from sweeps.launchers.slurm import SlurmLauncher
from sweeps.planning.plan import Plan, make_plan
from sweeps.settings import RunSettings
from sweeps.stage import Cost, Stage
from sweeps.store import Store
from sweeps.study import Cell

ABACUS = Device(
    name="abacus",
    peak_flops=1e9,
    memory_bytes=2**40,
    share_of_peak=0.5,
    start_seconds=20,
    basis="counted by hand",
)
HOUR = 3600 * 0.5e9
"""FLOPs of an hour on one abacus."""


def stage(name: str, *inputs: Stage, hours: float = 0, splits: int = 1, n: int = 0) -> Stage:
    cost = Cost(flops=hours * HOUR, tokens=hours, device="any" if hours else "cpu", splits=splits)
    roles = {f"{one.name}{place}": one for place, one in enumerate(inputs)}
    return Stage(name=name, version=1, config={"n": n}, inputs=roles, run="toy.f", cost=cost)


DATA = stage("data")
LEARN = [stage("learn", DATA, hours=8, splits=32, n=n) for n in range(2)]
QUIZ = [stage("quiz", one, hours=0.01, n=n) for one in LEARN for n in range(2)]


def planned(store: Store) -> Plan:
    row = Row(
        label="row",
        name="row",
        overrides=(),
        baseline=True,
        cells=tuple(
            Cell(seed=n, config={}, scores={"game": one}, columns=()) for n, one in enumerate(QUIZ)
        ),
    )
    return make_plan([Sweep(id="toy", title="Toy", study="toy", rows=(row,))], store, device=ABACUS)


def settings(**changes: Any) -> dict[str, Any]:
    """A run's settings; `slurm` is merged into what a cluster is asked for."""
    plain: Any = OmegaConf.to_container(OmegaConf.structured(RunSettings(study="toy", store="x")))
    slurm = {**plain["slurm"], "gpus": 1, "time_minutes": 60, "max_requeues": 9}
    slurm |= changes.pop("slurm", {})
    return {**plain, "slurm": slurm, **changes}


def seen(store: Store, **changes: Any) -> Forecast:
    return forecast(planned(store), settings(**changes))


def text_of(found: Forecast) -> str:
    console = Console(width=300, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    show(found, console)
    return console.export_text()


def test_jobs_and_arrays_are_those_of_a_submission(store: Store) -> None:
    """One job a stage; stages that read the same share an array."""
    found = seen(store)
    assert (found.jobs, found.arrays) == (7, 4)
    assert "7 jobs in 4 arrays" in text_of(found)


def test_chains_share_jobs_where_too_many_would_be_in_the_queue(store: Store) -> None:
    """As a submission bundles them, and the rest waits for room."""
    found = seen(store, max_jobs=3)
    assert found.jobs <= 7
    assert "max_jobs=3" in text_of(found)


def test_wall_time_counts_the_start_of_every_job(store: Store) -> None:
    """Nothing on a device takes less than its start; what nobody knows is not known, nor none."""
    kinds = {one.name: one for one in seen(store).kinds}
    assert kinds["learn"].seconds == pytest.approx(8 * 3600 + 20)
    assert kinds["quiz"].seconds == pytest.approx(36 + 20)
    assert kinds["data"].seconds is None
    shown = text_of(seen(store))
    assert "not known" in shown
    assert "none" not in shown


@pytest.mark.parametrize("parallel", ["ddp", "fsdp"])
def test_processes_that_share_a_stage_shorten_it(store: Store, parallel: str) -> None:
    """By the stated efficiency, which is said."""
    found = seen(store, parallel=parallel, slurm={"stages": {"learn": {"gpus": 4, "nodes": 2}}})
    kinds = {one.name: one for one in found.kinds}
    share = EFFICIENCY[parallel]
    assert (kinds["learn"].gpus, kinds["learn"].processes) == (8, 8)
    assert kinds["learn"].seconds == pytest.approx(8 * 3600 / (8 * share) + 20)
    assert kinds["quiz"].gpus == 1
    assert f"{share:.0%}" in text_of(found)
    assert parallel.upper() in text_of(found)


def test_the_longest_chain_is_in_wall_time(store: Store) -> None:
    """From the first stage to the last, and what of it is not known is named."""
    found = seen(store)
    assert [one.name for one in found.chain] == ["data", "learn", "quiz"]
    assert found.chain_seconds == pytest.approx(8.01 * 3600 + 40)
    assert "the longest chain takes about 8 hours (data > learn > quiz), data not counted" in (
        text_of(found)
    )


def test_what_can_end_in_time_is_not_complained_of(store: Store) -> None:
    """Ten attempts of an hour are enough for eight hours."""
    found = seen(store)
    assert found.late == ()
    assert "in time" not in text_of(found)


def test_what_cannot_end_in_time_is_named_with_the_settings_to_change(store: Store) -> None:
    """Five attempts of an hour, each of which starts anew."""
    found = seen(store, slurm={"max_requeues": 4})
    (line,) = found.late
    assert line == (
        "learn cannot end in time: it takes about 8 hours, and its job may run 60 minutes "
        "5 times (slurm.max_requeues=4). Type slurm.stages.learn.time_minutes=97, "
        "slurm.max_requeues=8 or slurm.stages.learn.gpus=2."
    )
    for setting in (
        {"max_requeues": 4, "stages": {"learn": {"time_minutes": 97}}},
        {"max_requeues": 8},
        {"max_requeues": 4, "stages": {"learn": {"gpus": 2}}},
    ):
        assert seen(store, slurm=setting).late == ()


def test_a_gpu_that_is_not_asked_for_is_counted_as_cores(store: Store) -> None:
    """And is what to type where the stage then cannot end."""
    found = seen(store, slurm={"gpus": 0, "max_requeues": 0, "cpus_per_task": 2})
    kinds = {one.name: one for one in found.kinds}
    core = devices()[CORE]
    assert kinds["learn"].device.name == CORE
    assert kinds["learn"].seconds == pytest.approx(core.time(LEARN[0], alone=True, devices=2))
    (line,) = seen(store, slurm={"gpus": 0, "time_minutes": 1, "max_requeues": 0}).late
    assert "Type slurm.gpus=1, slurm.stages.learn.time_minutes=" in line


def test_json_has_every_stage_to_do(store: Store, tmp_path: Path) -> None:
    """With its wall time, GPUs, limit, and whether it can end."""
    found = json.loads(json.dumps(as_json(seen(store, slurm={"max_requeues": 4}))))
    assert (found["jobs"], found["arrays"], found["longest_chain_seconds"] > 28000) == (7, 4, True)
    by_key = {one["key"]: one for one in found["stages"]}
    assert by_key[LEARN[0].key] == {
        "name": "learn",
        "key": LEARN[0].key,
        "device": "abacus",
        "gpus": 1,
        "processes": 1,
        "seconds": pytest.approx(28820),
        "limit_seconds": 3600,
        "attempts": 5,
        "in_time": False,
    }
    assert by_key[DATA.key]["seconds"] is None
    assert by_key[DATA.key]["in_time"] is None
    assert found["late"][0].startswith("learn cannot end in time")


def test_a_finished_stage_asks_for_no_job(store: Store) -> None:
    """Only what is to do is submitted."""
    place = store.place(DATA.name, DATA.key)
    place.mkdir(parents=True)
    (place / "stage.json").write_text("{}")
    found = seen(store)
    assert found.jobs == 6
    assert "data" not in {one.name for one in found.kinds}


def test_a_submission_says_beforehand_what_cannot_end_in_time(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And submits it all the same: the times are guesses."""
    sent: list[Graph] = []

    def submitted(graph: Graph, *rest: Any, **options: Any) -> int:
        assert "learn cannot end in time" in capsys.readouterr().err
        sent.append(graph)
        return 0

    monkeypatch.setattr("sweeps.cluster.slurm.run_slurm", submitted)
    monkeypatch.setattr("sweeps.launchers.slurm.devices", lambda: {"abacus": ABACUS})
    plan = planned(store)
    run = settings(device="abacus", slurm={"max_requeues": 4})
    assert SlurmLauncher().run(plan.graph, store, run, list(plan.sweeps)) == 0
    assert sent == [plan.graph]
