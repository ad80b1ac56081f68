"""`python -m t5study.tasks draft FILE`: a definition to look over."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.datasets.definition import Definition
from lab.datasets.written import read_definition
from t5study.tasks.__main__ import main
from t5study.tasks.draft import write_draft


def written(folder: Path, name: str, rows: list[list[str]]) -> Path:
    """A CSV in the folder."""
    file = folder / name
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows(rows)
    return file


def drafted(file: Path) -> Definition:
    """The definition that is drafted of a file, read as a run reads it."""
    path = write_draft(str(file))
    return Definition(path.stem, read_definition(path), folder=path.parent)


def test_a_classification_has_the_labels_that_are_there(tmp_path: Path):
    """Of a column with few values; the input is the column of words, and names are none."""
    rows = [[f"lib{n}", f"A tool of {n} parts", ("mail", "fonts")[n % 2]] for n in range(40)]
    file = written(tmp_path, "packages.csv", [["package", "summary", "section"], *rows])
    made = drafted(file)
    assert made.kind == "classification"
    assert (made.inputs, made.answer) == (("summary",), "section")
    assert made.labels == {"fonts": "fonts", "mail": "mail"}
    assert made.templates == ("packages: {summary}",)
    text = (tmp_path / "packages.yaml").read_text()
    assert "# mail 20, fonts 20" in text
    assert "# also there: {package}" in text


def test_several_columns_of_words_are_named_in_the_input(tmp_path: Path):
    rows = [[f"Is it {n} ?", f"It is {n} now.", str(n % 2)] for n in range(40)]
    made = drafted(written(tmp_path, "asked.csv", [["question", "passage", "label"], *rows]))
    assert made.templates == ("asked: question: {question} passage: {passage}",)
    assert made.labels == {"0": "0", "1": "1"}


@pytest.mark.parametrize(
    ("numbers", "range_", "step"),
    [
        ([str(n) for n in range(7, 81)], (7, 80), "1"),
        ([f"{n / 100}" for n in range(100)], (0, 0.99), "0.01"),
        ([f"{n / 10}" for n in range(-30, 30)], (-3, 2.9), "0.1"),
    ],
)
def test_a_regression_has_the_range_that_is_there(
    tmp_path: Path, numbers: list[str], range_: tuple[float, float], step: str
):
    rows = [[f"It is {n}", number] for n, number in enumerate(numbers)]
    made = drafted(written(tmp_path, "rated.csv", [["text", "rating"], *rows]))
    assert (made.kind, made.range, made.step) == ("regression", range_, step)


def test_texts_are_written(tmp_path: Path):
    """The last column where no other looks like answers."""
    rows = [[f"One {n} one", f"Een {n} een"] for n in range(30)]
    made = drafted(written(tmp_path, "pairs.csv", [["en", "nl"], *rows]))
    assert (made.kind, made.inputs, made.answer) == ("generation", ("en",), "nl")


@given(
    labels=st.lists(
        st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=6),
        min_size=2,
        max_size=6,
        unique=True,
    ),
    column=st.text(st.characters(categories=["L", "N"], include_characters=" -:#'"), min_size=1),
)
@settings(deadline=None, max_examples=40)
def test_any_labels_and_columns_are_written_as_they_are(labels: list[str], column: str):
    """What YAML would read as something else stands in quotes."""
    rows = [[f"It is {n}", label] for n in range(12) for label in labels]
    with tempfile.TemporaryDirectory() as folder:
        file = written(Path(folder), "mine.csv", [["the text", f"a{column}"], *rows])
        made = drafted(file)
    assert made.answer == f"a{column}"
    assert made.labels == {label: label for label in labels}


def test_what_is_there_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A definition that someone wrote is not written over."""
    file = written(tmp_path, "a.csv", [["text", "label"], *[["It is", "x"], ["It was", "y"]] * 9])
    assert main(["draft", str(file)]) == 0
    assert "kind: classification" in capsys.readouterr().out
    (tmp_path / "a.yaml").write_text("mine")
    assert main(["draft", str(file)]) == 2
    assert "a.yaml is there already" in capsys.readouterr().err
    assert (tmp_path / "a.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("text\nIt is\n", "has the columns text: an input and an answer are two."),
        ("", "has the columns none"),
        (None, "does not exist"),
    ],
)
def test_rows_that_are_no_examples_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, said: str
):
    if content is not None:
        (tmp_path / "a.csv").write_text(content)
    assert main(["draft", str(tmp_path / "a.csv")]) == 2
    assert said in capsys.readouterr().err


def test_rows_in_the_place_of_a_task_lead_to_a_draft(capsys: pytest.CaptureFixture[str]):
    """In place of forty names."""
    assert main(["show", "my data.csv"]) == 2
    error = capsys.readouterr().err
    assert error.endswith("Type: python -m t5study.tasks draft 'my data.csv'\n")
