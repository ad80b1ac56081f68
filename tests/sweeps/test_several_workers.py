"""Stages that several workers of this machine run together: who runs, who dies, who is left."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

import sweeps.hardware.slots
import sweeps.running.attempt
from sweeps.errors import ConfigurationError
from sweeps.graph import Graph
from sweeps.hardware.slots import Slot
from sweeps.lease import read_lease
from sweeps.running.attempt import choose_workers
from sweeps.running.local import Outcome, run_local
from sweeps.stage import Cost, Stage
from sweeps.store import Store

STUDY = '''
import json, os, signal, socket, time
from toy_study import mark


def called(ranks):
    """A line to the lead."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            return socket.create_connection((ranks.address, ranks.port), timeout=60)
        except ConnectionRefusedError:
            time.sleep(0.02)
    raise TimeoutError("the lead does not listen")


def together(config, inputs, out, context):
    """The lead counts on from its checkpoint and tells the others, who leave when it does."""
    ranks = context.ranks
    mark(config, f"rank{ranks.rank}of{ranks.world}")
    if ranks.rank == config.get("breaks"):
        raise ValueError("this rank breaks")
    if ranks.rank > 0:
        (out / "thrown.txt").write_text("away")
        line = called(ranks)
        while True:
            word = line.recv(1)
            if word == b"s":
                context.stop()
            if word == b"e":
                return
            if not word and config.get("waits"):
                time.sleep(600)
            if not word:
                raise ConnectionError("the lead is gone")
            if ranks.rank == config.get("dies") and context.attempt <= config["times"]:
                os.kill(os.getpid(), signal.SIGKILL)
    step = 0
    for folder in [context.work, *context.earlier]:
        if (folder / "last.ckpt").exists():
            step = json.loads((folder / "last.ckpt").read_text())
            break
    mark(config, f"from{step}")
    with socket.create_server((ranks.address, ranks.port)) as server:
        server.settimeout(60)
        lines = [server.accept()[0] for _ in range(ranks.world - 1)]
    while step < config["steps"]:
        time.sleep(0.005)
        step += 1
        context.progress(step, config["steps"])
        (context.work / "last.tmp").write_text(json.dumps(step))
        os.replace(context.work / "last.tmp", context.work / "last.ckpt")
        stopping = context.should_stop()
        for line in lines:
            line.sendall(b"s" if stopping else b"c")
        if stopping:
            context.stop()
        if ranks.rank == config.get("dies") and context.attempt <= config["times"] and step > 3:
            os.kill(os.getpid(), signal.SIGKILL)
    for line in lines:
        line.sendall(b"e")
    seen = [ranks.world, ranks.strategy, context.device, os.environ["CUDA_VISIBLE_DEVICES"]]
    (out / "seen.json").write_text(json.dumps(seen))
