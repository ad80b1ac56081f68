"""Jobs on a real SLURM, whatever surrounds who submits them and who looks for them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from slurm_runs import Told, array_ids, settings, until

from sweeps.cluster.slurm import run_slurm
from sweeps.cluster.submit import open_submissions
from sweeps.graph import Graph
from sweeps.stage import Stage
from sweeps.store import Store

pytestmark = pytest.mark.apt

ROOT = Path(__file__).resolve().parents[2]
TELLS = """
import json, os
def run(config, inputs, out, context):
    (out / "environment.json").write_text(json.dumps(dict(os.environ)))
"""


def described(job: str) -> str:
    """What SLURM says of a job."""
    command = ["scontrol", "show", "job", job]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def wrapped(folder: Path, name: str, *lines: str) -> Path:
    """A folder for PATH whose `name` runs these lines of shell; `$real` is the true command."""
    folder.mkdir(exist_ok=True)
    script = [f"#!/bin/bash\nreal={shutil.which(name)}", *lines]
    (folder / name).write_text("\n".join(script) + "\n")
    (folder / name).chmod(0o755)
    return folder


def first_on_path(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def comment(patch: pytest.MonkeyPatch, folder: Path, job: str) -> None:
    subprocess.run(["scontrol", "update", f"jobid={job}", "comment=project=nlp"], check=True)


def login_name(patch: pytest.MonkeyPatch, folder: Path, job: str) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        patch.setenv(name, "colleague")


def columns(patch: pytest.MonkeyPatch, folder: Path, job: str) -> None:
    patch.setenv("SQUEUE_FORMAT", "%A %u")
    patch.setenv("SQUEUE_FORMAT2", "jobid,username")


def filters(patch: pytest.MonkeyPatch, folder: Path, job: str) -> None:
    given = {"USERS": "nobody", "STATES": "COMPLETED", "PARTITION": "high", "NAMES": "other"}
    for name, value in given.items():
        patch.setenv(f"SQUEUE_{name}", value)


def private(patch: pytest.MonkeyPatch, folder: Path, job: str) -> None:
    """The cluster shows a user's own jobs only, and these are a colleague's."""
    lines = [f'case "$*" in *{job}*) exit 0;; esac', 'exec $real "$@"']
    first_on_path(patch, wrapped(folder / "private", "squeue", *lines))
    (folder / "private/sacct").write_text("#!/bin/bash\n")
    (folder / "private/sacct").chmod(0o755)


@pytest.mark.parametrize("disguise", [comment, login_name, columns, filters, private])
def test_a_colleague_attaches(
    patient: Any,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    disguise: Callable[[pytest.MonkeyPatch, Path, str], None],
) -> None:
    """Jobs that run and wait are found by their ids: nothing is submitted twice or called dead."""
    slow = patient.count("a", steps=40, seconds=0.1)
    after = patient.count("b", slow, steps=3)
    run_slurm(Graph([after]), store, settings(wait=False), progress=Told())
    until(lambda: list(store.path.glob("work/*/1/last.ckpt")))
    for submission in open_submissions(store):
        disguise(monkeypatch, patient.folder, str(submission.job))
    told = Told()
    assert run_slurm(Graph([after]), store, settings(wait=False), progress=told) == 0
    assert "In the queue already: 2 stages." in told.said
    assert len(array_ids(store)) == 2
    assert not list(store.path.glob("failures/*/*"))
    monkeypatch.undo()
    until(lambda: store.find(after))
    assert [line[0] for line in patient.marks()] == ["from", "finished"] * 2


def test_a_job_of_another_cluster_is_not_dead(patient: Any, store: Store) -> None:
    """Two clusters mount one store: nothing is submitted again, nor what reads the unseen stage."""
    lost = patient.count("a", steps=600, seconds=0.1)
    after = patient.count("b", lost, steps=3)
    run_slurm(Graph([lost]), store, settings(wait=False), progress=Told())
    (submission,) = open_submissions(store)
    subprocess.run(["scancel", str(submission.job)], check=True)
    until(lambda: "JobState=CANCELLED" in described(str(submission.job)))
    path = submission.folder(store) / "submission.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "job": "900001", "cluster": "alps", "user": "ada"}))
    told = Told()
    assert run_slurm(Graph([after]), store, settings(wait=False), progress=told) == 0
    assert len(array_ids(store)) == 1
    (notice,) = [line for line in told.said if line.startswith("Job 900001 of ada cannot be seen")]
    assert str(submission.folder(store)) in notice or "a stage of it runs" in notice
    # As the notice says, for the case that the job is gone.
    shutil.rmtree(submission.folder(store))
    run_slurm(Graph([after]), store, settings(wait=False), progress=told)
    assert len(array_ids(store)) == 2


def test_a_killed_submitter_whose_comment_a_site_replaces(
    patient: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an id on disk, the path of its script still says which submission a job is of."""
    slow = patient.count("a", steps=20, seconds=0.1)
    run_slurm(Graph([slow]), store, settings(wait=False), progress=Told())
    (submission,) = open_submissions(store)
    comment(monkeypatch, patient.folder, str(submission.job))
    path = submission.folder(store) / "submission.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "job": None}))
    assert run_slurm(Graph([slow]), store, settings(), progress=Told()) == 0
    assert len(array_ids(store)) == 1


