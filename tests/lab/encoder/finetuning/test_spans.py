"""Spans of passages: windows, heads, and from pieces back to text."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lab.datasets import get_dataset
from lab.datasets.dataset import Row
from lab.encoder.config import EncoderConfig
from lab.encoder.finetuning.kinds import kind_of
from lab.encoder.finetuning.rows import made_inputs
from lab.encoder.finetuning.span_heads import (
    JointHead,
    SeparateHead,
    ThresholdHead,
    best_threshold,
    head_named,
)
from lab.encoder.finetuning.span_inputs import span_inputs
from lab.encoder.finetuning.windows import place_in, window_of, windows_of
from lab.encoder.vocabulary import open_vocabulary
from lab.errors import StudyError

SPANS = "kind: spans\nanswer: answers\nfields: [question, passage]\n"


def asked(world, folder, count=24):
    """Which word stands behind another one in a sentence."""
    rows = []
    for words in world.sentences(count, length=9):
        at = len(words) // 2
        marked = [*words[:at], "(", *words[at:], ")"]
        rows.append(
            {
                "question": words[at - 1],
                "passage": " ".join(marked).replace("( ", "("),
                "answers": " ".join(words[at : at + 2]),
            }
        )
    return world.defined(folder, SPANS, rows)


@pytest.mark.parametrize("spans", ["joint", "separate"])
def test_an_encoder_learns_spans_by_heart(world, tmp_path, spans):
    """Answers of one and two words come back as they stand in the passage."""
    data = asked(world, tmp_path / "data")
    head = {"dropout": 0.0, "kernel": "glorot", "vector": "first", "spans": spans}
    config = world.settings(data, steps=250, head=head, inputs_length=24)
    member = world.learned(tmp_path / "finetune", config)
    out, _ = world.scored(tmp_path / "evaluate", data, [member], head=head, inputs_length=24)
    scores = json.loads((out / "scores.json").read_text())["mine"]
    assert scores["em"] > 95
    assert scores["f1"] >= scores["em"]
    constant = json.loads((out / "constant.json").read_text())["mine"]
    assert 0 < constant["em"] < 15
    line = json.loads((out / "predictions.jsonl").open().readline())
    question, _, passage = line["inputs"].partition(" [SEP] ")
    assert line["target"] in passage
    assert question in passage


def test_an_answer_that_is_nowhere_is_left_out(world, tmp_path):
    """And counted, as rows without an answer are."""
    rows = [
        {"question": "w1", "passage": "w1 w2 w3", "answers": "w2"},
        {"question": "w1", "passage": "w1 w2 w3", "answers": "w9"},
    ]
    data = world.defined(tmp_path / "data", SPANS, rows)
    context = world.Context(tmp_path / "work")
    (tmp_path / "out").mkdir()
    inputs = {"vocabulary": world.vocabulary(tmp_path / "vocabulary")}
    world.finetune.run(world.settings(data, steps=1), inputs, tmp_path / "out", context)
    assert context.facts["left_out"] == {"mine": {"rows": 2, "left_out": 1}}


@given(st.integers(0, 300), st.integers(1, 90), st.integers(1, 90))
def test_windows_hold_every_piece_where_it_has_most_context(pieces, room, stride):
    """They overlap, end with the passage, and each piece counts in one of those that hold it."""
    windows = windows_of(pieces, room, stride)
    assert sum(windows[-1]) == pieces
    assert all(count <= room for _, count in windows)
    best = window_of(windows, np.arange(pieces))
    for piece, number in enumerate(best):
        start, count = windows[number]
        assert start <= piece < start + count
        held = [w for w in windows if w[0] <= piece < sum(w)]
        context = [min(piece - s, s + n - 1 - piece) + 0.01 * n for s, n in held]
        assert min(piece - start, start + count - 1 - piece) + 0.01 * count == max(context)


@pytest.mark.parametrize(
    ("answer", "place"), [((130, 133), (24, 27)), ((120, 129), None), ((488, 489), None)]
)
def test_a_window_holds_an_answer_or_does_not(answer, place):
    """Figures of the released code for a question of 20 pieces, which takes 22 places."""
    assert place_in((128, 361), answer, 22) == place


def test_rows_of_windows_lead_back_to_the_text(world, tmp_path):
    """An answer is found in the windows that hold it whole, and read back out of the passage."""
    pieces = open_vocabulary(world.vocabulary(tmp_path))
    passage = "w1 W2, w3 (w4) w5 w6? w7 w8 w9 w10."
    start = passage.index("w4) w5")
    made = span_inputs([("w1 w2", passage)], [(start, start + 6)], pieces, 12, None)
    begin, end = made.answers["begin"], made.answers["end"]
    assert set(begin) == {4}
    assert (end - begin).max() == 7
    held = made.answers["impossible"] == 0
    assert held.any()
    assert not held.all()
    for number in np.flatnonzero(held):
        first, last = made.answers["start"][number], made.answers["last"][number]
        assert made.text(int(number), int(first), int(last)) == "w4) w5"
    assert not made.answers["start"][~held].any()
    owned = made.answers["to"] - made.answers["from"]
    assert owned.sum() == len(made.offsets[0])
    assert made.cut.tolist() == [False]


TINY = EncoderConfig(
    vocabulary=20, width=8, layers=1, heads=1, feed_forward=8, embedding=8, dropout=0.0
)


def batch(**changes):
    """Two rows of 10 positions: a passage from 4 to 9, answers from 5 to 6 and nowhere."""
    made = {
        "tokens": [[0] * 10] * 2,
        "real": [[1] * 10] * 2,
        "begin": [4, 4],
        "end": [9, 9],
        "from": [4, 4],
        "to": [9, 9],
        "start": [5, 0],
        "last": [6, 0],
        "impossible": [0, 1],
        **changes,
    }
    return {name: torch.tensor(value) for name, value in made.items()}


@pytest.mark.parametrize("kind", [JointHead, SeparateHead])
def test_the_best_span_is_the_one_of_all(kind):
    """As when every start and end is tried; starts stay where this window is asked."""
    torch.manual_seed(0)
    head, vectors = kind(TINY), torch.randn(2, 10, 8)
    rows = batch(**{"from": [6, 4]})
    found = head.read(vectors, rows)
    for row in range(2):
        best = max(
            (score(head, vectors[row : row + 1], rows, row, start, last), start, last)
            for start in range(rows["from"][row], 9)
            for last in range(start, 9)
        )
        assert (found["start"][row], found["last"][row]) == best[1:]
        assert float(found["score"][row]) == pytest.approx(best[0], abs=1e-4)


def score(head, vectors, rows, row, start, last):
    """A span's score by the formulas: log-probabilities of the joint head, logits of the other."""
    if isinstance(head, SeparateHead):
        starts, ends = head.spans(vectors)
        return float(starts[0, start] + ends[0, last])
    places = [0, *range(4, 9)]
    starts = head.spans.starts(vectors)[0]
    ends = head.spans.ends(vectors, torch.tensor([[start]]))[0, 0]
    one, other = (each - each[places].logsumexp(0) for each in (starts, ends))
    return float((one[start] + other[last]).detach())


