"""The published tables of every study whose numbers are here, whatever their shape."""

from __future__ import annotations

import csv
import json
import shutil
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest

from lab.datasets import get_dataset
from reports.commands.cli import main
from reports.commands.compare import compare
from reports.errors import ReportError
from reports.published import PublishedStudy, find_study, studies
from reports.published.scores import decimal
from reports.render import FORMATS, render
from reports.table import Table

TABLES = [(study, name) for study in studies() for name in find_study(study).names]
OTHERS = [(study, name) for study, name in TABLES if find_study(study).about.full is None]


def lines(study: str, name: str) -> list[dict[str, str]]:
    about = find_study(study).about.tables[find_study(study).find(name)]
    text = (files("reports.published") / study / str(about.scores)).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_the_default_study_comes_first_and_others_do_not_hide_it() -> None:
    """`published --table 6` needs no --study."""
    assert {"electra", "albert", "gector", "star"} <= set(studies())
    assert find_study().name == studies()[0]
    assert find_study().table(6).title.startswith("Table 6 of the paper")


@pytest.mark.parametrize(("study", "name"), TABLES)
def test_every_table_is_drawn_in_every_format(study: str, name: str) -> None:
    """With the same entries everywhere."""
    table = find_study(study).table(name)
    for format in FORMATS:
        assert render(table, format)
    drawn = json.loads(render(table, "json"))
    assert drawn["columns"] == [column.name for column in table.columns]
    assert len(drawn["rows"]) == len(table.rows)


@pytest.mark.parametrize(("study", "name"), OTHERS)
def test_what_is_shown_is_what_the_file_holds(study: str, name: str) -> None:
    """Digit by digit; an empty entry is a hole; only a mean that is not printed is added."""
    table, records = find_study(study).table(name), lines(study, name)
    assert len(table.rows) == len(records)
    for row, record in zip(table.rows, records, strict=True):
        for column, score in zip(table.columns, row.scores, strict=True):
            if (column.paper or "") in record:
                text = record[column.paper or ""]
                number = decimal(text)
                assert score.text == (text or None)
                assert score.value == (None if number is None else float(number))
            else:
                assert column.average


@pytest.mark.parametrize(("study", "name"), OTHERS)
def test_every_column_of_a_file_is_shown_or_stands_left(study: str, name: str) -> None:
    """But for those that say which table and row it is, and what an erratum says."""
    table, (record, *_) = find_study(study).table(name), lines(study, name)
    about = find_study(study).about.tables[find_study(study).find(name)]
    shown = {column.paper for column in table.columns} | set(about.labels or list(record)[:1])
    left_out = {"table", "row", "is_baseline", "restored_cells", "needs_video", "section"}
    assert set(record) - shown <= left_out


def numbers(table: Table, name: str) -> list[float | None]:
    (j,) = (j for j, column in enumerate(table.columns) if column.name == name)
    return [row.scores[j].value for row in table.rows]


def test_printed_means_that_end_in_a_half_are_rounded_up() -> None:
    """All of ALBERT's 43 averages are those of their rows; five lie on the line."""
    study = find_study("albert")
    count = 0
    for number in study.numbers:
        for row in study.table(number).rows:
            for column, score in zip(study.table(number).columns, row.scores, strict=True):
                if column.average:
                    count += 1
                    assert not any("The mean of this row's" in note for note in score.notes)
    assert count == 43


def test_a_mean_that_is_not_printed_is_computed_half_up_and_said() -> None:
    """STAR's headline: 31.525 is 31.53, 33.135 is 33.14."""
    table = find_study("star").table(2)
    assert numbers(table, "Mean") == [24.90, 17.44, 30.35, 31.53, 31.76, 33.14, 33.19, 33.32, 36.79]
    assert "Mean: not printed; computed here from the row's printed scores." in table.notes
    assert numbers(find_study("star").table(3), "Mean")[-1] is None


def test_a_changed_number_is_noticed(tmp_path: Path) -> None:
    """The mean no longer fits its row, and the printed one is still shown."""
    with as_file(files("reports.published") / "albert") as folder:
        shutil.copytree(folder, tmp_path / "albert")
    path = tmp_path / "albert/table05.csv"
    path.write_text(path.read_text().replace("61.7,79.0", "63.7,79.0"))
    score = PublishedStudy("albert", tmp_path / "albert").table(5).rows[0].scores[-1]
    assert (score.value, score.text) == (79.0, "79.0")
    assert score.notes == ("The mean of this row's scores is 79.37; Lan et al. 2020 prints 79.0.",)


def test_large_numbers_texts_and_holes_stand_as_printed() -> None:
    """FLOPs, hours, cards and dashes."""
    drawn = render(find_study("electra").table(1), "markdown")
    assert "| 3.3e18 |" in drawn.replace("  ", "")
    assert "3 GTX 1080 GPUs" in drawn
    assert "3.3$\\times$10\\textsuperscript{18}" in render(find_study("electra").table(1), "latex")
    values = json.loads(render(find_study("electra").table(1), "json"))["rows"][0]["values"]
    assert values[0] == 3.3e18
    assert values[-3:-1] == ["14d", "3 GTX 1080 GPUs"]
    assert "—" in render(find_study("electra").table(4), "markdown")


