"""What each architecture is: its parameters, its settings, and who can see what."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import Tensor

from lab.errors import ModelError
from lab.text_to_text.config import ARCHITECTURES, SIZES, model_config
from lab.text_to_text.flops import parameters
from t5study.model import build_model

DIMS = {"d_model": 16, "d_ff": 24, "d_kv": 4, "num_heads": 4, "num_layers": 2, "vocab_size": 31}
SINGLE = ("language_model", "prefix_lm")


def tiny(architecture: str, **settings):
    torch.manual_seed(0)
    return build_model(architecture, "nano", **{**DIMS, **settings}).eval()


def packed_batch(second_input: list[int], second_target: list[int]) -> dict[str, Tensor]:
    """One row of two packed examples with padding, beside a row of one, as an encoder-decoder's."""
    first_input, first_target = [5, 6, 7, 1], [8, 9, 1]
    n, m = len(second_input), len(second_target)
    rows = {
        "encoder_input_tokens": [*first_input, *second_input, *[0] * (10 - 4 - n)],
        "encoder_segment_ids": [1] * 4 + [2] * n + [0] * (10 - 4 - n),
        "decoder_input_tokens": [0, 8, 9, 0, *second_target[:-1], *[0] * (8 - 3 - m)],
        "decoder_target_tokens": [*first_target, *second_target, *[0] * (8 - 3 - m)],
        "decoder_segment_ids": [1] * 3 + [2] * m + [0] * (8 - 3 - m),
    }
    other = {
        "encoder_input_tokens": [9, 8, 1, *[0] * 7],
        "encoder_segment_ids": [1] * 3 + [0] * 7,
        "decoder_input_tokens": [0, 4, *[0] * 6],
        "decoder_target_tokens": [4, 1, *[0] * 6],
        "decoder_segment_ids": [1] * 2 + [0] * 6,
    }
    return {name: torch.tensor([rows[name], other[name]]) for name in rows}


def single_row(tokens: list[int], segments: list[int], prefix: list[int]) -> dict[str, Tensor]:
    return {
        "decoder_input_tokens": torch.tensor([tokens]),
        "decoder_segment_ids": torch.tensor([segments]),
        "decoder_causal_attention": torch.tensor([prefix]),
    }


def logits(model, batch: dict[str, Tensor]) -> Tensor:
    with torch.no_grad():
        return model.head(model.features(batch))


def test_sizes_are_readable_without_torch():
    """Planning reads sizes and prices them without importing torch."""
    program = (
        "import sys; from lab.text_to_text.config import model_config; "
        "from lab.text_to_text.flops import training_flops; "
        "print(training_flops(model_config(), 512, 114) > 0, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.split() == ["True", "False"], done.stderr


BUILDABLE = [
    (architecture, size)
    for architecture in ARCHITECTURES
    for size, dimensions in SIZES.items()
    # An odd number of blocks has no half.
    if not (architecture == "half" and dimensions.num_layers % 2)
]


@pytest.mark.parametrize(("architecture", "size"), BUILDABLE)
def test_formula_counts_the_built_model(architecture, size):
    """The exact count of every architecture at every size, on the meta device."""
    model = build_model(architecture, size, device="meta")
    assert parameters(model.config) == sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    ("size", "millions"),
    [("small", 60), ("base", 220), ("large", 770), ("3b", 2800), ("11b", 11000)],
)
def test_sizes_are_those_of_the_paper(size, millions):
    """The published round numbers of section 3.7, within 5%."""
    assert parameters(model_config(size=size)) == pytest.approx(millions * 1e6, rel=0.05)


def test_shared_stacks_use_one_set_of_parameters():
    """The encoder of "shared" is the decoder without its attention to the input."""
    model = tiny("shared")
    names = [name for name, _ in model.named_parameters()]
    assert not [name for name in names if name.startswith("encoder")]
    assert model.input_stack is model.decoder
    assert [len(group) for group in model.blocks()] == [1, 1]


def test_half_halves_the_depth_it_is_given():
    """Section 3.2.3's model of half the layers, from a size's depth or one set by hand."""
    assert model_config("half", "base").num_layers == 6
    assert model_config("half", "base").num_decoder_layers == 6
    assert len(tiny("half", num_layers=4).encoder.blocks) == 2


