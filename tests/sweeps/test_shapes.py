"""Damaged JSON of any shape in a store: no reader fails in another way than by naming the file."""

from __future__ import annotations

import copy
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sweeps.cluster.submit import open_submissions
from sweeps.errors import SweepError
from sweeps.lease import Watch, in_use, read_lease, running_lease, this_process
from sweeps.running.execute import run_one
from sweeps.running.stage_queue import not_retried
from sweeps.shapes import is_record, record_fault
from sweeps.stage import Stage
from sweeps.store import Store, newest_failure, write_json
from sweeps.verbs.address import known_stages, recorded_cells, recorded_labels
from sweeps.verbs.check import check
from sweeps.verbs.explain import explain
from sweeps.verbs.garbage import find_garbage
from sweeps.verbs.status import draw, stage_statuses
from sweeps.verbs.transfer import export_stages

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["../../up", "/abs", ".", "", "\0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
STAGE = Stage(name="text", version=1, config={"text": "a"}, run="toy_study.text")
KEY = STAGE.key
RECORD = {
    "id": "mine",
    "name": "mine-1",
    "order": 3,
    "columns": [{"name": "Game", "terms": [[["game", "acc"]]]}],
    "references": [{"label": "best", "file": "constant.json"}],
    "rows": [
        {
            "label": "a",
            "baseline": True,
            "cells": [{"seed": 0, "config": {"x": 1}, "scores": {"game": KEY}, "stages": [KEY]}],
        }
    ],
    "search": {
        "score": "Game",
        "axes": [{"name": "x", "candidates": ["a"], "winner": "a", "scores": {"a": 1.0}}],
        "failures": [{KEY: 1}],
    },
    "stages": {KEY: {"name": "text", "label": "a text", "inputs": {}, "flops": 1.0}},
}
FILES: dict[str, dict[str, Any]] = {
    "sweeps/mine.json": RECORD,
    f"specs/{KEY}.json": STAGE.spec(),
    f"failures/{KEY}/1.json": {
        "key": KEY,
        "attempt": 1,
        "kind": "diverged",
        "error": "e",
        "log": "l",
    },
    f"leases/{KEY}/1": asdict(this_process()),
    f"leases/{KEY}/1.beat": {"count": 3, "state": "running", "step": 1, "total": 3, "loss": 0.5},
    f"text/{KEY}/stage.json": {**STAGE.spec(), "files": {"a": {"bytes": 1, "sha256": "0" * 64}}},
    "slurm/abc/submission.json": {
        "schema": 1,
        "token": "abc",
        "elements": [[KEY]],
        "attempts": {KEY: 0},
        "options": {},
        "time_minutes": 5,
        "max_requeues": 1,
        "created": 1.0,
    },
}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where a JSON value holds something, itself included."""
    found = [path]
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            found += places(inner, (*path, name))
    return found


@st.composite
def damaged(draw: Any, whole: Any) -> bytes:
    """The bytes of a file that was this JSON once."""
    value, place = copy.deepcopy(whole), draw(st.sampled_from(places(whole)))
    how = draw(st.sampled_from(["other", "gone", "cut", "bytes", "marked", "deep"]))
    if how == "deep":
        return b'{"rows":' * 100_000
    if how == "bytes":
        return draw(st.binary(max_size=50))
    if place and how in ("other", "gone"):
        inner = value
        for step in place[:-1]:
            inner = inner[step]
        if how == "gone":
            del inner[place[-1]]
        else:
            inner[place[-1]] = draw(JSON)
    elif how == "other":
        value = draw(JSON)
    text = json.dumps(value).encode()
    if how == "cut":
        return text[: draw(st.integers(0, len(text)))]
    return b"\xef\xbb\xbf" + text if how == "marked" else text


def readers(store: Store, tmp: Path) -> list[Any]:
    """Everything that reads what lies in a store."""
    return [
        store.records.all,
        store.records.strange,
        lambda: store.records.find("mine"),
        lambda: list(store.specs()),
        lambda: store.read_spec(KEY),
        lambda: [not_retried(one) for one in store.failures(KEY)],
        lambda: newest_failure(store, KEY, but="slurm"),
        lambda: read_lease(store, KEY),
        lambda: running_lease(store, KEY),
        lambda: in_use(store, KEY),
        lambda: Watch(store, 1.0).dead(KEY),
        lambda: recorded_cells(store),
        lambda: recorded_labels(store),
        lambda: known_stages(store),
        lambda: draw(stage_statuses(store), every=True),
        lambda: explain(store, KEY, KEY),
        lambda: find_garbage(store),
        lambda: check(store, every=True),
        lambda: check(store),
        lambda: export_stages(store, tmp / "all.tar"),
        lambda: open_submissions(store),
        lambda: run_one(store, KEY, failures_known=0),
    ]


@pytest.mark.parametrize("name", FILES)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_damaged_file_ends_nothing(tmp_path, toy, name, data):
    """Each reader gives what it can, or one sentence that names the file and what to type."""
    root = tmp_path / "damaged"
    shutil.rmtree(root, ignore_errors=True)
    store = Store(root)
    store.prepare()
    for other, value in FILES.items():
        write_json(store.path / other, value)
    content = data.draw(damaged(FILES[name]))
    (store.path / name).write_bytes(content)
    for read in readers(store, tmp_path):
        told = ""
        try:
            read()
        except SweepError as error:
            told = str(error)
        assert not told or str(store.path) in told


@given(name=st.sampled_from(["id", "name"]), value=st.sampled_from(["../x", "/x", "a/../../x", ""]))
def test_a_record_names_nothing_outside_of_its_store(name, value):
    """Its names become paths of tables and pages, its references files that are read."""
    assert is_record(RECORD)
    assert record_fault({**RECORD, name: value}) == f"{name} is not the name of a sweep"
    reference = {"label": "x", "file": value or ".."}
    assert record_fault({**RECORD, "references": [reference]}) == (
        "references[0].file is not the name of a file"
    )
