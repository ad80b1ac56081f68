"""From records and finished stages to the table."""

from __future__ import annotations

import json
import os
import time

import pytest

from reports.errors import ReportError
from reports.reading.collect import collect
from reports.table import Table


def mood(*values: float) -> list[dict[str, dict[str, float]]]:
    return [{"mood": {"acc": value}} for value in values]


def values(table: Table) -> list[list[float | None]]:
    return [[score.value for score in row.scores] for row in table.rows]


def said(table: Table) -> str:
    return "\n".join([*table.marks, *table.notes, *table.details])


def test_column_is_the_mean_over_groups_of_the_mean_within(builder) -> None:
    """Two metrics of one task weigh together as much as the only one of another."""
    builder.column("All", ["a.acc"], ["b.f1", "b.acc"])
    builder.row("r", [{"a": {"acc": 10.0}, "b": {"f1": 30.0, "acc": 50.0}}])
    assert values(collect(builder.record(), "toy")) == [[25.0]]


def test_row_is_the_mean_over_seeds_and_the_ruler_their_deviation(full) -> None:
    """n - 1 in the deviation; the average column has a ruler of its own."""
    table = collect(full.record(), "toy")
    assert values(table)[0] == [71.0, 66.0, 68.5]
    assert [s.deviation for s in table.rows[0].scores] == pytest.approx([1.0, 1.0, 1.0])
    assert [row.label for row in table.references] == [
        "Baseline standard deviation",
        "Best constant answer",
    ]
    assert [s.value for s in table.references[1].scores] == [50.0, 30.6, 40.3]


def test_bold_by_the_baselines_ruler(full) -> None:
    """Mood: 72.5 is best, 71 is above 70.5, 69.5 is not; references take no part."""
    table = collect(full.record(), "toy")
    assert [[s.bold for s in row.scores] for row in table.rows] == [
        [True, True, True],
        [True, False, False],
        [False, True, True],
        [False, False, False],
    ]
    assert not any(s.bold for row in table.references for s in row.scores)


def test_a_mean_of_fewer_runs_says_so(full) -> None:
    """n/N, which seed, and why."""
    table = collect(full.record(), "toy")
    assert table.rows[2].scores[0].notes == ("Mean of 1/2 runs; seed 1: not run yet.",)


def test_a_hole_names_the_failed_ancestor(full) -> None:
    """The failure of the pre-training is the reason, with its kind."""
    table = collect(full.record(), "toy")
    (note,) = table.rows[3].scores[0].notes
    assert note.startswith("No score: pretrain ")
    assert note.endswith("failed: loss is nan at step 12 (diverged).")


def test_an_averages_hole_names_the_tasks_whose_columns_say_why(full) -> None:
    """Several reasons are not told again; a single one is the same footnote."""
    (cell,) = full.rows[3]["cells"]
    other = full.stage("evaluate", full.key("another evaluation"))
    full.fail(other, "disk is full")
    table = collect(full.record(), "toy")
    assert len({score.notes for score in table.rows[3].scores}) == 1
    cell["scores"]["pairs"] = other
    notes = [score.notes[0] for score in collect(full.record(), "toy").rows[3].scores]
    assert "loss is nan" in notes[0]
    assert "disk is full" in notes[1]
    assert notes[2] == "No score: mood, pairs have none."


def test_no_ruler_says_of_each_column_how_many_runs_there_are(builder) -> None:
    """A column with one run of the baseline is not told that there is none."""
    builder.column("Mood", ["mood.acc"])
    builder.column("Pairs", ["pairs.acc"])
    builder.row("base", [{"mood": {"acc": 50.0}}], baseline=True)
    text = said(collect(builder.record(), "toy"))
    assert "No ruler in Pairs: the baseline has no finished run, two are needed" in text
    assert "No ruler in Mood: the baseline has one finished run, two are needed" in text


