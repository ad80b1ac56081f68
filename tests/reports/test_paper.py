"""A table for a paper: its caption and label, few notes or all, its costs, and no folder in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reports.commands.cli import main
from reports.reading.collect import collect
from reports.render import FORMATS, Style, render
from reports.table import FEW_RUNS


def mood(*values: float) -> list[dict[str, dict[str, float]]]:
    return [{"mood": {"acc": value}} for value in values]


@pytest.fixture
def costly(builder: Any) -> Any:
    """Two rows with two runs each; the second's runs compute three times as much."""
    builder.column("Mood", ["mood.acc"], words="accuracy")
    builder.row("span, 15%", mood(70.0, 71.0), baseline=True)
    for key in builder.row("span, 50%", mood(80.0, 81.5)):
        path = builder.path / f"evaluate/{key}/stage.json"
        described = json.loads(path.read_text())
        described["facts"]["flops"] = 5e12
        path.write_text(json.dumps(described))
    return builder


def drawn(builder: Any, capsys: Any, *options: str, status: int = 0, **more: Any) -> str:
    command = ["toy", "--store", str(builder.record(**more)), *options]
    assert main(command) == status
    return str(capsys.readouterr().out)


def test_caption_and_label_are_those_given(costly: Any, capsys: Any) -> None:
    """LaTeX escapes the caption and has the label after it; HTML and Markdown have the caption."""
    options = ("--caption", "Rates of 5% & more", "--label", "tab:rates_1", "--format")
    tex = drawn(costly, capsys, *options, "latex")
    assert "\\caption{Rates of 5\\% \\& more}\n\\label{tab:rates_1}\n" in tex
    html = drawn(costly, capsys, *options, "html")
    assert "<caption>Rates of 5% &amp; more</caption>" in html
    assert drawn(costly, capsys, *options, "markdown").startswith("**Rates of 5% & more**\n")
    assert json.loads(drawn(costly, capsys, *options, "json"))["caption"] == "Rates of 5% & more"
    assert "\\label" not in drawn(costly, capsys, "--format", "latex")


@pytest.mark.parametrize("label", ["tab rates", "tab{x}", "a%b", "a\\b", "", "~", ":a", "a#b"])
def test_a_label_that_latex_would_not_take_is_refused(costly: Any, capsys: Any, label: str) -> None:
    """With what is accepted."""
    assert main(["toy", "--store", str(costly.record()), f"--label={label}"]) == 2
    assert "such as tab:rates" in capsys.readouterr().err


def test_an_empty_caption_is_refused(costly: Any, capsys: Any) -> None:
    """A table without a caption is not what an empty text asks for."""
    assert main(["toy", "--store", str(costly.record()), "--caption", "  "]) == 2
    assert "leave it out" in capsys.readouterr().err


def test_few_notes_keep_what_a_number_needs(costly: Any, capsys: Any) -> None:
    """The rule, the metrics, the unequal cost, the selection stay; overrides and typed rows go."""
    costly.rows[0]["overrides"] = ["objective=span", "corruption=0.15"]
    common = {"common": ["preset=smoke"]}
    every = drawn(costly, capsys, "--format", "markdown", **common)
    few = drawn(costly, capsys, "--format", "markdown", "--notes", "few", **common)
    for text in ("Bold:", "Mood: accuracy", "unequal cost", "Selection:"):
        assert text in every
        assert text in few
    for text in (
        "Every row: preset=smoke",
        "Rows as typed: span, 15%: objective=span corruption=0.15",
    ):
        assert text in every
        assert text not in few
    assert main(["toy", "--store", str(costly.path), "--notes", "fewer"]) == 2
    assert "Did you mean 'few'" in capsys.readouterr().err


def test_rows_of_unequal_cost_are_named(costly: Any) -> None:
    """The cheapest and the dearest, with what a run of each computes."""
    (note,) = [n for n in collect(costly.record(), "toy").notes if "unequal" in n]
    assert "from 2.0e12 FLOPs (span, 15%) to 6.0e12 (span, 50%), 3 times as many" in note