'''


@pytest.fixture
def together(toy: Any) -> Callable[..., Stage]:
    """A stage that counts to `steps`, by as many processes as run it."""
    (toy.folder / "team_study.py").write_text(STUDY)

    def make(
        name: str = "train", steps: int = 20, splits: int = 4, cost: int = 0, **config: Any
    ) -> Stage:
        inputs = config.pop("inputs", {})
        return Stage(
            name=name,
            version=1,
            config={"steps": steps, "times": 1, "journal": str(toy.journal), **config},
            inputs=inputs,
            run="team_study.together",
            cost=Cost(splits=splits, device="any", flops=cost),
        )

    return make


@pytest.fixture
def run(store: Store, toy: Any) -> Callable[..., Outcome]:
    """Run targets here on two slots, two workers a stage."""

    def call(*targets: Stage, **options: Any) -> Outcome:
        given = {"slots": 2, "workers_per_stage": 2, "progress": False, **options}
        return run_local(Graph(targets), store, **given)

    return call


def seen(store: Store, stage: Stage) -> list[Any]:
    folder = store.find(stage)
    assert folder is not None
    assert sorted(path.name for path in folder.iterdir()) == ["log.txt", "seen.json", "stage.json"]
    told: list[Any] = json.loads((folder / "seen.json").read_text())
    return told


def pids(toy: Any, what: str) -> list[int]:
    """The processes that wrote this word into the journal."""
    return [int(words[-1]) for words in toy.marks() if words[0] == what]


def test_a_stage_takes_as_many_slots_as_processes(
    run: Callable[..., Outcome], store: Store, toy: Any, together: Callable[..., Stage]
) -> None:
    """The lead publishes, the others' files are thrown away; what cannot be shared runs alone."""
    train = together()
    text = toy.stage("tells", "score", train)
    assert run(text, parallel="fsdp").status == 0
    assert seen(store, train) == [2, "fsdp", "cpu", ""]
    ranks = [pids(toy, f"rank{n}of2") for n in (0, 1)]
    assert [len(one) for one in ranks] == [1, 1]
    assert ranks[0] != ranks[1]
    made = [json.loads((store.find(s) / "stage.json").read_text()) for s in (train, text)]
    assert [one["provenance"]["world_size"] for one in made] == [2, 1]
    assert not (store.path / "work" / train.key).exists()


def test_two_of_them_one_after_the_other(
    run: Callable[..., Outcome], store: Store, toy: Any, together: Callable[..., Stage]
) -> None:
    """The same workers run the next stage; four slots hold two stages at a time."""
    stages = [together(n=n) for n in range(3)]
    assert run(*stages).status == 0
    assert len({*pids(toy, "rank0of2"), *pids(toy, "rank1of2")}) == 2
    more = [together(n=n, steps=100) for n in range(3, 5)]
    assert run(*more, slots=4).status == 0
    assert [seen(store, one)[0] for one in (*stages, *more)] == [2] * 5


def test_small_stages_do_not_keep_a_large_one_from_its_places(
    run: Callable[..., Outcome], store: Store, toy: Any, together: Callable[..., Stage]
) -> None:
    """Once in line, it gets the next two places that are free, not the last ones of all."""
    before = toy.count("before", steps=1)
    large = together(inputs={"a": before}, cost=10**9)
    small = [toy.count(f"small{n}", steps=60) for n in range(8)]
    assert run(large, toy.count("all", *small)).status == 0
    order = [words for words in toy.marks() if words[0] in ("finished", "rank0of2")]
    ready = next(place for place, words in enumerate(order) if words[1] == "before")
    assert [words[0] for words in order].index("rank0of2") - ready <= 2


def test_another_process_that_fails_ends_the_stage(
    run: Callable[..., Outcome],
    store: Store,
    toy: Any,
    together: Callable[..., Stage],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The lead, which waits for it, is ended; the reason is that of who failed, with its log."""
    monkeypatch.setattr(sweeps.running.attempt, "GRACE_SECONDS", 0.5)
    stage = together(breaks=1)
    began = time.monotonic()
    outcome = run(stage, toy.text("good"))
    assert time.monotonic() - began < 30
    assert outcome.states == {stage.key: "failed", toy.text("good").key: "done"}
    log = store.work(stage.key, 1) / "rank1.txt"
    said = f"its process 1 of 2: ValueError: this rank breaks (log: {log})"
    assert outcome.reasons[stage.key].startswith(said)
    (record,) = store.failures(stage.key)
    assert record["error"] == said
    assert 'raise ValueError("this rank breaks")' in log.read_text()


def test_a_lead_that_fails_takes_the_others_with_it(
    run: Callable[..., Outcome],
    store: Store,
    together: Callable[..., Stage],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its own reason is the one that is told."""
    monkeypatch.setattr(sweeps.running.attempt, "GRACE_SECONDS", 0.5)
    stage = together(breaks=0)
    outcome = run(stage)
    assert outcome.reasons[stage.key].startswith("ValueError: this rank breaks")
    (record,) = store.failures(stage.key)
    assert record["error"].startswith("ValueError: this rank breaks")


@pytest.mark.parametrize("rank", [0, 1])
def test_a_process_that_is_killed_once_is_replaced(
    run: Callable[..., Outcome],
    store: Store,
    toy: Any,
    together: Callable[..., Stage],
    rank: int,
) -> None:
    """Lead or not: the other one ends with it, and the stage goes on from its checkpoint."""
    stage = together(dies=rank, waits=True)
    assert run(stage).status == 0
    assert seen(store, stage)[0] == 2
    starts = [words[0] for words in toy.marks() if words[0].startswith("from")]
    assert starts[0] == "from0"
    assert len(starts) == 2
    assert int(starts[1].removeprefix("from")) >= 1


@pytest.mark.parametrize("rank", [0, 1])
def test_a_process_that_is_killed_twice_fails_its_stage(
    run: Callable[..., Outcome], store: Store, together: Callable[..., Stage], rank: int
) -> None:
    """Told is which of them, and by what."""
    stage = together(dies=rank, times=2, waits=True)
    outcome = run(stage)
    said = f"its process {rank} of 2 was killed by SIGKILL (often: out of memory), 2 times"
    assert outcome.reasons[stage.key].startswith(said)
    assert store.failures(stage.key)[-1]["error"] == said
    again = run(together(dies=rank, times=2, waits=True))
    assert again.status == 0
    assert seen(store, stage)[0] == 2


def test_ctrl_c_stops_all_of_them(store: Store, toy: Any, together: Callable[..., Stage]) -> None:
    """The lead saves, nobody stays, and the same command goes on from there."""
    stage = together(steps=10**6, waits=True)
    first = toy.launch([stage], store, slots=2, workers_per_stage=2)
    toy.until(lambda: (store.work(stage.key, 1) / "last.ckpt").exists())
    os.killpg(first.pid, signal.SIGINT)
    _, said = first.communicate(timeout=60)
    assert first.returncode == 130
    assert "Stopping: 1 stage saves." in said
    assert toy.living(first.pid) == []
    assert json.loads((store.work(stage.key, 1) / "last.ckpt").read_text()) > 0
    lease = read_lease(store, stage.key)
    assert lease is not None
    assert lease.beat["state"] == "stopped"


def test_nobody_stays_where_the_launcher_is_killed(
    store: Store, toy: Any, together: Callable[..., Stage]
) -> None:
    """The end of its pipe tells the lead to save, and the others leave with it."""
    stage = together(steps=10**6, waits=True)
    first = toy.launch([stage], store, slots=2, workers_per_stage=2)
    toy.until(lambda: (store.work(stage.key, 1) / "last.ckpt").exists())
    first.kill()
    first.wait()
    toy.until(lambda: toy.living(first.pid) == [])
    lease = read_lease(store, stage.key)
    assert lease is not None
    assert lease.beat["state"] == "stopped"


def test_nobody_stays_where_launcher_and_lead_are_killed(
    store: Store, toy: Any, together: Callable[..., Stage]
) -> None:
    """A process that waits for a lead that is gone ends by itself after a grace."""
    stage = together(steps=10**6, waits=True)
    with (toy.folder / "team_study.py").open("a") as module:
        module.write("\nimport sys\nsys.modules['__main__'].STOP_GRACE = 0.5\n")
    first = toy.launch([stage], store, slots=2, workers_per_stage=2)
    toy.until(lambda: (store.work(stage.key, 1) / "last.ckpt").exists())
    first.kill()
    os.kill(pids(toy, "rank0of2")[0], signal.SIGKILL)
    first.wait()
    assert toy.living(first.pid) != []
    toy.until(lambda: toy.living(first.pid) == [])


def test_what_does_not_divide_is_refused_before_anything_starts(
    run: Callable[..., Outcome], toy: Any, together: Callable[..., Stage]
) -> None:
    """A batch of 4 rows over 3 workers; 4 workers on 2 slots."""
    with pytest.raises(ConfigurationError) as three:
        run(together(), slots=3, workers_per_stage=3)
    assert three.value.complaints == [
        "train: 3 processes (workers_per_stage=3) do not divide its batch of 4 rows; "
        "accepted are 1, 2 and 4."
    ]
    with pytest.raises(ConfigurationError, match="=4: there are places for 2 workers of one"):
        run(together(), workers_per_stage=4)
    assert toy.marks() == []


def test_each_process_has_a_gpu_of_its_own(
    store: Store, together: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where workers share GPUs: no two processes of a stage do."""
    gpus = [
        Slot(device="cuda:0", threads=1, gpu=gpu, environment={"CUDA_VISIBLE_DEVICES": gpu})
        for gpu in ("0", "0", "3", "3")
    ]
    beside = Slot(device="cpu", threads=1)
    places = [beside, *gpus]

    def chosen(count: int, slots: list[Slot]) -> list[Any] | None:
        return choose_workers([], slots, wanted="any", gpus=True, count=count)

    assert chosen(2, places) == [gpus[0], gpus[2]]
    assert chosen(3, places) is None
    assert chosen(2, [beside, gpus[0], gpus[1]]) is None
    assert sweeps.hardware.slots.most_together(places) == 2
    assert sweeps.hardware.slots.most_together([beside] * 3) == 3
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,3")
    stage = together()
    outcome = run_local(Graph([stage]), store, workers_per_stage=2, progress=False)
    assert outcome.status == 0
    assert seen(store, stage)[:3] == [2, "ddp", "cuda:0"]
