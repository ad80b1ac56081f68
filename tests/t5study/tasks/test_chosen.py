"""Settings and files of tasks as a configuration gives them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lab.datasets.source import Source, TaskError
from t5study.config import Schema
from t5study.tasks import get_task
from t5study.tasks.chosen import chosen, describe, examples, prepare_split


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def rows(folder: Path, *sentences: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f'{{"sentence": "{text}", "label": 1, "idx": 0}}\n' for text in sentences]
    (folder / "validation.jsonl").write_text("".join(lines))
    return folder


def config(tasks: dict[str, Any] | None = None, data_dir: str | None = None) -> Schema:
    return Schema(tasks=tasks or {}, data_dir=data_dir)


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
    prepare_split("glue_cola", "validation", given)
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
    prepare_split("glue_cola", "validation", given)
    description = describe("glue_cola", "validation", given)
    rows(folder, "Something else.")
    with pytest.raises(TaskError, match="has changed since"):
        list(examples("glue_cola", "validation", description))


def test_a_folder_that_a_task_names_itself_is_found_again(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A task of one's own needs no data_dir."""
    cola = get_task("glue_cola")
    folder = rows(tmp_path / "mine", "One.")
    mine = replace(cola, source=Source(folder=folder, splits={"validation": "validation"}))
    monkeypatch.setattr("t5study.tasks.chosen.get_task", lambda name, **_: mine)
    prepare_split("mine", "validation", config())
    description = describe("mine", "validation", config())
    (found,) = examples("mine", "validation", description)
    assert found["inputs"] == "cola sentence: One."


def test_one_list_of_files_for_several_splits_is_refused(tmp_path: Path):
    """Else the same rows would be trained on and scored."""
    given = config(tasks={"glue_cola": {"data_files": [str(tmp_path / "rows.json")]}})
    with pytest.raises(TaskError) as error:
        describe("glue_cola", "validation", given)
    assert str(error.value) == (
        "tasks.glue_cola.data_files: one list would be train, validation and test alike. Name the "
        "split: tasks.glue_cola.data_files={validation: [FILE]}."
    )


def test_splits_without_files_of_ones_own_come_from_the_hub(cache: Path, tmp_path: Path):
    """Training on the hub's, scored on files."""
    file = rows(tmp_path / "mine", "One.") / "validation.jsonl"
    given = config(tasks={"glue_cola": {"data_files": {"validation": [str(file)]}}})
    assert "sha256" in describe("glue_cola", "validation", given)["data"]
    assert describe("glue_cola", "train", given)["data"]["hub"] == "nyu-mll/glue"


def test_answers_that_are_withheld_are_not_scored(cache: Path, tmp_path: Path):
    """The hub's test labels are -1; so may be those of a copy, which is looked at before a run."""
    with pytest.raises(TaskError, match=r"glue_sst2.*test.*withheld.*evaluate\.split=validation"):
        describe("glue_sst2", "test", config())
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "test.jsonl").write_text('{"sentence": "One.", "label": -1, "idx": 0}\n' * 3)
    given = config(data_dir=str(folder))
    with pytest.raises(TaskError, match=r"3 of the 3 rows of its test split have no answer.*row 1"):
        prepare_split("glue_sst2", "test", given)
    # To train on, and to read, they are what they are.
    assert len(list(chosen("glue_sst2", given)[0].examples("test", data_dir=folder))) == 3


def test_a_hub_that_cannot_be_reached_is_told_before_a_run(
    cache: Path, monkeypatch: pytest.MonkeyPatch
):
    import datasets

    def offline(*_: Any, **__: Any) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(datasets, "load_dataset", offline)
    for split in ("train", "validation"):
        with pytest.raises(TaskError, match=r"cannot load nyu-mll/glue.*no route to host"):
            prepare_split("glue_cola", split, config())


@pytest.mark.parametrize("given", [5, [], ["a"], {"train": "a"}, True, 1.5])
def test_a_folder_is_a_text(given: Any):
    """Whatever YAML made of what was typed, the complaint says what is accepted."""
    with pytest.raises(TaskError, match=r"tasks\.glue_cola\.data_dir=.*: accepted is a folder; "):
        chosen("glue_cola", config(tasks={"glue_cola": {"data_dir": given}}))


@pytest.mark.parametrize(
    "given", [5, [5], {"train": 5}, {"train": [5]}, {"train": [["a"]]}, [None]]
)
def test_files_are_texts(given: Any):
    """By split or not."""
    with pytest.raises(
        TaskError, match=r"tasks\.glue_cola\.data_files=.*: accepted is a file, a list"
    ):
        chosen("glue_cola", config(tasks={"glue_cola": {"data_files": given}}))
