"""A data set by name or by a file, with other files in its place, and found again by content."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.datasets.chosen import Chosen, described
from lab.datasets.source import TaskError

DEFINITION = """
kind: classification
data: {train: rows.csv, validation: more.csv, test: more.csv}
fields: [text]
answer: label
labels: [no, yes]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "cache"))
    (tmp_path / "mine.yaml").write_text(DEFINITION)
    (tmp_path / "rows.csv").write_text("text,label\none,no\ntwo,yes\nthree,yes\n")
    (tmp_path / "more.csv").write_text("text,label\nfour,no\n")
    return tmp_path


def test_a_definition_is_found_again_by_its_content(folder: Path) -> None:
    """What a stage knows has no path in it, and gives the rows, labels and metrics."""
    chosen = Chosen(str(folder / "mine.yaml"))
    description = chosen.describe("train")
    assert (chosen.name, chosen.rows("train")) == ("mine", 3)
    assert str(folder) not in str(description)
    chosen.prepare("train")
    found = described(description, "train")
    assert [(row.fields["text"], row.label) for row in found.rows("train")] == [
        ("one", 0),
        ("two", 1),
        ("three", 1),
    ]
    assert (found.name, found.metrics) == ("mine", ("acc",))


def test_other_content_is_another_description(folder: Path) -> None:
    """And files that nobody noted are asked for."""
    before = Chosen(str(folder / "mine.yaml")).describe("train")
    (folder / "rows.csv").write_text("text,label\nother,no\nwords,yes\n")
    after = Chosen(str(folder / "mine.yaml")).describe("train")
    assert before["data"] != after["data"]
    assert before["definition"] == after["definition"]
    with pytest.raises(TaskError, match="No file with sha256"):
        described(after, "train")


def test_files_stand_in_for_a_named_data_set(folder: Path) -> None:
    """Its fields and labels stay; its published size does not."""
    (folder / "reviews.csv").write_text("sentence,label\ngood,1\nbad,0\n")
    files = {"data_files": {"train": [str(folder / "reviews.csv")]}}
    chosen = Chosen("glue_sst2", files)
    assert chosen.rows("train") == 2
    assert Chosen("glue_sst2").rows("train") == 67_349
    chosen.prepare("train")
    found = described(chosen.describe("train"), "train")
    assert [(row.fields["sentence"], row.label) for row in found.rows("train")] == [
        ("good", 1),
        ("bad", 0),
    ]
    assert found.labels == ("negative", "positive")


def test_the_common_folder_is_for_data_sets_of_the_hub(folder: Path) -> None:
    """One that packages carry is read as ever."""
    assert Chosen("glue_sst2", {}, str(folder)).overrides == {"data_dir": str(folder)}
    assert Chosen("vader_sentiment", {}, str(folder)).overrides == {}


@pytest.mark.parametrize(
    ("given", "settings", "words"),
    [
        ("glue_colla", {}, "Did you mean 'glue_cola'?"),
        ("glue_sst2", {"data_files": ["a.csv"]}, "tasks.glue_sst2.data_files: one list would be"),
        ("glue_sst2", {"data_dir": 3}, "tasks.glue_sst2.data_dir=3: accepted is a folder"),
        ("nothing.yaml", {}, "nothing.yaml"),
    ],
)
def test_what_is_wrong_is_said(
    folder: Path, given: str, settings: dict[str, object], words: str
) -> None:
    """As it was typed."""
    with pytest.raises(TaskError) as caught:
        Chosen(given, settings).describe("validation")
    assert words in str(caught.value)
