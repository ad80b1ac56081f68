"""What every drawing of a table must hold."""

from __future__ import annotations

import csv
import json
import re
from html.parser import HTMLParser

import pytest

from reports.errors import ReportError
from reports.reading.collect import collect
from reports.render import Style, render
from reports.render.markdown import escape as markdown_escape
from reports.render.tex import escape as tex_escape
from reports.table import Column, Row, Score, Table

DIGITS = re.compile(r"-?\d+\.\d+")


def drawn_rows(text: str, format: str) -> list[list[str]]:
    """The numbers of each row, in order, read back from a drawing."""
    if format == "csv":
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        head, *rows = csv.reader(lines)
        at = [head.index(name) for name in ("Mood", "Pairs", "Average")]
        return [[row[i] or "—" for i in at] for row in rows]
    if format == "json":
        table = json.loads(text)
        return [
            [
                "—" if value is None else f"{value:.{3 if row['kind'] == 'deviation' else places}f}"
                for value, places in zip(row["values"], table["decimals"], strict=True)
            ]
            for row in table["rows"] + table["references"]
        ]
    if format == "markdown":
        rows = [line for line in text.splitlines() if line.startswith("| ")][2:]
        cells = [re.split(r"(?<!\\)\|", row)[2:-1] for row in rows]
    elif format == "latex":
        rows = [line for line in text.splitlines() if line.endswith(r"\\") and " & " in line][1:]
        cells = [re.split(r"(?<!\\)&", row)[1:] for row in rows]
    else:
        rows = re.findall(r"<tr.*?</tr>", text)[1:]
        cells = [re.findall(r'<td class="number".*?</td>', row) for row in rows]
        cells = [[re.sub(r"<[^>]*>", "", cell) for cell in row] for row in cells]
    return [[match[0] if (match := DIGITS.search(cell)) else "—" for cell in row] for row in cells]


@pytest.mark.parametrize("format", ["markdown", "latex", "html", "csv", "json"])
def test_every_format_has_the_same_numbers(full, format: str) -> None:
    """Scores, holes and reference rows, in one order."""
    table = collect(full.record(), "toy")
    assert drawn_rows(render(table, format), format) == [
        ["71.00", "66.0", "68.50"],
        ["72.50", "55.0", "63.75"],
        ["69.50", "66.5", "68.00"],
        ["—", "—", "—"],
        ["1.000", "1.000", "1.000"],
        ["50.00", "30.6", "40.30"],
    ]


@pytest.mark.parametrize("format", ["markdown", "latex", "html", "csv", "json"])
def test_every_format_carries_its_footnotes_and_provenance(full, format: str) -> None:
    """Reasons, rule, selection; command, store, keys and commit."""
    text = render(collect(full.record(), "toy"), format)
    plain = text.replace("\\", "")
    for wanted in (
        "loss is nan at step 12",
        "Mean of 1/2 runs",
        "Bold: the best of a column",
        "Selection: best checkpoint",
        "run.py -m lr=0.1,0.5",
        str(full.path),
        "0123456789abcdef0123456789abcdef01234567",
        full.key("evaluate", "two seeds", 0),
    ):
        assert wanted in plain


def test_json_has_the_shape_that_others_read(full) -> None:
    """Columns by name; label, baseline, values and bold of each row."""
    drawn = json.loads(render(collect(full.record(), "toy"), "json"))
    assert drawn["columns"] == ["Mood", "Pairs", "Average"]
    first = drawn["rows"][0]
    assert {key: first[key] for key in ("label", "baseline", "values", "bold")} == {
        "label": "15% of tokens",
        "baseline": True,
        "values": [71.0, 66.0, 68.5],
        "bold": [True, True, True],
    }
    assert drawn["rows"][3]["values"] == [None, None, None]
    assert [row["label"] for row in drawn["rows"][1:3]] == [
        "50% & more_of *them* | Größe ≥ 中",
        "two seeds",
    ]


def test_deviation_is_shown_on_request_only(full) -> None:
    """Beside means over two runs or more."""
    table = collect(full.record(), "toy")
    assert "±" not in render(table, "markdown")
    assert "**71.00 ± 1.00**" in render(table, "markdown", Style(deviation=True))
    assert "69.50 ±" not in render(table, "markdown", Style(deviation=True))


