"""A study of ten lines goes from run.py to its table through the same code as any other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reports.reading.records import find_record, known_ids
from sweeps.asking.record import write_record
from sweeps.asking.rows import Row, Sweep
from sweeps.store import Store
from sweeps.study import Cell

ROOT = Path(__file__).parents[2]

STUDY = """
import json
from types import SimpleNamespace as Stage
def cell(config):
    data = Stage(name="data", version=1, config={"n": config["n"]}, inputs={},
                 run="toy.make", cost=Stage(flops=1e9))
    train = Stage(name="train", version=1, config={"lr": config["lr"], "seed": config["seed"]},
                  inputs={"data": data}, run="toy.train", cost=Stage(flops=3e9))
    return {"scores": {"game": train},
            "columns": [{"name": "Game", "terms": [[["game", "acc"]]], "decimals": 1}]}
def make(config, inputs, out, context):
    (out / "data.txt").write_text("x" * config["n"])
def train(config, inputs, out, context):
    if config["lr"] > 1:
        raise ValueError("learning rate too high")
    points = len((inputs["data"] / "data.txt").read_text())
    scores = {"game": {"acc": points + 10 * config["lr"] + config["seed"]}}
    (out / "scores.json").write_text(json.dumps(scores))
"""
CONFIG = """
defaults: [run_settings, _self_, override hydra/launcher: local, override hydra/sweeper: study]
study: toy
lr: 0.1
n: 50
unread: 1
seeds: {baseline: 3}
hydra: {mode: MULTIRUN, output_subdir: null}
"""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    (tmp_path / "toy.py").write_text(STUDY)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/config.yaml").write_text(CONFIG)
    return tmp_path


def run(toy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "run.py", "--config-path", toy / "conf", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(toy), "COLUMNS": "200"}
    return subprocess.run(
        [str(word) for word in command],
        cwd=toy,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def only(folder: Path, pattern: str) -> Path:
    (path,) = folder.glob(pattern)
    return path


def test_from_command_line_to_table(toy: Path) -> None:
    """Two rows, the baseline over three seeds, one shared stage, a table in both formats."""
    done = run(toy, "-m", "lr=0.1,0.5")
    assert done.returncode == 0, done.stderr
    assert len(list(toy.glob("store/data/*"))) == 1
    assert len(list(toy.glob("store/train/*"))) == 4
    record = json.loads(only(toy, "store/sweeps/toy/*.json").read_text())
    assert [(row["label"], row["baseline"], len(row["cells"])) for row in record["rows"]] == [
        ("lr=0.1", True, 3),
        ("lr=0.5", False, 1),
    ]
    markdown = only(toy, "store/reports/toy/*.md").read_text()
    assert "52.0" in markdown  # 50 + 1, and the mean of seeds 0, 1 and 2
    assert "**55.0**" in markdown
    assert "55.0" in only(toy, "store/reports/toy/*.tex").read_text()
    assert "55.0" in done.stdout
    assert str(only(toy, "store/reports/toy/*.md")) in done.stdout.replace("\n", "")


def test_a_plan_for_a_cluster_needs_none(toy: Path) -> None:
    """Its jobs stand in the text and, beside what every plan has, in JSON."""
    command = ["-m", "lr=0.1,0.5", "hydra/launcher=slurm", "plan=true"]
    assert "5 jobs in 2 arrays" in run(toy, *command).stdout
    plan = json.loads(run(toy, *command, "format=json").stdout)
    assert {"cells", "stages", "total", "cluster"} <= plan.keys()
    assert [one["attempts"] for one in plan["cluster"]["stages"]] == [11] * 5
    assert "cluster" not in json.loads(run(toy, "plan=true", "format=json").stdout)


def test_second_run_repeats_nothing(toy: Path) -> None:
    """The same command again leaves every stage as it was."""
    run(toy, "lr=0.1,0.5")
    before = {p: p.stat().st_mtime_ns for p in toy.glob("store/*/*/stage.json")}
    assert run(toy, "lr=0.1,0.5").returncode == 0
    assert before
    assert before == {p: p.stat().st_mtime_ns for p in toy.glob("store/*/*/stage.json")}


def test_a_stage_that_raises_fails_alone(toy: Path) -> None:
    """The other rows finish, the table shows the hole and why, the exit status is 1."""
    done = run(toy, "lr=0.1,2,0.5")
    assert done.returncode == 1
    assert len(list(toy.glob("store/train/*"))) == 4
    markdown = only(toy, "store/reports/toy/*.md").read_text()
    assert "learning rate too high" in markdown
    assert "**55.0**" in markdown
    assert "Traceback" not in done.stdout + done.stderr


def test_setting_that_nothing_reads_is_no_row(toy: Path) -> None:
    """Cells with equal keys are one row, and it is said."""
    done = run(toy, "unread=1,2", "plan=true", "format=json")
    plan = json.loads(done.stdout)
    assert {cell["row"] for cell in plan["cells"]} == {"unread=1"}
    assert plan["notices"] == ["unread=2: the same cell as unread=1; shown once."]


def test_baseline_is_added_and_said(toy: Path) -> None:
    """A grid without the defaults gets their row; baseline=none leaves it out."""
    plan = json.loads(run(toy, "lr=0.3,0.5", "plan=true", "format=json").stdout)
    assert [c["row"] for c in plan["cells"] if c["baseline"]] == ["baseline"] * 3
    assert "added" in plan["notices"][0]
    plan = json.loads(run(toy, "lr=0.3,0.5", "baseline=none", "plan=true", "format=json").stdout)
    assert [(c["row"], c["baseline"]) for c in plan["cells"]] == [
        ("lr=0.3", False),
        ("lr=0.5", False),
    ]


def test_seeds_are_averaged_never_rows(toy: Path) -> None:
    """seed=1,2 gives each row two cells."""
    plan = json.loads(run(toy, "lr=0.1,0.5", "seed=1,2,2", "plan=true", "format=json").stdout)
    assert [(c["row"], c["seed"]) for c in plan["cells"]] == [
        ("lr=0.1", 1),
        ("lr=0.1", 2),
        ("lr=0.5", 1),
        ("lr=0.5", 2),
    ]


def test_plan_counts_what_sharing_saves(toy: Path) -> None:
    """Five cells of two stages each share one: 5 x 4 GFLOPs become 1 + 5 x 3."""
    plan = json.loads(run(toy, "lr=0.1,0.2,0.3", "plan=true", "format=json").stdout)
    assert len(plan["cells"]) == 5
    assert plan["total"]["flops"] == 16e9
    assert plan["total"]["unshared_flops"] == 20e9
    assert plan["total"]["saved_percent"] == pytest.approx(20.0)
    assert {stage["state"] for stage in plan["stages"]} == {"todo"}
    assert not (toy / "store").exists()


def test_all_mistakes_come_out_at_once(toy: Path) -> None:
    """Unknown key, wrong type and unknown option of the run, each with what would be right."""
    done = run(toy, "sed=3", "seed=abc", "baseline=maybe", "lr=0.1,0.2")
    assert done.returncode == 2
    assert "sed=3: unknown key 'sed'. Did you mean 'seed'?" in done.stderr
    assert "seed=abc: " in done.stderr
    assert (
        "baseline=maybe: no row is called so. Accepted are auto, none, or a row: baseline=0.1, "
        "baseline=0.2." in done.stderr
    )
    assert "Traceback" not in done.stdout + done.stderr
    assert not (toy / "store").exists()


def test_until_names_a_stage(toy: Path) -> None:
    """A plan knows it too."""
    for more in ((), ("plan=true",)):
        done = run(toy, "until=trian", *more)
        assert done.returncode == 2
        expected = "until=trian: no stage has this name. Did you mean 'train'? Known: "
        assert done.stderr.startswith(expected)
        assert not (toy / "store").exists()


def test_a_plan_ends_where_the_run_does(toy: Path) -> None:
    """With the stages up to the named one: their counts, their costs, and no scores."""
    asked = ("lr=0.1,0.5", "plan=true")
    whole, data = (
        json.loads(run(toy, *asked, *more, "format=json").stdout) for more in ((), ("until=data",))
    )
    assert [stage["name"] for stage in data["stages"]] == ["data"]
    assert (data["total"]["flops"], data["total"]["unshared_flops"]) == (1e9, 4e9)
    assert [key.partition(" ")[0] for key in data["total"]["longest_chain"]] == ["data"]
    assert [cell["scores"] for cell in data["cells"]] == [{}] * 4
    assert data.keys() == whole.keys()
    assert data["total"].keys() == whole["total"].keys()
    shown = run(toy, *asked, "until=data").stdout
    assert "Distinct stages up to data, and what those to do cost" in shown
    assert "4 cells, 1 distinct stages: 0 done, 0 running elsewhere, 1 to do." in shown
    assert "Sharing between rows saves 3e+09 of 4e+09 FLOPs" in shown
    assert "train" not in shown
    last = json.loads(run(toy, *asked, "until=train", "format=json").stdout)
    assert last == whole | {"total": last["total"]}
    changes = {"disk_free_bytes"}
    assert {k: v for k, v in last["total"].items() if k not in changes} == {
        k: v for k, v in whole["total"].items() if k not in changes
    }


def test_what_jobs_ask_for_is_checked_before_anything(toy: Path) -> None:
    """A stage of no such name would get the defaults without a word; no + needs to be typed."""
    for more in ((), ("plan=true",)):
        done = run(toy, "hydra/launcher=slurm", "slurm.stages.trian={gpus: 1}", *more)
        assert done.returncode == 2
        expected = "slurm.stages.trian: no such stage in this run. Did you mean 'train'? Known: "
        assert done.stderr.startswith(expected)
        assert not (toy / "store").exists()
    right = run(toy, "hydra/launcher=slurm", "slurm.stages.train.gpus=1", "plan=true")
    assert right.returncode == 0, right.stderr


def test_where_a_stage_runs_says_by_whom_it_is_shared(toy: Path) -> None:
    """This machine's workers, or a job's processes, however the launcher was chosen."""
    study = (toy / "toy.py").read_text()
    (toy / "toy.py").write_text(study.replace("Stage(flops=3e9)", "Stage(flops=3e9, splits=8)"))
    asked = ("workers_per_stage=3", "slurm.nodes=5", "plan=true")
    here, there = "3 processes (workers_per_stage=3)", "5 processes (slurm.nodes=5 with 1 each"
    cluster = CONFIG.replace("launcher: local", "launcher: slurm")
    for config, typed, words in (
        (CONFIG, (), here),
        (CONFIG, ("hydra/launcher=slurm",), there),
        (cluster, (), there),
        (cluster, ("hydra/launcher=local",), here),
    ):
        (toy / "conf/config.yaml").write_text(config)
        done = run(toy, *asked, *typed)
        assert done.returncode == 2
        assert done.stderr.startswith(f"train: {words}")
        assert "processes" not in done.stderr.partition("\n")[2]
    assert run(toy, "hydra/launcher=slurm", "slurm.nodes=4", *asked[::2]).returncode == 0


def test_an_interrupt_before_anything_runs_is_no_traceback(toy: Path) -> None:
    """Composing a large sweep takes seconds, in which one thinks better of it."""
    (toy / "toy.py").write_text("def cell(config):\n    raise KeyboardInterrupt\n")
    done = run(toy)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_unwritable_store_is_one_message(toy: Path) -> None:
    """A store that cannot be made is said before anything runs."""
    (toy / "file").write_text("")
    for action, more in (("write", ()), ("list", ("plan=true",))):
        done = run(toy, "lr=0.1", f"store={toy}/file", *more)
        assert done.returncode == 2
        assert done.stderr.startswith(f"Cannot {action} in the store: {toy}/file")
        assert "Not a directory. Choose another folder with store=PATH." in done.stderr
        assert "should not happen" not in done.stderr


def test_the_last_of_two_sweeps_within_one_second_is_the_later_one(tmp_path: Path) -> None:
    """Records of one command are written within milliseconds; `last` is the last written."""
    store = Store(tmp_path)
    cell = Cell(seed=0, config={}, scores={}, columns=())
    row = Row(label="r", name="r", overrides=(), baseline=True, cells=(cell,))
    for id in "bca":
        write_record(store, Sweep(id=id, title=id, study="toy", rows=(row,)))
        assert find_record(tmp_path, "last")["id"] == id
    assert known_ids(tmp_path) == ["a", "c", "b"]