def test_the_joint_loss_is_the_mean_of_both_and_half_of_no_answer():
    """Of two rows, by the head's own logits."""
    torch.manual_seed(0)
    head, vectors, rows = JointHead(TINY), torch.randn(2, 10, 8), batch()
    expected = 0.0
    for row, (start, last) in enumerate([(5, 6), (0, 0)]):
        one = vectors[row : row + 1]
        masked = torch.full((1, 10), -1e9)
        places = [0, *range(4, 9)]
        masked[0, places] = head.spans.starts(one)[0, places]
        none = head.spans.no_answer(one, masked)
        chance = torch.sigmoid(none if rows["impossible"][row] else -none)
        expected += -score(head, one, rows, row, start, last) / 2 - 0.5 * float(chance.log())
    assert float(head.loss(vectors, rows)) == pytest.approx(expected, rel=1e-5)


def test_none_answers_where_a_data_set_allows_that(world, tmp_path):
    """By the least logit over a row's windows; the span is told where another set forbids it."""
    pieces = open_vocabulary(world.vocabulary(tmp_path))
    context = "w1 w2 w3 w4 w5 w6 w7 w8 w9"
    fields = {"question": "w1 w2", "context": context}
    rows = [Row(fields, spans=(("w2 w3", 3),)), Row(fields, spans=())]
    for name, expected in (("squad_v2", ["w3", ""]), ("squad", ["w3", "w4"])):
        data = get_dataset(name)
        kind = kind_of(data, {"spans": "joint"})
        made = made_inputs(data, kind, rows, pieces, 12)
        windows = len(made) // 2
        kept = {
            "score": np.full(2 * windows, -9.0),
            "none": np.array([5.0, -3.0, 5.0, -2.0])[: 2 * windows],
            "start": np.array([6, 0, 7, 0]),
            "last": np.array([6, 0, 7, 0]),
        }
        kept["score"][[0, 2]] = -1.0
        assert windows == 2
        assert kind.predictions(kept, made) == expected
    assert [kind.target(row) for row in rows] == [["w2 w3"], [""]]
    assert all(kind.learned(row, ("w1 w2", context)) for row in rows)
    assert not kind.learned(Row(fields, spans=(("w77", -1),)), ("w1 w2", context))


def test_the_threshold_of_no_answer_has_the_best_f1():
    """As when each place between two logits is tried; never above 1, and equal logits stay one."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        none = rng.integers(-4, 5, 12) / 2
        of_span, of_none = rng.random(12), rng.integers(0, 2, 12).astype(float)
        found = best_threshold(none, of_span, of_none)
        tried = [-np.inf, *none.tolist()]
        sums = [np.where(none > at, of_none, of_span).sum() for at in tried]
        assert np.where(none > found, of_none, of_span).sum() == pytest.approx(max(sums))
    high, ones, zeros = np.array([3.0, 2.0, 0.5]), np.ones(3), np.zeros(3)
    assert best_threshold(high, ones, zeros) == 3.0
    assert best_threshold(high, zeros, ones) == -np.inf
    said = ThresholdHead.unanswered(high, zeros, lambda: (ones, zeros))
    assert said.tolist() == [True, True, False]


def test_no_answer_is_said_where_the_scored_rows_have_the_best_f1(world, tmp_path):
    """One threshold for all rows: between the row with an answer and the other, or below both."""
    pieces = open_vocabulary(world.vocabulary(tmp_path))
    fields = {"question": "w1 w2", "context": "w1 w2 w3 w4"}
    rows = [Row(fields, spans=(("w3", 6),)), Row(fields, spans=())]
    data = get_dataset("squad_v2")
    kind = kind_of(data, {"spans": "threshold"})
    made = made_inputs(data, kind, rows, pieces, 12)
    at = int(made.answers["start"][0])
    kept = {"score": np.zeros(2), "start": np.array([at, at]), "last": np.array([at, at])}
    for none, expected in (([-0.5, 0.5], ["w3", ""]), ([0.5, -0.5], ["", ""])):
        assert kind.predictions({**kept, "none": np.array(none)}, made) == expected
    assert kind.predictions({**kept, "none": np.array([2.0, 3.0])}, made) == ["", ""]


def test_an_unknown_head_is_named():
    """With those that there are."""
    with pytest.raises(StudyError, match=r"Unknown spans 'jiont'\. Did you mean 'joint'\?"):
        head_named("jiont")
