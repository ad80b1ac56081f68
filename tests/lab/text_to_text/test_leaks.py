"""Who reads whom, position by position, in rows packed as for training."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from lab.text_to_text.config import ARCHITECTURES
from t5study.batching import Layout, pack
from t5study.model import build_model

VOCABULARY = 40
PAIRS = [([5, 6, 7, 1], [8, 9, 1]), ([10, 11, 1], [12, 13, 14, 1]), ([15, 1], [16, 1])]
SINGLE = [name for name, layout in ARCHITECTURES.items() if not layout.encoder]
WITH_ENCODER = [name for name in ARCHITECTURES if name not in SINGLE]


def tiny(architecture: str) -> torch.nn.Module:
    torch.manual_seed(0)
    return build_model(architecture, "nano", vocab_size=VOCABULARY, num_layers=2).eval()


def rows(architecture: str, pairs: list) -> dict[str, Tensor]:
    """The examples packed into one row."""
    layout = Layout(architecture=architecture, inputs_length=12, targets_length=12)
    packed = pack(pairs, layout)
    assert len(packed["decoder_target_tokens"]) == 1
    return {name: torch.from_numpy(array) for name, array in packed.items()}


def logits(model: torch.nn.Module, batch: dict[str, Tensor]) -> Tensor:
    with torch.no_grad():
        found: Tensor = model.head(model.features(batch))[0]
    return found


def changed(model: torch.nn.Module, batch: dict[str, Tensor], side: str, place: int) -> list[bool]:
    """At which positions any bit of the logits changes when one token that is read does."""
    other = {name: value.clone() for name, value in batch.items()}
    other[side][0, place] = 39
    return (logits(model, batch) != logits(model, other)).any(-1).tolist()


@pytest.mark.parametrize("architecture", SINGLE)
def test_single_stack_reads_exactly_what_the_paper_allows(architecture):
    """Each position: its example up to itself; in a prefix LM's input part, all of that part."""
    model, batch = tiny(architecture), rows(architecture, PAIRS)
    segments = batch["decoder_segment_ids"][0].tolist()
    starts = [segments.index(segment) for segment in (1, 2, 3)]
    # The decoder reads one place late: the start token and the whole input stand in the prefix.
    prefixes = [range(s, s + len(i) + 1) for s, (i, _) in zip(starts, PAIRS, strict=True)]
    for place in range(sum(len(i) + len(t) for i, t in PAIRS)):
        expected = [
            segments[place] == segment
            and (
                place <= position
                or (
                    architecture == "prefix_lm"
                    and any(place in prefix and position in prefix for prefix in prefixes)
                )
            )
            for position, segment in enumerate(segments)
        ]
        assert changed(model, batch, "decoder_input_tokens", place) == expected, place


@pytest.mark.parametrize("architecture", WITH_ENCODER)
def test_encoder_decoder_reads_exactly_what_the_paper_allows(architecture):
    """Each target position: all of its own example's input, and its target up to itself."""
    model, batch = tiny(architecture), rows(architecture, PAIRS)
    targets = batch["decoder_segment_ids"][0].tolist()
    inputs = batch["encoder_segment_ids"][0].tolist()
    for place in range(sum(len(i) for i, _ in PAIRS)):
        expected = [segment == inputs[place] for segment in targets]
        assert changed(model, batch, "encoder_input_tokens", place) == expected, place
    for place in range(sum(len(t) for _, t in PAIRS)):
        expected = [
            segment == targets[place] and place <= position
            for position, segment in enumerate(targets)
        ]
        assert changed(model, batch, "decoder_input_tokens", place) == expected, place


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("example", [0, 1, 2])
def test_another_example_of_the_same_lengths_leaves_the_others_bit_identical(architecture, example):
    """Whole examples are exchanged, each in turn; every bit of the other two stays."""
    rng = np.random.default_rng(example)
    other = list(PAIRS)
    other[example] = tuple(
        [*rng.integers(20, VOCABULARY, len(side) - 1).tolist(), 1] for side in PAIRS[example]
    )
    model = tiny(architecture)
    before = rows(architecture, PAIRS)
    one, two = logits(model, before), logits(model, rows(architecture, other))
    segments = before["decoder_segment_ids"][0]
    mine = segments == example + 1
    others = (segments != 0) & ~mine
    assert torch.equal(one[others], two[others])
    assert (one[mine] != two[mine]).any()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_no_gradient_crosses_examples(architecture):
    """The loss of one example has a gradient of exactly 0 by what the others read."""
    model, batch = tiny(architecture), rows(architecture, PAIRS)
    embedded: list[Tensor] = []

    def embed(tokens: Tensor) -> Tensor:
        found = torch.nn.functional.embedding(tokens, model.embedding.detach()).requires_grad_()
        embedded.append(found)
        return found

    model.embed = embed
    features = model.features(batch)[0]
    segments = batch["decoder_segment_ids"][0]
    features[segments == 2].sum().backward()
    sides = [batch["encoder_segment_ids"][0]] if architecture in WITH_ENCODER else []
    for found, ids in zip(embedded, [*sides, segments], strict=True):
        reached = found.grad[0].abs().sum(-1)
        ids = ids[: len(reached)]
        assert (reached[ids == 2] > 0).all()
        assert not reached[ids != 2].any()
