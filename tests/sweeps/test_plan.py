"""A plan: what is done, runs elsewhere or is to do, and what it costs on a named device."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from sweeps.asking.command import Command, by_study
from sweeps.asking.preflight import composer_of
from sweeps.asking.rows import Row, Sweep
from sweeps.graph import Graph
from sweeps.hardware import devices
from sweeps.hardware.devices import Device
from sweeps.lease import HeldLease, acquire
from sweeps.planning.plan import Plan, make_plan
from sweeps.planning.plan_view import as_json, show
from sweeps.planning.words import duration, rounded, some_of
from sweeps.stage import Cost, Stage
from sweeps.store import Store
from sweeps.study import Cell

DEVICE = Device(
    name="abacus", peak_flops=1e9, memory_bytes=2**30, share_of_peak=0.5, basis="counted by hand"
)


def stage(name: str, *inputs: Stage, flops: float = 0, **config: Any) -> Stage:
    roles = {one.name: one for one in inputs}
    cost = Cost(flops=flops, tokens=flops / 10, memory_bytes=flops, disk_bytes=1000, device="any")
    return Stage(name=name, version=1, config=config, inputs=roles, run="toy.f", cost=cost)


DATA = stage("data")
LEARN = stage("learn", DATA, flops=3.6e12)
QUIZ = {n: stage("quiz", LEARN, flops=1.8e12, n=n) for n in (1, 2)}


def sweep() -> Sweep:
    """Two rows of one cell each, which share all but the last stage."""
    rows = tuple(
        Row(
            label=f"n={n}",
            name=f"n={n}",
            overrides=(f"n={n}",),
            baseline=n == 1,
            cells=(Cell(seed=0, config={}, scores={"game": QUIZ[n]}, columns=()),),
        )
        for n in (1, 2)
    )
    return Sweep(id="toy", title="Toys", study="toy", rows=rows)


def planned(store: Store, **changes: Any) -> Plan:
    return make_plan([sweep()], store, **{"device": DEVICE, **changes})


def finish(store: Store, one: Stage) -> None:
    place = store.place(one.name, one.key)
    place.mkdir(parents=True)
    (place / "stage.json").write_text("{}")


def text_of(plan: Plan) -> str:
    console = Console(width=300, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    show(plan, console)
    return console.export_text()


def test_costs_are_summed_once_for_each_stage(store: Store):
    """Hours by the device's pace, the chain by its heaviest path, sharing against rows alone."""
    total = planned(store).totals()
    assert total["flops"] == total["todo_flops"] == 7.2e12
    assert total["unshared_flops"] == 10.8e12
    assert total["saved_flops"] == pytest.approx(3.6e12)
    assert total["saved_percent"] == pytest.approx(100 / 3)
    assert total["tokens"] == 7.2e11
    assert total["device_hours"] == pytest.approx(4.0)
    assert total["longest_chain_hours"] == pytest.approx(3.0)
    assert [one.partition(" ")[0] for one in total["longest_chain"]] == ["data", "learn", "quiz"]
    assert total["todo_disk_bytes"] == 4000


def test_states_are_of_the_store(store: Store):
    """Finished, held by a process that beats, and the rest; a released lease is nobody's."""
    finish(store, DATA)
    held = acquire(store, LEARN.key)
    assert isinstance(held, HeldLease)
    try:
        while not (store.path / "leases" / LEARN.key / "1.beat").exists():
            pass
        plan = planned(store)
        assert plan.states == {
            DATA.key: "done",
            LEARN.key: "running",
            QUIZ[1].key: "todo",
            QUIZ[2].key: "todo",
        }
        shown = text_of(plan)
        assert "1 done, 1 running elsewhere, 2 to do" in shown
        assert f"Runs elsewhere: learn on {plan.where[LEARN.key]}." in shown
        assert json.loads(as_json(plan))["total"]["todo_flops"] == 3.6e12
    finally:
        held.release("stopped")
    assert planned(store).states[LEARN.key] == "todo"


def test_what_no_unfinished_stage_reads_is_not_to_do(store: Store):
    """Scores that were imported need no training."""
    for one in QUIZ.values():
        finish(store, one)
    plan = planned(store)
    assert set(plan.states.values()) == {"done"}
    assert plan.totals()["todo_device_hours"] == 0


def test_stated_share_overrides_what_is_known(store: Store):
    """A quarter of the peak takes twice as long as a half, and the text says whose word it is."""
    plan = planned(store, share_of_peak=0.25)
    assert plan.totals()["device_hours"] == pytest.approx(8.0)
    assert "8 hours on one abacus at 25% of its peak (as asked for)" in text_of(plan)


