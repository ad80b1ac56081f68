"""Graphs on a real SLURM of one node: arrays, dependencies, deaths, a submitter that is killed."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from slurm_runs import Told, array_ids, settings, until

from sweeps.cluster.slurm import run_slurm
from sweeps.cluster.submit import open_submissions
from sweeps.cluster.units import Unit, arrays, bundle, make_units, resources_by_name
from sweeps.errors import ConfigurationError, SweepError
from sweeps.graph import Graph
from sweeps.running.local import run_local
from sweeps.settings import Slurm
from sweeps.stage import Stage
from sweeps.store import Store

ROOT = Path(__file__).resolve().parents[2]
SUBMIT = """
import json, pickle, sys
from pathlib import Path
from sweeps.graph import Graph
from sweeps.cluster.slurm import run_slurm
from sweeps.store import Store
graph = Graph(pickle.loads(Path(sys.argv[1]).read_bytes()))
sys.exit(run_slurm(graph, Store(sys.argv[2]), json.loads(sys.argv[3])))
"""


def submitter(toy: Any, stages: Iterable[Stage], store: Store, **changed: Any) -> Any:
    pickled = toy.folder / "submitted.pickle"
    pickled.write_bytes(pickle.dumps(list(stages)))
    path = changed.pop("path", "")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(toy.folder), str(ROOT)]),
        "PATH": f"{path}{os.pathsep}{os.environ['PATH']}" if path else os.environ["PATH"],
    }
    command = [sys.executable, "-c", SUBMIT, str(pickled), str(store.path)]
    return subprocess.run(
        [*command, json.dumps(settings(**changed))],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_resources_are_those_of_the_stage_s_name(toy: Any) -> None:
    """A stage's own settings win; a GPU goes only to what can use one."""
    graph = Graph([toy.stage("text", "train", toy.text("a"), text="b")])
    asked = {**vars(Slurm()), "gpus": 1, "stages": {"train": {"time_minutes": 7, "gpus": 2}}}
    found = resources_by_name(asked, graph)
    assert (found["train"].time_minutes, found["train"].gpus) == (7, 2)
    assert (found["text"].time_minutes, found["text"].gpus) == (60, 0)


def test_all_wrong_names_are_told_together(toy: Any) -> None:
    """The nearest stage is named, and what cannot be is quoted."""
    graph = Graph([toy.text("a")])
    stages = {"texts": {}, "text": {"nodes": 2, "tasks": 3}}
    with pytest.raises(ConfigurationError) as error:
        resources_by_name({**vars(Slurm()), "stages": stages}, graph)
    assert error.value.complaints == [
        "slurm.stages.texts: no such stage in this run. Did you mean 'text'? Known: text, "
        "decision.",
        "slurm.stages.text.nodes=2: this stage runs as one process.",
        "slurm.stages.text.tasks=3: this stage runs as one process.",
    ]


def units_of(graph: Graph) -> list[Unit]:
    return make_units(graph, graph.stages, graph.stages, resources_by_name(vars(Slurm()), graph))


def test_an_array_is_what_shares_parents_and_resources(toy: Any) -> None:
    """Two readers of one stage are one array, after their parent's; it is cut at the largest."""
    root = toy.text("root")
    graph = Graph([toy.text("x", root), toy.text("y", root), toy.text("z", root)])
    groups = arrays(units_of(graph), 2)
    assert [[unit.keys[0] for unit in group] for group in groups] == [
        [root.key],
        list(graph.targets[:2]),
        [graph.targets[2]],
    ]


def test_chains_are_bundled_only_where_nothing_else_waits(toy: Any) -> None:
    """A fork's stem stays alone; a chain becomes one job with the time of both."""
    stem = toy.text("stem")
    ends = [toy.text(f"end {n}", toy.text(f"middle {n}", stem)) for n in "ab"]
    units = units_of(Graph(ends))
    bundled = bundle(units, 1)
    assert [len(unit.keys) for unit in bundled] == [1, 2, 2]
    assert bundled[1].parents == {stem.key}
    assert bundled[1].resources.time_minutes == 120
    assert bundle(units, 4)[1:] != bundled[1:]
    assert len(bundle(units, 4)) == 4


