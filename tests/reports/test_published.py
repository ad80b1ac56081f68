"""The published numbers, as tables of ours."""

from __future__ import annotations

import csv
import json
from importlib.resources import files
from pathlib import Path

import pytest

from reports.errors import ReportError
from reports.published import PublishedStudy, find_study, studies
from reports.significance import bold_mask

STUDY = find_study()
CONDENSED = [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]
COLUMNS = {
    "GLUE": "glue_average",
    "CNNDM": "cnndm_rouge2",
    "SQuAD": "squad_em",
    "SGLUE": "superglue_average",
    "EnDe": "ende_bleu",
    "EnFr": "enfr_bleu",
    "EnRo": "enro_bleu",
}
STD = [0.235, 0.065, 0.343, 0.416, 0.112, 0.090, 0.108]


def full_records() -> list[dict[str, str]]:
    text = (files("reports.published") / STUDY.name / "table16.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@pytest.mark.parametrize("number", CONDENSED)
def test_condensed_tables_show_the_full_tables_scores(number: int) -> None:
    """Seven columns, the rows in order, the baseline starred, the printed digits."""
    table = STUDY.table(number)
    records = [r for r in full_records() if r["table"] == str(number)]
    assert [column.name for column in table.columns] == list(COLUMNS)
    assert [row.label for row in table.rows] == [r["experiment"] for r in records]
    assert [row.baseline for row in table.rows] == [r["is_baseline"] == "1" for r in records]
    assert [[s.value for s in row.scores] for row in table.rows] == [
        [float(r[name]) for name in COLUMNS.values()] for r in records
    ]


@pytest.mark.parametrize("number", [n for n in CONDENSED if n != 7] + [15])
def test_bold_is_the_rules(number: int) -> None:
    """Two baseline deviations, strictly; the deviation's own row is no score."""
    table = STUDY.table(number)
    rows = [row for row in table.rows if row.kind == "score"]
    for j, std in enumerate(STD):
        mask = bold_mask([row.scores[j].value for row in rows], std)
        assert [row.scores[j].bold for row in rows] == mask


def test_table_7_is_printed_without_bold() -> None:
    """As in the paper; a footnote says what its rule would give."""
    table = STUDY.table(7)
    assert not any(s.bold for row in table.rows for s in row.scores)
    assert "prints this table without bold; its rule would give 24." in table.notes[0]


def test_the_full_table_competes_within_each_experiment() -> None:
    """69 rows, 33 columns; each condensed table's rows bold as in that table."""
    table = STUDY.table(16)
    assert (len(table.rows), len(table.columns)) == (69, 33)
    names = [column.name for column in table.columns]
    at = [names.index(n) for n in ("GLUE", "CNN/DM R-2-F", "SQuAD EM", "SuperGLUE")]
    ours = [[row.scores[j].bold for j in at] for row in table.rows if row.stub[0] == "13"]
    assert ours == [[s.bold for s in row.scores[:4]] for row in STUDY.table(13).rows]


def test_sizes_against_the_previous_best() -> None:
    """Table 14 has one decimal where the paper has, and no ruler: only the best is bold."""
    table = STUDY.table(14)
    assert [column.decimals for column in table.columns[:2]] == [1, 1]
    names = [column.name for column in table.columns]
    assert table.columns[names.index("SQuAD EM")].decimals == 2
    bold = {row.label for row in table.rows if row.scores[names.index("QNLI Acc")].bold}
    assert bold == {"Previous best"}


def notes(number: int) -> dict[tuple[str, str], tuple[str, ...]]:
    table = STUDY.table(number)
    return {
        (row.label, column.name): score.notes
        for row in table.rows
        for column, score in zip(table.columns, row.scores, strict=True)
        if score.notes
    }


def test_errata_of_bold_are_said() -> None:
    """Table 8: two scores whose printed bold is not the rule's."""
    assert notes(8) == {
        ("RealNews-like", "EnDe"): (
            "The paper prints this score bold; by its rule, on the digits it prints, it is plain.",
        ),
        ("Wikipedia + TBC", "GLUE"): (
            "The paper prints this score plain; by its rule, on the digits it prints, it is bold.",
        ),
    }


def test_errata_of_numbers_are_said() -> None:
    """Table 10's copied row, Table 13's two numbers and what one of them does to the bold."""
    (row,) = (row for row in STUDY.table(10).rows if row.notes)
    assert row.label == "Adapter layers, d = 2048"
    assert "81.51, 16.62, 79.47, 63.03, 19.83, 27.50, 22.63" in row.notes[0]
    found = notes(13)
    assert "prints 28.57 here" in found["4 × ensembled", "EnRo"][0]
    assert "prints 71.55 here" in found["4 × ensembled, fine-tune only", "SGLUE"][0]
    plain = "Plain in the paper, beside the 28.57 it prints for 4 × ensembled."
    assert {label for (label, _), said in found.items() if said == (plain,)} == {
        "2 × size, 2 × training steps",
        "4 × size, 1 × training steps",
        "4 × ensembled, fine-tune only",
    }


def test_an_average_that_is_no_mean_of_its_row_is_said() -> None:
    """Table 14: T5-11B on SuperGLUE, and no other."""
    assert notes(14) == {
        ("T5-11B", "SuperGLUE"): ("The mean of this row's scores is 89.25; the paper prints 88.9.",)
    }


def copied_study(tmp_path: Path, line: int, old: str, new: str) -> PublishedStudy:
    """The published numbers with one number changed."""
    for source in (files("reports.published") / STUDY.name).iterdir():
        (tmp_path / source.name).write_text(source.read_text(encoding="utf-8"))
    path = tmp_path / "table16.csv"
    lines = path.read_text().splitlines()
    assert old in lines[line]
    lines[line] = lines[line].replace(old, new, 1)
    path.write_text("\n".join(lines))
    return PublishedStudy("copy", tmp_path)


def test_averages_are_recomputed(tmp_path: Path) -> None:
    """A changed part of a mean changes the condensed score, and the disagreement is said."""
    study = copied_study(tmp_path, 3, ",12.29,", ",20.29,")
    row = study.table(1).rows[2]
    assert row.scores[0].value == 67.22
    assert row.scores[0].notes == (
        "The mean of this row's scores is 67.22; the paper prints 66.22.",
    )


def test_a_printed_average_is_not_trusted(tmp_path: Path) -> None:
    """Nor is a changed mean shown."""
    study = copied_study(tmp_path, 3, "No pre-training,0,66.22", "No pre-training,0,76.22")
    assert study.table(1).rows[2].scores[0].value == 66.22


def test_unknown_table_and_study_name_the_known() -> None:
    """Table 3 has examples, no scores."""
    with pytest.raises(ReportError, match=r"--table 3: no table of scores\. Known: 1, 2, 4"):
        STUDY.table(3)
    with pytest.raises(ReportError, match=f"Known: {', '.join(studies())}"):
        find_study("another")


def test_drawn_by_the_same_command(capsys: pytest.CaptureFixture[str]) -> None:
    """--format json has the same shape as for our tables."""
    from reports.commands.cli import main

    assert main(["published", "--table", "6", "--format", "json"]) == 0
    drawn = json.loads(capsys.readouterr().out)
    assert drawn["columns"] == list(COLUMNS)
    assert [row["baseline"] for row in drawn["rows"]] == [False, True, False, False]
    assert drawn["rows"][1]["values"] == [83.28, 19.24, 80.88, 71.36, 26.98, 39.82, 27.65]
    assert drawn["rows"][1]["bold"] == [True, False, True, True, True, True, True]
