"""The whole program on invented data: killed at random, it goes on to exactly the same scores."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
WORDS = "red green blue cat dog bird sun moon star tree river stone bread water wine".split()
SUITE = """
name: tiny
units:
  sentiment: {train: [glue_sst2], steps: 60, checkpoint_every: 20}
columns:
  - {name: Sentiment, terms: [[glue_sst2.acc]]}
"""
ARGUMENTS = (
    "suite=tiny corruption=0.15,0.3 seeds.baseline=2 seeds.variants=1 dataset.corpus=webtext_like "
    "vocabulary.corpus=webtext_like vocabulary.pieces=36 vocabulary.byte_fallback=false "
    "pretrain.steps=60 pretrain.batch_size=8 "
    "pretrain.inputs_length=24 finetune.batch_size=8 finetune.validation_examples=10 "
    "evaluate.examples=20 evaluate.split=test workers=2 threads=1"
).split()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a corpus, a task's files and a suite of its own."""
    root = tmp_path_factory.mktemp("survival")
    rng = np.random.default_rng(0)
    corpus = root / "cache/corpora/webtext_like/documents.jsonl"
    corpus.parent.mkdir(parents=True)
    texts = [" ".join(rng.choice(WORDS, size=40)) + "." for _ in range(80)]
    corpus.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    for split, count in (("train", 60), ("validation", 20), ("test", 20)):
        rows = [" ".join(rng.choice(WORDS, size=4)) for _ in range(count)]
        lines = [
            {"sentence": row, "label": int(row.split()[0] < "moon"), "idx": index}
            for index, row in enumerate(rows)
        ]
        file = root / f"data/sst2/{split}.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (root / "conf/suite").mkdir(parents=True)
    (root / "conf/suite/tiny.yaml").write_text(SUITE)
    return root


def start(place: Path, store: Path, *more: str) -> subprocess.Popen[str]:
    command = [
        *(sys.executable, str(ROOT / "run.py"), "--config-dir", str(place / "conf")),
        *(*ARGUMENTS, f"data_dir={place}/data", f"store={store}", *more),
    ]
    environment = {**os.environ, "T5STUDY_CACHE": str(place / "cache"), "HF_HUB_OFFLINE": "1"}
    return subprocess.Popen(
        command,
        cwd=place,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def results(store: Path) -> dict[str, str]:
    return {
        path.parent.name: path.read_text() + (path.parent / "predictions.jsonl").read_text()
        for path in store.glob("evaluate/*/scores.json")
    }


def test_kills_change_nothing(place: Path, tmp_path: Path) -> None:
    """kill -9 of the process group three times; scores and predictions equal the whole run's."""
    whole = start(place, tmp_path / "whole")
    output = whole.communicate(timeout=1200)[0]
    assert whole.returncode == 0, output
    expected = results(tmp_path / "whole")
    assert len(expected) == 3
    chance = random.Random(5)
    finished: dict[Path, int] = {}
    for _ in range(3):
        broken = start(place, tmp_path / "broken")
        time.sleep(chance.uniform(6, 14))
        if broken.poll() is None:
            os.killpg(broken.pid, signal.SIGKILL)
        broken.communicate()
        published = {p: p.stat().st_mtime_ns for p in tmp_path.glob("broken/*/*/stage.json")}
        assert finished.items() <= published.items()
        finished = published
    last = start(place, tmp_path / "broken")
    output = last.communicate(timeout=1200)[0]
    assert last.returncode == 0, output
    assert results(tmp_path / "broken") == expected
    after = {p: p.stat().st_mtime_ns for p in tmp_path.glob("broken/*/*/stage.json")}
    assert finished.items() <= after.items()
    again = start(place, tmp_path / "broken")
    assert again.communicate(timeout=300)[1] is None
    assert again.returncode == 0
    assert {p: p.stat().st_mtime_ns for p in tmp_path.glob("broken/*/*/stage.json")} == after
