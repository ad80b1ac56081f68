"""Whether a file still says what its store says."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from reports.commands.cli import main
from reports.commands.compare import compare
from reports.commands.output import write_table
from reports.commands.published import published_table
from reports.commands.verify import redraw, run
from reports.errors import ReportError
from reports.published import find_study
from reports.reading.collect import collect
from reports.render import FORMATS, Style, render
from sweeps.claims.statement import LEVEL, read_claims


def written(full, tmp_path: Path, format: str, style: Style | None = None) -> Path:
    table = collect(full.record(), "toy")
    path = tmp_path / f"table{FORMATS[format].suffix}"
    path.write_text(render(table, format, style))
    return path


@pytest.mark.parametrize("format", FORMATS)
def test_an_unchanged_store_gives_the_same_file(full, tmp_path: Path, format: str) -> None:
    """In every format, with every choice of style."""
    style = Style(deviation=True, siunitx=format == "latex")
    assert run([str(written(full, tmp_path, format, style))]) == 0


@pytest.mark.parametrize("format", FORMATS)
def test_another_score_is_shown(full, tmp_path: Path, format: str, capsys) -> None:
    """Exit status 1, and the line that differs."""
    path = written(full, tmp_path, format)
    key = full.key("evaluate", "two seeds", 0)
    scores = {"mood": {"acc": 12.25}, "pairs": {"f1": 63.0, "acc": 70.0}}
    full.write(f"evaluate/{key}/scores.json", scores)
    assert run([str(path)]) == 1
    said = capsys.readouterr().out
    assert "another table now" in said
    assert "12.25" in said


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(("given", "changed"), [("69.5", "79.5"), ("two seeds", "two weeks")])
def test_a_number_changed_by_hand_is_shown(
    full, tmp_path: Path, format: str, given: str, changed: str, capsys
) -> None:
    """What the file says of its scores is not believed: its rows are read."""
    path = written(full, tmp_path, format)
    text = path.read_text()
    assert given in text
    path.write_text(text.replace(given, changed))
    assert run([str(path)]) == 1
    said = capsys.readouterr().out
    assert "another table now" in said
    assert changed in said


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("siunitx", [False, True])
def test_another_reason_for_a_hole_is_no_other_table(
    full, tmp_path: Path, format: str, siunitx: bool
) -> None:
    """Footnotes come and go, and their marks with them; the rows stay."""
    path = written(full, tmp_path, format, Style(siunitx=siunitx))
    key = full.key("evaluate", "two seeds", 1)
    full.fail(full.stages[key]["inputs"]["member_0"], "disk is full")
    for cell in full.rows[0]["cells"]:
        full.finish(cell["scores"]["mood"], notes=["A new note."], scores=cell_scores(full, cell))
    full.record()
    text = path.read_text()
    assert run([str(path)]) == 0
    assert "A new note" not in text


def cell_scores(full, cell) -> dict:
    key = cell["scores"]["mood"]
    return json.loads((full.path / "evaluate" / key / "scores.json").read_text())


def test_another_commit_is_no_other_table(full, tmp_path: Path, capsys) -> None:
    """The words around equal scores may change; they are printed."""
    path = written(full, tmp_path, "markdown")
    text = path.read_text().replace("Selection: best", "Selection: the best")
    path.write_text(text)
    assert run([str(path)]) == 0
    assert "+Selection: best checkpoint" in capsys.readouterr().out


def test_a_store_that_moved_is_named(full, tmp_path: Path) -> None:
    """The old path in the file does not matter then."""
    path = written(full, tmp_path, "html")
    moved = tmp_path / "elsewhere"
    shutil.move(full.path, moved)
    with pytest.raises(ReportError, match="has no sweep yet"):
        run([str(path)])
    assert run([str(path), "--store", str(moved)]) == 0


def test_published_and_compared_tables_too(full, tmp_path: Path) -> None:
    """Each names what it was made of."""
    full.rows[1]["label"] = "No pre-training"
    for table in (
        published_table(find_study(), "8"),
        compare(full.record(study=find_study().name), "toy", number=1, absolute=True).table,
    ):
        for path in vars(write_table(table, tmp_path)).values():
            assert run([str(path)]) == 0


def test_a_tested_table_is_tested_again(full, tmp_path: Path, capsys) -> None:
    """--test is part of what a file was made of."""
    command = ["toy", "--store", str(full.record()), "--test", "welch", "--output", str(tmp_path)]
    main(command)
    assert "Welch" in (tmp_path / "toy.md").read_text()
    assert main(["verify", str(tmp_path / "toy.md")]) == 0
    assert "still gives this table" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", "# A page\n\nnot a table\n", '{"provenance": 3}']
)
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    """A sentence that names the file, no traceback."""
    path = tmp_path / "other.md"
    path.write_text(text)
    with pytest.raises(ReportError, match=r"other\.md: It does not say how it was drawn"):
        run([str(path)])
    with pytest.raises(ReportError, match="Cannot read"):
        run([str(tmp_path / "none.md")])


def test_an_unknown_style_is_refused() -> None:
    """A file of a newer version is not redrawn wrongly."""
    with pytest.raises(ReportError, match="does not say how it was drawn"):
        redraw({"drawn": "markdown sparkling", "published": "6"})


def page(full, tmp_path: Path) -> tuple[Path, list[str]]:
    """A page of documentation: a table of its own, two drawings with words about them, a table."""
    store = full.record()
    drawn = [
        render(collect(store, "toy"), "markdown", style)
        for style in (Style(few_notes=True), Style(deviation=True))
    ]
    # Whoever writes a page leaves out footnotes, their marks, and lines about the command.
    lines = [line for line in drawn[0].splitlines() if not line.startswith(("<sup>", "command:"))]
    drawn[0] = "\n".join(lines).replace("<sup>", "<sub>") + "\n"
    drawn[0] = re.sub(r"<sub>[a-z,]*</sup>", "", drawn[0])
    own = "| size | rate |\n|---|---|\n| nano | 0.02 |\n"
    comment = "<!--\nTODO: more seeds\n-->\n"
    text = f"# Findings\n\n{own}\n{comment}\nSo:\n\n{drawn[0]}\nAgain:\n\n{drawn[1]}\nAnd\n\n{own}"
    path = tmp_path / "findings.md"
    path.write_text(text)
    return path, drawn


def line_of(text: str, what: str) -> int:
    """The line, from 1, on which a text begins."""
    return text[: text.index(what)].count("\n") + 1


def test_each_table_of_a_page_is_named(full, tmp_path: Path, capsys) -> None:
    """By the line where its rows begin and its sweep; the page's own words do not matter."""
    path, drawn = page(full, tmp_path)
    text = path.read_text()
    first = line_of(text, drawn[0]) + drawn[0].splitlines().index("") + 1
    second = line_of(text, drawn[1]) + drawn[1].splitlines().index("") + 1
    last = text.rindex("| size")
    assert run([str(path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{path}:{first}: toy: the store still gives this table.",
        f"{path}:{second}: toy: the store still gives this table.",
        f"{path}: 2 other tables name no store: lines 3, {text.count(chr(10), 0, last) + 1}.",
    ]


def test_a_score_changed_in_a_page_is_shown(full, tmp_path: Path, capsys) -> None:
    """Of the one table in which it is, with its row; status 1."""
    path, drawn = page(full, tmp_path)
    path.write_text(path.read_text().replace(drawn[0], drawn[0].replace("69.50", "79.50")))
    assert run([str(path)]) == 1
    first, *difference, second, _ = capsys.readouterr().out.splitlines()
    assert first.endswith(": toy: the store gives another table now:")
    assert [line[0] for line in difference] == ["-", "+"]
    assert "| two seeds | 79.50 |" in difference[0]
    assert "| two seeds | 69.50 |" in difference[1]
    assert second.endswith(": toy: the store still gives this table.")


@pytest.mark.parametrize("harm", ["row", "column", "heading", "table"])
def test_what_a_page_lacks_of_a_table_is_shown(full, tmp_path: Path, harm: str, capsys) -> None:
    """Rows and columns are not a page's to leave out."""
    path, drawn = page(full, tmp_path)
    lines = drawn[0].splitlines()
    if harm == "row":
        lines = [line for line in lines if "two seeds" not in line]
    elif harm == "column":
        lines = [re.sub(r"[^|]*\|$", "", line) for line in lines]
    elif harm == "heading":
        lines = [line.replace("Mood", "Temper") for line in lines]
    else:
        lines = [line for line in lines if not line.startswith("|")]
    path.write_text(path.read_text().replace(drawn[0], "\n".join(lines) + "\n"))
    assert run([str(path)]) == 1
    out = capsys.readouterr().out
    assert "+| two seeds | 69.50 |" in out
    assert out.count("still gives this table") == 1


def test_a_sweep_that_is_not_there_does_not_hide_the_others(full, tmp_path: Path, capsys) -> None:
    """The page's other tables are compared; status 2."""
    path, drawn = page(full, tmp_path)
    other = drawn[0].replace("sweep: toy", "sweep: tov")
    path.write_text(path.read_text().replace(drawn[0], other))
    assert run([str(path)]) == 2
    said = capsys.readouterr()
    assert ": tov: No sweep 'tov' in " in said.err
    assert said.out.count("still gives this table") == 1


def claimed_store(builder) -> Path:
    """A store with two rows, of which one is claimed to be the better."""
    builder.column("Mood", ["mood.acc"])
    for label, mean in (("slow", 70.0), ("fast", 60.0)):
        runs = [{"mood": {"acc": mean + step}} for step in (-0.1, 0.0, 0.1)]
        builder.row(label, runs, baseline=label == "slow")
    found, _ = read_claims([{"that": "slow > fast"}], {"slow": "slow", "fast": "fast"})
    claims = {"level": LEVEL, "list": [claim.to_json() for claim in found]}
    return builder.record(claims=claims)


def test_a_page_may_leave_out_claims_but_not_change_them(builder, tmp_path: Path, capsys) -> None:
    """The block below a table is a table of its own."""
    text = render(collect(claimed_store(builder), "toy"), "markdown", Style())
    assert "| supported" in text
    path = tmp_path / "page.md"
    for change, status in (
        (text, 0),
        (re.sub(r"\*\*Claims.*?\n<!--", "\n<!--", text, flags=re.DOTALL), 0),
        (text.replace("| supported", "| undecided"), 1),
    ):
        path.write_text(f"# A page\n\n{change}")
        assert run([str(path)]) == status
    assert "+| slow > fast" in capsys.readouterr().out


def test_write_puts_into_a_page_what_the_store_gives(full, tmp_path: Path, capsys) -> None:
    """Rows and scores alone: a page that has them already stays as it is, byte for byte."""
    path, _ = page(full, tmp_path)
    assert run([str(path), "--write"]) == 0
    wanted = path.read_text()
    capsys.readouterr()
    path.write_text(wanted.replace("69.50", "79.50").replace("scores: ", "scores: 0", 1))
    assert run([str(path)]) == 1
    assert run([str(path), "--write"]) == 0
    assert path.read_text() == wanted
    assert capsys.readouterr().out.splitlines()[-2:] == [f"{path}: toy: written."] * 2
    assert run([str(path), "--write"]) == 0
    assert path.read_text() == wanted
    assert run([str(path)]) == 0
    words = [line for line in wanted.splitlines() if not line.startswith("|")]
    # All but the width of a drawing's columns is as it was.
    before = f"{page(full, tmp_path)[0].read_text()}".splitlines()
    assert words == [line for line in before if not line.startswith("|")]


def test_write_fills_a_comment_without_its_table(builder, tmp_path: Path, capsys) -> None:
    """With the claims below; other tables of the page are not touched."""
    store = claimed_store(builder)
    path = tmp_path / "page.md"
    own = "| a | b |\n|---|---|\n| 1 | 2 |\n"
    comment = f"<!--\nsweep: toy\nstore: {store}\nscores: none\ndrawn: markdown\n-->\n"
    path.write_text(f"# A page\n\n{own}\nSo:\n\n{comment}\nEnd.\n")
    assert run([str(path), "--write"]) == 0
    text = path.read_text()
    assert text.startswith(
        f"# A page\n\n{own}\nSo:\n\n| | Mood |\n| :-- | --: |\n| ★ slow | **70.00** |\n"
    )
    assert "\n\n| claim | in | difference |" in text
    assert text.endswith("drawn: markdown\n-->\n\nEnd.\n")
    assert run([str(path)]) == 0


def test_write_leaves_a_page_of_which_a_store_is_gone(full, tmp_path: Path) -> None:
    """Also its other tables; and a file that is one drawing is no page."""
    path, drawn = page(full, tmp_path)
    text = path.read_text().replace(drawn[0], drawn[0].replace("sweep: toy", "sweep: tov"))
    path.write_text(text)
    with pytest.raises(ReportError, match=r"was left as it is: No sweep 'tov' in "):
        run([str(path), "--write"])
    assert path.read_text() == text
    with pytest.raises(ReportError, match="is no page of Markdown"):
        run([str(written(full, tmp_path, "latex")), "--write"])
