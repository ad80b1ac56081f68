"""Stages of several processes: what they may ask for, and on a real SLURM, under srun."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sweeps.cluster.queue import queue
from sweeps.cluster.slurm import run_slurm
from sweeps.cluster.units import bundle, make_units, resources_by_name
from sweeps.errors import ConfigurationError
from sweeps.graph import Graph
from sweeps.settings import Slurm
from sweeps.stage import Cost, Stage
from sweeps.store import Store

STUDY = """
import json, os, signal, socket, time


def meet(config, inputs, out, context):
    \"\"\"Every process tells the lead its rank; the lead publishes the sum and who was there.\"\"\"
    ranks = context.ranks
    if ranks is None:
        (out / "sum.json").write_text(json.dumps({"ranks": [0], "alone": True}))
        return
    if ranks.rank == config.get("breaks"):
        raise ValueError("this rank breaks")
    if ranks.rank == config.get("dies") and context.attempt == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    if ranks.rank > 0:
        (out / "thrown.txt").write_text("away")
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                call = socket.create_connection((ranks.address, ranks.port), timeout=60)
            except ConnectionRefusedError:
                time.sleep(0.1)
                continue
            call.sendall(bytes([ranks.rank]))
            return
        raise TimeoutError("the lead does not listen")
    met = [0]
    with socket.create_server((ranks.address, ranks.port)) as server:
        server.settimeout(60)
        while len(met) < ranks.world:
            met.append(server.accept()[0].recv(1)[0])
    told = {"ranks": sorted(met), "world": ranks.world, "strategy": ranks.strategy}
    (out / "sum.json").write_text(json.dumps(told))
"""


@pytest.fixture
def meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Stage]:
    """A stage whose processes meet, or run alone."""
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "meeting.py").write_text(STUDY)
    monkeypatch.syspath_prepend(str(folder))

    def make(name: str, *inputs: Stage, splits: int = 4, **config: Any) -> Stage:
        return Stage(
            name=name,
            version=1,
            config=config,
            inputs={"abc"[n]: one for n, one in enumerate(inputs)},
            run="meeting.meet",
            cost=Cost(splits=splits, device="any"),
        )

    return make


def asked(**changed: Any) -> dict[str, Any]:
    return {**vars(Slurm()), "time_minutes": 5, **changed}


def settings(**slurm: Any) -> dict[str, Any]:
    return {
        "wait": True,
        "max_jobs": 100,
        "threads": None,
        "lease_timeout": 20.0,
        "parallel": "ddp",
        "slurm": asked(**slurm),
    }


def test_processes_are_as_many_as_gpus_on_as_many_nodes(meet: Callable[..., Stage]) -> None:
    """Where a stage can share its batch; another one gets one process and one GPU."""
    graph = Graph([meet("score", meet("train", splits=16), splits=1)])
    found = resources_by_name(asked(gpus=4, nodes=2), graph)
    train, score = found["train"], found["score"]
    assert (train.nodes, train.tasks, train.gpus, train.processes) == (2, 4, 4, 8)
    assert (score.nodes, score.tasks, score.gpus) == (1, 1, 1)
    assert resources_by_name(asked(tasks=2), graph)["train"].processes == 2
    assert found["decision"].processes == 1


def test_what_runs_as_one_process_takes_no_second_node(meet: Callable[..., Stage]) -> None:
    graph = Graph([meet("score", meet("train", splits=16), splits=1)])
    with pytest.raises(ConfigurationError) as error:
        resources_by_name(asked(gpus=4, stages={"score": {"nodes": 2}}), graph)
    assert error.value.complaints == ["slurm.stages.score.nodes=2: this stage runs as one process."]


def test_only_one_number_of_processes_is_bundled(meet: Callable[..., Stage]) -> None:
    """A stage of one process joins a job of several; two different numbers do not join."""
    chain = meet("score", meet("tune", meet("train"), splits=4), splits=1)
    graph = Graph([chain])
    stages = {"train": {"tasks": 4}, "tune": {"tasks": 2}}
    units = make_units(
        graph, graph.stages, graph.stages, resources_by_name(asked(stages=stages), graph)
    )
    bundled = bundle(units, 1)
    assert [(len(one.keys), one.resources.processes) for one in bundled] == [(1, 4), (2, 2)]


@pytest.fixture
def slurm(cluster: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The cluster, quickly looked at; nothing stays in the queue."""
    monkeypatch.setattr("sweeps.cluster.slurm.FIRST_POLL", 0.3)
    monkeypatch.setattr("sweeps.cluster.slurm.LONGEST_POLL", 0.5)
    yield
    subprocess.run(["scancel", "-u", "root"], check=True)
    end = time.monotonic() + 60
    while any(element.active for element in queue().values()):
        assert time.monotonic() < end
        time.sleep(0.2)


def result(store: Store, stage: Stage) -> dict[str, Any]:
    folder = store.find(stage)
    assert folder is not None
    assert sorted(path.name for path in folder.iterdir()) == ["log.txt", "stage.json", "sum.json"]
    told: dict[str, Any] = json.loads((folder / "sum.json").read_text())
    return told


@pytest.mark.apt
def test_srun_starts_all_processes_of_a_stage(
    slurm: None, store: Store, meet: Callable[..., Stage]
) -> None:
    """Two tasks meet at the lead, which publishes and says how many they were; a chain too."""
    train = meet("train")
    score = meet("score", train, splits=1)
    graph = Graph([score])
    run = {**settings(tasks=2), "max_jobs": 1, "parallel": "fsdp"}
    assert run_slurm(graph, store, run) == 0
    assert len(list(store.path.glob("slurm/*/submission.json"))) == 1
    assert result(store, train) == {"ranks": [0, 1], "world": 2, "strategy": "fsdp"}
    assert result(store, score) == {"ranks": [0], "alone": True}
    made = [json.loads((store.find(s) / "stage.json").read_text()) for s in (train, score)]
    worlds = [(one["provenance"]["world_size"], one["provenance"].get("strategy")) for one in made]
    assert worlds == [(2, "fsdp"), (1, None)]


@pytest.mark.apt
@pytest.mark.parametrize("how", ["breaks", "dies"])
def test_a_process_that_is_lost_takes_the_stage_with_it(
    slurm: None, store: Store, meet: Callable[..., Stage], how: str
) -> None:
    """The lead does not wait for it: the job ends, and SLURM's word or the log says why."""
    stage = meet("train", **{how: 1})
    began = time.monotonic()
    assert run_slurm(Graph([stage]), store, settings(tasks=2)) == 1
    assert time.monotonic() - began < 50
    (record,) = store.failures(stage.key)
    assert "ended without a word: FAILED" in record["error"]
    if how == "breaks":
        said = [path.read_text() for path in store.path.glob("slurm/*/*_1_log.err")]
        assert any("this rank breaks" in text for text in said)
    assert store.find(stage) is None
