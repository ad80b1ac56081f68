"""Ours beside the published numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reports.commands.compare import compare, run
from reports.errors import ReportError
from reports.published import find_study, studies

STUDY = find_study().name


def recorded(builder: Any, id: str, **more: Any) -> Any:
    """The record of a sweep of the study whose published numbers are compared with."""
    return builder.record(id, **{"study": STUDY, **more})


LABELS = [f"Corruption rate = {rate}%" for rate in (10, 15, 25, 50)]
GLUE = [82.82, 83.28, 83.00, 81.27]


def sweep(builder: Any, values: list[float], spread: float = 0.2, **record: Any) -> Any:
    """A sweep of four corruption rates on one column that stands for GLUE."""
    builder.column("Mood", ["mood.acc"], paper="GLUE")
    builder.column("Speed", ["mood.speed"])
    for label, value in zip(LABELS, values, strict=True):
        baseline = label == LABELS[1]
        runs = [value - spread, value, value + spread] if baseline else [value]
        scores = [{"mood": {"acc": v, "speed": 1.0}} for v in runs]
        builder.row(label, scores, baseline=baseline)
    return recorded(builder, "table06", **record)


def test_differences_stand_beside_the_published_ones(builder) -> None:
    """To the baseline, with their sign; scales differ, so heights are not shown."""
    table = compare(sweep(builder, [60.0, 63.0, 61.0, 50.0]), "table06").table
    assert [c.name for c in table.columns] == ["Mood ours", "GLUE paper"]
    assert [[s.value for s in row.scores] for row in table.rows] == [
        [pytest.approx(a), pytest.approx(b)]
        for a, b in [(-3.0, -0.46), (0.0, 0.0), (-2.0, -0.28), (-13.0, -2.01)]
    ]
    assert [[s.bold for s in row.scores] for row in table.rows] == [
        [False, True],
        [True, True],
        [False, True],
        [False, False],
    ]


def test_the_map_is_printed_above_and_names_other_tasks(builder) -> None:
    """And which of our columns have no published counterpart."""
    preface = compare(sweep(builder, GLUE), "table06").table.preface
    assert preface[0] == "Columns of one kind, ours → the paper's: Mood → GLUE (other tasks)."
    assert preface[1] == "Without a published column of their kind: Speed."
    assert "heights do not" in preface[2]


def test_same_tasks_are_not_called_others(builder) -> None:
    """CNN/DM by ROUGE-2 is the paper's own column."""
    builder.column("Summary", ["cnn_dailymail.rouge2"], paper="CNNDM")
    for label in LABELS:
        scores = [{"cnn_dailymail": {"rouge2": 1.0}}]
        builder.row(label, scores, baseline=label == LABELS[1])
    (agreement,) = compare(recorded(builder, "table06"), "table06").agreements
    assert agreement.same_scores


def agreement(builder: Any, values: list[float], spread: float = 0.2) -> Any:
    (found,) = compare(sweep(builder, values, spread), "table06").agreements
    return found


def test_signs_ranks_and_bolds_by_hand(builder) -> None:
    """Ours 80, 83, 84, 70 against 82.82, 83.28, 83.00, 81.27: one pair of six is swapped."""
    found = agreement(builder, [80.0, 83.0, 84.0, 70.0])
    assert found.signs == ((LABELS[0], -1, -1), (LABELS[2], 1, -1), (LABELS[3], -1, -1))
    assert found.tau == pytest.approx(4 / 6)
    assert found.p_value == pytest.approx(1 / 3)  # exact: 8 of 24 orders are as far from chance
    assert found.bold_published == (LABELS[0], LABELS[1], LABELS[2])
    assert found.bold_repeated == (LABELS[2],)
    assert "2 of 3 signs are the same" in found.sentence()
    assert "Kendall's tau 0.67 (p = 0.33, 4 rows)" in found.sentence()
    assert "1 of 3 published bolds repeated" in found.sentence()
    assert found.sentence().endswith(f"(not {LABELS[0]}, {LABELS[1]}).")


