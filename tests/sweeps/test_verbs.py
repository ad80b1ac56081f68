"""`python -m sweeps`: what each verb says of a store, and what it does to it."""

from __future__ import annotations

import json
import os
import shutil
import tarfile
import time
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import pytest

from sweeps.__main__ import main
from sweeps.graph import Graph
from sweeps.lease import acquire, this_process
from sweeps.running.execute import Result, run_one
from sweeps.stage import Stage
from sweeps.store import Store, read_json, write_json


def read_beat(store: Store, key: str, generation: int) -> dict[str, Any]:
    """The last beat of one generation; empty before the first."""
    return read_json(store.path / "leases" / key / f"{generation}.beat") or {}


def link(name: str, *inputs: Stage, run: str = "toy_study.text", **config: object) -> Stage:
    """A stage of the toy study whose text is its name."""
    roles = {one.name: one for one in inputs}
    return Stage(name=name, version=1, config={"text": name, **config}, inputs=roles, run=run)


def work(store: Store, *targets: Stage) -> list[Result]:
    """Run stages and what they need, here."""
    stages = list(Graph(targets))
    for stage in stages:
        store.write_spec(stage)
    return [run_one(store, stage.key) for stage in stages]


def sweep_record(rows: dict[str, dict[int, dict[str, Stage]]]) -> dict:
    """The record of a sweep: row -> seed -> task -> evaluate stage."""
    targets = [t for seeds in rows.values() for scores in seeds.values() for t in scores.values()]
    graph = Graph(targets)
    return {
        "rows": [
            {
                "label": label,
                "cells": [
                    {
                        "seed": seed,
                        "config": {"seed": seed, "objective": label},
                        "scores": {task: stage.key for task, stage in scores.items()},
                        "stages": sorted(Graph(scores.values()).stages),
                    }
                    for seed, scores in seeds.items()
                ],
            }
            for label, seeds in rows.items()
        ],
        "stages": {
            key: {"name": stage.name, "label": f"the {stage.name}", "inputs": stage.input_keys}
            for key, stage in graph.stages.items()
        },
    }


@pytest.fixture
def made(store, toy) -> SimpleNamespace:
    """Two rows over one corpus, of which `iid` fails in its pretrain stage."""
    corpus = link("corpus", size=10)
    span = link("pretrain", corpus, objective="span")
    iid = link("pretrain", corpus, objective="iid", run="toy_study.raises")
    good, bad = link("evaluate", span, task="mcc"), link("evaluate", iid, task="mcc")
    write_json(
        store.records.path("grid"), sweep_record({"span": {0: {"t": good}}, "iid": {0: {"t": bad}}})
    )
    work(store, good, bad)
    return SimpleNamespace(corpus=corpus, span=span, iid=iid, good=good, bad=bad)


@pytest.fixture
def say(store, capsys):
    """Run a verb on the store; its exit status and its lines."""

    def call(*words: str, on: Store = store) -> tuple[int, list[str]]:
        status = main(["--store", str(on.path), *words])
        printed = capsys.readouterr()
        return status, [*printed.out.splitlines(), *printed.err.splitlines()]

    return call


def words(lines: list[str]) -> list[list[str]]:
    """The words of each line."""
    return [line.split() for line in lines]


def test_a_record_that_cannot_be_read_is_named(say, store, made):
    """A verb leaves it out and says so; what it needs is nobody's garbage."""
    broken = store.records.path("broken")
    broken.write_text('{"rows": [')
    for words in (["status"], ["export", str(store.path / "all.tar")]):
        _, lines = say(*words)
        assert f"{broken}: no record of a sweep can be read from it; it is left out." in lines
    status, (line,) = say("gc")
    assert status == 2
    assert line.startswith(f"{broken}: no record of a sweep can be read from it, so that nobody")


def test_explain_names_the_field_and_where_the_difference_begins(say, made):
    """Two evaluate stages differ because the pretrain stages' objectives do."""
    status, lines = say("explain", made.good.key[:8], made.bad.key)
    assert status == 0
    assert lines == [
        f"evaluate {made.good.key} | evaluate {made.bad.key}",
        f"  input pretrain: pretrain {made.span.key} | pretrain {made.iid.key}",
        '    config.objective: "span" | "iid"',
    ]


def test_explain_shows_versions_and_missing_fields(say, store):
    """A raised version and a new default are what usually changes a key."""
    one = Stage(name="a", version=1, config={"deep": {"x": [1, 2]}}, run="toy_study.text")
    two = Stage(
        name="a", version=2, config={"deep": {"x": [1, 3]}, "new": None}, run="toy_study.text"
    )
    store.write_spec(one)
    store.write_spec(two)
    assert say("explain", one.key, two.key)[1] == [
        f"a {one.key} | a {two.key}",
        "  version: 1 | 2",
        "  config.deep.x[1]: 2 | 3",
        "  config.new: (absent) | null",
    ]