def test_the_newest_attempts_failure_counts(builder) -> None:
    """Attempt 10 comes after attempt 9."""
    builder.column("Mood", ["mood.acc"])
    (key,) = builder.row("r", [None])
    builder.fail(key, "first", attempt=9)
    builder.fail(key, "second", attempt=10)
    table = collect(builder.record(), "toy")
    assert "failed: second." in table.rows[0].scores[0].notes[0]


def test_a_stage_that_beats_is_running(builder) -> None:
    """An earlier failure does not hide that somebody works on it now."""
    builder.column("Mood", ["mood.acc"])
    (key,) = builder.row("r", [None])
    builder.fail(key, "first")
    builder.write(f"leases/{key}/2", {"token": "x"})
    beat = builder.write(f"leases/{key}/2.beat", {"count": 1, "state": "running"})
    assert "is running" in collect(builder.record(), "toy").rows[0].scores[0].notes[0]
    os.utime(beat, (time.time() - 3600,) * 2)
    assert "failed: first" in collect(builder.record(), "toy").rows[0].scores[0].notes[0]


def test_a_stage_nobody_touched_has_not_run(builder) -> None:
    """Neither failure nor lease."""
    builder.column("Mood", ["mood.acc"])
    builder.row("r", [None])
    assert collect(builder.record(), "toy").rows[0].scores[0].notes == ("No score: not run yet.",)


def test_what_only_describes_a_row_may_lack(builder) -> None:
    """A column that does not compete is no hole where a finished stage says nothing of it."""
    builder.column("Mood", ["mood.acc"])
    builder.column("Loss", ["mood.loss"], competes=False)
    builder.row("a", [{"mood": {"acc": 50.0, "loss": 2.0}}])
    builder.row("b", [{"mood": {"acc": 60.0}}])
    table = collect(builder.record(), "toy")
    assert values(table) == [[50.0, 2.0], [60.0, None]]
    assert table.rows[1].scores[1].notes == ()
    assert table.holes == 0
    assert "Loss" not in "".join(note for note in table.notes if "No ruler" in note)


def test_what_only_describes_a_row_is_waited_for(builder) -> None:
    """What is not finished says so in every column."""
    builder.column("Loss", ["mood.loss"], competes=False)
    builder.row("r", [None])
    assert collect(builder.record(), "toy").rows[0].scores[0].notes == ("No score: not run yet.",)


def test_a_cell_says_why_a_task_has_no_stage(builder) -> None:
    """Its own words stand below the hole."""
    builder.column("Pairs", ["pairs.acc"])
    builder.row("r", [{"mood": {"acc": 1.0}}])
    because = {"pairs": "the answers are withheld"}
    builder.rows[0]["cells"][0] |= {"scores": {}, "absent": because}
    table = collect(builder.record(), "toy")
    assert table.rows[0].scores[0].notes == ("No score: the answers are withheld.",)
    assert table.holes == 1


@pytest.mark.parametrize("scores", [{"mood": {"f1": 1.0}}, {"mood": {"acc": float("nan")}}, {}])
def test_a_finished_stage_without_the_metric_is_a_hole(builder, scores) -> None:
    """Missing metric, missing task and NaN are named as task.metric."""
    builder.column("Mood", ["mood.acc"])
    builder.row("r", [scores])
    table = collect(builder.record(), "toy")
    assert values(table) == [[None]]
    assert "without a finite mood.acc" in table.rows[0].scores[0].notes[0]


def test_one_baseline_run_is_no_ruler(builder) -> None:
    """Only the best is bold, and a footnote says why."""
    builder.column("Mood", ["mood.acc"])
    builder.row("base", mood(50.0), baseline=True)
    builder.row("other", mood(50.1))
    table = collect(builder.record(), "toy")
    assert [row.scores[0].bold for row in table.rows] == [False, True]
    assert "No ruler: the baseline has one finished run, two are needed" in said(table)
    assert table.references == ()