def test_a_hole_is_no_bold_that_was_missed(builder) -> None:
    """Of the three rows that are bold in the paper one has no score here yet."""
    builder.column("Mood", ["mood.acc"], paper="GLUE")
    for label, value in zip(LABELS, [None, 83.0, 83.1, 70.0], strict=True):
        scores = [value and {"mood": {"acc": value}}]
        builder.row(label, scores, baseline=label == LABELS[1])
    (found,) = compare(recorded(builder, "table06"), "table06").agreements
    assert found.bold_published == (LABELS[1], LABELS[2])
    assert "1 of 2 published bolds repeated" in found.sentence()


@pytest.mark.parametrize(
    ("values", "spread", "verdict"),
    [
        # Only 50% lies more than two published deviations (0.47) below the baseline.
        ([83.0, 83.0, 83.0, 80.0], 0.2, "agrees"),
        ([83.0, 83.0, 83.0, 90.0], 0.2, "opposite"),
        ([83.1, 83.0, 82.9, 83.2], 0.2, "our differences are inside our own spread"),
        ([90.0, 83.0, 90.0, 83.1], 0.2, "no row differs beyond the spread in both tables"),
        ([83.0, 83.0, 83.0, 80.0], 0.0, "agrees"),
        # No difference is none in the other direction, also where the ruler is 0.
        ([83.0, 83.0, 83.0, 83.0], 0.0, "our differences are inside our own spread"),
        ([90.0, 83.0, 83.0, 83.0], 0.0, "no row differs beyond the spread in both tables"),
    ],
)
def test_verdict(builder, values: list[float], spread: float, verdict: str) -> None:
    """By the rows that differ by two deviations or more in both tables."""
    assert agreement(builder, values, spread).verdict == verdict


def test_a_column_of_equal_scores_has_no_rank_correlation(builder) -> None:
    """Kendall's tau is not defined there, and nothing crashes."""
    found = agreement(builder, [83.0, 83.0, 83.0, 83.0])
    assert (found.tau, found.p_value) == (None, None)
    assert "tau" not in found.sentence()


def test_holes_are_left_out(builder) -> None:
    """A row that did not finish is a hole here too, with its reason."""
    builder.column("Mood", ["mood.acc"], paper="GLUE")
    builder.row(LABELS[1], [{"mood": {"acc": 80.0}}], baseline=True)
    builder.row(LABELS[3], [None])
    comparison = compare(recorded(builder, "table06"), "table06")
    assert comparison.table.rows[1].scores[0].notes == ("No score: not run yet.",)
    assert comparison.agreements[0].verdict == "nothing to compare yet"


def test_rows_that_only_one_table_has_are_named(builder) -> None:
    """Nothing is paired by guess."""
    builder.column("Mood", ["mood.acc"], paper="GLUE")
    builder.row(LABELS[1], [{"mood": {"acc": 80.0}}], baseline=True)
    builder.row(LABELS[3], [{"mood": {"acc": 80.0}}])
    builder.row("75%", [{"mood": {"acc": 80.0}}])
    notes = compare(recorded(builder, "table06"), "table06").table.notes
    assert "Not in the published table: 75%." in notes
    assert f"Not in table06: {LABELS[0]}; {LABELS[2]}." in notes


def test_labels_match_as_the_paper_prints_them_too(builder) -> None:
    """10% of Table 6 is "Corruption rate = 10%" of the full table."""
    builder.column("Mood", ["mood.acc"], paper="GLUE")
    builder.row("15 %", [{"mood": {"acc": 80.0}}], baseline=True)
    builder.row("10%", [{"mood": {"acc": 80.5}}])
    table = compare(recorded(builder, "table06"), "table06").table
    assert table.rows[1].scores[1].value == pytest.approx(-0.46)


