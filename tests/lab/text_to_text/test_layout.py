"""How examples stand in rows."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.batching.layout import BatchError
from lab.batching.placing import row_bounds
from lab.batching.ragged import Ragged
from t5study.batching import Layout, pack, padding_share

ARCHITECTURES = ["encoder_decoder", "language_model", "prefix_lm"]
side = st.lists(st.integers(2, 99), max_size=11).map(lambda ids: [*ids, 1])
examples = st.lists(st.tuples(side, side), min_size=1, max_size=30)


def layout(architecture="encoder_decoder", **changes):
    """Rows of 12 tokens a side."""
    return Layout(
        **{"architecture": architecture, "inputs_length": 12, "targets_length": 12} | changes
    )


def segments_of(tokens, segment_ids):
    """Every packed segment's tokens, row by row; its places must follow one another."""
    made = []
    for row, ids in zip(tokens, segment_ids, strict=True):
        for segment in range(1, ids.max() + 1):
            places = np.flatnonzero(ids == segment)
            assert np.array_equal(places, np.arange(places[0], places[-1] + 1))
            made.append(row[places].tolist())
        assert not row[ids == 0].any()
    return made


@given(examples, st.booleans())
@settings(deadline=None)
def test_packing_keeps_every_example_whole(pairs, packing):
    """Each example is one segment on both sides, in order, and nothing else is in the rows."""
    batch = pack(pairs, layout(), packing=packing)
    inputs = segments_of(batch["encoder_input_tokens"], batch["encoder_segment_ids"])
    targets = segments_of(batch["decoder_target_tokens"], batch["decoder_segment_ids"])
    assert list(zip(inputs, targets, strict=True)) == pairs
    assert batch["decoder_loss_weights"].tolist() == (batch["decoder_segment_ids"] > 0).tolist()


@given(examples, st.booleans())
@settings(deadline=None)
def test_a_single_stack_reads_input_then_target(pairs, packing):
    """Each example is one segment: its input, then its target, with the loss on the target."""
    batch = pack(pairs, layout("language_model"), packing=packing)
    rows = segments_of(batch["decoder_target_tokens"], batch["decoder_segment_ids"])
    assert rows == [[*inputs, *targets] for inputs, targets in pairs]
    weights = segments_of(batch["decoder_loss_weights"], batch["decoder_segment_ids"])
    assert weights == [[0] * len(inputs) + [1] * len(targets) for inputs, targets in pairs]
    assert "encoder_input_tokens" not in batch
    assert "decoder_causal_attention" not in batch


@given(examples)
@settings(deadline=None)
def test_decoder_inputs_start_every_segment_from_zero(pairs):
    """What a segment's decoder reads is 0 and its targets but the last."""
    batch = pack(pairs, layout())
    read = segments_of(
        # Ids of 2 and more, so that the leading 0 counts as a token of its segment.
        np.where(batch["decoder_segment_ids"] > 0, batch["decoder_input_tokens"], 0),
        batch["decoder_segment_ids"],
    )
    assert read == [[0, *targets[:-1]] for _, targets in pairs]


@given(examples, st.integers(12, 40))
@settings(deadline=None)
def test_a_row_takes_what_fits_in_order(pairs, width):
    """A new row begins exactly where the next example would not fit on some side."""
    lengths = np.array([[len(inputs), len(targets)] for inputs, targets in pairs])
    bounds = row_bounds(lengths, (width, 12))
    assert bounds[0] == 0
    assert bounds[-1] == len(pairs)
    for start, stop in pairwise(bounds):
        assert (lengths[start:stop].sum(axis=0) <= (width, 12)).all()
        if stop < len(pairs):
            assert (lengths[start : stop + 1].sum(axis=0) > (width, 12)).any()


def test_what_fits_no_row_stands_alone():
    """Packing goes on behind an example that is longer than a row."""
    lengths = np.array([[3], [20], [4], [5]])
    assert row_bounds(lengths, (12,)).tolist() == [0, 1, 2, 4]


def test_the_prefix_covers_start_token_input_and_eos():
    """Full attention spans the decoder's start token, the input and its EOS, in each segment."""
    batch = pack([([5, 1], [7, 8, 1]), ([6, 9, 1], [4, 1])], layout("prefix_lm"))
    assert batch["decoder_target_tokens"][0, :11].tolist() == [5, 1, 7, 8, 1, 6, 9, 1, 4, 1, 0]
    assert batch["decoder_causal_attention"][0, :11].tolist() == [1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0]


def test_loss_on_inputs():
    """With the released setting a single stack learns its input too; padding never counts."""
    batch = pack([([5, 1], [7, 1])], layout("language_model", loss_on_inputs=True))
    assert batch["decoder_loss_weights"][0].tolist() == [1] * 4 + [0] * 20


def test_a_target_alone_begins_its_row():
    """An example without any input has no EOS for it in a single stack, one before an encoder."""
    nothing, text = Ragged.of([[]]), Ragged.of([[5, 6]])
    inputs, targets = layout("language_model").close(nothing, text)
    assert (inputs.tokens.tolist(), targets.tokens.tolist()) == ([], [5, 6, 1])
    inputs, targets = layout().close(nothing, text)
    assert (inputs.tokens.tolist(), targets.tokens.tolist()) == ([1], [5, 6, 1])


def test_cutting_keeps_eos():
    """What is too long loses its end, never its EOS."""
    inputs, targets = layout().close(
        Ragged.of([range(3, 23), [4]]), Ragged.of([range(3, 14), range(3, 15)])
    )
    assert inputs.tokens.tolist() == [*range(3, 14), 1, 4, 1]
    assert inputs.lengths.tolist() == [12, 2]
    assert targets.tokens.tolist() == [*range(3, 14), 1, *range(3, 14), 1]


def test_an_example_that_fits_no_row():
    """It is named, with its lengths and the row's."""
    with pytest.raises(BatchError, match=r"Example 1 takes \[2, 13\] tokens.*\[12, 12\]"):
        pack([([5, 1], [6, 1]), ([5, 1], [6] * 13)], layout())


def test_padding_share():
    """Padding of both sides over all positions."""
    batch = pack([([5, 1], [6, 7, 8, 1])], layout())
    assert padding_share(batch) == pytest.approx(18 / 24)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"architecture": "prefix"}, "Did you mean 'prefix_lm'"),
        ({"inputs_length": 1}, "inputs_length=1"),
        ({"targets_length": 0}, "targets_length=0"),
    ],
)
def test_impossible_layouts(changes, said):
    """The complaint names the setting."""
    with pytest.raises(BatchError, match=said):
        layout(**changes)