def test_a_ruler_of_zero_is_valid_and_said(builder) -> None:
    """Equal runs: ties with the best are bold, nothing else."""
    builder.column("Mood", ["mood.acc"])
    builder.row("base", mood(50.0, 50.0), baseline=True)
    builder.row("tie", mood(50.0))
    builder.row("below", mood(49.99))
    table = collect(builder.record(), "toy")
    assert [row.scores[0].bold for row in table.rows] == [True, True, False]
    assert "a ruler of 0" in said(table)


def test_no_baseline_is_said(builder) -> None:
    """No star, no ruler, a footnote."""
    builder.column("Mood", ["mood.acc"])
    builder.row("one", mood(50.0, 51.0))
    assert "No row is the baseline: no ruler" in said(collect(builder.record(), "toy"))


def test_seeds_that_share_their_stages_are_one_run(builder) -> None:
    """Two seeds with the same keys would make a false ruler of 0."""
    builder.column("Mood", ["mood.acc"])
    builder.row("base", mood(50.0), baseline=True)
    cells = builder.rows[0]["cells"]
    cells.append({**cells[0], "seed": 1})
    table = collect(builder.record(), "toy")
    assert table.rows[0].scores[0].runs == 1
    assert "1 of them ran the same stages" in table.rows[0].notes[0]
    assert "No ruler" in said(table)


def test_what_finished_stages_note_stands_under_their_row(builder) -> None:
    """Each sentence once, whatever the seeds, and only at the row that the stage is behind."""
    builder.column("Mood", ["mood.acc"])
    builder.row("base", mood(50.0), baseline=True)
    keys = builder.row("small corpus", mood(51.0, 52.0))
    for key in keys:
        builder.finish(builder.stages[key]["inputs"]["member_0"], notes=["Read 4 times."])
    table = collect(builder.record(), "toy")
    assert [row.notes for row in table.rows] == [(), ("Read 4 times.",)]


@pytest.mark.parametrize(
    ("columns", "said_of"),
    [
        (
            {"Mood": ["mood.acc"], "Tone": ["mood_tone.acc"], "Both": ["mood.acc", "tone.acc"]},
            "Mood",
        ),
        ({"Mood EM": ["mood.em"], "Mood F1": ["mood.f1"]}, "mood"),
        ({"Both": ["mood.acc", "tone.acc"]}, "mood"),
    ],
)
def test_notes_of_stages_name_the_column_that_is_a_tasks_own(builder, columns, said_of) -> None:
    """The task where no column is, or several are; a name within a longer one is another."""
    for name, terms in columns.items():
        builder.column(name, terms)
    (key,) = builder.row("base", mood(50.0), baseline=True)
    notes = ["9% of mood's inputs were cut.", "remood and mood_2 have none, nor has mood."]
    builder.finish(builder.stages[key]["inputs"]["member_0"], notes=notes)
    assert collect(builder.record(), "toy").rows[0].notes == (
        f"9% of {said_of}'s inputs were cut.",
        f"remood and mood_2 have none, nor has {said_of}.",
    )


def test_mixed_provenance_is_said(builder) -> None:
    """Commits, uncommitted changes, versions and devices, each in one footnote."""
    builder.column("Mood", ["mood.acc"])
    builder.row("base", mood(50.0), baseline=True)
    other = {
        "git_commit": "f" * 40,
        "git_dirty": True,
        "packages": {"torch": "2.14.0"},
        "device": "cuda:0",
        "device_name": "NVIDIA H200",
    }
    builder.row("other", mood(51.0), provenance=other)
    text = said(collect(builder.record(), "toy"))
    assert "Mixed code: stages of 2 commits (0123456789, ffffffffff)." in text
    assert "2 of 4 stages ran from a work tree with uncommitted changes." in text
    assert "Mixed versions: torch 2.13.0 and 2.14.0." in text
    assert "evaluate: cpu and cuda (NVIDIA H200)" in text