def test_an_ambiguous_label_is_paired_with_nothing(builder) -> None:
    """Two rows of Table 2 begin with "Encoder-decoder": the objective must be named too."""
    builder.column("Mood", ["mood.acc"], paper="GLUE")
    builder.row("base", [{"mood": {"acc": 80.0}}], baseline=True)
    builder.row("Encoder-decoder", [{"mood": {"acc": 80.0}}])
    builder.row("Encoder-decoder, LM", [{"mood": {"acc": 70.0}}])
    table = compare(recorded(builder, "table02"), "table02", absolute=True).table
    assert [row.label for row in table.rows] == ["base", "Encoder-decoder, LM"]
    assert table.rows[1].scores[1].value == 79.56


def test_a_published_table_without_its_baseline_takes_the_studys(builder) -> None:
    """Table 4 leaves the baseline out; its differences are to Table 1's."""
    builder.column("Mood", ["mood.acc"], paper="GLUE")
    builder.row("baseline", [{"mood": {"acc": 80.0}}], baseline=True)
    builder.row("Deshuffling", [{"mood": {"acc": 70.0}}])
    comparison = compare(recorded(builder, "table04"), "table04")
    assert comparison.table.rows[1].scores[1].value == pytest.approx(73.17 - 83.28)
    (note,) = comparison.table.rows[0].scores[1].notes
    assert note == "The published table leaves its baseline out."
    assert comparison.agreements[0].verdict == "agrees"


def test_a_table_of_systems_has_no_baseline(builder) -> None:
    """Table 14: differences to the mean of the rows in both tables, and that is said."""
    builder.column("Mood", ["mood.acc"], paper="SGLUE")
    builder.row("T5-Small", [{"mood": {"acc": 60.0}}], baseline=True)
    builder.row("T5-Base", [{"mood": {"acc": 70.0}}])
    table = compare(recorded(builder, "table14"), "table14").table
    assert [row.scores[0].value for row in table.rows] == [-5.0, 5.0]
    assert "Shown are differences to the mean of the rows in both tables." in table.notes


def test_single_metrics_come_from_the_full_table(builder) -> None:
    """A suite of one benchmark is compared metric by metric."""
    builder.column("CoLA", ["glue_cola.mcc"], paper="cola_mcc")
    for label in LABELS:
        scores = [{"glue_cola": {"mcc": 50.0}}]
        builder.row(label, scores, baseline=label == LABELS[1])
    table = compare(recorded(builder, "table06"), "table06", absolute=True).table
    assert [row.scores[1].value for row in table.rows] == [52.71, 53.84, 53.47, 46.26]


def test_absolute_scores_only_when_asked(builder) -> None:
    """--absolute shows heights."""
    table = compare(sweep(builder, GLUE), "table06", absolute=True).table
    assert [[s.value for s in row.scores] for row in table.rows] == [
        [pytest.approx(v), v] for v in GLUE
    ]


def test_a_sweep_without_a_published_table_says_what_to_type(builder) -> None:
    """A grid of one's own has no number."""
    sweep(builder, GLUE)
    recorded(builder, "mine")
    with pytest.raises(ReportError, match="give --table N"):
        compare(builder.path, "mine")
    assert compare(builder.path, "mine", number=6).agreements[0].rows == 4


def test_a_suite_without_paper_columns_says_what_is_missing(builder) -> None:
    """The map belongs to the suite."""
    builder.column("Mood", ["mood.acc"])
    builder.row(LABELS[0], [{"mood": {"acc": 1.0}}])
    with pytest.raises(ReportError, match="No column of 'table06' names a published one"):
        compare(recorded(builder, "table06"), "table06")


