"""Relative position buckets and the bias made of them."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from t5study.model import relative_position_bucket
from t5study.model.relpos import RelativeBias


@given(st.integers(1, 2000), st.booleans())
def test_buckets_grow_with_distance(distance, bidirectional):
    """A farther key is never in a nearer bucket, and every bucket is a row of the table."""
    near, far = relative_position_bucket(
        torch.tensor([-distance, -distance - 1]), bidirectional
    ).tolist()
    assert 0 < near <= far < (16 if bidirectional else 32)


@given(st.integers(1, 2000))
def test_sides_are_told_apart(distance):
    """Bidirectional, the upper half of the buckets mirrors the lower for keys after the query."""
    before, after = relative_position_bucket(torch.tensor([-distance, distance]), True).tolist()
    assert after == before + 16


def test_bias_is_the_table_at_each_distance():
    """Every entry of the laid-out bias is the looked-up one, for queries from anywhere."""
    torch.manual_seed(0)
    table = RelativeBias(8, 3, 20)
    torch.nn.init.normal_(table.weight)
    for bidirectional in (True, False):
        bias = table(4, 9, bidirectional=bidirectional, first_query=5)
        distance = torch.arange(9) - torch.arange(5, 9)[:, None]
        bucket = relative_position_bucket(distance, bidirectional, 8, 20)
        assert torch.equal(bias[0], table.weight[bucket].permute(2, 0, 1))


def test_stacks_of_each_direction_use_their_buckets():
    """The encoder and the prefix LM look both ways; the decoder and the language model do not."""
    from t5study.model import build_model

    for architecture, stack, bidirectional in (
        ("encoder_decoder", "encoder", True),
        ("encoder_decoder", "decoder", False),
        ("language_model", "stack", False),
        ("prefix_lm", "stack", True),
    ):
        model = build_model(architecture, "nano", vocab_size=16)
        asked = []
        module = getattr(model, stack).relative_bias
        module.register_forward_pre_hook(
            lambda _, __, kwargs, asked=asked: asked.append(kwargs["bidirectional"]),
            with_kwargs=True,
        )
        ids = torch.ones(1, 3, dtype=torch.int64)
        model(ids) if architecture.endswith(("model", "lm")) else model(ids, ids)
        assert asked == [bidirectional]


def test_shared_stack_reads_one_table_in_both_directions():
    """As an encoder with bidirectional buckets, as a decoder with one-directional ones."""
    from t5study.model import build_model

    model = build_model("shared", "nano", vocab_size=16)
    asked = []
    model.decoder.relative_bias.register_forward_pre_hook(
        lambda _, __, kwargs: asked.append(kwargs["bidirectional"]), with_kwargs=True
    )
    ids = torch.ones(1, 3, dtype=torch.int64)
    model(ids, ids)
    assert asked == [True, False]