def test_states_of_one_commit_are_mixed_code(builder) -> None:
    """And it is said where the changes of each are kept."""
    builder.column("Mood", ["mood.acc"])
    builder.row("base", mood(50.0), baseline=True)
    builder.row("other", mood(51.0), provenance={"git_dirty": True, "git_diff": "ab12"})
    text = said(collect(builder.record(), "toy"))
    assert "Mixed code: stages of 2 states of the work tree at commit 0123456789." in text
    assert (
        "2 of 4 stages ran from a work tree with uncommitted changes (changes.patch in a stage's "
        "folder)." in text
    )


def test_code_outside_of_git_is_compared_by_its_digest(builder) -> None:
    """Of stages of one name: others may be of another package."""
    builder.column("Mood", ["mood.acc"])
    for label, source in (("base", "aa11"), ("other", "bb22")):
        (key,) = builder.row(label, mood(50.0), baseline=label == "base")
        builder.finish(key, {"git_commit": None, "source": source})
    text = said(collect(builder.record(), "toy"))
    assert "Mixed code outside of git: evaluate: aa11 and bb22." in text


def test_mixed_execution_is_said(builder) -> None:
    """How stages of one name ran, by setting; null is a setting that was not given."""
    builder.column("Mood", ["mood.acc"])
    builder.row("base", mood(50.0), baseline=True)
    for label, execution in (
        ("whole", {"rows_at_once": None, "recompute": False}),
        ("parts", {"rows_at_once": 8, "recompute": False}),
    ):
        (key,) = builder.row(label, mood(51.0))
        train = builder.stages[key]["inputs"]["member_0"]
        file = builder.finish(train) / "stage.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"execution": execution}))
    text = said(collect(builder.record(), "toy"))
    assert "Mixed rows_at_once: pretrain: 8 and null." in text
    assert text.count("Mixed") == 1


def test_light_stages_on_another_device_are_not_mixed(builder) -> None:
    """A vocabulary never sees the accelerator that the training used."""
    builder.column("Mood", ["mood.acc"])
    (key,) = builder.row("r", mood(50.0), provenance={"device": "cuda:0"})
    vocabulary = builder.stage("vocabulary", builder.key("vocabulary"))
    builder.stages[key]["inputs"]["vocabulary"] = vocabulary
    builder.finish(vocabulary, {"device": "cpu"})
    assert "Mixed" not in said(collect(builder.record(), "toy"))


def test_selection_units_and_the_records_footnotes_are_printed(full) -> None:
    """What the record says about the whole table stands below it."""
    table = collect(full.record(footnotes=["At most 64 tokens are decoded."]), "toy")
    assert "Selection: best checkpoint for each task on validation." in table.notes
    assert "At most 64 tokens are decoded." in table.notes
    assert "Pairs: mean of F1 and accuracy" in said(table)


def test_constant_scores_that_differ_between_rows_are_marked(builder) -> None:
    """One line cannot stand for all rows then."""
    builder.column("Mood", ["mood.acc"])
    builder.references = [{"label": "Best constant answer", "file": "constant.json"}]
    builder.row("base", mood(50.0), baseline=True, constant={"mood": {"acc": 20.0}})
    builder.row("other", mood(50.0), constant={"mood": {"acc": 25.0}})
    (reference,) = collect(builder.record(), "toy").references
    assert reference.scores[0].value == 20.0
    assert "do not share" in reference.scores[0].notes[0]


def test_a_record_of_the_barest_shape_is_enough(builder) -> None:
    """A study need not name units, kinds, references or sections."""
    builder.columns = [{"name": "Game", "terms": [[["game", "acc"]]]}]
    builder.row("r", [{"game": {"acc": 1.0}}])
    bare = {"id": "toy", "rows": builder.rows, "columns": builder.columns}
    builder.write("sweeps/toy.json", bare | {"stages": builder.stages})
    assert values(collect(builder.path, "toy")) == [[1.0]]


