"""The records of a store: none is lost to another of its name, none is taken for what it is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reports.commands.cli import main as reports
from reports.reading.records import find_record, known_ids
from sweeps.__main__ import main
from sweeps.asking.record import record, write_record
from sweeps.asking.rows import Row, Sweep
from sweeps.asking.sweepfile import Search, SweepFile
from sweeps.claims.statement import Claim
from sweeps.columns import Column
from sweeps.records import own_name
from sweeps.running.execute import run_one
from sweeps.stage import Stage
from sweeps.store import Store, write_json
from sweeps.study import Cell

ROOT = Path(__file__).parents[2]
GAME = (Column(name="Game", terms=((("game", "acc"),),), decimals=1),)


def asking(*words: str, texts: str = "a", file: str | None = "1", **more: Any) -> Sweep:
    """The sweep `mine`, of a file with a row for each text; `words` are typed beside it."""
    rows = []
    for text in texts:
        stage = Stage(name="toy", version=1, config={"text": text}, run="toy_study.text")
        cell = Cell(seed=0, config={}, scores={"game": stage}, columns=GAME)
        rows.append(Row(label=text, name=text, overrides=(), baseline=False, cells=(cell,)))
    of = file and SweepFile(
        name="mine", asked="mine.yaml", file="mine.yaml", sha256=file, study="toy_study", title="M"
    )
    return Sweep(
        id="mine", title="M", study="toy_study", file=of or None, asked=words, rows=tuple(rows)
    )


def rows_of(store: Store, name: str) -> list[str]:
    """The labels of the table that goes by a name."""
    return [row["label"] for row in find_record(store.path, name)["rows"]]


def records(store: Store) -> list[tuple[str, dict[str, Any]]]:
    """Name and record of every sweep, the oldest first."""
    return [(one.name, one.content) for one in store.records.all()]


def names(store: Store) -> list[str]:
    """What the sweeps go by, the oldest first."""
    return [one.name for one in store.records.all()]


def test_another_question_of_the_same_name_replaces_nothing(store, toy):
    """The newest has the name; the one before is drawn by its own, and it is said which."""
    old = asking(texts="ab")
    assert write_record(store, old) is None
    assert names(store) == ["mine"]
    said = write_record(store, asking("size=big", texts="cd"))
    assert said == (
        f"mine is this sweep from now on; the one before, of no overrides, goes by {old.name}."
    )
    assert names(store) == [old.name, "mine"]
    assert (rows_of(store, "mine"), rows_of(store, old.name)) == (["c", "d"], ["a", "b"])
    assert known_ids(store.path) == ["mine", old.name]
    assert find_record(store.path, "last")["id"] == "mine"


def test_the_earlier_question_again_has_the_name_again(store, toy):
    """And there are no copies: as many records as questions."""
    first, second = asking(), asking("size=big", texts="b")
    for sweep in (first, second, first):
        said = write_record(store, sweep)
    assert said is not None
    assert "the one before, of size=big, goes by" in said
    assert names(store) == [second.name, "mine"]
    assert (rows_of(store, "mine"), rows_of(store, second.name)) == (["a"], ["b"])
    # Its own name holds, whoever has the other one.
    assert rows_of(store, first.name) == ["a"]
    assert write_record(store, first) is None


def test_the_same_question_is_one_record(store, toy):
    """Whatever became of its stages, as when the code changed."""
    write_record(store, asking("size=big", "seed=3"))
    assert write_record(store, asking("seed=3", "size=big", texts="c")) is None
    assert (names(store), rows_of(store, "mine")) == (["mine"], ["c"])


def test_what_a_later_table_contains_needs_no_record_of_its_own(store, toy):
    """More seeds, or one row more in the file; fewer of them leave the record of all."""
    write_record(store, asking())
    more = asking("seeds.baseline=2", texts="ab", file="2")
    assert write_record(store, more) is None
    assert (names(store), rows_of(store, "mine")) == (["mine"], ["a", "b"])
    assert write_record(store, asking()) is not None
    assert (rows_of(store, "mine"), rows_of(store, more.name)) == (["a"], ["a", "b"])


def test_another_file_of_the_same_name_is_another_question(store, toy):
    """What the file says counts, wherever it lies."""
    write_record(store, asking())
    other = asking(texts="b", file="2")
    write_record(store, other)
    assert (len(names(store)), rows_of(store, "mine")) == (2, ["b"])


def test_a_search_keeps_its_path_beside_a_longer_one(store, toy):
    """Its first axis' stages are the other's too, what it found is not."""
    search = Search(axes=())
    one = asking("search.score=Game")
    two = asking("search.score=Play", texts="ab")
    found = {"score": "Game", "axes": [], "failures": [{"key": 1}]}
    for sweep in (one, two):
        write_record(store, Sweep(**{**vars(sweep), "search": search, "found": found}))
    assert names(store) == [one.name, "mine"]


def test_a_record_from_before_own_names_is_kept_too(store, toy):
    """It lies under the name of its file alone, and says neither its own name nor what it asked."""
    old, new = asking(), asking("size=big", texts="b")
    write_record(store, old)
    path = store.records.path(old.name)
    content = json.loads(path.read_text())
    del content["name"], content["asked"]
    path.unlink()
    store.records.path("mine").write_text(json.dumps(content))
    assert (names(store), rows_of(store, "mine")) == (["mine"], ["a"])
    write_record(store, new)
    assert (names(store), rows_of(store, old.name)) == ([old.name, "mine"], ["a"])
    write_record(store, old)
    assert names(store) == [new.name, "mine"]
    assert not store.records.path("mine").exists()


def test_gc_status_and_export_know_both(store, toy, tmp_path, capsys):
    """Nothing of the earlier one is garbage; another store gets both."""
    old, new = asking(), asking("size=big", texts="b")
    for sweep in (old, new):
        write_record(store, sweep)
        for stage in sweep.stages:
            store.write_spec(stage)
            run_one(store, stage.key)
    assert main(["--store", str(store.path), "gc", "--delete"]) == 0
    assert all(store.find(stage) for sweep in (old, new) for stage in sweep.stages)
    assert main(["--store", str(store.path), "status", old.name, "--all"]) == 0
    assert f"{old.name}:a@0" in capsys.readouterr().out
    tar = str(tmp_path / "all.tar")
    assert main(["--store", str(store.path), "export", tar]) == 0
    assert main(["--store", str(tmp_path / "other"), "import", tar]) == 0
    other = Store(tmp_path / "other")
    assert records(other) == records(store)
    # One alone, by its own name, beside another that has the short one there.
    tar = str(tmp_path / "old.tar")
    assert main(["--store", str(store.path), "export", "--sweep", old.name, tar]) == 0
    third = Store(tmp_path / "third")
    write_record(third, new)
    assert main(["--store", str(third.path), "import", tar]) == 0
    assert records(third) == [records(store)[0], *records(third)[1:]]
    assert names(third) == [old.name, "mine"]


STRANGE = {
    "cut": '{"id": "mine", "rows": [',
    "list": "[1, 2]",
    "devices": '{"H100": {"peak": 1}}',
    "rows": '{"id": "mine", "rows": [3], "stages": {}}',
}


@pytest.mark.parametrize("content", STRANGE.values(), ids=STRANGE)
def test_gc_does_nothing_while_a_record_cannot_be_read(store, toy, capsys, content):
    """Nobody knows what it needs; the file is named and what to do about it."""
    sweep = asking()
    (stage,) = sweep.stages
    store.write_spec(stage)
    run_one(store, stage.key)
    write_record(store, asking(texts="b", file=None))
    path = store.records.path("other")
    path.write_text(content)
    for words in (["gc"], ["gc", "--delete"]):
        assert main(["--store", str(store.path), *words]) == 2
        said = capsys.readouterr()
        assert (said.out, len(said.err.splitlines())) == ("", 1)
        assert said.err.startswith(f"{path}: no record of a sweep can be read from it")
        assert "run the sweep's command again" in said.err
    assert store.find(stage) is not None
    path.unlink()
    assert main(["--store", str(store.path), "gc", "--delete"]) == 0
    assert store.find(stage) is None


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["status"], 0, "0/0 stages done"),
        (["status", "table06"], 2, "has no sweep 'table06'"),
        (["log", "span"], 2, "Known: none."),
        (["explain", "span", "iid"], 2, "'span' is neither a key"),
        (["gc"], 2, "sweeps/devices.json: no record of a sweep"),
        (["retry", "span"], 2, "'span' is neither a key"),
        (["export", "all.tar"], 2, "holds no finished stage and no sweep to export"),
    ],
)
def test_a_checkout_is_a_store_without_sweeps(tmp_path, monkeypatch, capsys, words, status, said):
    """Its sweeps/ holds devices.json, which is no record."""
    (tmp_path / "sweeps").mkdir()
    (tmp_path / "sweeps/devices.json").write_text(STRANGE["devices"])
    monkeypatch.chdir(tmp_path)
    assert main(["--store", ".", *words]) == status
    printed = capsys.readouterr()
    assert said in printed.out + printed.err


def test_reports_on_a_checkout_find_no_sweep(tmp_path, capsys):
    """As on any folder without a record."""
    (tmp_path / "sweeps").mkdir()
    (tmp_path / "sweeps/devices.json").write_text(STRANGE["devices"])
    for words in (["last"], ["site"], ["figures", "last"]):
        assert reports([*words, "--store", str(tmp_path)]) == 2
        assert capsys.readouterr().err.startswith(f"The store {tmp_path} has no sweep yet.")


def test_a_store_without_a_name_is_refused(capsys):
    """It would be the folder that one is in."""
    for command in (main, reports):
        for words in (["status", "--store", ""], ["last", "--store", " "]):
            if (command is main) == (words[0] == "status"):
                assert command(words) == 2
                said = capsys.readouterr().err
                assert said == "--store: must name a folder, such as --store ./store.\n"


@pytest.mark.parametrize("value", [None, "", " "])
def test_an_empty_variable_names_no_store(tmp_path, monkeypatch, capsys, value):
    """To run.py, to `sweeps` and to `reports` it is as if it were not there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("T5STUDY_STORE", raising=False)
    if value is not None:
        monkeypatch.setenv("T5STUDY_STORE", value)
    assert main(["status"]) == 2
    assert capsys.readouterr().err.startswith(f"There is no store at {tmp_path}/store: ")
    assert reports(["last"]) == 2
    assert capsys.readouterr().err.startswith(f"The store {tmp_path}/store has no sweep yet.")
    (tmp_path / "toy.py").write_text(STUDY)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/config.yaml").write_text(CONFIG)
    assert run(tmp_path, "n=1").returncode == 0
    assert len(names(Store(tmp_path / "store"))) == 1


