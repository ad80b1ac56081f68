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
PAGE, DEFINITIONS = (
    (ROOT / "docs" / name).read_text("utf-8") for name in ("own-data.md", "definitions.md")
)
TINY = (
    "size=pico pretrain.steps=4 pretrain.batch_size=4 finetune.steps=4 finetune.batch_size=4 "
    "finetune.checkpoint_every=2 seeds.baseline=1 seeds.variants=1 vocabulary.pieces=400"
).split()
"""Added to the commands of the page, in place of what they say of the same."""


def blocks(kind: str, page: str = PAGE) -> list[str]:
    """A page's code blocks of a kind, in order."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    return [content for named, content in found if named == kind]


COMMANDS = [line for block in blocks("") for line in block.splitlines()]


def test_the_page_has_the_commands_that_are_tried():
    """A block that is no command, or a line that no block holds, would not be."""
    assert len(COMMANDS) == 5
    assert all(line.startswith(("python run.py ", "python -m ")) for line in COMMANDS)


def test_the_page_takes_four_minutes():
    """At 200 words a minute."""
    assert len(PAGE.split()) <= 800


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A folder where all was typed that the page says, and what each command printed."""
    folder = tmp_path_factory.mktemp("newcomer")
    text = [f"It was day {n} of {n * n % 97}, and the {n % 13} cats slept." for n in range(900)]
    (folder / "my.txt").write_text("\n\n".join(text))
    definition, sweep = blocks("yaml")
    (folder / "paper.yaml").write_text(sweep)
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
        if "draft" in words:
            # What the reader makes of it.
            (folder / "reviews.yaml").write_text(definition)
    return folder, printed


def test_the_draft_is_nearly_what_the_page_makes_of_it(done: tuple[Path, list[str]]):
    """The column of words, that of answers, and which there are."""
    _, (drafted, *_) = done
    assert "kind: classification" in drafted
    assert 'input: "reviews: {text}"' in drafted
    assert "answer: label\n" in drafted
    assert "labels: [0, 1]" in drafted
    assert "docs/definitions.md says how else" in drafted
    assert "`splits`" in DEFINITIONS


def test_the_examples_are_shown_as_the_model_sees_them(done: tuple[Path, list[str]]):
    """Before there is a vocabulary, with what there is of each split."""
    _, printed = done
    assert "review: Warm, light, and it arrived early." in printed[1]
    assert "No vocabulary is known yet" in printed[1]
    assert "after the first run, or with --vocabulary published" in " ".join(printed[1].split())
    assert re.search(r"Examples: \d+ train, \d+ validation, \d+ test\.", printed[1])


def test_the_plan_says_what_is_read_of_ones_own_text(done: tuple[Path, list[str]]):
    _, printed = done
    assert "The vocabulary of 400 pieces is trained on my.txt." in printed[2]
    assert re.search(r"Pre-training goes about [\d.]+ times through my.txt", printed[2])


def test_the_table_has_the_names_of_the_paper(done: tuple[Path, list[str]]):
    """Rows by their labels, the column by its title; the LaTeX file is where the page says."""
    folder, printed = done
    assert re.search(r"^\| +\| +Reviews \|$", printed[3], re.MULTILINE)
    rows = re.findall(
        r"^\| (★ )?([^*|<]+)(?:<sup>.*</sup>)? +\| +\**\d+\.\d\d", printed[3], re.MULTILINE
    )
    assert [(star, label.strip()) for star, label in rows] == [
        ("★ ", "i.i.d. corruption"),
        ("", "Span corruption"),
        ("", "No pre-training"),
    ]
    assert re.search(r"^Reviews is scored on \d+ examples", printed[3], re.MULTILINE)
    latex = (folder / "tables" / "paper.tex").read_text()
    for part in (
        r"\begin{tabular}",
        r"\caption{Objectives on our reviews}",
        r"\label{tab:reviews}",
        "Reviews: accuracy",
        "No pre-training",
    ):
        assert part in latex


def test_the_other_definitions_of_the_page_are_right():
    """The translation is read as it stands; the suite has units and columns."""
    translation, suite = map(yaml.safe_load, blocks("yaml", DEFINITIONS))
    made = task_of(Definition("pairs", translation))
    (one,) = made.preprocess({"en": "One.", "fy": "Ien."})
    assert one["inputs"] == "translate English to Frisian: One."
    assert made.score(["Ien twa trije fjouwer"], ["Ien twa trije fjouwer"]) == {"bleu": 100}
    assert suite["units"]["both"]["train"][0].endswith("reviews.yaml")


def test_the_splits_of_the_translation(tmp_path: Path):
    """A fifth of the training rows is tested on; validation has its file."""
    file = tmp_path / "pairs.yaml"
    file.write_text(blocks("yaml", DEFINITIONS)[0])
    task = load_task(file)
    assert task.source.splits == {"train": "train", "validation": "validation", "test": "train"}
    assert task.source.shares is not None
    assert (task.source.shares.validation, task.source.shares.test) == (0, 0.2)
