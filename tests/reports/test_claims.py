"""Claims below a table: both verdicts, in every format, in a comparison, on a page, as a figure."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from reports.claims.drawn import claims_table
from reports.claims.judged import judged_claims
from reports.commands.cli import main
from reports.commands.compare import compare
from reports.commands.published import published_table
from reports.commands.verify import run as verify
from reports.errors import ReportError
from reports.figures import Sweep, write_figures
from reports.figures.claims import claims as forest
from reports.published import find_study
from reports.reading.collect import collect
from reports.reading.records import find_record
from reports.render import FORMATS, Style, render
from reports.render.claims import CLAIM_FORMATS, render_claims
from reports.render.terminal import print_terminal
from reports.site import write_site
from sweeps.asking.sweepfile import read_sweep_file
from sweeps.claims.statement import LEVEL, read_claims

STUDY = find_study().name
RATES = [f"Corruption rate = {rate}%" for rate in (10, 15, 25, 50)]
HOSTILE = r"50% & more_of *them* | <b>Größe</b> ≥ 中 {x} \y $z$ [w](v)"


def claimed(entries: list[dict[str, Any]], labels: list[str]) -> dict[str, Any]:
    """The claims of a record."""
    found, complaints = read_claims(entries, {label: label for label in labels})
    assert complaints == []
    return {"level": LEVEL, "list": [claim.to_json() for claim in found]}


def rates(builder: Any, entries: list[dict[str, Any]] | None = None, **record: Any) -> Path:
    """Table 6 with three runs a row: 50% is far below, the others are near each other."""
    builder.column("Mood", ["mood.acc"], paper="GLUE", words="accuracy")
    for label, mean in zip(RATES, (70.9, 71.0, 71.1, 60.0), strict=True):
        runs = [{"mood": {"acc": mean + step}} for step in (-0.1, 0.0, 0.1)]
        builder.row(label, runs, baseline=label == RATES[1])
    entries = entries or [
        {"that": f"{RATES[3]} < {RATES[1]}", "columns": ["Mood"], "section": "3.3.3"},
        {"that": f"{RATES[2]} ~ {RATES[1]}", "within": 1.0, "columns": ["GLUE"]},
        {"that": f"{RATES[2]} > {RATES[1]}", "columns": ["GLUE"], "note": "It is hardly more."},
        {"that": f"{RATES[3]} > {RATES[0]}", "columns": ["Mood"]},
        {"that": f"{RATES[2]} > {RATES[0]}", "columns": ["SQuAD"]},
    ]
    more = {"study": STUDY, "claims": claimed(entries, RATES), **record}
    return builder.record("table06", **more)


def hostile(builder: Any) -> Path:
    """A study of another name, whose labels hold what every format takes for its own signs."""
    builder.column("A|B_<c>", ["mood.acc"])
    builder.row(HOSTILE, [{"mood": {"acc": v}} for v in (70.0, 71.0)], baseline=True)
    builder.row("plain", [{"mood": {"acc": v}} for v in (60.0, 61.0)])
    entries = [{"that": f"{HOSTILE} > plain", "note": "see --> here"}]
    return builder.record("hard", claims=claimed(entries, [HOSTILE, "plain"]))


def words(store: Path) -> list[tuple[str, str, str | None]]:
    """Column and both verdicts of each claim."""
    table = collect(store, "table06").claims
    assert table is not None
    return [
        (
            row.facts["column"],
            row.facts["verdict"],
            row.facts["published"] and row.facts["published"]["verdict"],
        )
        for row in table.rows
    ]


def test_ours_and_the_published_verdicts_stand_side_by_side(builder) -> None:
    """A column of ours goes by the published one of its kind; one that is not there is said so."""
    assert words(rates(builder)) == [
        ("Mood", "supported", "supported"),
        ("Mood", "supported", "supported"),
        ("Mood", "undecided", "undecided"),
        ("Mood", "contradicted", "contradicted"),
        ("SQuAD", "cannot be judged", "undecided"),
    ]


def test_differences_of_rows_and_of_columns_are_judged_on_both_sides(builder) -> None:
    """Ours run by run, the published ones by what is printed; a page leads to every row."""
    builder.column("Mood", ["mood.acc"], paper="GLUE")
    builder.column("Answers", ["answers.acc"], paper="SQuAD")
    for label, mean in zip(RATES, (70.0, 71.0, 75.0, 60.0), strict=True):
        # Both scores of a run move together: their difference hardly differs from run to run.
        runs = [
            {"mood": {"acc": mean + step}, "answers": {"acc": 50.0 + step + step**2 / 9}}
            for step in (-3.0, 0.0, 3.0)
        ]
        builder.row(label, runs, baseline=label == RATES[1])
    gains = f"({RATES[2]} - {RATES[0]}) > ({RATES[3]} - {RATES[1]})"
    entries = [
        {"that": gains, "columns": ["GLUE"]},
        {"that": f"{RATES[1]} > {RATES[3]}", "columns": ["GLUE - SQuAD"]},
    ]
    store = builder.record("table06", study=STUDY, claims=claimed(entries, RATES))
    table = collect(store, "table06").claims
    assert table is not None
    first, second = (row.facts for row in table.rows)
    assert (first["that"], first["over"]) == (gains, [RATES[0], RATES[1]])
    assert first["difference"] == pytest.approx(5.0 + 11.0)
    assert first["published"]["difference"] == pytest.approx(0.18 + 2.01)
    assert (second["column"], second["verdict"]) == ("GLUE - SQuAD", "supported")
    assert second["difference"] == pytest.approx(11.0)
    assert second["published"]["verdict"] == "cannot be judged"
    page = (write_site(store, builder.path / "site").parent / "claims.html").read_text()
    assert all(f"{label}: seed" in page for label in RATES)


def test_the_average_of_a_sweep_is_no_published_one(builder) -> None:
    """But where its column says which; GLUE's average is one of a benchmark."""
    entries = [{"that": f"{RATES[3]} < {RATES[1]}"}]
    assert words(rates(builder, entries)) == [("Mood", "supported", "supported")]
    builder.column("Average", ["mood.acc"], average=True)
    store = builder.record("table06", study=STUDY, claims=claimed(entries, RATES))
    assert words(store) == [("Average", "supported", "cannot be judged")]


