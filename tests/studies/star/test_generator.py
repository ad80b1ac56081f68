"""Generated questions: each has one right option, and each rule leaves its trace."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.star.classes import OBJECTS_OF, VERBS_OF
from studies.star.generator.asking import RULES, question_key
from studies.star.generator.balance import balanced, resample, split
from studies.star.generator.options import Known, Options, frequent_candidates
from studies.star.generator.times import Span, clip, lying
from studies.star.generator.videos import read_videos, videos, write_videos
from studies.star.generator.writing import KEPT, load, save, write_questions
from studies.star.readers.executor import judged
from studies.star.templates import TEMPLATES


def test_the_executor_accepts_the_right_option_alone(written, filmed) -> None:
    """Of every question of every split."""
    splits, _ = written
    for question in (one for some in splits.values() for one in some):
        shown = question.question(filmed[question.video])
        verdicts = judged(shown)
        assert [v == "Correct" for v in verdicts] == [n == shown.answer for n in range(4)]
        assert len({option.text for option in shown.options}) == 4


def test_every_template_but_those_with_places_is_asked(written, drafted) -> None:
    """And what became of each draft is counted."""
    splits, fates = written
    absent = {"Interaction_T4", "Feasibility_T1", "Feasibility_T3", "Feasibility_T4"}
    assert set(RULES) == set(TEMPLATES) - absent == set(fates)
    kept = Counter(q.template for some in splits.values() for q in some)
    assert kept == {name: fate[KEPT] for name, fate in fates.items() if KEPT in fate}
    assert sum(fates["Sequence_T3"].values()) <= Counter(d.template for d in drafted)["Sequence_T3"]
    assert sum(fate.get("thrown out", 0) for fate in fates.values()) > 0


def test_a_seed_is_a_world(world, drafted, filmed, written) -> None:
    """The same one gives the same questions, another one others."""
    again, _ = write_questions(drafted, filmed, "full", 0)
    assert again == written[0]
    one, other = (next(videos(world, seed)) for seed in (0, 1))
    assert one == filmed["G0000"]
    assert one.actions != other.actions


def test_splits_share_no_video(drafted, written) -> None:
    """Training has about three fifths of the questions."""
    splits, _ = written
    found = {name: {q.video for q in some} for name, some in splits.items()}
    assert not found["train"] & found["validation"]
    assert not found["train"] & found["test"]
    assert not found["validation"] & found["test"]
    parts = split(drafted)
    assert 0.5 < len(parts["train"]) / sum(map(len, parts.values())) < 0.75


def test_files_keep_everything(tmp_path: Path, filmed, written) -> None:
    """Videos and questions come back as they were."""
    write_videos(tmp_path / "videos", filmed.values())
    assert read_videos(tmp_path / "videos") == filmed
    save(tmp_path / "test", written[0]["test"])
    assert load(tmp_path / "test") == written[0]["test"]


def test_distractors_are_what_the_axis_says(drafted) -> None:
    """Random options go with the question; the frequent one is drawn from its group's."""
    known = Known(split(drafted)["train"])
    answers = {one.object for one in known.answers["Interaction_T1"].values()}
    drawn = 0
    for draft in [d for d in drafted if d.template == "Interaction_T1"]:
        verb = draft.slots["verb"].split(" ")[0]
        found = Options(known, "random").of(draft, np.random.default_rng(0))
        assert found is None or {o.object for o in found} <= {*OBJECTS_OF[verb], *answers}
        full = Options(known, "full").of(draft, np.random.default_rng(0))
        counts = known.counts["Interaction_T1", question_key(draft)]
        if full is not None:
            usual = frequent_candidates(counts, full[0].object, full[1].object)
            assert not usual or full[2].object in usual
            drawn += bool(usual)
    assert drawn > 20


def test_the_odd_option_of_feasibility_does_not_fit(drafted) -> None:
    """ "Eat the book." """
    known = Known(split(drafted)["train"])
    for draft in [d for d in drafted if d.template == "Feasibility_T2"]:
        found = Options(known, "full").of(draft, np.random.default_rng(1))
        if found is not None:
            assert found[3].verb.split(" ")[0] not in VERBS_OF[draft.answer.object]


@given(st.dictionaries(st.text("abcdefgh", min_size=1, max_size=2), st.integers(1, 200)))
def test_resampling_cuts_from_above(counts: dict[str, int]) -> None:
    """What is left of the values that are looked at rises no more; nothing falls to 0."""
    dropped = resample(counts, 0.25, 1.0)
    left = {name: count - dropped.get(name, 0) for name, count in counts.items()}
    assert all(count > 0 for count in left.values())
    assert len({left[name] for name in dropped}) <= 1


def test_balancing_takes_from_the_frequent(written) -> None:
    """Fewer questions, of the same kinds, and the most frequent answers lose most."""
    test = written[0]["test"]
    kept = balanced(test)
    assert {q.id for q in kept} < {q.id for q in test}
    assert {q.template for q in kept} == {q.template for q in test}
    before, after = (Counter((q.template, q.answer_text) for q in some) for some in (test, kept))
    top = before.most_common(1)[0][0]
    assert after[top] < before[top]


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 9), min_size=2),
    st.sampled_from("abcdefgh"),
    st.sampled_from("abcdefgh"),
)
def test_the_frequent_option_is_another_one(counts, right, compositional) -> None:
    """Neither the right nor the compositional answer, where either is known."""
    found = frequent_candidates(counts, right, compositional)
    assert set(found) <= set(counts) - {right, compositional}


def test_times_and_clips() -> None:
    """How actions lie to a span, and what a question of each type shows."""
    actions = [("a", 1.0, 4.0), ("b", 2.0, 3.0)]
    assert lying("cover", actions, 2.0, 3.0) == actions
    assert lying("overlap", actions, 3.5, 9.0) == actions[:1]
    assert lying("before", actions, 1.5) == actions[:1]
    before, answer = Span(0, 4), Span(8, 12)
    assert clip("Sequence_T1", answer, before) == (0, 12)
    assert clip("Sequence_T2", before, answer) == (0, 12)
    assert clip("Feasibility_T5", answer, before) == before
    assert clip("Prediction_T3", answer, before) == (0, 9)
    assert clip("Prediction_T3", answer, before, form="released") == (0, 7)


def test_a_graph_shows_whole_actions_only(filmed) -> None:
    """And the one that the question names."""
    video = filmed["G0000"]
    first, *others = video.actions
    span = Span(first.start + 0.05, video.actions[-1].end)
    without = {a for f in video.graph(span).values() for a in f.actions}
    assert first.id in {a.id for a in others} or first.id not in without
    assert video.visible(span, first) == {
        a for f in video.graph(span, first).values() for a in f.actions
    }
    assert json.dumps([*video.graph(span)]) == json.dumps(sorted(video.graph(span)))


@pytest.mark.parametrize("template", ["Sequence_T3", "Prediction_T1", "Feasibility_T6"])
def test_groups_of_open_questions(drafted, template) -> None:
    """Their key is the rest of the sentence, or one for all."""
    draft = next(d for d in drafted if d.template == template)
    expected = {
        "Sequence_T3": draft.text.split("person ")[-1],
        "Prediction_T1": "Prediction_T1",
        "Feasibility_T6": " ".join(draft.text.split(" ")[9:]),
    }
    assert question_key(draft) == expected[template]
