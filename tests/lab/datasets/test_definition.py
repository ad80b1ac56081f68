"""Data sets that a YAML file defines."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.datasets.dataset import DataSet
from lab.datasets.definition import Definition
from lab.datasets.fields import Label, MismatchError
from lab.datasets.shares import Shares
from lab.datasets.source import TaskError, described_source
from lab.datasets.written import read_definition

REVIEWS = """
kind: classification
data: reviews.csv
input: "{text}"
answer: label
labels: {0: bad, 1: good}
"""


def defined(folder: Path, content: str = REVIEWS, name: str = "reviews") -> DataSet:
    """The data set of a definition in the folder."""
    file = folder / f"{name}.yaml"
    file.write_text(content)
    return Definition(name, read_definition(file), folder=folder).dataset()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A CSV of 300 rows, of three different texts each."""
    rows = [f"It is {n},{n % 2}" for n in range(100) for _ in range(3)]
    (tmp_path / "reviews.csv").write_text("\n".join(["text,label", *rows]) + "\n")
    return tmp_path


def test_rows_are_shared_out_and_equal_inputs_stay_together(folder: Path):
    """About a tenth each; no input of one part is in another; the seed decides."""
    data = defined(folder)
    parts = {s: [row.fields["text"] for row in data.rows(s)] for s in data.splits}
    assert {s: len(rows) for s, rows in parts.items()} == pytest.approx(
        {"train": 240, "validation": 30, "test": 30}, abs=20
    )
    assert sum(map(len, parts.values())) == 300
    assert len({text for rows in parts.values() for text in set(rows)}) == 100
    other = defined(folder, f"{REVIEWS}splits: {{validation: 10%, test: 0.1, seed: 1}}\n")
    assert [row.fields["text"] for row in other.rows("test")] != parts["test"]
    assert data.identity("test") != other.identity("test")
    assert Counter(row.label for row in data.rows("train")).keys() == {0, 1}


def test_a_described_split_reads_the_same_rows_elsewhere(folder: Path):
    """From the identity and the files alone, wherever these lie."""
    data = defined(folder)
    for split in data.splits:
        identity = json.loads(json.dumps(data.identity(split)))
        source = described_source(split, identity, [folder / "reviews.csv"])
        known = Definition("reviews", data_free(folder)).dataset(source)
        assert list(known.rows(split)) == list(data.rows(split))
        assert str(folder) not in json.dumps(identity)


def data_free(folder: Path) -> dict[str, Any]:
    return Definition("reviews", read_definition(folder / "reviews.yaml")).identity()


def test_files_by_split_go_before_shares(folder: Path):
    """A split that has neither gets a tenth of the training rows; test: 0 asks for none."""
    (folder / "more.jsonl").write_text('{"text": "One", "label": 1}\n{"text": 2, "label": 0.0}\n')
    files = REVIEWS.replace("data: reviews.csv", "data: {train: reviews.csv, test: [more.jsonl]}")
    data = defined(folder, files)
    assert [(row.fields["text"], row.label) for row in data.rows("test")] == [("One", 1), ("2", 0)]
    assert "part" not in data.identity("test")
    counts = {split: sum(1 for _ in data.rows(split)) for split in ("train", "validation")}
    assert sum(counts.values()) == 300
    assert 10 < counts["validation"] < 50
    none = defined(folder, f"{REVIEWS}splits: {{test: 0}}\n")
    assert none.splits == ("train", "validation")


@given(
    rows=st.lists(st.text(max_size=5), max_size=30),
    seed=st.integers(0, 5),
    share=st.floats(0.0, 0.5, exclude_max=True),
)
def test_every_row_is_in_one_part_whatever_stands_beside_it(
    rows: list[str], seed: int, share: float
):
    """Also where rows are added or put in another order."""
    shares = Shares(validation=share, test=share, seed=seed, fields=("text",))
    found = {text: shares.split_of({"text": text, "label": 1}) for text in rows}
    assert found == {text: shares.split_of({"label": 0, "text": text}) for text in reversed(rows)}
    places = [p for s in ("train", "validation", "test") for p in _places(shares, rows, s)]
    assert sorted(places) == list(range(len(rows)))


def _places(shares: Shares, rows: list[str], split: str) -> list[int]:
    return shares.places([{"text": text} for text in rows], split)