def test_the_lowest_time_is_the_best() -> None:
    """And what only describes a row is never bold."""
    (bold,) = [r.label for r in find_study("gector").table(8).rows if r.scores[0].bold]
    assert bold == "GECToR (XLNet), 1 iteration"
    flops = [row.scores[0] for row in find_study("electra").table(1).rows]
    assert not any(score.bold for score in flops)


def test_pairs_are_bold_together_and_kinds_compete_apart() -> None:
    """ALBERT's Tables 11 and 10: two rows tie on F1; the best single model is bold too."""
    table = find_study("albert").table(11)
    names = [column.name for column in table.columns]
    f1, em = names.index("SQuAD 2.0 F1"), names.index("SQuAD 2.0 EM")
    for j in (f1, em):
        assert [r.label for r in table.rows if r.scores[j].bold] == ["24", "48"]
    best = [r.stub for r in find_study("albert").table(10).rows if r.scores[4].bold]
    assert best == [("single", "ALBERT (1.5M)"), ("ensemble", "ALBERT")]


def test_errata_are_footnotes_of_their_cells() -> None:
    """Shown as such, never repaired."""
    table = find_study("electra").table(1)
    noted = {
        (row.label, column.name): score.notes
        for row in table.rows
        for column, score in zip(table.columns, row.scores, strict=True)
    }
    assert noted["ELECTRA-Base", "GLUE"] == ("85.0 in Table 5.",)
    assert "361 is FLOPs" in noted["ELECTRA-Small 12.5% trained", "Train speedup"][0]
    (first, *_) = find_study("gector").table(7).rows
    assert "67.7 to 67.9 fits" in first.scores[0].notes[0]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (
            ["--study", "electar"],
            "No published numbers of study 'electar'. Did you mean 'electra'?",
        ),
        (["--study", "electra", "--table", "9"], "--table 9: no table of scores. Known: 1, 2, 3"),
        (["--study", "electra", "--table", "readmee"], "Did you mean 'readme'? Known: 1"),
        (["--study", "star", "--table", "3_as_transcribd"], "Did you mean '3_as_transcribed'?"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(words, complaint, capsys) -> None:
    """Study and table alike, with status 2."""
    assert main(["published", *words]) == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize("table", ["5", "05"])
def test_a_table_of_another_study_is_drawn_and_listed(table: str, capsys, tmp_path: Path) -> None:
    """By its number, also with a zero before it; into a file that still verifies."""
    assert main(["published", "--study", "electra"]) == 0
    assert "--table 5       From BERT to ELECTRA" in capsys.readouterr().out
    words = ["published", "--study", "electra", "--table", table]
    assert main([*words, "--format", "json"]) == 0
    drawn = json.loads(capsys.readouterr().out)
    assert [row["values"] for row in drawn["rows"]] == [[85.0], [84.3], [82.4], [82.4], [82.2]]
    assert main([*words, "--format", "latex", "--output", str(tmp_path)]) == 0
    path = tmp_path / "electra/published-table05.tex"
    assert main(["verify", str(path)]) == 0


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("licence:", "license:", "unknown field 'license'. Did you mean 'licence'?"),
        ("baseline: SOP", "basline: SOP", "tables.5: unknown field 'basline'. Did you"),
        ("title: Loss of sentence pairs\n", "", "albert/tables.yaml: not YAML"),
        ("  mnli: {name: MNLI, words: accuracy}\n", "", "no column 'mnli'. Did you mean"),
        ("row: SOP", "row: SOB", "An erratum of table 5 is of 0 rows: SOB."),
        ("scores: table05.csv", "scores: table99.csv", "Cannot read the published file"),
    ],
)
def test_a_mistake_in_a_folder_names_its_place(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    """For who adds a study."""
    with as_file(files("reports.published") / "albert") as folder:
        shutil.copytree(folder, tmp_path / "albert")
    path = tmp_path / "albert/tables.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ReportError) as raised:
        PublishedStudy("albert", tmp_path / "albert").table(5)
    assert complaint in str(raised.value)


@pytest.mark.parametrize("study", ["electra", "albert"])
def test_every_named_score_is_one_of_a_known_data_set(study: str) -> None:
    """`score: glue_cola.mcc` names a data set and one of its metrics: runs call theirs so."""
    named = [one.score for one in find_study(study).about.columns.values() if one.score]
    for score in named:
        task, _, metric = score.rpartition(".")
        assert metric in get_dataset(task).metrics, score
    assert len(named) > 8


@pytest.mark.parametrize("study", ["electra", "albert"])
def test_a_column_of_the_same_task_is_paired_as_the_same_scores(builder: Any, study: str) -> None:
    """`compare` says of a column whether its task is the published one."""
    metric = {"electra": "cola_mcc", "albert": "cola"}[study]
    builder.column("CoLA", ["glue_cola.mcc"], paper=metric)
    builder.column("RTE", ["other.acc"], paper={"electra": "rte_acc", "albert": "rte"}[study])
    number = {"electra": 2, "albert": 9}[study]
    labels = [row.label for row in find_study(study).table(number).rows][:3]
    for i, label in enumerate(labels):
        scores = {"glue_cola": {"mcc": 60.0 + i}, "other": {"acc": 70.0 - i}}
        builder.row(label, [scores], baseline=i == 0)
    store = builder.record(study=study)
    found = {a.ours: a.same_scores for a in compare(store, "toy", number=number).agreements}
    assert found == {"CoLA": True, "RTE": False}
