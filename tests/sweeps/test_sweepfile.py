"""A sweep file that is wrong: every mistake a line that says what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweeps.asking.sweepfile import read_sweep_file
from sweeps.errors import SweepError

HEAD = "study: toy\ntitle: x\n"
KNOWN = "Known: study, title, section, baseline, seeds, rows, search, claims, figure."


def said(tmp_path: Path, text: str) -> list[str]:
    """What is wrong with a file of this content."""
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(SweepError) as raised:
        read_sweep_file(str(path))
    return str(raised.value).splitlines()


@pytest.mark.parametrize(
    ("text", "complaints"),
    [
        ("hello", ["mine.yaml: a sweep is a mapping with study, title and rows."]),
        ("rows: [", None),
        (
            HEAD + "rows: [{label: A, overrides: [a=1], overrides: [b=2]}]\n",
            [
                "mine.yaml: line 3: 'overrides' is given twice, first in line 3, and would lose "
                "what stands there. Write all under one 'overrides'."
            ],
        ),
        (HEAD + "rows: 3\n", ["mine.yaml: rows is a list, not 3."]),
        (
            HEAD + "seeds: 3\nrows: [{label: A}]\n",
            ["mine.yaml: seeds is a mapping such as {baseline: 3}."],
        ),
        (
            HEAD + "seeds: {baseline: on, variants: true, most: 3}\nrows: [{label: A}]\n",
            [
                "mine.yaml: seeds: baseline: 'on'; accepted are baseline and variants, 1 up.",
                "mine.yaml: seeds: variants: True; accepted are baseline and variants, 1 up.",
                "mine.yaml: seeds: most: 3; accepted are baseline and variants, 1 up.",
            ],
        ),
        (
            HEAD + "seeds: {baseline: 0}\nrows: [{label: A}]\n",
            ["mine.yaml: seeds: baseline=0: must be 1 or more."],
        ),
        (
            HEAD + "rows: [{label: A, overrides: [seed=3]}]\n",
            [
                "mine.yaml: row 'A': seed=3: seeds are averaged and no rows; say how many under "
                "seeds."
            ],
        ),
        (
            HEAD + "rows: [{label: A, overrides: [store=here, hydra/launcher=slurm]}]\n",
            [
                "mine.yaml: row 'A': store=here: how to run is no matter of a row; type it on the "
                "command line.",
                "mine.yaml: row 'A': hydra/launcher=slurm: how to run is no matter of a row; type "
                "it on the command line.",
            ],
        ),
        (
            HEAD + 'rows: [{label: A, overrides: ["lr=1,2", "n={a: 1, b: 2}"]}]\n',
            ["mine.yaml: row 'A': lr=1,2: a row has one value; make each a row of its own."],
        ),
        (
            HEAD + "search: {axes: [{name: rate, candidates: []}]}\n",
            ["mine.yaml: 'rate' has no candidates."],
        ),
        (
            HEAD + "rows: [{label: A}]\nrows:\n  - label: B\n    label: C\n",
            [
                "mine.yaml: line 4: 'rows' is given twice, first in line 3, and would lose "
                "what stands there. Write all under one 'rows'.",
                "mine.yaml: line 6: 'label' is given twice, first in line 5, and would lose "
                "what stands there. Write all under one 'label'.",
            ],
        ),
        (HEAD + "rows: []\n", ["mine.yaml: rows is empty: give it a row, such as {label: A}."]),
        (HEAD + "rows: 0\n", ["mine.yaml: rows is empty: give it a row, such as {label: A}."]),
        (HEAD + "search:\n", ["mine.yaml: search is empty: give it axes."]),
        (
            HEAD + "rows: [{label: A}]\nfigure: size\n",
            [
                "mine.yaml: figure: 'size'; accepted is a mapping such as {along: size.width, by: "
                "objective.name}, or {across: [Distance, Angle]}."
            ],
        ),
        (
            HEAD + "rows: [{label: A}]\nfigure: {along: lr, of: a}\n",
            ["mine.yaml: figure: unknown key 'of'. Known: along, by."],
        ),
        (HEAD, ["mine.yaml: give either rows or search."]),
        (
            HEAD + "rows: [{label: A}]\nzeal: 1\nquest: 2\n",
            [f"mine.yaml: unknown key {key!r}. {KNOWN}" for key in ("zeal", "quest")],
        ),
        (
            HEAD + "search: {axes: [{name: a, candidates: [{label: A}]}], zeal: 1, quest: 2}\n",
            [
                f"mine.yaml: search: unknown key {key!r}. Known: axes, score, tie_break."
                for key in ("zeal", "quest")
            ],
        ),
    ],
)
def test_a_mistake_is_a_line(tmp_path, text, complaints):
    """With the row, what was written, and what to write."""
    found = said(tmp_path, text)
    if complaints is None:
        (line,) = found
        assert line.startswith("mine.yaml: not YAML: ")
        assert "at line 1, column 8" in line
    else:
        assert found == complaints


def test_a_file_that_is_not_there_is_named_with_its_folder(tmp_path, monkeypatch):
    """A name is one of sweeps/, a path one of one's own."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SweepError, match=rf"sweep=mine.yaml: no such file {tmp_path}/mine.yaml\."):
        read_sweep_file("mine.yaml")
    with pytest.raises(SweepError, match=r"sweep=table6: no such sweep. Did you mean 'table06'\?"):
        read_sweep_file("table6")