STUDY = """
import json
from types import SimpleNamespace as Stage
def cell(config):
    read = {name: config[name] for name in ("n", "a", "seed")}
    stage = Stage(name="play", version=1, inputs={}, run="toy.play", cost=Stage(), config=read)
    return {"scores": {"game": stage}, "columns": [{"name": "Game", "terms": [[["game", "acc"]]]}]}
def play(config, inputs, out, context):
    (out / "scores.json").write_text(json.dumps({"game": {"acc": config["n"] + config["a"]}}))
"""
CONFIG = """
defaults: [run_settings, _self_, override hydra/launcher: local, override hydra/sweeper: study]
study: toy
n: 10
a: 1
hydra: {mode: MULTIRUN, output_subdir: null}
"""
ROWS = "study: toy\ntitle: Mine\nrows: [{label: one}, {label: two, overrides: [a=2]}]\n"


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "run.py"), "--config-path", str(folder / "conf"), *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def mine(tmp_path, monkeypatch) -> Path:
    """A folder with a small study, and a sweep file of one's own."""
    monkeypatch.delenv("T5STUDY_STORE", raising=False)
    (tmp_path / "toy.py").write_text(STUDY)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/config.yaml").write_text(CONFIG)
    (tmp_path / "mine.yaml").write_text(ROWS)
    return tmp_path


