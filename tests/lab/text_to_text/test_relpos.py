"""Relative position buckets and the bias made of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lab.text_to_text.relpos import RelativeBias
from t5study.model import relative_position_bucket


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


def bucket_of(key_minus_query: int, bidirectional: bool, buckets: int, farthest: int) -> int:
    """One distance's bucket by the published rule, in float32 as there."""
    first, distance = 0, -key_minus_query
    if bidirectional:
        buckets //= 2
        first = buckets if key_minus_query > 0 else 0
        distance = abs(distance)
    distance = max(distance, 0)
    exact = buckets // 2
    if distance < exact:
        return first + distance
    share = np.log(np.float32(distance) / np.float32(exact)) / np.float32(
        math.log(farthest / exact)
    )
    return first + min(exact + int(share * np.float32(buckets - exact)), buckets - 1)


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize(
    ("buckets", "farthest"),
    [(32, 128), (32, 256), (16, 64), (8, 20), (64, 128), (4, 9), (320, 800)],
)
def test_every_distance_is_in_the_bucket_of_the_rule(bidirectional, buckets, farthest):
    """All distances to well beyond the last bucket's first, both ways."""
    distances = torch.arange(-2 * farthest, 2 * farthest + 1)
    found = relative_position_bucket(distances, bidirectional, buckets, farthest).tolist()
    expected = [bucket_of(d, bidirectional, buckets, farthest) for d in distances.tolist()]
    assert found == expected


@pytest.mark.parametrize("bidirectional", [True, False])
def test_buckets_are_those_of_the_transformers_library(bidirectional):
    """Another implementation's buckets, for every distance up to 3,000."""
    t5 = pytest.importorskip(
        "transformers.models.t5.modeling_t5", reason="pip install t5study[dev]"
    )
    distances = torch.arange(-3000, 3001)
    for buckets, farthest in ((32, 128), (32, 64), (12, 50)):
        theirs = t5.T5Attention._relative_position_bucket(
            distances, bidirectional, num_buckets=buckets, max_distance=farthest
        )
        ours = relative_position_bucket(distances, bidirectional, buckets, farthest)
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize(
    ("bidirectional", "first"),
    [
        (True, {8: 8, 9: 12, 10: 16, 11: 23, 12: 32, 13: 46, 14: 64, 15: 91}),
        (False, {16: 16, 17: 19, 18: 21, 19: 24, 31: 113}),
    ],
)
def test_first_distance_of_the_wide_buckets(bidirectional, first):
    """As published for 32 buckets up to 128."""
    buckets = relative_position_bucket(-torch.arange(400), bidirectional).tolist()
    assert {bucket: buckets.index(bucket) for bucket in first} == first


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