def test_json_has_what_others_rely_on(builder, capsys) -> None:
    """`python -m reports claims ID --format json`."""
    store = rates(builder)
    assert main(["claims", "table06", "--store", str(store), "--format", "json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert list(content) == ["claims"]
    first = content["claims"][0]
    assert first["that"] == f"{RATES[3]} < {RATES[1]}"
    assert first["column"] == "Mood"
    assert first["difference"] == pytest.approx(-11.0)
    low, high = first["interval"]
    assert low < -11.0 < high
    assert first["verdict"] == "supported"
    assert first["seeds_needed"] is None
    assert first["published"]["difference"] == pytest.approx(81.27 - 83.28)
    assert first["published"]["verdict"] == "supported"
    assert content["claims"][2]["seeds_needed"] > 3
    # The same block stands in the table's own JSON.
    assert main(["table06", "--store", str(store), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["claims"] == content["claims"]


def test_a_study_without_published_numbers_has_one_side(builder) -> None:
    """Its table has no columns of theirs, its JSON a null."""
    table = collect(hostile(builder), "hard").claims
    assert table is not None
    names = [column.name for column in table.columns]
    assert names == ["difference", "95% interval", "verdict", "could show", "seeds a row"]
    assert table.rows[0].facts["published"] is None


def test_a_sweep_without_claims_has_no_block(full, capsys) -> None:
    """Asked for its claims it says how to write some."""
    store = full.record()
    assert collect(store, "toy").claims is None
    assert "claims" not in json.loads(render(collect(store, "toy"), "json"))
    assert main(["claims", "toy", "--store", str(store)]) == 2
    assert 'claims: [{that: "A > B"}]' in capsys.readouterr().err


# -- the published numbers ------------------------------------------------------------------


def test_a_published_table_without_a_ruler_cannot_be_judged() -> None:
    """But by the ruler that the sweep file names for one column, with its source."""
    claims = published_table(find_study(), "14").claims
    assert claims is not None
    found = {row.facts["column"]: row.facts["published"]["verdict"] for row in claims.rows}
    assert found.pop("SQuAD") == "supported"
    assert set(found.values()) == {"cannot be judged"}
    assert "T5-11B has 1 run" in claims.rows[1].facts["published"]["reason"]
    assert any("Table 1, on the same validation set" in note for note in claims.notes)


def test_metrics_that_only_the_full_table_has_are_judged() -> None:
    """MultiRC's and ReCoRD's exact match are not among the columns of Table 8."""
    claims = published_table(find_study(), "8").claims
    assert claims is not None
    found = {
        row.facts["column"]: row.facts["published"]
        for row in claims.rows
        if row.facts["column"].endswith("EM")
    }
    assert found["MultiRC EM"]["difference"] == pytest.approx(50.93 - 25.78)
    assert found["ReCoRD EM"]["difference"] == pytest.approx(73.72 - 68.16)
    assert {one["verdict"] for one in found.values()} == {"supported"}


@pytest.mark.parametrize("number", find_study().numbers)
def test_every_full_table_can_be_drawn(number: int) -> None:
    """Also where its errata name condensed columns."""
    assert find_study().table(number, every_metric=True).rows


def test_a_published_table_shows_its_claims(capsys) -> None:
    """In every format, below the numbers; a table that no sweep repeats has none."""
    assert main(["published", "--table", "6"]) == 0
    shown = capsys.readouterr().out
    assert f"**Claims: {find_study().table(6).title}**" in shown
    assert shown.count("undecided") == 10
    assert published_table(find_study(), "16").claims is None


def test_what_is_published_stays_as_it_is_drawn(tmp_path: Path) -> None:
    """A drawing with claims can be made again."""
    for format in FORMATS:
        path = tmp_path / f"table{FORMATS[format].suffix}"
        path.write_text(render(published_table(find_study(), "8"), format))
        assert verify([str(path)]) == 0


# -- formats --------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_of_a_table_has_its_claims(builder, tmp_path: Path, format: str) -> None:
    """Words of each verdict, and the file says that the store still gives it."""
    store = rates(builder)
    text = render(collect(store, "table06"), format, Style(deviation=True))
    for word in ("supported", "contradicted", "undecided", "cannot be judged"):
        assert word in text
    path = tmp_path / f"table06{FORMATS[format].suffix}"
    path.write_text(text)
    assert verify([str(path)]) == 0


@pytest.mark.parametrize("format", ["markdown", "latex", "html"])
def test_claims_alone_are_verified_too(builder, tmp_path: Path, format: str) -> None:
    """And another verdict is seen."""
    store = rates(builder)
    words = ["claims", "table06", "--store", str(store), "--format", format]
    assert main([*words, "--output", str(tmp_path)]) == 0
    path = tmp_path / f"table06-claims{CLAIM_FORMATS[format][0]}"
    assert verify([str(path)]) == 0
    path.write_text(path.read_text().replace("contradicted", "supported"))
    assert verify([str(path)]) == 1


def test_hostile_labels_are_words_in_every_format(builder) -> None:
    """No sign of a label is one of the format's."""
    table = collect(hostile(builder), "hard")
    claims = table.claims
    assert claims is not None
    that = f"{HOSTILE} > plain"
    assert json.loads(render_claims(claims, "json"))["claims"][0]["that"] == that
    assert render_claims(claims, "text").startswith(f"{that}, in A|B_<c>\n  supported")
    markdown = render_claims(claims, "markdown")
    assert (
        r"50% & more_of \*them\* \| \<b>Größe\</b> ≥ 中 {x} \\y \$z\$ \[w\](v) > plain" in markdown
    )
    html = render_claims(claims, "html")
    assert "<b>Größe</b>" not in html
    assert "&lt;b&gt;Größe&lt;/b&gt;" in html
    latex = render_claims(claims, "latex")
    assert r"50\% \& more\_of {*}them{*} \textbar{}" in latex
    assert r"\{x\} \textbackslash{}y \$z\$" in latex
    for format in FORMATS:
        assert "supported" in render(table, format)


def test_many_claims_go_over_several_floats(builder) -> None:
    """A LaTeX page holds 24; footnotes to all stand below the last."""
    builder.column("Mood", ["mood.acc"])
    labels = [f"row {i}" for i in range(30)]
    for i, label in enumerate(labels):
        runs = [{"mood": {"acc": 50.0 + i + step}} for step in (0.0, 0.1)]
        builder.row(label, runs, baseline=i == 0)
    entries = [{"that": f"{b} > {a}"} for a, b in pairwise(labels)]
    store = builder.record(claims=claimed(entries, labels))
    latex = render(collect(store, "toy"), "latex", Style(label="tab:one", caption="One"))
    assert latex.count(r"\begin{table}") == 3
    assert latex.count(r"\caption{One}") == latex.count(r"\label{tab:one}") == 1
    assert "\\caption{Claims: A toy sweep}\n\\label{tab:one-claims}" in latex
    assert r"\caption{Claims: A toy sweep, continued}" in latex
    assert latex.count(r"\label") == 2
    assert latex.count("(Holm 1979)") == 1
    assert latex.count("row 2 \\textgreater{} row 1") == 1


def test_the_terminal_shows_them_below_the_table(builder) -> None:
    """As far as the screen is wide, in blocks."""
    from rich.console import Console

    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    print_terminal(collect(rates(builder), "table06"), console=console)
    shown = console.export_text()
    assert shown.index("Corruption rate = 50%") < shown.index("Claims: A toy sweep")
    assert "cannot be judged" in shown


def test_an_unknown_format_is_named(builder) -> None:
    """With the nearest one."""
    claims = collect(rates(builder), "table06").claims
    assert claims is not None
    with pytest.raises(ReportError, match=r"'txt'.*'text'"):
        render_claims(claims, "txt")


def test_text_says_why_and_at_what_price(builder) -> None:
    """One paragraph a claim; the further seeds' time stands in the table's brackets."""
    price = {"flops": 3.0e12, "seconds": 1800.0}
    further = {"device": "a CPU", "rows": {label: {f"next {label}": price} for label in RATES}}
    entries = [{"that": f"{RATES[2]} > {RATES[1]}", "section": "3.3.3"}]
    claims = claimed(entries, RATES) | {"further": further}
    table = collect(rates(builder, claims=claims), "table06").claims
    assert table is not None
    facts = table.rows[0].facts
    seeds = facts["seeds_needed"]
    assert facts["cost"]["hours"] == pytest.approx(2 * (seeds - 3) * 0.5)
    assert facts["cost"]["device"] == "a CPU"
    assert table.rows[0].scores[4].text == f"{seeds} ({seeds - 3:.1f} hours)"
    assert any("of the further ones on a CPU" in note for note in table.notes)
    text = render_claims(table, "text")
    assert text.startswith(f"{RATES[2]} > {RATES[1]}, in Mood (section 3.3.3)\n  undecided, ")
    assert f"would take {seeds} seeds a row" in text


# -- a comparison, pages, a figure ------------------------------------------------------------


def test_a_comparison_has_the_claims_below(builder) -> None:
    """The same block as the sweep's own table."""
    store = rates(builder)
    below = compare(store, "table06").table.claims
    assert below is not None
    assert below == collect(store, "table06").claims


def test_the_site_has_a_page_of_all_claims(builder, tmp_path: Path) -> None:
    """Each leads to its sweep's table and to the page of every run; nothing leads astray."""
    store = rates(builder)
    front = write_site(store, tmp_path / "site")
    assert 'href="claims.html"' in front.read_text()
    page = (front.parent / "claims.html").read_text()
    links = re.findall(r'href="([^"#]+)"', page)
    assert {"table06.html", "table06/0-seed0.html", "table06/3-seed2.html"} <= {*links}
    assert [link for link in links if not (front.parent / link).is_file()] == []
    for word in ("supported", "contradicted", "undecided", "cannot be judged"):
        assert f">{word}</span>" in page
    below = (front.parent / "table06.html").read_text()
    assert "Claims: A toy sweep" in below


def test_hostile_labels_are_words_on_the_page(builder, tmp_path: Path) -> None:
    """Also where a reason names them."""
    front = write_site(hostile(builder), tmp_path / "site")
    page = (front.parent / "claims.html").read_text()
    assert "<b>" not in page
    assert "&lt;b&gt;Größe" in page


def test_a_store_without_claims_has_no_such_page(full, tmp_path: Path) -> None:
    """And no link to one."""
    front = write_site(full.record(), tmp_path / "site")
    assert "claims.html" not in front.read_text()
    assert not (front.parent / "claims.html").exists()


def test_the_forest_has_both_differences_and_margins(builder, tmp_path: Path) -> None:
    """Ours filled, the published hollow; a band of the margin; SVG and PNG."""
    sweep = Sweep(rates(builder), "table06")
    figure = forest(sweep)
    assert figure is not None
    axes = figure.axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[0] == f"{RATES[3]} < {RATES[1]}  Mood"
    points = {(round(float(c[0].get_xdata()[0]), 2), c[0].get_fillstyle()) for c in axes.containers}
    assert {(-11.0, "full"), (-2.01, "none"), (0.1, "full"), (-0.28, "none")} <= points
    assert len(axes.collections) > 0
    paths = write_figures(sweep, tmp_path, ["claims"])
    assert [path.name for path in paths] == ["table06_claims.svg", "table06_claims.png"]


def test_no_claims_no_forest(full) -> None:
    """As of any figure without content."""
    assert forest(Sweep(full.record(), "toy")) is None


def test_the_study_s_own_files_are_drawn_as_any(builder) -> None:
    """The claims of Table 6 as its sweep file has them, on scores of another suite."""
    file = read_sweep_file("table06")
    claims = {"level": LEVEL, "list": [claim.to_json() for claim in file.claims]}
    store = rates(builder, claims=claims)
    record = find_record(store, "table06")
    judged = judged_claims(store, record)
    assert judged is not None
    assert len(judged.claims) == sum(len(claim.columns) for claim in file.claims)
    table = claims_table(store, record)
    assert table is not None
    assert "Margin: 3.3.3" in " ".join(table.rows[0].notes)


def test_a_claim_of_what_a_run_computes_is_counted(builder: Any, capsys: Any) -> None:
    """The column is there unasked; the difference has its number, no interval and no seeds."""
    builder.column("Mood", ["mood.acc"])
    labels = ["spans", "tokens"]
    for label, flops in zip(labels, (2.5e12, 5e12), strict=True):
        for key in builder.row(label, [{"mood": {"acc": 70.0}}], baseline=label == "tokens"):
            path = builder.path / f"evaluate/{key}/stage.json"
            described = json.loads(path.read_text())
            described["facts"]["flops"] = flops
            path.write_text(json.dumps(described))
    entries = [{"that": "spans > tokens", "columns": ["FLOPs"]}]
    store = builder.record(claims=claimed(entries, labels))
    table = collect(store, "toy")
    assert [column.name for column in table.columns] == ["Mood", "FLOPs"]
    assert [row.scores[1].value for row in table.rows] == [3.5e12, 6e12]
    assert main(["toy", "--store", str(store), "--format", "markdown"]) == 0
    drawn = capsys.readouterr().out
    (line,) = [line for line in drawn.splitlines() if line.startswith("| spans > tokens")]
    assert [part.strip() for part in line.strip("|").split("|")][:5] == [
        "spans > tokens",
        "FLOPs",
        "+2.5e12",
        "—",
        "supported",
    ]
    assert "FLOPs are counted: chance has no part in them." in drawn
    assert table.claims is not None
    sentence = "supported, difference +2.5e+12. spans is better: counted, not estimated."
    assert sentence in render_claims(table.claims, "text")
    assert forest(Sweep(store, "toy")) is None


def test_an_unfinished_run_computes_nothing_yet(builder: Any) -> None:
    """A claim of its count cannot be judged."""
    builder.column("Mood", ["mood.acc"])
    builder.row("spans", [None])
    builder.row("tokens", [{"mood": {"acc": 70.0}}], baseline=True)
    entries = [{"that": "spans > tokens", "columns": ["FLOPs"]}]
    store = builder.record(claims=claimed(entries, ["spans", "tokens"]))
    judged = judged_claims(store, find_record(store, "toy"))
    assert judged is not None
    (one,) = judged.claims
    assert one.ours is not None
    assert (one.ours.verdict, one.ours.reason) == ("cannot be judged", "spans has no score.")
