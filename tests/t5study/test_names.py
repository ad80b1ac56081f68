"""The names that others rely on, called as a stranger to this repository would call them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from lab.noise import (
    iid_noise_mask,
    random_spans_lengths,
    random_spans_noise_mask,
)
from t5study.mixing import mixing_rates
from t5study.model import (
    build_model,
    load_huggingface,
    relative_position_bucket,
    save_huggingface,
)
from t5study.objectives import get_objective, objective_names
from t5study.objectives.spans import (
    drop_noise_tokens,
    drop_nonnoise_tokens,
    noise_span_to_unique_sentinel,
    nonnoise_span_to_unique_sentinel,
)

NAMES = ["bert", "deshuffling", "drop", "iid", "lm", "mass", "prefix_lm", "span"]
ENCODERS = ["encoder_decoder", "shared", "half"]


def shape_of(function: Callable[..., Any]) -> str:
    """The parameters with their kinds and defaults, without annotations."""
    signature = inspect.signature(function)
    plain = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=plain, return_annotation=signature.empty))


@pytest.mark.parametrize(
    ("function", "written"),
    [
        (
            build_model,
            "(architecture='encoder_decoder', size='base', *, vocab_size=32128, device='cpu', "
            "**overrides)",
        ),
        (load_huggingface, "(folder)"),
        (save_huggingface, "(model, folder)"),
        (
            relative_position_bucket,
            "(relative_position, bidirectional, num_buckets=32, max_distance=128)",
        ),
        (mixing_rates, "(examples, mixing, limit=None, temperature=1.0)"),
        (objective_names, "()"),
        (iid_noise_mask, "(length, noise_density, rng)"),
        (random_spans_noise_mask, "(length, noise_density, mean_noise_span_length, rng)"),
        (random_spans_lengths, "(inputs_length, noise_density, mean_noise_span_length)"),
        (noise_span_to_unique_sentinel, "(tokens, noise_mask, vocab_size)"),
        (nonnoise_span_to_unique_sentinel, "(tokens, noise_mask, vocab_size)"),
        (drop_noise_tokens, "(tokens, noise_mask, vocab_size)"),
        (drop_nonnoise_tokens, "(tokens, noise_mask, vocab_size)"),
    ],
)
def test_signatures(function, written):
    """Names, order, defaults and what is given by keyword only."""
    assert shape_of(function) == written


def test_get_objective_takes_these_settings():
    """All by keyword but the name; further settings have defaults."""
    parameters = inspect.signature(get_objective).parameters
    asked = {
        "vocab_size": inspect.Parameter.empty,
        "noise_density": 0.15,
        "mean_noise_span_length": 3.0,
        "num_sentinels": 100,
    }
    assert {name: parameters[name].default for name in asked} == asked
    assert all(parameters[name].kind is inspect.Parameter.KEYWORD_ONLY for name in asked)
    others = [p for name, p in parameters.items() if name not in ("name", *asked)]
    assert all(p.default is not p.empty for p in others)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("length", [0, 1, 2, 3])
@pytest.mark.parametrize("density", [1e-6, 0.5, 1 - 1e-6])
def test_corrupt_on_the_shortest_texts(name, length, density):
    """Two int32 vectors that hold every token of the text between them."""
    objective = get_objective(
        name, vocab_size=32100, noise_density=density, mean_noise_span_length=3.0, num_sentinels=100
    )
    text = np.arange(10, 10 + length)
    example = objective.corrupt(text, np.random.default_rng(0))
    assert isinstance(example, tuple)
    assert [side.dtype for side in example] == [np.int32, np.int32]
    assert [side.ndim for side in example] == [1, 1]
    inputs, targets = (side.tolist() for side in example)
    assert set(text.tolist()) <= {*inputs, *targets}
    assert not {0, 1} & {*inputs, *targets}


def test_objectives_at_a_density_near_nothing_and_near_everything():
    """Random spans keep one token of noise, or one that is none; i.i.d. noise has no such rule."""
    text, rng = np.arange(10, 30), np.random.default_rng(0)

    def corrupted(name: str, density: float) -> list[list[int]]:
        objective = get_objective(name, vocab_size=1000, noise_density=density, num_sentinels=9)
        return [side.tolist() for side in objective.corrupt(text, rng)]

    assert corrupted("span", 1e-9) == [[*range(10, 29), 999], [999, 29]]
    assert corrupted("span", 1 - 1e-9) == [[10, 999], [999, *range(11, 30)]]
    assert corrupted("iid", 1e-9) == [list(range(10, 30)), [999]]
    assert corrupted("drop", 1e-9) == [list(range(10, 30)), []]
    assert corrupted("mass", 1e-9) == [list(range(10, 30)), list(range(10, 30))]
    assert corrupted("lm", 0.5) == [[], list(range(10, 30))]


@pytest.mark.parametrize(("mean", "spans"), [(1.0, 15), (15.0, 1), (1e6, 1)])
def test_spans_of_length_one_and_one_huge_span(mean, spans):
    """15 of 100 tokens in as many spans as the mean asks for, numbered from the last id down."""
    objective = get_objective("span", vocab_size=500, mean_noise_span_length=mean, num_sentinels=20)
    text = np.arange(10, 110)
    inputs, targets = objective.corrupt(tokens=text, rng=np.random.default_rng(1))
    sentinels = [499 - i for i in range(spans)]
    assert [t for t in inputs.tolist() if t >= 480] == sentinels
    assert [t for t in targets.tolist() if t >= 480] == sentinels
    assert len(inputs) == 85 + spans
    assert len(targets) == 15 + spans


@pytest.mark.parametrize("name", ["iid", "span"])
def test_too_few_sentinels_never_run_into_ordinary_pieces(name):
    """Whatever the draw, only the three sentinels there are stand beside the text's own ids."""
    objective = get_objective(
        name, vocab_size=200, noise_density=0.5, mean_noise_span_length=1.0, num_sentinels=3
    )
    text = np.arange(10, 60)
    for seed in range(50):
        inputs, targets = objective.corrupt(text, np.random.default_rng(seed))
        used = {*inputs.tolist(), *targets.tolist()} - set(text.tolist())
        assert used <= {197, 198, 199}