TYPED = ["on", "off", "no", "Yes", "010", "1:30", "1e3", "2024-01-01", "~", "null", "0x1F", ".inf"]


def test_labels_are_the_text_that_was_typed(tmp_path):
    """Whatever YAML would make of them; names, the baseline and the section too."""
    rows = "".join(f"  - {{label: {text}, name: {text}}}\n" for text in TYPED)
    path = tmp_path / "mine.yaml"
    for baseline in TYPED:
        path.write_text(HEAD + f"section: 3.10\nbaseline: {baseline}\nrows:\n{rows}")
        file = read_sweep_file(str(path))
        assert [row.label for row in file.rows] == TYPED
        assert [row.name for row in file.rows] == TYPED
        assert (file.baseline, file.section) == (baseline, "3.10")


def test_candidates_are_called_as_typed_too(tmp_path):
    path = tmp_path / "mine.yaml"
    axis = "{name: on, candidates: [{label: 1.0}, {label: 1.00}, {label: off}]}"
    path.write_text(HEAD + f"search: {{score: 010, axes: [{axis}]}}\n")
    search = read_sweep_file(str(path)).search
    assert search is not None
    assert search.score == "010"
    assert [row.label for row in search.axes[0]["candidates"]] == ["1.0", "1.00", "off"]
    assert search.axes[0]["name"] == "on"


def test_labels_are_two_by_their_text(tmp_path):
    """`010` and `10` are two rows, two `on` are one."""
    assert said(tmp_path, HEAD + "rows: [{label: on}, {label: 010}, {label: on}, {label: 8}]") == [
        "mine.yaml: two rows are called 'on'."
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("rows:\n  - label:\n    overrides: [a=1]", "line 4: a row needs a label, such as"),
        ("rows: [{label: A}, {overrides: [a=1]}]", "line 3: a row needs a label, such as"),
        ("rows:\n  - label: ''\n", "line 4: a row needs a label, such as {label: A}; this one is"),
        ("rows:\n  - label: ' '\n", "line 4: a row needs a label, such as {label: A}; this one is"),
        ("rows:\n  - label: [a]\n", "line 4: label is a text, not ['a']."),
        ("rows:\n  - label: {a: 1}\n", "line 4: label is a text, not {'a': 1}."),
        ("baseline: [A]\nrows: [{label: A}]", "baseline is a text, not ['A']."),
        ("rows: [{label: A, name: [b]}]", "row 'A': name is a text, not ['b']."),
        (
            'rows: [{label: A, overrides: ["a={b: 1}", a.b=2]}]',
            "row 'A': a.b is set more than once",
        ),
        ("rows: [{label: A, overrides: [a=1, +a=2]}]", "row 'A': a is set more than once. Keep"),
        ("rows: [{label: A}]\nseeds: 2024-13-45", "not YAML: month must be in 1..12"),
    ],
)
def test_what_is_no_text_is_a_complaint_with_its_line(tmp_path, text, complaint):
    """A label that is missing, empty or a list is none."""
    (line,) = said(tmp_path, HEAD + text)
    assert line.startswith(f"mine.yaml: {complaint}")


@pytest.mark.parametrize(
    ("head", "complaint"),
    [
        ("study: [a]\ntitle: T\n", "study is a text, not ['a']."),
        ("study: {a: 1}\ntitle: T\n", "study is a text, not {'a': 1}."),
        ("study:\ntitle: T\n", "'study' is missing."),
        ("study: toy\ntitle: [T]\n", "title is a text, not ['T']."),
        ("study: toy\ntitle: T\nsection: [3]\n", "section is a text, not [3]."),
    ],
)
def test_a_study_is_named_by_a_text(tmp_path, head, complaint):
    assert said(tmp_path, head + "rows: [{label: A}]\n") == [f"mine.yaml: {complaint}"]


def test_a_list_is_no_sweep(tmp_path):
    assert said(tmp_path, "- label: A\n") == [
        "mine.yaml: a sweep is a mapping with study, title and rows."
    ]
