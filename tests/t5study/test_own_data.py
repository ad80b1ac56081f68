"""What docs/own-data.md says, done: its files and its commands, in its order, at a tiny size."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lab.datasets.definition import Definition
from t5study.tasks.defined import load_task, task_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "own-data.md").read_text("utf-8")
TINY = (
    "size=pico pretrain.steps=4 pretrain.batch_size=4 finetune.steps=4 finetune.batch_size=4 "
    "finetune.checkpoint_every=2 seeds.baseline=1 vocabulary.pieces=400"
).split()
"""Added to the commands of the page, in place of what they say of the same."""


def blocks(kind: str) -> list[str]:
    """The page's code blocks of a kind, in order."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return [content for named, content in found if named == kind]


COMMANDS = [line for block in blocks("") for line in block.splitlines()]


def test_the_page_has_the_commands_that_are_tried():
    """A block that is no command, or a line that no block holds, would not be."""
    assert len(COMMANDS) == 6
    assert all(line.startswith(("python run.py ", "python -m ")) for line in COMMANDS)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A folder where all was typed that the page says, and what each command printed."""
    folder = tmp_path_factory.mktemp("newcomer")
    text = [f"It was day {n} of {n * n % 97}, and the {n % 13} cats slept." for n in range(900)]
    (folder / "my.txt").write_text("\n\n".join(text))
    (definition,) = blocks("yaml")[:1]
    (folder / "reviews.yaml").write_text(definition)
    (rows,) = blocks("csv")
    more = [f"It lasted {n} days.,{n % 2}" for n in range(120)]
    (folder / "reviews.csv").write_text(rows + "\n".join(more) + "\n")
    printed = []
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "150",
        "CUDA_VISIBLE_DEVICES": "",
    }
    environment.pop("T5STUDY_STORE", None)
    for line in COMMANDS:
        words = shlex.split(line)
        if words[1] == "run.py":
            given = {word.partition("=")[0] for word in TINY}
            words = [w for w in words if w.partition("=")[0] not in given] + TINY
            words[1] = str(ROOT / "run.py")
        ran = subprocess.run(
            [sys.executable, *words[1:]],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, (line, ran.stdout, ran.stderr)
        printed.append(ran.stdout)
    return folder, printed


def test_the_examples_are_shown_as_the_model_sees_them(done: tuple[Path, list[str]]):
    """Before there is a vocabulary, and with the tokens of the newest one after a run."""
    _, printed = done
    assert "review: Warm, light, and it arrived early." in printed[0]
    assert "No vocabulary is known yet" in printed[0]
    assert "tokens of the newest vocabulary of store" in printed[-1]
    assert re.search(r"Labels in tokens: bad \d+, good \d+", printed[-1])


def test_the_plan_says_what_is_read_of_ones_own_text(done: tuple[Path, list[str]]):
    _, printed = done
    assert "The vocabulary of 400 pieces is trained on my.txt." in printed[1]
    assert re.search(r"Pre-training goes about [\d.]+ times through my.txt", printed[1])


def test_the_table_stands_in_both_forms(done: tuple[Path, list[str]]):
    """Both rows have a score of the task of one's own."""
    folder, printed = done
    for table in (printed[2], printed[3]):
        rows = re.findall(r"^\| (★ )?[^*|]+\| +\**\d+\.\d\d", table, re.MULTILINE)
        assert sorted(rows) == ["", "★ "], table
    for part in (
        r"\begin{tabular}",
        r"\caption{Objectives on our reviews}",
        r"\label{tab:reviews}",
    ):
        assert part in printed[4]
    (latex,) = (folder / "store" / "reports").glob("*.tex")
    assert "reviews" in latex.read_text()


def test_the_other_definitions_of_the_page_are_right():
    """The translation is read as it stands; the suite has units and columns."""
    _, translation, suite = map(yaml.safe_load, blocks("yaml"))
    made = task_of(Definition("pairs", translation))
    (one,) = made.preprocess({"en": "One.", "fy": "Ien."})
    assert one["inputs"] == "translate English to Frisian: One."
    assert made.score(["Ien twa trije fjouwer"], ["Ien twa trije fjouwer"]) == {"bleu": 100}
    assert suite["units"]["both"]["train"][0].endswith("reviews.yaml")


def test_the_splits_of_the_translation(tmp_path: Path):
    """A fifth of the training rows is tested on; validation has its file."""
    file = tmp_path / "pairs.yaml"
    file.write_text(blocks("yaml")[1])
    task = load_task(file)
    assert task.source.splits == {"train": "train", "validation": "validation", "test": "train"}
    assert task.source.shares is not None
    assert (task.source.shares.validation, task.source.shares.test) == (0, 0.2)