def test_each_command_shows_its_own_table(mine):
    """One file at two sizes: both tables are there, the newest by the file's name."""
    assert "11.00" in run(mine, "sweep=mine.yaml").stdout
    again = run(mine, "sweep=mine.yaml", "n=20", "workers=1")
    assert again.returncode == 0, again.stderr
    store = Store(mine / "store")
    ((old, _), (new, record)) = records(store)
    assert new == "toy/mine"
    assert f"the one before, of no overrides, goes by {old}." in again.stdout
    assert "21.00" in again.stdout
    # How it ran is not asked.
    assert record["asked"] == ["n=20"]
    assert "21.00" in (mine / "store/reports/toy/mine.md").read_text()
    third = run(mine, "sweep=mine.yaml", "baseline=none")
    assert "goes by" in third.stdout
    assert len(names(store)) == 2
    assert "11.00" in third.stdout


def test_two_files_of_one_name_in_one_command_are_refused(mine):
    """Their tables would go by one name."""
    (mine / "other").mkdir()
    (mine / "other/mine.yaml").write_text(ROWS.replace("a=2", "a=3"))
    done = run(mine, "sweep=mine.yaml,other/mine.yaml")
    assert done.returncode == 2
    assert done.stderr == (
        "sweep=mine.yaml,other/mine.yaml: 2 files whose tables would be called toy/mine. Rename "
        "one, or run one after the other.\n"
    )
    assert not (mine / "store").exists()