def test_json_holds_the_agreements(builder, capsys: pytest.CaptureFixture[str]) -> None:
    """For programs: verdict, signs and tau beside the table."""
    store = sweep(builder, [80.0, 83.0, 84.0, 70.0])
    assert run(["table06", "--store", str(store), "--format", "json"]) == 0
    drawn = json.loads(capsys.readouterr().out)
    assert drawn["comparison"][0]["verdict"] == "agrees"
    assert drawn["columns"] == ["Mood ours", "GLUE paper"]
    assert drawn["preface"][0].startswith("Columns of one kind")


def test_rows_are_paired_by_the_published_name(builder) -> None:
    """A label that says what really ran still stands beside the row it stands in for."""
    folder = sweep(builder, GLUE)
    file = folder / "sweeps/table06.json"
    record = json.loads(file.read_text())
    for row in record["rows"]:
        row["name"], row["label"] = row["label"], f"{row['label']} [of something else]"
    file.write_text(json.dumps(record))
    (agreement,) = compare(folder, "table06").agreements
    assert agreement.tau == pytest.approx(1.0)


def ablation(builder: Any, study: str, id: str) -> Any:
    """A sweep of the rows of ELECTRA's Table 5."""
    builder.column("GLUE", ["glue.mean"], paper="glue")
    for label, value in (("ELECTRA", 80.0), ("BERT", 70.0), ("Replace MLM", 75.0)):
        builder.row(label, [{"glue": {"mean": value}}], baseline=label == "ELECTRA")
    return builder.record(id, study=study)


@pytest.mark.parametrize("id", ["electra/table05", "table05"])
def test_a_sweep_is_compared_with_its_own_studys_table(builder, id: str) -> None:
    """Table 5 of the default study has other rows, and is not looked at."""
    comparison = compare(ablation(builder, "electra", id), id, absolute=True)
    assert [row.scores[1].value for row in comparison.table.rows] == [85.0, 82.2, 82.4]
    assert comparison.table.title.endswith("ours beside table 5 of Clark et al. 2020")
    assert [c.name for c in comparison.table.columns] == ["GLUE ours", "GLUE published"]
    (found,) = comparison.agreements
    assert found.signs == (("BERT", -1, -1), ("Replace MLM", -1, -1))
    assert found.sentence().startswith("GLUE ours, GLUE published: agrees")


def test_a_study_without_published_numbers_is_refused(builder) -> None:
    """Never compared with another's, unless that was asked for."""
    store = ablation(builder, "toy", "table05")
    with pytest.raises(
        ReportError, match="'table05' is of study 'toy', of which no published"
    ) as e:
        compare(store, "table05")
    assert "--study: " + ", ".join(studies()) in str(e.value)
    asked = compare(store, "table05", study="electra", absolute=True)
    assert asked.table.provenance["study"] == "electra"


def test_a_table_without_any_of_our_columns_says_what_it_has(builder) -> None:
    """Table 4 of that study is of SQuAD alone."""
    store = ablation(builder, "electra", "electra/table05")
    with pytest.raises(
        ReportError, match=r"Table 4 .* has none of the columns glue.* squad11_dev_em"
    ):
        compare(store, "electra/table05", number=4)


def test_lower_is_better_turns_the_signs(builder) -> None:
    """A row that takes less time than the baseline is better in both tables."""
    builder.column("Time", ["t.s"], paper="seconds", least=0, most=None, lower_is_better=True)
    rows = [("Transformer-NMT, beam size 12", 9.0), ("Transformer-NMT, beam size 4", 5.0)]
    for label, value in [*rows, ("GECToR (XLNet), 1 iteration", 1.0)]:
        builder.row(label, [{"t": {"s": value}}], baseline="12" in label)
    store = builder.record("gector/table08", study="gector")
    (found,) = compare(store, "gector/table08").agreements
    # The published table has no baseline: differences are to the mean of both tables' rows.
    assert [(a, b) for _, a, b in found.signs] == [(-1, -1), (0, 1), (1, 1)]
    assert found.bold_published == found.bold_repeated == ("GECToR (XLNet), 1 iteration",)
