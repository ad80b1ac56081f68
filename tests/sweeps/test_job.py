"""What a cluster's job says of a store that is not as it should be: a sentence, no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sweeps.running.worker import EXIT_CODES, STORE_ERROR_CODE
from sweeps.store import Store

ROOT = Path(__file__).resolve().parents[2]
JOB = (
    "import json, sys; from sweeps.cluster.job import RunStages; "
    "RunStages()(*json.loads(sys.argv[1]))"
)


@pytest.fixture
def job(store: Store, toy: Any) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run stages as a job's process does."""

    def run(*keys: str) -> subprocess.CompletedProcess[str]:
        options = {"token": "token", "threads": 1, "gpus": 0, "nodes": 1, "tasks": 1}
        options |= {"parallel": "ddp", "lease_timeout": 90, "grace": 1, "commit": None}
        given = json.dumps([str(store.path), list(keys), options])
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sys.path))}
        return subprocess.run(
            [sys.executable, "-c", JOB, given],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_changed_specification_is_one_sentence(store, toy, job):
    """The stage fails with what to type; the stages beside it run."""
    bad, good = toy.text("bad"), toy.text("good")
    for stage in (bad, good):
        store.write_spec(stage)
    path = store.spec_path(bad.key)
    path.write_text(path.read_text().replace('"bad"', '"worse"'))
    done = job(bad.key, good.key)
    assert done.returncode == EXIT_CODES["failed"]
    assert "Traceback" not in done.stderr
    (line,) = [x for x in done.stderr.splitlines() if str(path) in x]
    assert "so the stage does not run. The same command as before writes it anew" in line
    (failure,) = store.failures(bad.key)
    assert failure["kind"] == "damaged"
    assert store.find(good) is not None
    assert store.find(bad) is None


@pytest.mark.parametrize("harm", ["unknown", "folder"])
def test_a_store_that_does_not_answer_is_one_sentence(store, toy, job, harm):
    """Its last line is what a submitter is shown of a job that died."""
    stage = toy.text("a")
    if harm == "folder":
        store.spec_path(stage.key).mkdir(parents=True)
    done = job(stage.key)
    assert done.returncode == STORE_ERROR_CODE
    assert "Traceback" not in done.stderr
    assert stage.key in done.stderr.strip().splitlines()[-1]