def test_explain_of_cells_tells_what_they_share(say, made):
    """Cells are named by row; the configurations and each task's stages are compared."""
    status, lines = say("explain", "span", "grid:iid@0")
    assert status == 0
    assert lines == [
        "cell grid:span@0 | grid:iid@0",
        '  config.objective: "span" | "iid"',
        "  1 stages shared, 2 | 2 of their own",
        f"t: evaluate {made.good.key} | evaluate {made.bad.key}",
        f"  input pretrain: pretrain {made.span.key} | pretrain {made.iid.key}",
        '    config.objective: "span" | "iid"',
    ]


def test_explain_finds_the_stage_that_was_nearly_reused(say, store, made):
    """With one key the finished stage of that name that differs least is taken."""
    asked = link("pretrain", made.corpus, objective="span", dropout=0.1)
    store.write_spec(asked)
    assert say("explain", asked.key)[1] == [
        f"pretrain {asked.key} | pretrain {made.span.key}",
        "  config.dropout: 0.1 | (absent)",
    ]


def test_an_unknown_word_is_answered_with_the_nearest(say, made):
    """A typing error is the user's mistake, with the rows there are."""
    status, lines = say("explain", "spam", "iid")
    assert status == 2
    assert "'spam' is neither a key" in lines[0]
    assert lines[0].endswith("Did you mean 'span'? Known: span, iid.")