@pytest.mark.parametrize(
    ("labels", "value", "word"),
    [
        ("[no, yes]", "no", "no"),
        ("[on, off]", "off", "off"),
        ("{010: octal, 8: eight}", "010", "octal"),
        ("{010: octal, 8: eight}", 8, "eight"),
        ("{1:30: early, 2:30: late}", "2:30", "late"),
        ("[1, 2]", 1, "1"),
        ("[1, 2]", 2.0, "2"),
        ("{0: bad, 1: good}", "good", "good"),
        ("{true: right, false: wrong}", True, "right"),
        ("{True: right, False: wrong}", False, "wrong"),
        ("{-1: down, 1: up}", -1, "down"),
        ("{null: nothing, ~: tilde}", "~", "tilde"),
        ("{2024-01-02: then, 1e3: many}", "2024-01-02", "then"),
    ],
)
def test_labels_are_the_text_that_stands_there(
    tmp_path: Path, labels: str, value: object, word: str
):
    """YAML takes none of them for a truth value, an octal number, minutes, null or a date."""
    field = defined(tmp_path, REVIEWS.replace("{0: bad, 1: good}", labels)).fields["label"]
    assert isinstance(field, Label)
    assert field.words[field.read(value)] == word


@pytest.mark.parametrize("value", [2, "2", "fine", 0.5, ["0"]])
def test_a_value_that_is_no_label_is_refused(folder: Path, value: object):
    """With those that are, and no number is taken for a place in the list."""
    with pytest.raises(MismatchError, match=r"expected 0 \(bad\), 1 \(good\)"):
        defined(folder).fields["label"].read(value)
    words = defined(folder, REVIEWS.replace("{0: bad, 1: good}", "[bad, good]"))
    with pytest.raises(MismatchError, match="expected bad, good"):
        words.fields["label"].read(1)


@pytest.mark.parametrize("nothing", [None, "", float("nan"), -1, "-1"])
def test_a_row_without_an_answer_has_none(folder: Path, nothing: object):
    data = defined(folder)
    assert not data.answered({"text": "One", "label": nothing})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("kind: classification", "kind: clasification"), "kind: unknown 'clasification'. Did you"),
        (("answer:", "anwser:"), "anwser: unknown. Did you mean 'answer'"),
        (("answer: label", ""), "answer: is missing"),
        (('"{text}"', "text"), "names no column"),
        (('"{text}"', '"{text"'), "A brace itself is written twice"),
        (
            ("labels: {0: bad, 1: good}", ""),
            r"labels: are missing.*holds, in the 300 rows of its files: 0 \(150\), 1.*\[0, 1\]",
        ),
        (("{0: bad, 1: good}", "{0: bad, 1: bad}"), "at least two are needed, and each once"),
        (("{0: bad, 1: good}", "{0: bad, 0: good}"), "no YAML: '0' stands there twice"),
        (("labels:", "metrics: [bleu]\nlabels:"), "metrics: unknown 'bleu' of a classification"),
        (
            ("labels:", "splits: {valid: 10%}\nlabels:"),
            "unknown 'valid'. Did you mean 'validation'",
        ),
        (("labels:", "splits: {test: 200%}\nlabels:"), "a share lies between 0 and 1"),
        (("labels:", "range: [0, 5]\nlabels:"), "range: a classification has none"),
        (("data: reviews.csv", "data: review.csv"), "review.csv does not exist"),
        (
            ("data: reviews.csv", "data: {trian: reviews.csv}"),
            "unknown 'trian'. Did you mean 'trai",
        ),
        (("data: reviews.csv", ""), "names no rows to train on"),
        (
            ('"{text}"', '"{txt}"'),
            "input: the data have no column 'txt'. Did you mean 'text'.*'label'. Write one of "
            "them, such as {text}.",
        ),
        (("answer: label", "answer: lable"), "answer: the data have no column 'lable'. Did you"),
        (('"{text}"', "{text}"), "input: braces without quotes are a mapping in YAML. A text with"),
        (('"{text}"', "{text} is it"), "no YAML: .*A text with braces or a colon stands in quotes"),
        (("labels:", "splits: some\nlabels:"), r"splits: found 'some', expected \{val.*, or none"),
        (("labels:", "columns: words\nlabels:"), "unknown 'words'.*Known: any, text"),
        (
            ("labels:", 'segments: ["{txt}"]\nlabels:'),
            "segments: unknown 'txt'. Did you mean 'text'",
        ),
        (
            ("data: reviews.csv", "data: {prepared: lab.nowhere:DATA, train: a}\nsplits: none"),
            "prepared: lab.nowhere:DATA: No module named 'lab.nowhere'. Expected package.module:",
        ),
        (
            ("reviews.csv", "{prepared: lab.datasets.embedded.olmo:BOOLQ, train: train}"),
            "splits: lab.datasets.embedded.olmo:BOOLQ is shared out already",
        ),
    ],
)
def test_a_mistake_says_what_would_be_right(folder: Path, change: tuple[str, str], said: str):
    assert change[0] in REVIEWS
    with pytest.raises(TaskError, match=f"(?s){said}"):
        list(defined(folder, REVIEWS.replace(*change)).rows("train"))