def test_only_a_files_name_says_less_than_was_asked():
    """A grid's id has a digest already."""
    assert own_name("lr-12345678", None, ["lr=1,2"]) == "lr-12345678"
    assert own_name("mine", "1", ["b", "a"]) == own_name("mine", "1", ["a", "b"])
    assert own_name("mine", "1", ["a"]) != own_name("mine", "2", ["a"])


@pytest.mark.parametrize("behind", [1, 30, 3600, 5 * 3600, 10**9])
def test_the_record_written_last_is_the_newest_whatever_the_clock(store, toy, monkeypatch, behind):
    """Another host's clock is behind, or this one was corrected, as the run says."""
    import time

    import sweeps.asking.record as module

    write_record(store, asking(texts="ab"))
    now, real = time.time_ns(), module.datetime.datetime

    class Behind(real):
        @classmethod
        def now(cls, tz=None):
            return real.fromtimestamp(now / 1e9 - behind, tz)

    monkeypatch.setattr(time, "time_ns", lambda: now - behind * 10**9)
    monkeypatch.setattr(module.datetime, "datetime", Behind)
    assert "is this sweep from now on" in str(write_record(store, asking("size=big", texts="cd")))
    assert rows_of(store, "mine") == rows_of(store, "last") == ["c", "d"]
    assert known_ids(store.path)[0] == "mine"


@pytest.mark.parametrize("others", [1, 2, 5])
def test_records_written_at_once_have_an_order_each(store, toy, monkeypatch, others):
    """Between a record's look at the orders and its writing, others are written with the same."""
    import time

    import sweeps.asking.record as module

    monkeypatch.setattr(time, "time_ns", lambda: 10**18)
    write, left = module.write_json, list(range(others))

    def meanwhile(path, content, **options):
        if left:
            other = store.records.path(f"other{left.pop()}")
            write(other, {**content, "id": other.stem, "name": other.stem})
        write(path, content, **options)

    monkeypatch.setattr(module, "write_json", meanwhile)
    write_record(store, asking(texts="ab"))
    orders = [one.record["order"] for one in store.records.all()]
    assert len(orders) == others + 1
    assert orders.count(orders[-1]) == 1
    assert store.records.all()[-1].id == "mine"


def test_records_without_an_order_stand_by_their_dates(store, toy):
    """As an older version wrote them; one that is written now comes after them all."""
    for year, texts in ((2024, "a"), (2026, "b"), (2025, "c")):
        sweep = asking(f"year={year}", texts=texts)
        write_record(store, sweep)
        path = store.records.path(sweep.name)
        record = json.loads(path.read_text())
        del record["order"]
        path.write_text(json.dumps(record | {"created": f"{year}-01-01T00:00:00+00:00"}))
    assert rows_of(store, "mine") == ["b"]
    write_record(store, asking("now=true", texts="d"))
    assert rows_of(store, "last") == ["d"]


def test_a_study_may_be_left_out_where_one_sweep_is_meant(store):
    """Two of one short name are told apart; the default study's own is meant by it first."""
    empty = {"rows": [], "stages": {}}
    write_json(store.records.path("other/table05"), {"id": "other/table05", **empty})
    assert store.records.find("table05").id == "other/table05"
    write_json(store.records.path("more/table05"), {"id": "more/table05", **empty})
    assert store.records.find("table05") is None
    write_json(store.records.path("table05"), {"id": "table05", **empty})
    assert store.records.find("table05").id == "table05"
    assert store.records.find("more/table05").id == "more/table05"


def test_a_written_record_says_what_further_seeds_would_cost(store, toy):
    """Counted when it is written, and not before: a plan has no use for it."""
    price = {"device": "a CPU", "rows": {"a": {"next a": {"flops": 2.0, "seconds": 3.0}}}}
    counted = []

    def further():
        counted.append(price)
        return price

    claim = Claim(that="a > b", left="a", right="b", relation=">")
    sweep = replace(asking(texts="ab"), claims=(claim,), further=further)
    assert "further" not in record(sweep)["claims"]
    assert counted == []
    write_record(store, sweep)
    (claims,) = [content["claims"] for _, content in records(store)]
    assert claims["further"] == price
    assert [one["that"] for one in claims["list"]] == ["a > b"]
