"""Shapes of encoders: parameters, shared layers, packed rows, and how they start."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from lab.encoder.config import SHARING, EncoderConfig
from lab.encoder.cost import parameters
from lab.encoder.encoder import Embeddings, Encoder
from lab.encoder.heads import Detection, JointSpans, MaskedLanguageModel, Pooler
from lab.encoder.initialization import initialize
from lab.errors import ModelError
from lab.kernels import cpu, plain
from lab.kernels.operations import OPERATIONS

TINY = EncoderConfig(
    vocabulary=40, width=16, layers=4, heads=2, feed_forward=32, embedding=8, positions=16
)


def count(*modules: nn.Module) -> int:
    return sum(one.numel() for module in modules for one in module.parameters())


def by_formula(config: EncoderConfig) -> int:
    """Parameters of an encoder with its tables, added up by hand."""
    e, d, f = config.embedding, config.width, config.feed_forward
    tables = (config.vocabulary + config.positions + config.types) * e + 2 * e
    projection = e * d + d if e != d else 0
    attention = 4 * (d * d + d) + 2 * d
    feed_forward = d * f + f + f * d + d + 2 * d
    attentions = len({part for part, _ in config.parts})
    feed_forwards = len({part for _, part in config.parts})
    return tables + projection + attentions * attention + feed_forwards * feed_forward


@pytest.mark.parametrize(
    ("width", "embedding", "layers", "encoder", "with_head"),
    [
        (256, 128, 12, 13_483_008, 13_549_057),
        (768, 768, 12, 108_891_648, 109_483_009),
        (1024, 1024, 24, 334_092_288, 335_142_913),
    ],
)
def test_printed_sizes_of_detectors(
    width: int, embedding: int, layers: int, encoder: int, with_head: int
) -> None:
    """ELECTRA small, base and large (Clark et al. 2020, Table 6): 14M, 110M, 335M."""
    config = EncoderConfig(
        vocabulary=30_522,
        width=width,
        layers=layers,
        heads=width // 64,
        feed_forward=4 * width,
        embedding=embedding,
    )
    with torch.device("meta"):
        model, head = Encoder(config), Detection(config)
    assert (count(model), count(model, head)) == (encoder, with_head)
    assert by_formula(config) == encoder


@pytest.mark.parametrize(
    ("sharing", "embedding", "encoder", "pooled"),
    [
        ("none", 768, 108_490_752, 109_081_344),
        ("all", 128, 11_092_992, 11_683_584),
        ("attention", 128, 63_056_640, 63_647_232),
        ("ffn", 128, 37_095_936, 37_686_528),
        ("none", 128, 89_059_584, 89_650_176),
    ],
)
def test_sizes_by_what_layers_share(
    sharing: str, embedding: int, encoder: int, pooled: int
) -> None:
    """ALBERT base (Lan et al. 2020, Table 4), counted from the released shapes."""
    config = EncoderConfig(
        vocabulary=30_000,
        width=768,
        layers=12,
        heads=12,
        feed_forward=3072,
        embedding=embedding,
        sharing=sharing,
    )
    with torch.device("meta"):
        model, pooler = Encoder(config), Pooler(config)
    assert (count(model), count(model, pooler)) == (encoder, pooled)
    assert by_formula(config) == encoder


@pytest.mark.parametrize(
    ("width", "embedding", "pooled"),
    [
        (768, 64, 10_044_672),
        (768, 128, 12_013_824),
        (1024, 128, 18_146_304),
        (2048, 128, 59_715_584),
        (4096, 128, 224_643_072),
        (6144, 128, 498_622_464),
    ],
)
def test_printed_sizes_have_positions_as_wide_as_layers(
    width: int, embedding: int, pooled: int
) -> None:
    """10M, 12M, 18M, 60M, 225M and 499M (Lan et al. 2020, Tables 1, 3 and 12)."""
    config = EncoderConfig(
        vocabulary=30_000,
        width=width,
        layers=3,
        heads=width // 64,
        feed_forward=4 * width,
        embedding=embedding,
        factorized="words",
        sharing="all",
    )
    with torch.device("meta"):
        model, pooler = Encoder(config), Pooler(config)
    assert count(model, pooler) == pooled
    assert parameters(config) == count(model)


def test_positions_and_types_are_added_behind_the_map_of_words() -> None:
    """By the formula; tables as wide as the layers are alike either way, and so is their key."""
    torch.manual_seed(6)
    model = Encoder(replace(TINY, factorized="words")).eval().double()
    for parameter in model.parameters():
        nn.init.normal_(parameter)
    tables, seen = model.embeddings, []
    model.attentions[0].register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    tokens, types = torch.randint(0, 40, (2, 5)), torch.randint(0, 2, (2, 5))
    model(tokens, types)
    assert model.map is not None
    words = tables.word[tokens] @ model.map.weight.T + model.map.bias
    expected = tables.norm(words + tables.position[:5] + tables.kind[types])
    torch.testing.assert_close(seen[0], expected)
    wide = replace(TINY, embedding=TINY.width, factorized="words")
    assert wide.settings() == replace(TINY, embedding=TINY.width).settings()
    assert EncoderConfig(**model.config.settings()) == model.config


@pytest.mark.parametrize(
    ("groups", "of_layers"),
    [
        (1, [0] * 12),
        (2, [0] * 6 + [1] * 6),
        (5, [0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4]),
        (12, list(range(12))),
    ],
)
def test_groups_of_layers(groups: int, of_layers: list[int]) -> None:
    config = replace(TINY, layers=12, sharing="groups", groups=groups)
    assert config.parts == [(one, one) for one in of_layers]


@pytest.mark.parametrize("sharing", [*SHARING, "0-1-0-1", "0-1-1-2"])
def test_shared_layers_are_one_tensor_with_all_gradients(sharing: str) -> None:
    """The gradient of a shared parameter is the sum over the layers that use it."""
    torch.manual_seed(0)
    shared = Encoder(replace(TINY, sharing=sharing, groups=2, dropout=0, attention_dropout=0))
    apart = Encoder(replace(TINY, dropout=0, attention_dropout=0))
    initialize(shared, 0.02)
    parts = shared.config.parts
    names = dict(apart.named_parameters())
    for name, value in shared.named_parameters():
        for layer in range(4):
            for kind, part in zip(("attentions", "feed_forwards"), parts[layer], strict=True):
                if name.startswith(f"{kind}.{part}."):
                    names[name.replace(f".{part}.", f".{layer}.", 1)].data.copy_(value.data)
        if not name.startswith(("attentions", "feed_forwards")):
            names[name].data.copy_(value.data)
    tokens = torch.randint(0, 40, (3, 7))
    outputs = [model(tokens) for model in (shared, apart)]
    torch.testing.assert_close(*outputs)
    for one in outputs:
        one.square().sum().backward()
    for kind, which in (("attentions", 0), ("feed_forwards", 1)):
        for part in range(len(getattr(shared, kind))):
            found = getattr(shared, kind)[part].norm.weight.grad
            layers = [layer for layer in range(4) if parts[layer][which] == part]
            summed = sum(getattr(apart, kind)[layer].norm.weight.grad for layer in layers)
            torch.testing.assert_close(found, summed)


def test_packed_examples_do_not_see_each_other() -> None:
    """A row of two examples and padding says of each what it says of it alone."""
    torch.manual_seed(1)
    model = Encoder(TINY).eval()
    initialize(model, 0.02)
    first, second = torch.randint(0, 40, (1, 5)), torch.randint(0, 40, (1, 6))
    padding = torch.zeros(1, 3, dtype=torch.long)
    packed = model(
        torch.cat([first, second, padding], 1),
        segments=torch.tensor([[1] * 5 + [2] * 6 + [0] * 3]),
        positions=torch.tensor([[*range(5), *range(6), *range(3)]]),
    )
    torch.testing.assert_close(packed[:, :5], model(first))
    torch.testing.assert_close(packed[:, 5:11], model(second))
    assert packed.isfinite().all()


@pytest.mark.parametrize("sharing", ["none", "all"])
@pytest.mark.parametrize("hidden", ["nothing", "padding", "other examples"])
def test_the_columns_asked_for_are_those_of_the_whole_row(sharing: str, hidden: str) -> None:
    """Vectors and all gradients, a column asked for twice included."""
    torch.manual_seed(3)
    model = Encoder(replace(TINY, sharing=sharing)).eval().double()
    initialize(model, 0.02)
    tokens = torch.randint(0, 40, (3, 9))
    at = torch.tensor([[0, 4], [6, 2], [5, 5]])
    segments = None
    if hidden != "nothing":
        segments = torch.ones(3, 9, dtype=torch.long)
        segments[1, -2:] = 0 if hidden == "padding" else 2
    whole = model(tokens, segments=segments).gather(1, at.unsqueeze(-1).expand(-1, -1, 16))
    asked = model(tokens, segments=segments, at=at)
    torch.testing.assert_close(asked, whole, atol=1e-12, rtol=1e-12)
    direction = torch.randn_like(whole)
    names, values = zip(*model.named_parameters(), strict=True)
    for name, found, expected in zip(
        names,
        torch.autograd.grad((asked * direction).sum(), values, allow_unused=True),
        torch.autograd.grad((whole * direction).sum(), values, allow_unused=True),
        strict=True,
    ):
        torch.testing.assert_close(found, expected, atol=1e-12, rtol=1e-12, msg=name)


def test_fast_and_plain_operations_train_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Vectors and gradients of an encoder by the formulas alone are those of the fast one."""
    torch.manual_seed(4)
    model = Encoder(replace(TINY, dropout=0.0, attention_dropout=0.0)).double()
    initialize(model, 0.02)
    tokens = torch.randint(0, 40, (3, 9))
    segments = torch.ones(3, 9, dtype=torch.long)
    segments[1, -2:] = 2
    outcomes = []
    for path in (cpu, plain):
        monkeypatch.setitem(OPERATIONS, "cpu", path)
        vectors = model(tokens, segments=segments)
        values = list(model.parameters())
        outcomes.append([vectors, *torch.autograd.grad(vectors.sin().sum(), values)])
    for found, expected in zip(*outcomes, strict=True):
        torch.testing.assert_close(found, expected, atol=1e-11, rtol=1e-11)