def test_all_mistakes_come_out_together(folder: Path):
    with pytest.raises(TaskError) as raised:
        defined(folder, "kind: guess\ninput: 5\nanswer: label\ncolour: red\n")
    assert [line.split(": ")[1] for line in str(raised.value).splitlines()] == [
        *("colour", "kind", "input")
    ]


def test_mistakes_about_the_data_come_out_with_the_others(folder: Path):
    """A wrong column beside missing labels; range, step and column of a regression."""
    wrong = REVIEWS.replace("{text}", "{txt}").replace("labels: {0: bad, 1: good}", "")
    with pytest.raises(TaskError) as raised:
        defined(folder, wrong)
    assert [line.split(": ")[1] for line in str(raised.value).splitlines()] == ["input", "labels"]
    with pytest.raises(TaskError) as raised:
        defined(folder, wrong.replace("classification", "regression"))
    input_, range_, step = str(raised.value).splitlines()
    assert "no column 'txt'" in input_
    assert range_.endswith("Column 'label' holds, in the 300 rows of its files, 0 to 1.")
    assert "step: is missing" in step


def test_the_nearest_definition_is_named(folder: Path):
    defined(folder)
    with pytest.raises(TaskError, match=r"No such file.*Did you mean 'reviews.yaml'"):
        read_definition(folder / "review.yaml")


def test_a_hub_set_needs_its_commit_and_may_be_shared_out(folder: Path):
    """Its splits are named as files are."""
    hub = f"data: {{hub: a/b, config: c, commit: {'0' * 40}, train: train, test: heldout}}"
    data = defined(folder, REVIEWS.replace("data: reviews.csv", hub))
    assert data.identity("test") == {
        "hub": "a/b",
        "config": "c",
        "split": "heldout",
        "commit": "0" * 40,
    }
    assert data.identity("validation")["part"]["split"] == "validation"
    again = described_source("validation", data.identity("validation"), [])
    assert again.identity("t", "validation") == data.identity("validation")
    with pytest.raises(TaskError, match="is not a commit"):
        defined(folder, REVIEWS.replace("data: reviews.csv", "data: {hub: a/b, train: train}"))


def test_a_set_may_have_no_split_to_train_on(folder: Path):
    """As diagnostic sets; nothing is shared out."""
    text = REVIEWS.replace("data: reviews.csv", "data: {test: reviews.csv}\nsplits: none")
    data = defined(folder, text)
    assert data.splits == ("test",)
    assert sum(1 for _ in data.rows("test")) == 300
    with pytest.raises(TaskError, match="names no rows to train on"):
        defined(folder, text.replace("splits: none", ""))


def test_columns_of_text_are_held_to_it(folder: Path):
    """A number in the place of a text is no row of theirs; an empty reference is one."""
    text = 'kind: generation\ndata: a.csv\ninput: "{en}"\nanswer: fy\ncolumns: text\n'
    strict, loose = defined(folder, text), defined(folder, text.replace("text", "any"))
    assert loose.read({"en": 3, "fy": None}) == {"en": "3", "fy": ""}
    for row in ({"en": 3, "fy": ""}, {"en": "", "fy": None}):
        with pytest.raises(TaskError, match="expected text"):
            strict.read(row)
    assert strict.answered({"en": "", "fy": ""})
    assert not loose.answered({"en": "", "fy": ""})


def test_what_an_encoder_reads_may_be_said_by_itself(folder: Path):
    """The texts of a text-to-text model are other ones."""
    assert defined(folder).segments == ("{text}",)
    own = defined(folder, f'{REVIEWS}segments: ["{{text}}", "of {{text}}"]\n')
    assert own.segments == ("{text}", "of {text}")


def test_notes_are_no_part_of_what_is_learned(folder: Path):
    """They are there to be shown, with the kind's narrower name."""
    notes = "about: A.\nlicence: B\nshown_as: opinion\nsizes: {train: 240}\nexample: {text: It}\n"
    plain = data_free_of(folder, REVIEWS)
    assert data_free_of(folder, f"{REVIEWS}{notes}lengths: [64, 4]\n") == plain
    data = defined(folder, f"{REVIEWS}{notes}")
    assert (data.kind, data.sizes, data.example) == ("opinion", {"train": 240}, {"text": "It"})


def data_free_of(folder: Path, content: str) -> dict[str, Any]:
    defined(folder, content)
    return data_free(folder)