@pytest.mark.parametrize("name", NAMES)
def test_the_same_generator_state_gives_the_same_example(name):
    """Nothing but the generator is random, and it moves on."""
    objective = get_objective(name, vocab_size=32100)
    text = np.arange(10, 110)
    one, other = (objective.corrupt(text, np.random.default_rng(7)) for _ in range(2))
    assert [side.tolist() for side in one] == [side.tolist() for side in other]
    if name != "lm":
        rng = np.random.default_rng(7)
        assert len({tuple(objective.corrupt(text, rng)[0].tolist()) for _ in range(5)}) == 5


def test_masks_take_keywords_and_give_bools():
    """bool[length], for texts of nothing too."""
    rng = np.random.default_rng(0)
    for length in (0, 1, 2, 17):
        one = iid_noise_mask(length=length, noise_density=0.3, rng=rng)
        other = random_spans_noise_mask(
            length=length, noise_density=0.3, mean_noise_span_length=2.0, rng=rng
        )
        assert one.dtype == other.dtype == np.bool_
        assert one.shape == other.shape == (length,)


@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_spans_take_lists_tuples_and_arrays(kind):
    """A mask of 0 and 1 does as well as one of bools; nothing is noise, or everything."""
    tokens, mask = kind([10, 11, 12, 13]), kind([0, 1, 1, 0])
    assert noise_span_to_unique_sentinel(tokens, mask, 100).tolist() == [10, 99, 13]
    assert nonnoise_span_to_unique_sentinel(tokens, mask, 100).tolist() == [99, 11, 12, 98]
    assert drop_noise_tokens(tokens, mask, 100).tolist() == [10, 13]
    assert drop_nonnoise_tokens(tokens, mask, vocab_size=100).tolist() == [11, 12]
    nothing, everything = kind([0, 0, 0, 0]), kind([1, 1, 1, 1])
    assert noise_span_to_unique_sentinel(tokens, nothing, 100).tolist() == [10, 11, 12, 13]
    assert noise_span_to_unique_sentinel(tokens, everything, 100).tolist() == [99]
    assert drop_noise_tokens(tokens, everything, 100).dtype == np.int32
    assert drop_noise_tokens(tokens, everything, 100).shape == (0,)


def test_mixing_rates_by_position_and_keyword():
    """K and T as the paper's formulas have them (section 3.5.2)."""
    sizes = {"a": 4_000_000, "b": 90_000, "c": 10_000}
    by_position = mixing_rates(sizes, "temperature", 2**21, 2.0)
    assert by_position == mixing_rates(
        examples=sizes, mixing="temperature", limit=2**21, temperature=2.0
    )
    roots = {"a": (2**21) ** 0.5, "b": 300.0, "c": 100.0}
    assert by_position == pytest.approx({n: r / sum(roots.values()) for n, r in roots.items()})
    assert mixing_rates(sizes, "proportional", limit=10_000) == pytest.approx(
        dict.fromkeys(sizes, 1 / 3)
    )
    assert mixing_rates({"only": 3}, "proportional") == {"only": 1.0}
    huge = mixing_rates(sizes, "temperature", temperature=1e9)
    assert huge == pytest.approx(dict.fromkeys(sizes, 1 / 3), rel=1e-6)


@pytest.mark.parametrize("architecture", ENCODERS)
def test_encoder_decoders_are_called_with_ids(architecture):
    """Logits (B, T, V); id 0 is padding, and a mask may say so instead."""
    torch.manual_seed(0)
    model = build_model(architecture, "nano", vocab_size=50, num_layers=2).eval()
    assert isinstance(model, torch.nn.Module)
    inputs = torch.tensor([[5, 6, 7, 0], [8, 9, 10, 11]])
    targets = torch.tensor([[0, 3, 4], [0, 5, 6]])
    with torch.no_grad():
        logits = model(inputs, targets)
        named = model(input_ids=inputs, decoder_input_ids=targets, attention_mask=inputs != 0)
        alone = model(inputs[:1, :3], targets[:1])
    assert logits.shape == (2, 3, 50)
    assert torch.equal(logits, named)
    torch.testing.assert_close(logits[:1], alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("architecture", ["language_model", "prefix_lm"])
def test_single_stacks_are_called_with_one_row(architecture):
    """Logits (B, T, V) of ids that begin with 0."""
    model = build_model(architecture=architecture, size="nano", vocab_size=50).eval()
    assert model(torch.tensor([[0, 5, 6, 7]])).shape == (1, 4, 50)


def test_build_model_defaults_to_the_papers_baseline():
    """Encoder-decoder, base, 32,128 ids; on the meta device nothing is stored."""
    model = build_model(device="meta")
    assert next(model.parameters()).device.type == "meta"
    assert sum(p.numel() for p in model.parameters()) == 222_903_552


def test_buckets_keep_the_shape_and_type_of_distances():
    """Any shape of int64 in, the same out, on both settings by keyword."""
    distances = torch.arange(-6, 6).view(3, 4)
    for bidirectional in (True, False):
        buckets = relative_position_bucket(
            relative_position=distances,
            bidirectional=bidirectional,
            num_buckets=8,
            max_distance=20,
        )
        assert buckets.shape == (3, 4)
        assert buckets.dtype == torch.int64
        assert int(buckets.min()) == 0
        assert int(buckets.max()) < 8