def test_last_is_the_newest_by_its_date(builder) -> None:
    """Not the newest file: a copied store keeps its order."""
    builder.column("Mood", ["mood.acc"])
    builder.row("r", mood(1.0))
    builder.record("new", created="2026-02-01T00:00:00+00:00")
    builder.record("old", created="2026-01-01T00:00:00+00:00")
    assert collect(builder.path, "last").id == "new"


def test_an_unknown_id_names_the_nearest(builder) -> None:
    """And all that are known."""
    builder.column("Mood", ["mood.acc"])
    builder.record("table06")
    with pytest.raises(ReportError, match=r"'table6'.*Did you mean 'table06'\? Known: table06"):
        collect(builder.path, "table6")


def test_an_empty_store_says_what_to_do(tmp_path) -> None:
    """Nothing has run yet, or the store is another."""
    with pytest.raises(ReportError, match="has no sweep yet"):
        collect(tmp_path, "last")


def test_a_search_says_what_won_and_why(full) -> None:
    """Below the table, so that every format has the path and not the figure alone."""
    search = {
        "score": "Mood",
        "axes": [
            {
                "name": "rate",
                "candidates": ["15%", "25%"],
                "scores": {"15%": 71.0, "25%": 69.5},
                "winner": "15%",
                "why": "the best score",
            },
            {
                "name": "size",
                "candidates": ["nano"],
                "scores": {"nano": None},
                "winner": None,
                "why": "no candidate has a score",
            },
            {"name": "cost", "candidates": ["low"]},
        ],
    }
    assert collect(full.record(search=search), "toy").notes[:3] == (
        "Search: rate: 15% wins, Mood 71.00: the best score.",
        "Search: size: no winner, no candidate has a score.",
        "Search: cost: not decided yet.",
    )


def test_what_every_row_was_given_is_said(full) -> None:
    """A row is labelled by what sets it apart; the rest would be known from the command alone."""
    table = collect(full.record(common=["preset=smoke", "corruption=0.6"]), "toy")
    assert "Every row: preset=smoke, corruption=0.6." in table.details
    assert not any(note.startswith("Every row") for note in collect(full.record(), "toy").notes)


def test_an_error_that_is_a_sentence_gets_no_second_stop(builder) -> None:
    """As the study ended it."""
    builder.column("Mood", ["mood.acc"])
    (key,) = builder.row("r", [None])
    builder.fail(key, "ValueError: No such file. Fetch it.")
    (note,) = collect(builder.record(), "toy").rows[0].scores[0].notes
    assert note.endswith(" failed: ValueError: No such file. Fetch it.")


def test_columns_of_another_range_or_direction_say_so(builder) -> None:
    """ "Scores from 0 to 100" stands before the columns for which that is so, and no others."""
    builder.column("Mood", ["mood.acc"], words="accuracy")
    builder.column("RTD", ["mood.auc"], words="AUC", most=1.0)
    builder.column("Bits", ["mood.bits"], unit="bits", most=None, lower_is_better=True)
    builder.column("Rate", ["mood.rate"], words="speed", least=None, most=None)
    builder.row(
        "base",
        [{"mood": {"acc": a, "auc": 0.5, "bits": b, "rate": 1.0}} for a, b in ((50, 2), (52, 2.2))],
        baseline=True,
    )
    builder.row("other", [{"mood": {"acc": 60, "auc": 0.6, "bits": 1.9, "rate": -1.0}}])
    table = collect(builder.record(), "toy")
    assert [n for n in table.notes if n.startswith(("Scores", "Numbers"))] == [
        "Scores from 0 to 100. Mood: accuracy.",
        "Scores from 0 to 1. RTD: AUC.",
        "Numbers from 0 up. Bits: bits, lower is better.",
        "Numbers without bounds. Rate: speed.",
    ]
    # 2.1 is no more than two deviations (0.28) above 1.9.
    assert [row.scores[2].bold for row in table.rows] == [True, True]
    assert [row.scores[0].bold for row in table.rows] == [False, True]
    assert "or above it where lower is better (Bits)" in said(table)