def test_an_id_that_another_job_has_by_now(patient: Any, store: Store) -> None:
    """A cluster counts from 1 again: the job of that id is no longer ours, and the stage runs."""
    slow = patient.count("a", steps=3)
    run_slurm(Graph([slow]), store, settings(wait=False), progress=Told())
    until(lambda: store.find(slow))
    shutil.rmtree(store.place("count", slow.key))
    other = ["sbatch", "--parsable", "-o", "/dev/null", "--wrap", "sleep 60"]
    number = subprocess.run(other, capture_output=True, text=True, check=True).stdout.strip()
    (path,) = store.path.glob("slurm/*/submission.json")
    old = {"job": number, "created": 1.0, "closed": False}
    path.write_text(json.dumps({**json.loads(path.read_text()), **old}))
    assert run_slurm(Graph([slow]), store, settings(), progress=Told()) == 0
    assert len(array_ids(store)) == 2


UNDOING = {
    "SBATCH_TIMELIMIT": "1",
    "SBATCH_NO_REQUEUE": "1",
    "SBATCH_SIGNAL": "USR1@10",
    "SBATCH_ARRAY_INX": "0-2",
    "SBATCH_JOB_NAME": "mine",
    "SBATCH_EXPORT": "NONE",
    "SBATCH_WAIT": "1",
    "SBATCH_OPEN_MODE": "truncate",
    "SBATCH_MEM_PER_CPU": "900000",
}