def test_a_plan_of_a_core_says_the_time_of_all_that_are_here(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    """No sooner than the longest chain; of another machine's device nothing is known."""
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0, 1})
    core = replace(DEVICE, name="cpu-core")
    assert "On the 2 cores here, were they free: about 3 hours." in text_of(
        planned(store, device=core)
    )
    assert "cores here" not in text_of(planned(store))


def test_memory_beyond_the_device_is_said(store: Store):
    """With the number of devices that it takes."""
    total = planned(store).totals()
    assert total["devices_to_fit"] == math.ceil(3.6e12 / 2**30)
    assert "it takes at least 3353, with the model spread over them" in text_of(planned(store))


@pytest.mark.parametrize(
    ("most", "said"),
    [
        (2, "One is enough with firm=1 (0.5 GiB)."),
        (0.3, "With firm=1 gentle=1 it takes 0.4 GiB."),
    ],
)
def test_memory_that_can_be_less_is_said(store: Store, most: float, said: str):
    """The first setting with which one device is enough, else the one with the least."""
    ways = {"gentle=1": 3 * 2**30, "firm=1": 2**29, "firm=1 gentle=1": 0.4 * 2**30}
    cost = replace(QUIZ[2].cost, memory_bytes=4e12, thriftier=ways)
    large = Stage(name="quiz", version=1, config={}, run="toy.f", cost=cost)
    cell = Cell(seed=0, config={}, scores={"game": large}, columns=())
    row = replace(sweep().rows[0], cells=(cell,))
    device = replace(DEVICE, memory_bytes=most * 2**30)
    asked = replace(sweep(), rows=(row,))
    assert text_of(make_plan([asked], store, device=device)).count(said) == 1


def test_disk_that_is_too_small_is_said(store: Store):
    """Free space is compared with what is to do."""
    plan = planned(store)
    assert plan.disk_free_bytes > 4000
    assert "NOT ENOUGH" not in text_of(plan)
    assert "4 kB, 3 kB are free: NOT ENOUGH" in text_of(replace(plan, disk_free_bytes=3000.0))


def test_plan_needs_no_store(tmp_path: Path):
    """Nothing is made where the store will be."""
    plan = planned(Store(tmp_path / "not" / "yet"))
    assert set(plan.states.values()) == {"todo"}
    assert plan.disk_free_bytes > 0
    assert list(tmp_path.iterdir()) == []


def test_search_shows_its_bound(store: Store):
    """What it may still ask for stands beside what is known."""
    extra = stage("quiz", LEARN, flops=1.8e12, n=3)
    known = replace(sweep(), found={"axes": [{"name": "size", "candidates": ["n=2"]}]})
    plan = make_plan([known], store, device=DEVICE, bounds={"toy": [*QUIZ.values(), extra]})
    (found,) = json.loads(as_json(plan))["searches"]
    assert found["bound_flops"] == 9e12
    assert found["bound_stages"] == 5
    assert "up to the candidates of size" in text_of(plan)
    assert "at most 5 stages, 9e+12 FLOPs, about 5 hours on one abacus" in text_of(plan)


def test_a_plan_up_to_a_stage_leaves_out_what_comes_after(store: Store):
    """Also of a search's bound; what finished scores no longer need is to do all the same."""
    for n in (1, 2):
        finish(store, QUIZ[n])
    extra = stage("quiz", stage("learn", DATA, flops=7.2e12, n=3), n=3)
    plan = planned(store, until="learn", bounds={"toy": [*QUIZ.values(), extra]})
    assert plan.states == {DATA.key: "todo", LEARN.key: "todo"}
    assert plan.totals()["unshared_flops"] == 7.2e12
    assert [one.key for one in plan.bounds["toy"]][:2] == [DATA.key, LEARN.key]
    assert len(plan.bounds["toy"]) == 3
    shown = text_of(plan)
    assert "quiz" not in shown
    assert "★ n=1 │ seed 0 │    0 │                 0 │     2 │" in shown.replace("┃", "│")


def test_pace_is_between_the_measured_models():
    """On a line in logarithms; outside of what was measured the nearest counts."""
    device = replace(
        DEVICE, points={"quiz": ((1.0, 1e6), (100.0, 1e8))}, seconds={"quiz": 5.0, "data": 2.0}
    )

    def seconds(flops_a_token: float) -> float:
        cost = Cost(flops=1e9, tokens=1e9 / flops_a_token)
        return device.time(replace(QUIZ[1], cost=cost))

    assert seconds(10.0) == pytest.approx(5 + 1e9 / 1e7)
    assert seconds(0.1) == pytest.approx(5 + 1e9 / 1e6)
    assert seconds(1e4) == pytest.approx(5 + 1e9 / 1e8)
    assert device.time(DATA) == 2.0


