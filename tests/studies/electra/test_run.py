"""From a folder of text and a CSV file to a table, as docs/studies/electra.md says it is done."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/studies/electra.md").read_text("utf-8")
TINY = (
    "preset=smoke size=pico pretrain.steps=6 pretrain.batch_size=4 finetune.steps=4 "
    "finetune.batch_size=4 rows.length=32 finetune.length=32 evaluate.rows=16 seeds.baseline=2 "
    "seeds.variants=2 vocabulary.pieces=320"
).split()
"""In place of what the page's command says of the same."""


def block(kind: str, beginning: str = "") -> str:
    """The page's first code block of a kind that begins so."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return next(text for named, text in found if named == kind and text.startswith(beginning))


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder in which the page's command was typed, and what it printed."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "texts").mkdir()
    for part in range(4):
        lines = [
            f"It was day {n} of {n * n % 97}, and the {n % 13} cats slept." for n in range(200)
        ]
        (folder / f"texts/{part}.txt").write_text("\n\n".join(lines))
    (folder / "pets.yaml").write_text(block("yaml"))
    more = [
        f"day {n} with {'cats' if n % 3 else 'trees'},{'yes' if n % 3 else 'no'}" for n in range(90)
    ]
    (folder / "pets.csv").write_text(block("csv") + "\n".join(more) + "\n")
    words = shlex.split(block("", "python run.py study=electra dataset.corpus").replace("\\\n", ""))
    given = {word.partition("=")[0] for word in TINY}
    words = [word for word in words[2:] if word.partition("=")[0] not in given] + TINY
    ran = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), *words, "workers=1", "threads=1"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "", "COLUMNS": "150"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, (ran.stdout, ran.stderr)
    return folder, ran.stdout


def stages(folder: Path, name: str) -> list[dict[str, Any]]:
    """What the finished stages of this name say of themselves."""
    return [json.loads(one.read_text()) for one in folder.glob(f"store/{name}/*/stage.json")]


def test_every_row_was_trained(done: tuple[Path, str]) -> None:
    """Two seeds of three rows; each pre-training is fine-tuned twice, and one row has none."""
    folder, _ = done
    assert [len(stages(folder, name)) for name in ("vocabulary", "lines", "pretrain")] == [1, 1, 4]
    tuned = stages(folder, "finetune")
    assert len(tuned) == 3 * 2 * 2
    parents = {one["inputs"].get("pretrain") for one in tuned}
    assert parents == {None, *(one["key"] for one in stages(folder, "pretrain"))}


def test_scores_are_those_of_members(done: tuple[Path, str]) -> None:
    """The median of two accuracies, with mean and deviation; right and wrong were both there."""
    folder, _ = done
    for file in folder.glob("store/evaluate/*/scores.json"):
        scores = json.loads(file.read_text())["pets"]
        assert 0 <= scores["acc"] <= 100
        assert scores["acc"] == pytest.approx(scores["acc_mean"])
    assert len(list(folder.glob("store/evaluate/*/scores.json"))) == 6


def test_what_pre_training_does_stands_beside_the_scores(done: tuple[Path, str]) -> None:
    """The generator's and the discriminator's numbers for ELECTRA, the encoder's for BERT."""
    folder, _ = done
    found = [
        json.loads(file.read_text())["intrinsic"]
        for file in folder.glob("store/intrinsic/*/scores.json")
    ]
    with_generator = [one for one in found if "generator_loss" in one]
    assert (len(with_generator), len(found)) == (2, 4)
    assert all(0 < one["detector_loss"] < 2 for one in with_generator)
    assert all(one["mlm_loss"] > 0 for one in found if one not in with_generator)


def test_the_table_is_printed(done: tuple[Path, str]) -> None:
    """Its rows, the star, the columns beside the task's, and the ruler of pre-training seeds."""
    folder, printed = done
    rows = (
        "objective=bert",
        "★ objective=electra",
        "objective=none",
        "Baseline standard deviation",
    )
    for part in (*rows, " pets |", "D AUC"):
        assert part in printed, part
    assert "the median of 2 fine-tunings of one pre-training" in printed
    assert "Acceptable" not in printed
    (latex,) = folder.glob("store/reports/electra/*.tex")
    assert "D AUC" in latex.read_text()