def test_the_store_is_that_of_a_run_by_default(tmp_path, monkeypatch, capsys):
    """Where a run would put it when nothing is said: ./store."""
    monkeypatch.delenv("T5STUDY_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    assert main(["status"]) == 2
    assert f"There is no store at {tmp_path}/store: " in capsys.readouterr().err


def test_the_store_may_stand_after_the_verb(store, made, tmp_path, capsys):
    """Where one adds it to a command that was answered with "Name one with --store PATH"."""
    assert main(["status", "grid", "--once", "--store", str(store.path)]) == 1
    after = capsys.readouterr().out
    assert main(["--store", str(store.path), "status", "grid", "--once"]) == 1
    assert capsys.readouterr().out == after
    assert "3/5 stages done" in after


def test_no_store_is_the_users_mistake(say, tmp_path):
    """The path is named, and how to give another."""
    status, lines = say("status", on=Store(tmp_path / "nowhere"))
    assert status == 2
    assert lines == [
        f"There is no store at {tmp_path}/nowhere: a run makes one, a plan does not. Name another "
        "one with --store PATH."
    ]


def test_status_counts_and_names_failures(say, made):
    """Done, failed with its reason, waiting; by stage and by cell; the status is 1."""
    status, lines = say("status")
    assert status == 1
    assert words(lines) == [
        ["stage", "key", "cells", "state", "step", "loss", "tokens/s", "left", "where"],
        f"the pretrain {made.iid.key[:8]} grid:iid@0 failed ValueError: bad luck".split(),
        ["3/5", "stages", "done,", "1", "failed,", "1", "waiting,", "1/2", "cells", "whole"],
        ["corpus", "1/1", "evaluate", "1/2", "pretrain", "1/2"],
    ]


def test_status_shows_who_runs_and_how_far(say, store, made):
    """Step, loss, speed and time left come from the holder's beat."""
    lease = acquire(store, made.bad.key, timeout=0.3)
    told = {"loss": 2.5, "tokens_per_second": 1234.0, "accuracy": 0.5}
    lease.note({**told, "step": 30, "total": 90, "seconds_left": 75.0})
    while "step" not in read_beat(store, made.bad.key, 1):
        time.sleep(0.01)
    _, lines = say("status", "grid")
    lease.release("stopped")
    here = this_process()
    expected = f"the evaluate {made.bad.key[:8]} grid:iid@0 running 30/90 2.5 1,234 1:15 "
    expected += f"accuracy 0.5 {here.host}:{here.pid}"
    assert words(lines)[1] == expected.split()
    _, after = say("status", "grid")
    assert after[-2] == "3/5 stages done, 1 failed, 1 stopped, 1/2 cells whole"


def test_status_tells_of_a_holder_that_is_silent(say, store, made):
    """A beat that is two minutes old, of a process on another host."""
    folder = store.path / "leases" / made.bad.key
    folder.mkdir()
    (folder / "1").write_text(json.dumps({**asdict(this_process()), "host": "gone", "pid": 7}))
    (folder / "1.beat").write_text(json.dumps({"count": 3, "state": "running"}))
    old = time.time() - 120
    os.utime(folder / "1.beat", (old, old))
    _, lines = say("status")
    expected = f"the evaluate {made.bad.key[:8]} grid:iid@0 silent for 2:00 gone:7"
    assert words(lines)[1] == expected.split()


def test_status_of_every_stage(say, made):
    """With --all also what is done is listed; shared stages say how many cells they serve."""
    _, lines = say("status", "--all")
    assert ["the", "corpus", made.corpus.key[:8], "2", "done"] in words(lines)


def test_status_of_an_unknown_sweep(say, made):
    """The sweeps there are, are named."""
    status, lines = say("status", "gird")
    assert status == 2
    assert lines[0].endswith("has no sweep 'gird'. Did you mean 'grid'? Known: grid.")


def test_log_of_a_stage(say, store, made):
    """The whole log, under the path where it lies."""
    status, lines = say("log", made.span.key)
    assert status == 0
    assert lines == [
        f"==> pretrain {made.span.key}: {store.find(made.span)}/log.txt",
        "wrote pretrain",
    ]


def test_log_of_a_cell_shows_what_failed(say, made):
    """Of a cell with a failure its log is what a reader wants."""
    _, lines = say("log", "iid")
    assert lines[0].startswith(f"==> pretrain {made.iid.key}: ")
    assert lines[1] == "before the fall"
    assert lines[-1] == "second line"


def test_log_of_a_whole_cell_shows_its_own_stages(say, made):
    """Stages that serve other cells too are left out."""
    _, lines = say("log", "span")
    assert [line.split()[1] for line in lines if line.startswith("==>")] == [
        "evaluate",
        "pretrain",
    ]


def test_log_of_what_never_ran(say, made):
    """Nothing to show is said."""
    assert say("log", made.bad.key) == (
        0,
        [f"{made.bad.key}: nothing has run yet that left a log."],
    )


def test_retry_forgets_failures(say, store, made):
    """Also a diverged stage is tried again after it."""
    stage = link("pretrain", run="toy_study.diverges")
    work(store, stage)
    assert say("retry", stage.key[:10])[1] == [
        f"pretrain {stage.key}: 1 failure forgotten",
        "The same command as before tries them again.",
    ]
    work(store, stage)
    assert [record["attempt"] for record in store.failures(stage.key)] == [2]
    assert store.failures(made.iid.key) != []


def test_retry_of_a_cell_and_of_everything(say, store, made):
    """A cell means its stages, nothing means all."""
    assert say("retry", "span")[1] == ["No failure to forget."]
    assert say("retry")[1][0] == f"pretrain {made.iid.key}: 1 failure forgotten"
    assert say("retry")[1] == ["No failure to forget."]


def test_gc_lists_and_touches_nothing_by_itself(say, store, made):
    """A stage that no sweep names is listed with its size; it stays."""
    orphan = link("orphan")
    work(store, orphan)
    status, lines = say("gc")
    assert status == 0
    assert [line.split()[2:] for line in lines if "  orphan  " in line] == [
        ["orphan", str(store.path / "orphan" / orphan.key)]
    ]
    assert lines[-1].endswith("Repeat with --delete to remove them.")
    assert store.find(orphan) is not None


def test_gc_removes_what_no_sweep_needs(say, store, made):
    """Orphans go with all that is known of them; needed stages, and failures, stay."""
    orphan = link("orphan")
    work(store, orphan)
    say("gc", "--delete")
    assert store.find(orphan) is None
    assert not store.spec_path(orphan.key).exists()
    assert not (store.path / "leases" / orphan.key).exists()
    assert all(store.find(stage) for stage in (made.corpus, made.span, made.good))
    assert len(store.failures(made.iid.key)) == 1
    assert (store.work(made.iid.key, 1) / "log.txt").exists()
    assert [p.name for p in (store.path / "work").iterdir()] == [made.iid.key]
    assert say("gc")[1] == ["0 things to remove, 0 bytes. Repeat with --delete to remove them."]


def test_gc_spares_what_runs_and_what_it_reads(say, store, made):
    """A stage of no sweep that a living holder works on keeps its inputs."""
    parent = link("parent")
    child = link("child", parent)
    work(store, parent)
    store.write_spec(child)
    lease = acquire(store, child.key)
    say("gc", "--delete")
    lease.assert_owned()
    lease.release("stopped")
    assert store.find(parent) is not None


def test_gc_refuses_to_empty_a_store_without_sweeps(say, store, toy):
    """Without a record nothing would be needed: that is not what anybody means."""
    stage = link("orphan")
    work(store, stage)
    status, lines = say("gc", "--delete")
    assert status == 2
    assert "has no record of a sweep" in lines[-1]
    assert store.find(stage) is not None


def tree(folder) -> dict[str, bytes]:
    """Every file below a folder with its content."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_export_and_import_move_stages(say, store, made, tmp_path):
    """Another store has the same stages and records, file by file, and finds them."""
    other = Store(tmp_path / "other")
    status, lines = say("export", str(tmp_path / "all.tar"))
    assert status == 0
    assert lines[0].startswith(f"{tmp_path}/all.tar: 3 stages, 1 sweeps, ")
    assert say("import", str(tmp_path / "all.tar"), on=other)[1] == [
        "3 stages and 1 sweeps taken; 0 were there already"
    ]
    for name in ("corpus", "pretrain", "evaluate", "sweeps"):
        assert tree(other.path / name) == tree(store.path / name)
    assert [result.generation for result in work(other, made.good)] == [0, 0, 0]
    again = say("import", str(tmp_path / "all.tar"), on=other)
    assert again[1] == ["0 stages and 0 sweeps taken; 3 were there already"]


def test_export_of_scores_leaves_the_models(say, store, made, tmp_path):
    """Only what a table reads."""
    say("export", "--scores-only", "--sweep", "grid", str(tmp_path / "scores.tar"))
    other = Store(tmp_path / "other")
    say("import", str(tmp_path / "scores.tar"), on=other)
    assert [key for _, key, _ in other.finished()] == [made.good.key]
    assert [one.name for one in other.records.all()] == ["grid"]


def test_an_export_that_cannot_be_written_is_one_sentence(say, store, made, tmp_path):
    """About the file and not the store, and nothing is left beside it."""
    (tmp_path / "plain").write_text("")
    assert say("export", str(tmp_path / "plain" / "all.tar")) == (
        2,
        [f"Cannot write {tmp_path}/plain/all.tar: Not a directory. Name a file in another folder."],
    )
    (tmp_path / "folder").mkdir()
    assert say("export", str(tmp_path / "folder")) == (
        2,
        [f"{tmp_path}/folder is a folder. Name a file, such as {tmp_path}/folder/study.tar.xz."],
    )
    assert say("export", "--sweep", "gird", str(tmp_path / "all.tar")) == (
        2,
        [f"The store {store.path} has no sweep 'gird'. Did you mean 'grid'? Known: grid."],
    )
    assert {path.name for path in tmp_path.iterdir() if path.name.startswith(".")} == set()
    assert not (tmp_path / "all.tar").exists()


@pytest.mark.parametrize("name", ["all.tar.gz", "all.zip", "all.txz", "all"])
def test_an_export_is_called_what_it_is(say, made, tmp_path, name):
    """A name that would say another kind of file is refused, with one that does not lie."""
    assert say("export", str(tmp_path / name)) == (
        2,
        [
            f"{tmp_path}/{name}: an export is called .tar, or .tar.xz to be compressed, such as "
            f"{tmp_path}/all.tar.xz."
        ],
    )
    assert not (tmp_path / name).exists()


def test_a_file_that_is_no_export_is_one_sentence(say, store, tmp_path):
    """tarfile's list of all that it tried is not for the screen."""
    (tmp_path / "mail.tar").write_text("hello")
    status, lines = say("import", str(tmp_path / "mail.tar"))
    assert (status, len(lines)) == (2, 1)
    assert "mail.tar is no whole export: file could not be opened successfully. " in lines[0]


def test_a_truncated_export_gives_only_whole_stages(say, store, made, tmp_path):
    """A copy that was cut off is said to be; nothing half of it appears."""
    say("export", str(tmp_path / "all.tar"))
    whole = (tmp_path / "all.tar").read_bytes()
    with tarfile.open(tmp_path / "all.tar") as tar:
        last = tar.getmembers()[-1]
    (tmp_path / "cut.tar").write_bytes(whole[: last.offset_data + 10])
    other = Store(tmp_path / "other")
    status, lines = say("import", str(tmp_path / "cut.tar"), on=other)
    assert status == 2
    assert "cut.tar is no whole export" in lines[0]
    assert "Stages taken before that: 2." in lines[0]
    assert len(list(other.finished())) == 2
    assert os.listdir(other.path / "work") == []


@pytest.mark.parametrize("name", ["../evil/key/file", "/abs/key/file", "work/key/file", "one/two"])
def test_an_import_stays_inside_the_store(say, tmp_path, store, name):
    """Members that no export writes are refused by name."""
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo(name))
    status, lines = say("import", str(tmp_path / "evil.tar"))
    assert status == 2
    assert f"holds {name!r}, which no export writes" in lines[0]


def test_an_import_checks_whose_stage_it_is(say, store, made, tmp_path):
    """A folder whose stage.json describes another stage is refused."""
    forged = tmp_path / "corpus" / made.span.key
    shutil.copytree(store.find(made.corpus), forged)
    with tarfile.open(tmp_path / "forged.tar", "w") as tar:
        tar.add(forged / "stage.json", f"corpus/{made.span.key}/stage.json")
    status, lines = say("import", str(tmp_path / "forged.tar"), on=Store(tmp_path / "other"))
    assert status == 2
    assert f"describes stage {made.corpus.key}: not imported" in lines[0]
