"""Settings and files of tasks as a configuration gives them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from t5study.tasks.chosen import chosen, describe, examples, keep_files
from t5study.tasks.source import TaskError


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def rows(folder: Path, *sentences: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f'{{"sentence": "{text}", "label": 1, "idx": 0}}\n' for text in sentences]
    (folder / "validation.jsonl").write_text("".join(lines))
    return folder


def config(**given: Any) -> dict[str, Any]:
    return {"tasks": {}, "data_dir": None, **given}


def test_settings_reach_the_task():
    """And stand in what describes it."""
    given = config(tasks={"glue_stsb": {"outputs": "1-5"}})
    assert chosen("glue_stsb", given)[0].postprocess("7.0") == -1
    assert describe("glue_stsb", "validation", given)["settings"] == {"outputs": "1-5"}


def test_hub_task_is_described_by_its_commit():
    """Without files of one's own nothing is read to describe a task."""
    data = describe("glue_cola", "validation", config())["data"]
    assert len(data["commit"]) == 40


def test_folder_of_all_hub_tasks_leaves_embedded_ones_alone(tmp_path: Path):
    """Those have data of their own."""
    assert chosen("boolq", config(data_dir=str(tmp_path)))[1] == {}
    assert chosen("glue_cola", config(data_dir=str(tmp_path)))[1] == {"data_dir": str(tmp_path)}


def test_examples_come_from_the_files_that_were_described(cache: Path, tmp_path: Path):
    """A stage finds them by their content alone."""
    given = config(data_dir=str(rows(tmp_path / "mine", "One.", "Two.")))
    keep_files("glue_cola", "validation", given)
    description = describe("glue_cola", "validation", given)
    assert str(tmp_path) not in str(description)
    found = [example["inputs"] for example in examples("glue_cola", "validation", description)]
    assert found == ["cola sentence: One.", "cola sentence: Two."]


def test_files_nobody_noted_here(cache: Path, tmp_path: Path):
    """The error says what to type."""
    given = config(tasks={"glue_cola": {"data_dir": str(rows(tmp_path / "mine", "One."))}})
    description = describe("glue_cola", "validation", given)
    with pytest.raises(TaskError, match="data_dir=FOLDER"):
        list(examples("glue_cola", "validation", description))


def test_files_that_changed_since(cache: Path, tmp_path: Path):
    """Other rows under the old key are refused."""
    folder = rows(tmp_path / "mine", "One.")
    given = config(data_dir=str(folder))
    keep_files("glue_cola", "validation", given)
    description = describe("glue_cola", "validation", given)
    rows(folder, "Something else.")
    with pytest.raises(TaskError, match="has changed since"):
        list(examples("glue_cola", "validation", description))