def test_two_networks_of_two_widths_share_their_tables() -> None:
    """And a gradient reaches the table through each."""
    tables = Embeddings(TINY)
    wide = Encoder(TINY, tables)
    narrow_config = replace(TINY, width=8, heads=1, feed_forward=16)
    narrow = Encoder(narrow_config, tables)
    head = MaskedLanguageModel(narrow_config)
    for one in (wide, narrow, head):
        initialize(one, 0.02)
    assert narrow.map is None
    assert wide.map is not None
    tokens = torch.tensor([[3, 4]])
    head(narrow(tokens)[0], tables).sum().backward()
    seen = tables.word.grad
    assert seen is not None
    before = seen.clone()
    wide(tokens).square().sum().backward()
    assert not torch.equal(before, seen)


def test_a_span_ends_given_its_start() -> None:
    """Ends of the starts asked for are those of each start alone."""
    torch.manual_seed(2)
    head = JointSpans(TINY)
    vectors = torch.randn(2, 7, 16)
    starts = torch.tensor([[1, 4], [0, 6]])
    together = head.ends(vectors, starts)
    assert together.shape == (2, 2, 7)
    for place in range(2):
        alone = head.ends(vectors, starts[:, place : place + 1])[:, 0]
        torch.testing.assert_close(together[:, place], alone)
    certain = torch.full((2, 7), -1e4)
    certain[:, 3] = 0.0
    wanted = head.impossible(torch.cat([vectors[:, 0], vectors[:, 3]], -1)).squeeze(-1)
    torch.testing.assert_close(head.no_answer(vectors, certain), wanted)