def test_what_takes_no_time_that_is_known_is_not_none(store: Store):
    """A stage of which nothing is known is said so; one that is finished takes no time."""
    shown = text_of(planned(store))
    assert "not known" in shown
    assert "The time of data is not known." in shown
    assert "none" not in shown
    known = {
        one["name"]: one["time_known"] for one in json.loads(as_json(planned(store)))["stages"]
    }
    assert known == {"data": False, "learn": True, "quiz": True}
    for one in (DATA, LEARN, *QUIZ.values()):
        finish(store, one)
    assert "To do: nothing." in text_of(planned(store))


def test_the_start_of_a_device_is_counted(store: Store):
    """For each stage, but where such stages were measured."""
    slow = replace(DEVICE, start_seconds=1800.0)
    assert planned(store, device=slow).totals()["device_hours"] == pytest.approx(5.5)
    measured = replace(slow, seconds={"learn": 0.0, "quiz": 0.0})
    assert planned(store, device=measured).totals()["device_hours"] == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "not known"),
        (0.17, "under 1 second"),
        (1.0, "1 second"),
        (46.2, "46 seconds"),
        (59.99, "60 seconds"),
        (244.8, "4.1 minutes"),
        (3600, "1 hour"),
        (43_560, "12 hours"),
        (1_234_567 * 3600, "1,200,000 hours"),
    ],
)
def test_times_have_the_digits_that_are_known(seconds: float | None, said: str):
    """Two of them, and words for what is not known or hardly any."""
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (9.96, "10"), (99.6, "100"), (0.0456, "0.046"), (4.0, "4"), (1234, "1,200")],
)
def test_amounts_are_rounded_to_two_digits(value: float, said: str):
    """Also where rounding makes a digit more."""
    assert rounded(value) == said


def test_devices_beside_the_code_can_be_read():
    """Each has a peak, a memory and a share that can be."""
    known = devices.devices()
    assert {"A100", "H100", "H200", "cpu-core"} <= set(known)
    for one in known.values():
        assert one.peak_flops > 1e10
        assert one.memory_bytes > 1e9
        assert 0 < one.share_of_peak <= 1
        assert one.basis


def test_a_stage_that_computes_nothing_takes_its_time_by_what_it_writes():
    """On a core, also beside another device, whose own stages have its pace."""
    core = replace(DEVICE, seconds={"data": 3.0}, written={"data": 500.0}, start_seconds=10.0)
    other = replace(DEVICE, core=core, start_seconds=20.0)
    assert [core.time(DATA), core.time(DATA, alone=True)] == [5.0, 15.0]
    assert [other.time(DATA), other.time(DATA, 0.1)] == [5.0, 5.0]
    assert other.time(LEARN) == 20.0 + 3.6e12 / 0.5e9
    assert [one.knows(stage("other")) for one in (core, other)] == [False, False]
    assert [one.knows(DATA) for one in (DEVICE, core, other)] == [False, True, True]


@pytest.mark.parametrize("study", ["electra", "albert", "gector"])
@pytest.mark.parametrize("preset", ["embedded", "paper"])
def test_plans_know_the_time_of_data(study: str, preset: str):
    """Text as lines, pairs and their tags, whatever device trains."""
    asked = Command(by_study([f"study={study}", f"preset={preset}"], study), composer_of)
    data = [
        one
        for sweep in asked.sweeps()
        for one in Graph(sweep.stages)
        if one.name in ("lines", "pairs", "tagged")
    ]
    assert data
    seconds = {
        name: [device.time(one) for one in data] for name, device in devices.devices().items()
    }
    assert min(map(min, seconds.values())) > 0


def test_planning_imports_no_torch(tmp_path: Path):
    """From the command line to the plan of a study that trains with it."""
    root = Path(__file__).parents[2]
    script = (
        "import runpy, sys\n"
        f"sys.argv = ['run.py', 'plan=true', 'store={tmp_path}/store']\n"
        "runpy.run_path('run.py', run_name='__main__')\n"
        "print('heavy:', {'torch', 'lightning', 'datasets', 'pandas'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )
    assert "distinct stages" in done.stdout
    assert done.stdout.endswith("heavy: set()\n")


def test_a_remark_says_of_which_rows_it_is_unless_of_all(store: Store):
    """In the words of the table; of many rows the first are named."""
    labels = "abcde"
    rows = tuple(
        replace(
            row,
            label=label,
            cells=(replace(row.cells[0], remarks=("Of all.", f"It reads {label in 'ab'}.")),),
        )
        for label in labels
        for row in sweep().rows[:1]
    )
    plan = make_plan([replace(sweep(), rows=rows)], store, device=DEVICE)
    assert plan.remarks == ("Of all.", "a, b: It reads True.", "c, d, e: It reads False.")
    only = make_plan([replace(sweep(), rows=rows[:1])], store, device=DEVICE)
    assert only.remarks == ("Of all.", "It reads True.")
    assert "a, b: It reads True." in text_of(plan)
    assert some_of(labels) == "a, b, c and 2 more"