def test_rows_within_a_tenth_are_of_equal_cost(builder: Any) -> None:
    """Nothing is said; nor of rows whose cost nobody knows."""
    builder.column("Mood", ["mood.acc"])
    builder.row("one", mood(70.0), baseline=True)
    (key,) = builder.row("other", mood(71.0))
    builder.row("not run", [None])
    path = builder.path / f"evaluate/{key}/stage.json"
    described = json.loads(path.read_text())
    described["facts"]["flops"] = 1.19e12
    path.write_text(json.dumps(described))
    assert "unequal" not in " ".join(collect(builder.record(), "toy").notes)


def test_a_column_of_cost_on_request(costly: Any, capsys: Any) -> None:
    """Last, in no contest, in every format; a row whose cost is unknown is no hole."""
    costly.row("not planned", [None])
    shown = drawn(costly, capsys, "--cost", "--format", "json", status=1)
    table = json.loads(shown)
    assert table["columns"] == ["Mood", "FLOPs"]
    assert [row["values"][1] for row in table["rows"]] == [2e12, 6e12, None]
    assert not any(row["bold"][1] for row in table["rows"])
    assert collect(costly.path, "toy", cost=True).holes == 1
    assert "| 2.0e12 |" in drawn(costly, capsys, "--cost", "--format", "markdown", status=1)
    tex = drawn(costly, capsys, "--cost", "--format", "latex", status=1)
    assert r"2.0$\times$10\textsuperscript{12}" in tex


def test_a_cost_that_nobody_knows_is_refused(builder: Any, capsys: Any) -> None:
    """No stage counted or planned FLOPs."""
    builder.column("Mood", ["mood.acc"])
    builder.row("one", [None])
    assert main(["toy", "--store", str(builder.record()), "--cost"]) == 2
    assert "no stage of toy says how many FLOPs" in capsys.readouterr().err


@pytest.mark.parametrize("format", FORMATS)
def test_no_folder_of_this_machine_but_in_the_provenance(
    costly: Any, tmp_path: Path, format: str
) -> None:
    """Labels, notes and reasons name files without their folders; other slashes stay."""
    costly.rows[1]["label"] = "corpus=/home/me/texts/mine.txt and/or 3/4"
    record = costly.record(
        title="Of /home/me/texts",
        common=["dataset.corpus=/home/me/texts/a.txt"],
        footnotes=["Read from https://example.org/a/b and (/home/me/x/)."],
    )
    drawing = render(collect(record, "toy"), format).replace("\\", "").replace("{}", "")
    text = drawing.replace(str(costly.path), "STORE")
    assert "/home/me" not in text.replace("x/", "")
    assert "corpus=mine.txt and/or 3/4" in text
    assert "dataset.corpus=a.txt" in text
    assert "https://example.org/a/b" in text
    assert "STORE" in text


def test_a_deviation_from_two_runs_says_so(costly: Any, full: Any) -> None:
    """At the deviation's row, once; with the style that shows deviations also of other rows."""
    table = collect(costly.record(), "toy")
    assert table.references[0].notes == (FEW_RUNS[2],)
    for style in (Style(), Style(deviation=True)):
        assert render(table, "markdown", style).count(FEW_RUNS[2]) == 1


def test_a_row_of_two_runs_beside_a_baseline_of_three(builder: Any) -> None:
    """The note comes with the deviation that is shown, and not without."""
    builder.column("Mood", ["mood.acc"])
    builder.row("base", mood(70.0, 71.0, 72.0), baseline=True)
    builder.row("two", mood(70.0, 71.0))
    table = collect(builder.record(), "toy")
    assert FEW_RUNS[2] not in render(table, "markdown")
    assert FEW_RUNS[2] in render(table, "markdown", Style(deviation=True))
    assert FEW_RUNS[2] in json.loads(render(table, "json", Style(deviation=True)))["notes"]


def test_every_choice_can_be_verified(costly: Any, tmp_path: Path, capsys: Any) -> None:
    """A file drawn with caption, label, few notes, cost and test is drawn again from its words."""
    words = ["--caption", "A: b -- c > d", "--label", "tab:x", "--notes", "few", "--cost"]
    command = ["toy", "--store", str(costly.record()), *words, "--test", "welch"]
    assert main([*command, "--output", str(tmp_path)]) == 0
    for format in FORMATS.values():
        path = tmp_path / f"toy{format.suffix}"
        capsys.readouterr()
        assert main(["verify", str(path)]) == 0
        assert "still gives this table" in capsys.readouterr().out