def test_how_parameters_start() -> None:
    """Tables and kernels within two deviations of 0; the kernels of `glorot` uniformly."""
    deviation = 0.02
    torch.manual_seed(5)
    config = replace(TINY, width=128, heads=2, embedding=64, vocabulary=400)
    model, head = Encoder(config), Detection(config)
    initialize(model, deviation, glorot=[model.map] if model.map else [])
    initialize(head, deviation, glorot=[head.out])
    word = model.embeddings.word
    assert word.abs().max() <= 2 * deviation
    # A normal cut at two deviations keeps 0.88 of its own.
    assert word.std().item() == pytest.approx(0.88 * deviation, rel=0.05)
    assert model.map is not None
    bound = (6 / (64 + 128)) ** 0.5
    assert 0.95 * bound < model.map.weight.abs().max() <= bound
    assert head.out.weight.abs().max() > 2 * deviation
    assert head.dense.weight.abs().max() <= 2 * deviation
    assert not any(one.bias.any() for one in model.modules() if isinstance(one, nn.Linear))


def test_parameters_start_by_their_width_where_no_deviation_is_given() -> None:
    """n ** -0.5 for tables of n and for kernels that sum n numbers, whatever comes out."""
    torch.manual_seed(5)
    model = Encoder(replace(TINY, width=128, heads=2, feed_forward=1024, vocabulary=400))
    initialize(model, None)
    for attention, feed_forward in zip(model.attentions, model.feed_forwards, strict=True):
        found = {
            attention.inward.weight: 128,
            feed_forward.up.weight: 128,
            feed_forward.down.weight: 1024,
        }
        for weight, summed in found.items():
            assert weight.std().item() == pytest.approx(0.88 * summed**-0.5, rel=0.05)
            assert weight.abs().max() <= 2 * summed**-0.5
    table = model.embeddings.word
    assert table.std().item() == pytest.approx(0.88 * table.shape[1] ** -0.5, rel=0.05)


def test_what_is_impossible_is_told_together() -> None:
    wrong = replace(
        TINY, heads=3, activation="relu", sharing="some", dropout=1.0, factorized="types"
    )
    with pytest.raises(ModelError) as raised:
        Encoder(wrong)
    message = str(raised.value)
    for part in (
        "heads: 3 do not divide the width 16. Give heads=2",
        "'relu'",
        "'some'",
        "1.0",
        "'types'",
    ):
        assert part in message
    for sharing in ("0-1-0", "0-2-0-1", "1-0-1-0"):
        with pytest.raises(ModelError, match=r"a number for each of the 4 layers, and sets are"):
            Encoder(replace(TINY, sharing=sharing))
    with pytest.raises(ModelError, match="A row of 17 pieces, and the table of positions ends at"):
        Encoder(TINY)(torch.zeros(1, 17, dtype=torch.long))