def test_unknown_format_names_the_nearest(full) -> None:
    """And all that are known."""
    table = collect(full.record(), "toy")
    with pytest.raises(ReportError, match=r"'latecs'. Did you mean 'latex'"):
        render(table, "latecs")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a_b & 100%", r"a\_b \& 100\%"),
        ("2²⁹", r"2\textsuperscript{2}\textsuperscript{9}"),
        ("Größe", r"Gr\"{o}\ss{}e"),
        ("4 × size ≥ α", r"4 $\times$ size $\geq$ $\alpha$"),
        ("中", r"{\ttfamily U+4E2D}"),
        ("a--b", "a-{}-b"),
        (r"\input{x}", r"\textbackslash{}input\{x\}"),
        ("[1] *", "{[}1{]} {*}"),
        ("two\nlines", "two lines"),
    ],
)
def test_latex_escapes_what_it_would_read(text: str, expected: str) -> None:
    """No label is a command, and every letter has a form."""
    assert tex_escape(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("prefix_lm", "prefix_lm"),
        ("_a_ *b* | c", r"\_a\_ \*b\* \| c"),
        ("R&D &amp; <b>", r"R&D \&amp; \<b>"),
        ("a\nb", "a b"),
    ],
)
def test_markdown_escapes_what_it_would_read(text: str, expected: str) -> None:
    """Underscores inside of words and lone ampersands stay readable."""
    assert markdown_escape(text) == expected


def test_html_escapes_labels_and_links_nowhere(full) -> None:
    """A label is text; the page loads nothing."""
    full.rows[1]["label"] = "<script>alert(1)</script>"
    page = render(collect(full.record(), "toy"), "html")
    tags: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append(tag)
            assert not {"src", "href"} & {name for name, _ in attrs}

    Reader().feed(page)
    assert "script" not in tags
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("format", ["markdown", "html"])
def test_a_command_cannot_end_the_comment_it_stands_in(full, format: str) -> None:
    """The comment ends where the drawing ends it."""
    table = collect(full.record(command=["run.py", "--> <b>here</b>", "--!>"]), "toy")
    text = render(table, format)
    assert text.count("-->") == 1
    assert "--!>" not in text


def test_a_table_without_rows_or_scores() -> None:
    """A sweep that has just begun draws its headings."""
    table = Table(id="t", title="T", columns=(Column(name="C"),), rows=())
    for format in ("markdown", "latex", "html", "csv", "json"):
        assert "C" in render(table, format, Style(siunitx=True))


def test_marks_go_on_after_z() -> None:
    """Thirty footnotes: a ... z, aa ... ad."""
    scores = tuple(Score(value=None, notes=(f"note {i}",)) for i in range(30))
    columns = tuple(Column(name=str(i)) for i in range(30))
    table = Table(id="t", title="T", columns=columns, rows=(Row(label="r", scores=scores),))
    assert list(table.marks.values())[24:] == ["y", "z", "aa", "ab", "ac", "ad"]
    assert "<sup>ad</sup> note 29" in render(table, "markdown")


def test_negative_zero_has_no_sign() -> None:
    """A correlation of -0.001 shows as 0.00."""
    row = Row(label="r", scores=(Score(value=-0.001), Score(value=-1.5)))
    columns = (Column(name="a"), Column(name="b"))
    table = Table(id="t", title="T", columns=columns, rows=(row,))
    assert "| 0.00 | -1.50 |" in render(table, "markdown")


LABELS = [
    "#spans of 5",
    "rate 25% (run #2)",
    'he said "no", # then',
    "two\nlines\n# the third",
    "  blanks around ",
    "\ufeffmarked",
    "a,b;c\td",
    "# x: y",
    "'single' and back\\slash",
]


@pytest.mark.parametrize("format", ["csv"])
@pytest.mark.parametrize("columns", [["Score"], ["Score #1", "F1, of #2"]])
def test_the_documented_reader_gets_every_label_and_number(builder, format, columns) -> None:
    """pandas.read_csv(path, comment="#"), whatever a label holds."""
    import pandas

    for name in columns:
        builder.column(name, ["game.acc"])
    for i, label in enumerate(LABELS):
        builder.row(label, [{"game": {"acc": 50.0 + i}}], baseline=i == 0)
    table = collect(builder.record(), "toy")
    path = builder.write("table.csv", render(table, format))
    frame = pandas.read_csv(path, comment="#")
    assert list(frame["row"]) == LABELS
    for name in columns:
        assert list(frame[name]) == [50.0 + i for i in range(len(LABELS))]
    assert list(frame["baseline"]) == [1] + [0] * (len(LABELS) - 1)