def test_what_a_user_s_sbatch_variables_would_undo(
    patient: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours hold and it is said; what only fills a gap stays the user's."""
    for name in ("OUTPUT", "ERROR"):
        monkeypatch.setenv(f"SBATCH_{name}", str(patient.folder / "theirs.txt"))
    for name, value in {**UNDOING, "SBATCH_PARTITION": "high"}.items():
        monkeypatch.setenv(name, value)
    slow, told = patient.count("a", steps=20, seconds=0.1), Told()
    asked = settings(wait=False, slurm={"memory_gb": 1, "time_minutes": 7})
    run_slurm(Graph([slow]), store, asked, progress=told)
    (submission,) = open_submissions(store)
    text = described(str(submission.job))
    for words in ("TimeLimit=00:07:00", "Requeue=1", "JobName=count", "Partition=high"):
        assert words in text
    assert f"StdOut={submission.folder(store)}" in text
    assert f"StdErr={submission.folder(store)}" in text
    (notice,) = [line for line in told.said if line.startswith("Left out of the jobs")]
    assert "SBATCH_TIMELIMIT (slurm.time_minutes says it)" in notice
    assert all(name in notice for name in UNDOING)
    assert "SBATCH_PARTITION" not in notice
    assert run_slurm(Graph([slow]), store, {**asked, "wait": True}, progress=Told()) == 0
    assert os.environ["SBATCH_SIGNAL"] == "USR1@10"


ALLOCATION = {
    "SLURM_JOB_ID": "1",
    "SLURM_JOBID": "1",
    "SLURM_MEM_PER_CPU": "2048",
    "SLURM_MEM_PER_GPU": "2048",
    "SLURM_NTASKS": "4",
    "SLURM_NPROCS": "4",
    "SLURM_PROCID": "3",
    "SLURM_CPU_BIND": "quiet,mask_cpu:0x8",
    "SLURM_EXPORT_ENV": "NONE",
    "SLURM_TASK_PROLOG": "/nowhere/prolog",
    "SRUN_CPUS_PER_TASK": "9",
    "RANK": "3",
    "WORLD_SIZE": "4",
}


def test_submitting_from_inside_an_allocation(
    patient: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a notebook server leaves its variables; a job knows its own alone."""
    for name, value in ALLOCATION.items():
        monkeypatch.setenv(name, value)
    (patient.folder / "tells.py").write_text(TELLS)
    stage = Stage(name="tells", version=1, config={}, run="tells.run")
    asked = settings(slurm={"memory_gb": 1})
    assert run_slurm(Graph([stage]), store, asked, progress=Told()) == 0
    seen = json.loads((store.place("tells", stage.key) / "environment.json").read_text())
    assert seen["SLURM_JOB_ID"] != "1"
    assert "RANK" not in seen
    assert "SLURM_MEM_PER_CPU" not in seen


def test_submitting_from_a_real_allocation(patient: Any, store: Store) -> None:
    """`salloc --mem-per-cpu`, and jobs that ask for memory by node."""
    lines = [
        "import sys; from sweeps.cluster.slurm import run_slurm; from sweeps.graph import Graph",
        "from sweeps.store import Store; from slurm_runs import settings",
        "from sweeps.stage import Stage",
        "stage = Stage(name='text', version=1, config={'text': 'a'}, run='toy_study.text')",
        f"store = Store({str(store.path)!r})",
        "sys.exit(run_slurm(Graph([stage]), store, settings(slurm={'memory_gb': 1})))",
    ]
    path = os.pathsep.join([str(patient.folder), str(ROOT), str(ROOT / "tests/shared")])
    allocation = ["salloc", "-Q", "-n", "1", "--mem-per-cpu=200M"]
    done = subprocess.run(
        [*allocation, sys.executable, "-c", "\n".join(lines)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("how", ["sbatch", "environment"])
def test_a_site_that_exports_nothing(
    patient: Any, store: Store, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A job has the product's variables all the same, and no secret stands in its script."""
    monkeypatch.setenv("T5STUDY_CACHE", str(patient.folder / "my cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    if how == "environment":
        monkeypatch.setenv("SBATCH_EXPORT", "NONE")
    else:
        # As a submit filter of the site has the last word.
        lines = 'exec env -i "PATH=$PATH" "SLURM_CONF=$SLURM_CONF" $real --export=NONE "$@"'
        first_on_path(monkeypatch, wrapped(patient.folder / "filter", "sbatch", lines))
    (patient.folder / "tells.py").write_text(TELLS)
    stage = Stage(name="tells", version=1, config={}, run="tells.run")
    told = Told()
    assert run_slurm(Graph([stage]), store, settings(), progress=told) == 0, told.said
    seen = json.loads((store.place("tells", stage.key) / "environment.json").read_text())
    assert seen["T5STUDY_CACHE"] == str(patient.folder / "my cache")
    assert seen["HF_HUB_OFFLINE"] == "1"
    scripts = list(store.path.glob("slurm/*/*_submission.sh"))
    assert scripts
    assert not any("hf_secret" in script.read_text() for script in scripts)


DEATHS = {
    "a module": (["echo 'module: cuda/99 is unknown' >&2", "exit 3"], "module: cuda/99 is unknown"),
    "on stdout": (["echo no licence is left", "exit 4"], "no licence is left"),
    "srun": (
        ["export SLURM_MEM_PER_CPU=1 SLURM_MEM_PER_NODE=2"],
        "SLURM_MEM_PER_NODE are mutually exclusive",
    ),
    "python": (["export PYTHONPATH=/nowhere PYTHONHOME=/nowhere"], "No module named 'encodings'"),
}


@pytest.mark.parametrize("death", DEATHS)
def test_a_job_that_dies_without_a_word_shows_its_log(
    patient: Any, store: Store, death: str
) -> None:
    """The last lines of its own log stand in what is said and in the failure's record."""
    setup, words = DEATHS[death]
    stage, told = patient.text("a"), Told()
    assert run_slurm(Graph([stage]), store, settings(slurm={"setup": setup}), progress=told) == 1
    (record,) = store.failures(stage.key)
    assert words in record["error"]
    assert any("ended without a word: FAILED" in line and words in line for line in told.said)


@pytest.mark.parametrize(
    ("hold", "told_of"),
    [
        ("uhold", "JobHeldUser). It is held by its user: `scontrol release {job}` lets it run."),
        ("hold", "JobHeldAdmin). It is held by an administrator, who alone can release it"),
    ],
)
def test_a_held_job_is_told_with_its_remedy(
    patient: Any, store: Store, hold: str, told_of: str
) -> None:
    """It stays in the queue, and the same command says why it does not begin."""
    wait = patient.text("b", patient.count("a", steps=60, seconds=0.1))
    run_slurm(Graph([wait]), store, settings(wait=False), progress=Told())
    job = str(open_submissions(store)[-1].job)
    subprocess.run(["scontrol", hold, job], check=True)
    told = Told()
    run_slurm(Graph([wait]), store, settings(wait=False), progress=told)
    assert any(told_of.format(job=job) in line for line in told.said), told.said
    assert len(array_ids(store)) == 2


def test_a_partition_that_never_lets_a_job_begin(patient: Any, store: Store) -> None:
    """Its time limit is shorter than the job's: the setting to lower is named, and it is told."""
    change = ["scontrol", "update", "PartitionName=high"]
    subprocess.run([*change, "MaxTime=1"], check=True)
    try:
        told, asked = Told(), settings(wait=False, slurm={"partition": "high"})
        stage = patient.text("a")
        run_slurm(Graph([stage]), store, asked, progress=Told())
        (submission,) = open_submissions(store)
        until(lambda: "Reason=PartitionTimeLimit" in described(str(submission.job)))
        run_slurm(Graph([stage]), store, asked, progress=told)
    finally:
        subprocess.run([*change, "MaxTime=INFINITE"], check=True)
    assert any("no room for slurm.time_minutes" in line for line in told.said), told.said


LIMIT = (
    'echo "sbatch: error: AssocMaxSubmitJobLimit" >&2',
    'echo "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy '
    "(job submit limit, user's size and/or time limits)\" >&2",
    "exit 1",
)


def test_a_limit_on_jobs_in_the_queue(
    patient: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fits goes and the rest is said to be left; with wait it follows when there is room."""
    last = patient.count("b", patient.count("a", steps=20, seconds=0.1), steps=3)
    room = 'if [ "$(squeue -h -r | wc -l)" = 0 ]; then'
    take = 'exec $real "$@"; fi'
    folder = wrapped(patient.folder / "limited", "sbatch", room, take, *LIMIT)
    first_on_path(monkeypatch, folder)
    told = Told()
    assert run_slurm(Graph([last]), store, settings(wait=False), progress=told) == 0
    (left,) = [line for line in told.said if line.startswith("Left: 1 stages")]
    assert "AssocMaxSubmitJobLimit" in left
    assert "max_jobs=1" in left
    assert run_slurm(Graph([last]), store, settings(), progress=told) == 0, told.said
    assert len(array_ids(store)) == 2


def test_a_comment_of_the_site_s_and_further_options(patient: Any, store: Store) -> None:
    """They reach SLURM beside our mark, and the job is found as any other."""
    slow = patient.count("a", steps=20, seconds=0.1)
    slurm = {"comment": "project=nlp cost=5", "extra": {"nice": 7, "mail_type": "NONE"}}
    asked = settings(wait=False, slurm=slurm)
    run_slurm(Graph([slow]), store, asked, progress=Told())
    (submission,) = open_submissions(store)
    text = described(str(submission.job))
    assert f"Comment=project=nlp cost=5 sweeps:{submission.token}" in text
    assert "Nice=7" in text
    assert run_slurm(Graph([slow]), store, {**asked, "wait": True}, progress=Told()) == 0
    assert len(array_ids(store)) == 1