def test_without_slurm_it_is_said_once(
    toy: Any, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A machine without sbatch is a mistake of the command, not a traceback."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SweepError, match=r"no cluster was found.*sbatch, squeue, srun.*login node"):
        run_slurm(Graph([toy.text("a")]), store, settings())


def test_commands_without_a_cluster_are_said_so(
    toy: Any, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """SLURM's packages alone make no cluster: nothing is prepared, one line says it."""
    for name in ("sbatch", "squeue", "srun", "scontrol"):
        (tmp_path / name).write_text(
            "#!/bin/sh\necho 'scontrol: fatal: Could not establish a configuration source' >&2\n"
            "exit 1\n"
        )
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    with pytest.raises(SweepError) as raised:
        run_slurm(Graph([toy.text("a")]), store, settings())
    assert str(raised.value).startswith(
        "hydra/launcher=slurm: no cluster was found, since nothing here says which one"
    )
    assert "\n" not in str(raised.value)


@pytest.mark.apt
def test_arrays_wait_for_their_parents(patient: Any, store: Store) -> None:
    """A diamond runs in order in three arrays, and its results spell its ancestry."""
    root = patient.text("root")
    top = patient.text("top", patient.text("x", root), patient.text("y", root))
    assert run_slurm(Graph([top]), store, settings(), progress=Told()) == 0
    assert (store.place("text", top.key) / "text.txt").read_text() == "top(x(root()),y(root()))"
    assert [len(elements) for elements in array_ids(store)] == [1, 2, 1]


@pytest.mark.apt
def test_a_failed_stage_stops_only_what_needs_it(patient: Any, store: Store) -> None:
    """Its record has the traceback, the stage after it says why it was skipped, status 1."""
    bad = patient.stage("raises", "bad")
    after, fine = patient.text("after", bad), patient.text("fine")
    told = Told()
    assert run_slurm(Graph([after, fine]), store, settings(), progress=told) == 1
    assert "ValueError: bad luck" in store.failures(bad.key)[0]["traceback"]
    assert store.find(fine) is not None
    assert told.board.states[after.key] == "skipped"
    ended = until(lambda: list(store.path.glob(f"slurm/*/ended-{after.key}.json")))
    assert bad.key in json.loads(ended[0].read_text())["reason"]


@pytest.mark.apt
def test_scancel_of_one_element_is_told_and_the_rest_goes_on(patient: Any, store: Store) -> None:
    """It fails in SLURM's words, its neighbour finishes; the same command brings it to its end."""
    slow = [patient.count(name, steps=60, seconds=0.1) for name in "ab"]

    def cancel() -> None:
        until(lambda: list(store.path.glob(f"work/{slow[0].key}/1/last.ckpt")))
        (submission,) = open_submissions(store)
        subprocess.run(["scancel", f"{submission.job}_0"], check=True)

    thread = threading.Thread(target=cancel)
    thread.start()
    told = Told()
    assert run_slurm(Graph(slow), store, settings(), progress=told) == 1
    thread.join()
    assert [told.board.states[stage.key] for stage in slow] == ["failed", "done"]
    (record,) = store.failures(slow[0].key)
    assert record["kind"] == "slurm"
    assert "CANCELLED" in record["error"]
    assert run_slurm(Graph(slow), store, settings(), progress=told) == 0
    assert array_ids(store)[1:] == [[[slow[0].key]]]
    assert int([line for line in patient.marks() if line[0] == "from"][-1][1]) > 0


@pytest.mark.apt
def test_the_same_command_attaches(patient: Any, store: Store) -> None:
    """A second command submits nothing, waits for the first one's jobs, and a third has no work."""
    slow = patient.count("a", steps=20, seconds=0.1)
    run_slurm(Graph([slow]), store, settings(wait=False), progress=Told())
    told = Told()
    assert run_slurm(Graph([slow]), store, settings(), progress=told) == 0
    assert len(array_ids(store)) == 1
    assert told.said[0] == "In the queue already: 1 stages."
    assert [line[0] for line in patient.marks()] == ["from", "finished"]


@pytest.mark.apt
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_submitter_killed_in_the_middle(patient: Any, store: Store, moment: str) -> None:
    """Killed before or after sbatch took the second array, the same command makes it whole."""
    root = patient.count("root", steps=10, seconds=0.1)
    ends = [patient.count(name, root, steps=3) for name in "xy"]
    trap = patient.folder / "trap"
    trap.mkdir()
    real = shutil.which("sbatch")
    kill = "kill -9 $PPID"
    twice = f'n=$(ls {trap} | wc -l); touch {trap}/call$n; [ "$n" = 1 ] && exec {real} "$@"\n'
    end = f"{kill}; exit 1" if moment == "before" else f'{real} "$@"; {kill}'
    (trap / "sbatch").write_text(f"#!/bin/bash\n{twice}{end}\n")
    (trap / "sbatch").chmod(0o755)
    died = submitter(patient, ends, store, path=str(trap), wait=False)
    assert died.returncode == -signal.SIGKILL
    told = Told()
    assert run_slurm(Graph(ends), store, settings(), progress=told) == 0, told.said
    finished = [line for line in patient.marks() if line[0] == "finished"]
    assert sorted(line[1] for line in finished) == ["root", "x", "y"]
    assert len(array_ids(store)) == (3 if moment == "before" else 2)


@pytest.mark.apt
def test_more_stages_than_max_jobs(patient: Any, store: Store) -> None:
    """What fits goes, the rest is said; with wait the rest follows."""
    stages = [patient.text(name) for name in "abc"]
    told = Told()
    run_slurm(Graph(stages), store, settings(wait=False, max_jobs=2), progress=told)
    assert any("Left: 1 stages, since max_jobs=2" in line for line in told.said)
    assert run_slurm(Graph(stages), store, settings(max_jobs=2), progress=told) == 0
    assert all(store.find(stage) for stage in stages)


@pytest.mark.apt
def test_each_kind_of_stage_has_its_own_resources(patient: Any, store: Store) -> None:
    """Partition, time, processors and memory of a stage's name reach SLURM; the rest is shared."""
    train = patient.count("a", steps=30, seconds=0.1)
    more = {"steps": 3, "every": 3, "seconds": 0.01, "journal": str(patient.journal)}
    other = patient.stage("count", "other", train, text="b", **more)
    score = patient.stage("count", "score", other, text="c", **more)
    stages = {
        "count": {"partition": "high", "time_minutes": 7, "cpus_per_task": 2},
        "score": {"memory_gb": 1},
    }
    asked = settings(wait=False, slurm={"stages": stages, "partition": "main"})
    run_slurm(Graph([score]), store, asked, progress=Told())
    form = ["squeue", "-h", "-t", "all", "-u", "root", "-o", "%F|%j|%P|%l|%C|%m|%E"]
    listed = subprocess.run(form, capture_output=True, text=True, check=True).stdout
    ours = {one.job for one in open_submissions(store)}
    lines = [line.split("|") for line in listed.splitlines() if line.split("|")[0] in ours]
    of = {name: rest for _, name, *rest in lines}
    assert of["count"][:3] == ["high", "7:00", "2"]
    assert of["other"][:3] == ["main", "5:00", "1"]
    assert of["score"][:2] == ["main", "5:00"]
    assert of["score"][3] == "1G"
    waits = [name for name in of if of[name][-1].startswith("afterany:")]
    assert sorted(waits) == ["other", "score"]
    assert run_slurm(Graph([score]), store, {**asked, "wait": True}, progress=Told()) == 0


@pytest.mark.apt
def test_a_command_here_and_a_job_share_one_store(patient: Any, store: Store) -> None:
    """A local run beside the cluster's waits for what runs there, and takes only the rest."""
    slow = [patient.count(name, steps=20, seconds=0.1) for name in "ab"]
    run_slurm(Graph(slow[:1]), store, settings(wait=False), progress=Told())
    until(patient.marks)
    outcome = run_local(Graph(slow), store, progress=False, lease_timeout=20.0)
    assert (outcome.status, outcome.ran) == (0, {slow[1].key})
    assert sorted(line[0] for line in patient.marks()) == ["finished"] * 2 + ["from"] * 2


@pytest.mark.apt
def test_a_chain_in_one_job(patient: Any, store: Store) -> None:
    """With room for one job, the three stages of a chain run in it, one after another."""
    last = patient.text("c", patient.text("b", patient.text("a")))
    assert run_slurm(Graph([last]), store, settings(max_jobs=1), progress=Told()) == 0
    assert [[len(keys) for keys in elements] for elements in array_ids(store)] == [[3]]
    assert (store.place("text", last.key) / "text.txt").read_text() == "c(b(a()))"


@pytest.mark.apt
def test_two_commands_at_once_do_nothing_twice(patient: Any, store: Store) -> None:
    """Both submit, both end whole, and each stage has run once."""
    slow = [patient.count(name, steps=10, seconds=0.1) for name in "ab"]
    with ThreadPoolExecutor(2) as both:
        ended = [
            both.submit(run_slurm, Graph(slow), store, settings(), progress=Told())
            for _ in range(2)
        ]
    assert [one.result() for one in ended] == [0, 0]
    assert sorted(line[0] for line in patient.marks()) == ["finished"] * 2 + ["from"] * 2


@pytest.mark.apt
@pytest.mark.slow
def test_a_deaf_stage_is_put_back_all_the_same(patient: Any, store: Store) -> None:
    """Warned, it never looks; its process ends after the grace, and the job is requeued."""
    deaf = patient.stage("deaf", "deaf", journal=str(patient.journal), seconds=25)
    asked = settings(slurm={"time_minutes": 1})
    run_slurm(Graph([deaf]), store, {**asked, "wait": False}, progress=Told())
    (submission,) = open_submissions(store)
    until(patient.marks)
    subprocess.run(["scancel", "--signal=USR2", str(submission.job)], check=True)
    assert run_slurm(Graph([deaf]), store, asked, progress=Told()) == 0
    assert len(patient.marks()) == 2
    assert store.failures(deaf.key) == []


@pytest.mark.apt
def test_slurm_s_refusal_is_quoted(patient: Any, store: Store) -> None:
    """A partition that does not exist is the user's mistake, in SLURM's words."""
    with pytest.raises(SweepError, match="invalid partition specified: nowhere"):
        run_slurm(
            Graph([patient.text("a")]),
            store,
            settings(slurm={"partition": "nowhere"}),
            progress=Told(),
        )


@pytest.mark.apt
@pytest.mark.slow
@pytest.mark.parametrize("how", ["requeue", "signal"])
def test_a_stage_goes_on_after_a_requeue(patient: Any, store: Store, how: str) -> None:
    """Requeued by hand or warned of a limit, it resumes from its checkpoint: one result, no gap."""
    slow = patient.count("a", steps=60, seconds=0.1)
    run_slurm(Graph([slow]), store, settings(wait=False), progress=Told())
    (submission,) = open_submissions(store)
    until(lambda: list(store.path.glob("work/*/1/last.ckpt")))
    command = ["scontrol", "requeue"] if how == "requeue" else ["scancel", "--signal=USR2"]
    subprocess.run([*command, str(submission.job)], check=True)
    assert run_slurm(Graph([slow]), store, settings(), progress=Told()) == 0
    starts = [int(line[1]) for line in patient.marks() if line[0] == "from"]
    assert starts[0] == 0
    assert len(starts) == 2
    assert starts[1] > 0
    result = json.loads((store.place("count", slow.key) / "sum.json").read_text())
    assert result["sum"] == sum(range(60))


@pytest.mark.apt
@pytest.mark.slow
def test_too_many_cuts_fail_with_a_remedy(patient: Any, store: Store) -> None:
    """Without a requeue left, the failure names the settings to raise."""
    slow = patient.count("a", steps=200, seconds=0.1)
    run_slurm(Graph([slow]), store, settings(wait=False, slurm={"max_requeues": 0}))
    (submission,) = open_submissions(store)
    until(lambda: list(store.path.glob("work/*/1/last.ckpt")))
    subprocess.run(["scancel", "--signal=USR2", str(submission.job)], check=True)
    (record,) = until(lambda: store.failures(slow.key))
    assert record["kind"] == "limit"
    assert "slurm.max_requeues" in record["error"]


@pytest.mark.apt
@pytest.mark.slow
def test_a_real_time_limit(patient: Any, store: Store) -> None:
    """A stage longer than its limit is warned, saves, queues again and finishes."""
    slow = patient.count("a", steps=700, seconds=0.1)
    asked = settings(slurm={"time_minutes": 1})
    assert run_slurm(Graph([slow]), store, asked, progress=Told()) == 0
    starts = [int(line[1]) for line in patient.marks() if line[0] == "from"]
    assert len(starts) > 1
    assert starts == sorted(starts)
    described = json.loads((store.place("count", slow.key) / "stage.json").read_text())
    assert described["attempt"] == len(starts)


@pytest.mark.apt
@pytest.mark.slow
def test_preemption_by_a_higher_partition(patient: Any, store: Store) -> None:
    """A stage that a more important job throws out resumes once that job is through."""
    slow = patient.count("a", steps=100, seconds=0.1)
    asked = settings(slurm={"cpus_per_task": 2})
    run_slurm(Graph([slow]), store, {**asked, "wait": False}, progress=Told())
    until(lambda: list(store.path.glob("work/*/1/last.ckpt")))
    subprocess.run(
        ["sbatch", "-p", "high", "-c", "2", "-o", "/dev/null", "--wrap", "sleep 2"], check=True
    )
    assert run_slurm(Graph([slow]), store, asked, progress=Told()) == 0
    starts = [int(line[1]) for line in patient.marks() if line[0] == "from"]
    assert len(starts) == 2
    assert starts[1] > 0


@pytest.mark.apt
@pytest.mark.slow
def test_a_job_killed_like_out_of_memory_is_found_out(patient: Any, store: Store) -> None:
    """SIGKILL from nowhere becomes a failure with SLURM's word and the log's path."""
    dies = patient.stage("kills", "dies", journal=str(patient.journal))
    after = patient.text("after", dies)
    told = Told()
    assert run_slurm(Graph([after]), store, settings(), progress=told) == 1
    (record,) = store.failures(dies.key)
    assert "FAILED" in record["error"]
    assert Path(record["error"].split("log: ")[1].rstrip(")")).is_file()
    assert told.board.states[after.key] == "skipped"


@pytest.mark.apt
def test_from_run_py_to_the_table(patient: Any, tmp_path: Path) -> None:
    """`hydra/launcher=slurm wait=true` gives the table that a local run gives."""
    (tmp_path / "ten_lines.py").write_text(STUDY)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/config.yaml").write_text(CONFIG)
    command = [sys.executable, str(ROOT / "run.py"), "--config-path", str(tmp_path / "conf")]
    done = subprocess.run(
        [*command, "-m", "lr=0.1,0.5", "hydra/launcher=slurm", "wait=true"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "55.0" in done.stdout


STUDY = """
import json
from types import SimpleNamespace as Stage
def cell(config):
    data = Stage(name="data", version=1, config={}, inputs={}, run="ten_lines.make", cost=Stage())
    train = Stage(name="train", version=1, config={"lr": config["lr"]}, inputs={"data": data},
                  run="ten_lines.train", cost=Stage())
    return {"scores": {"game": train},
            "columns": [{"name": "Game", "terms": [[["game", "acc"]]], "decimals": 1}]}
def make(config, inputs, out, context):
    (out / "data.txt").write_text("x" * 50)
def train(config, inputs, out, context):
    points = len((inputs["data"] / "data.txt").read_text())
    (out / "scores.json").write_text(json.dumps({"game": {"acc": points + 10 * config["lr"]}}))
"""
CONFIG = """
defaults: [run_settings, _self_, override hydra/launcher: local, override hydra/sweeper: study]
study: ten_lines
lr: 0.1
slurm: {time_minutes: 5}
hydra: {mode: MULTIRUN, output_subdir: null}
"""