def test_blocks_pair_up_for_unfreezing():
    """Encoder and decoder blocks come in pairs from the bottom, a single stack's alone."""
    model = tiny("encoder_decoder")
    assert model.blocks()[1] == (model.encoder.blocks[1], model.decoder.blocks[1])
    assert tiny("prefix_lm").blocks()[0][0].attention.query.shape == (16, 16)
    with pytest.raises(ModelError, match="encoder has 2 and the decoder 3"):
        tiny("encoder_decoder", num_decoder_layers=3).blocks()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"architecture": "prefix"}, "Unknown architecture 'prefix'.*Did you mean 'prefix_lm'"),
        ({"size": "bas"}, "Unknown size 'bas'.*Did you mean 'base'"),
        ({"dropout": 0.1}, "Unknown model setting 'dropout'.*Did you mean 'dropout_rate'"),
        ({"dropout_form": "broad"}, "Did you mean 'broadcast'"),
        ({"feed_forward": "gelu"}, "Unknown feed_forward 'gelu'"),
        ({"num_heads": 0}, "num_heads is 0; it must be at least 1"),
        ({"dropout_rate": 1.0}, "dropout_rate is 1.0"),
        ({"architecture": "shared", "num_decoder_layers": 3}, "one set of blocks"),
        ({"architecture": "half", "num_layers": 3}, "even depth"),
        ({"relative_attention_max_distance": 16}, "it must be over 16 with 32 buckets"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    """The complaint names what was given and what would do."""
    with pytest.raises(ModelError, match=message):
        model_config(**settings)


def test_parameters_start_as_the_released_code_starts_them():
    """Standard deviations of every kind of matrix, and a Glorot-uniform bias table."""
    torch.manual_seed(0)
    model = build_model(size="nano", vocab_size=512, d_model=96, d_ff=320, d_kv=24, num_heads=8)
    block = model.decoder.blocks[0]
    expected = {
        "embedding": (model.embedding, 1.0),
        "query": (block.attention.query, (96 * 24) ** -0.5),
        "key": (block.cross_attention.key, 96**-0.5),
        "value": (block.attention.value, 96**-0.5),
        "output": (block.attention.output, (8 * 24) ** -0.5),
        "up": (block.feed_forward.up, 96**-0.5),
        "down": (block.feed_forward.down, 320**-0.5),
    }
    found = {name: float(weight.detach().std()) for name, (weight, _) in expected.items()}
    assert found == pytest.approx({name: std for name, (_, std) in expected.items()}, rel=0.03)
    table = model.decoder.relative_bias.weight
    limit = (6 / (32 + 8)) ** 0.5
    assert 0.9 * limit < float(table.abs().max()) <= limit
    assert float(block.feed_forward.up.abs().max()) < 2.4 * 96**-0.5
    assert torch.equal(model.decoder.final_norm.weight, torch.ones(96))


def test_the_same_seed_gives_the_same_parameters():
    """Initialization draws from torch's generator alone."""
    assert torch.equal(tiny("half").embedding, tiny("half").embedding)


def test_tied_logits_are_scaled():
    """The embedding reads features at d_model^-0.5; an own head as they are."""
    features = torch.randn(3, 16)
    tied, own = tiny("half"), tiny("half", tie_embeddings=False)
    torch.testing.assert_close(tied.head(features), features @ tied.embedding.T / 4)
    torch.testing.assert_close(own.head(features), features @ own.output.T)


@pytest.mark.parametrize("architecture", ["encoder_decoder", "shared", "half"])
def test_packing_does_not_leak_between_examples(architecture):
    """Changing one example of a row leaves the other's logits bit-identical."""
    model = tiny(architecture)
    one = logits(model, packed_batch([11, 12, 13, 1], [14, 15, 1]))
    other = logits(model, packed_batch([21, 22, 23, 24], [25, 26, 27]))
    assert torch.equal(one[0, :3], other[0, :3])
    assert torch.equal(one[1], other[1])
    assert not torch.allclose(one[0, 3:6], other[0, 3:6])


@pytest.mark.parametrize("architecture", SINGLE)
def test_packing_does_not_leak_in_a_single_stack(architecture):
    """The same for rows of input and target together, prefixes included."""
    model = tiny(architecture)
    segments, prefix = [1, 1, 1, 2, 2, 2, 2, 0], [1, 1, 0, 1, 1, 0, 0, 0]
    one = logits(model, single_row([0, 5, 6, 0, 7, 8, 9, 0], segments, prefix))
    other = logits(model, single_row([0, 5, 6, 0, 17, 18, 19, 0], segments, prefix))
    assert torch.equal(one[0, :3], other[0, :3])
    assert not torch.allclose(one[0, 4:7], other[0, 4:7])
    other = logits(model, single_row([0, 15, 16, 0, 7, 8, 9, 0], segments, prefix))
    assert torch.equal(one[0, 3:7], other[0, 3:7])


@pytest.mark.parametrize("architecture", ["encoder_decoder", "shared"])
def test_packed_examples_equal_examples_alone(architecture):
    """An example's logits are the same in a packed row and in a row of its own."""
    model = tiny(architecture)
    together = logits(model, packed_batch([11, 12, 13, 1], [14, 15, 1]))
    with torch.no_grad():
        alone = model(torch.tensor([[11, 12, 13, 1]]), torch.tensor([[0, 14, 15]]))
    torch.testing.assert_close(together[0, 3:6], alone[0], atol=1e-5, rtol=1e-5)


def changes(model, row: list[int], position: int, prefix: list[int] | None) -> list[bool]:
    """At which positions the logits change when the token at `position` does."""
    marks = None if prefix is None else torch.tensor([prefix])
    before, after = torch.tensor([row]), torch.tensor([row])
    after[0, position] = 30
    with torch.no_grad():
        one = model(before, causal_attention=marks)
        other = model(after, causal_attention=marks)
    return (one != other).any(-1)[0].tolist()


def test_prefix_lm_sees_right_context_in_the_prefix_and_never_beyond():
    """Every position of the prefix sees all of it; none sees a later target token."""
    model, row, prefix = tiny("prefix_lm"), [0, 5, 6, 7, 8, 9], [1, 1, 1, 0, 0, 0]
    assert changes(model, row, 2, prefix) == [True] * 6
    assert changes(model, row, 3, prefix) == [False] * 3 + [True] * 3
    assert changes(model, row, 5, prefix) == [False] * 5 + [True]


def test_prefix_lm_without_a_prefix_is_causal():
    """Nothing marked means nothing seen ahead."""
    model = tiny("prefix_lm")
    assert changes(model, [0, 5, 6, 7], 2, None) == [False, False, True, True]
    assert changes(model, [0, 5, 6, 7], 2, [0, 0, 0, 0]) == [False, False, True, True]


def test_language_model_never_sees_right_context():
    """A language model ignores prefix marks: it is causal throughout."""
    model, row = tiny("language_model"), [0, 5, 6, 7, 8]
    for position in range(5):
        expected = [False] * position + [True] * (5 - position)
        assert changes(model, row, position, [1, 1, 1, 0, 0]) == expected


@pytest.mark.parametrize("architecture", ["encoder_decoder", "shared", "half"])
def test_decoder_never_sees_right_context_and_encoder_always_does(architecture):
    """A later target token changes nothing before it; any input token changes everything."""
    model = tiny(architecture)
    inputs, targets = torch.tensor([[5, 6, 7]]), torch.tensor([[0, 8, 9, 10]])
    later, first = targets.clone(), inputs.clone()
    later[0, 2], first[0, 0] = 20, 20
    with torch.no_grad():
        before = model(inputs, targets)
        assert (before != model(inputs, later)).any(-1)[0].tolist() == [False, False, True, True]
        assert (before != model(first, targets)).any(-1)[0].tolist() == [True] * 4


def test_padding_is_neither_read_nor_needed():
    """Padded inputs give the logits of unpadded ones; the mask comes from ids of 0."""
    model = tiny("encoder_decoder")
    inputs, targets = torch.tensor([[5, 6, 7]]), torch.tensor([[0, 8, 9]])
    padded = torch.tensor([[5, 6, 7, 0, 0], [9, 9, 9, 9, 1]])
    with torch.no_grad():
        alone = model(inputs, targets)[0]
        mixed = model(padded, targets.expand(2, -1))[0]
        masked = model(padded[:1] + 3 * (padded[:1] == 0), targets, attention_mask=padded[:1] != 0)
    torch.testing.assert_close(mixed, alone, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(masked[0], alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_features_of_a_padded_batch_are_those_of_its_real_positions(architecture):
    """Columns of padding at the end are left out of the work and change no real position."""
    model, batch = tiny(architecture), packed_batch([11, 1], [14, 1])
    wide = {name: torch.nn.functional.pad(value, (0, 7)) for name, value in batch.items()}
    with torch.no_grad():
        narrow_features, features = model.features(batch), model.features(wide)
    assert features.shape == (2, 15, 16)
    real = batch["decoder_segment_ids"] != 0
    torch.testing.assert_close(features[:, :8][real], narrow_features[real], atol=1e-5, rtol=1e-5)
    assert not features[:, 8:].any()


def test_broadcast_dropout_draws_one_mask_for_all_positions():
    """What is dropped at one position is dropped at all, and differs between sequences."""
    model = tiny("half", dropout_rate=0.5).train()
    dropped = model.decoder.dropout(torch.ones(2, 6, 16)) == 0
    assert torch.equal(dropped, dropped[:, :1].expand_as(dropped))
    assert not torch.equal(dropped[0], dropped[1])
    model = tiny("half", dropout_rate=0.5, dropout_form="elementwise").train()
    dropped = model.decoder.dropout(torch.ones(2, 6, 16)) == 0
    assert not torch.equal(dropped, dropped[:, :1].expand_as(dropped))


@pytest.mark.parametrize("form", ["broadcast", "elementwise"])
@pytest.mark.parametrize("architecture", ["encoder_decoder", "prefix_lm"])
def test_dropout_is_for_training_only(architecture, form):
    """Two passes differ in training and agree in evaluation."""
    model = tiny(architecture, dropout_form=form)
    batch = packed_batch([11, 12, 1], [14, 1])
    assert torch.equal(model.features(batch), model.features(batch))
    model.train()
    assert not torch.allclose(model.features(batch), model.features(batch))


def test_dropout_keeps_the_expectation():
    """Averaged over many draws, features of a linear part are those without dropout."""
    model = tiny("half", dropout_rate=0.25).train()
    x = torch.ones(4000, 2, 16)
    for dropped in (model.decoder.dropout(x), model.decoder.dropout.add(torch.zeros_like(x), x)):
        assert float(dropped.mean()) == pytest.approx(1.0, abs=0.02)
        assert sorted(set(dropped.flatten().tolist())) == pytest.approx([0.0, 4 / 3], abs=1e-4)
