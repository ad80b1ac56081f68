"""Hugging Face's encoders give the same outputs here, read from their files and written to them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from lab.checkpoint_files import read_settings
from lab.encoder.config import EncoderConfig
from lab.encoder.cost import parameters
from lab.encoder.encoder import Encoder
from lab.encoder.heads import MaskedLanguageModel, Pooler
from lab.encoder.huggingface import (
    PretrainedEncoder,
    encoder_of,
    load_huggingface,
    save_huggingface,
)
from lab.errors import ModelError
from lab.weight_files import read_weights

transformers = pytest.importorskip("transformers")

SHAPE = {
    "vocab_size": 50,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 12,
}
KINDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "bert": ("BertConfig", "BertForPreTraining", {}),
    "electra-detector": ("ElectraConfig", "ElectraForPreTraining", {"embedding_size": 8}),
    "electra-generator": ("ElectraConfig", "ElectraForMaskedLM", {"embedding_size": 8}),
    "electra-wide": ("ElectraConfig", "ElectraForPreTraining", {"embedding_size": 16}),
    "albert": ("AlbertConfig", "AlbertForPreTraining", {"embedding_size": 8}),
    "albert-groups": (
        "AlbertConfig",
        "AlbertForPreTraining",
        {"embedding_size": 8, "num_hidden_groups": 2},
    ),
    "albert-apart": (
        "AlbertConfig",
        "AlbertForPreTraining",
        {"embedding_size": 4, "num_hidden_groups": 3},
    ),
    "albert-inner": (
        "AlbertConfig",
        "AlbertForPreTraining",
        {"embedding_size": 8, "inner_group_num": 2},
    ),
    "albert-inner-groups": (
        "AlbertConfig",
        "AlbertForPreTraining",
        {"embedding_size": 24, "num_hidden_groups": 2, "inner_group_num": 3},
    ),
    "albert-uneven": (
        "AlbertConfig",
        "AlbertForPreTraining",
        {"embedding_size": 8, "num_hidden_layers": 18, "num_hidden_groups": 14},
    ),
}


def theirs(kind: str) -> Any:
    """A randomly initialized model of Hugging Face, its norms and biases moved from where they
    start."""
    config, model, more = KINDS[kind]
    torch.manual_seed(3)
    made = getattr(transformers, model)(getattr(transformers, config)(**{**SHAPE, **more})).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return made


def rows() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pieces, types and the mask of two rows, one of them padded."""
    torch.manual_seed(4)
    tokens = torch.randint(1, 50, (2, 9))
    types = torch.tensor([[0] * 4 + [1] * 5, [0] * 9])
    mask = torch.tensor([[1] * 9, [1] * 6 + [0] * 3])
    return tokens, types, mask


def ours(model: PretrainedEncoder) -> dict[str, torch.Tensor]:
    """What each head says of real positions."""
    tokens, types, mask = rows()
    real = mask.bool()
    vectors = model.encoder(tokens, types, mask)
    found = {}
    if model.masked:
        found["pieces"] = model.masked(vectors[real], model.encoder.embeddings)
    if model.detection:
        found["detection"] = model.detection(vectors)[real]
    if model.pooler and model.sentence:
        found["sentence"] = model.sentence(model.pooler(vectors[:, 0]))
    return found


def expected(model: Any) -> dict[str, torch.Tensor]:
    tokens, types, mask = rows()
    real = mask.bool()
    said = model(tokens, attention_mask=mask, token_type_ids=types)
    name = type(model).__name__
    if name == "ElectraForPreTraining":
        return {"detection": said.logits[real]}
    if name == "ElectraForMaskedLM":
        return {"pieces": said.logits[real]}
    sentence = said.seq_relationship_logits if name.startswith("Bert") else said.sop_logits
    return {"pieces": said.prediction_logits[real], "sentence": sentence}


def differing(found: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor]) -> list[str]:
    """The outputs that are not the same to 1e-5, or that one side alone has."""
    return [
        name
        for name in found.keys() | wanted.keys()
        if name not in found
        or name not in wanted
        or not torch.allclose(found[name], wanted[name], atol=1e-5, rtol=1e-5)
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("old", [False, True], ids=["safetensors", "pickled"])
def test_their_checkpoints_give_the_same_outputs(tmp_path: Path, kind: str, old: bool) -> None:
    model = theirs(kind)
    model.save_pretrained(tmp_path)
    if old:
        torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
        (tmp_path / "model.safetensors").unlink()
    with torch.no_grad():
        found, wanted = ours(load_huggingface(tmp_path)), expected(model)
    assert wanted
    assert differing(found, wanted) == []


@pytest.mark.parametrize("pad", [1, 3])
def test_robertas_places_begin_behind_the_id_of_padding(tmp_path: Path, pad: int) -> None:
    """Its table of positions loses the rows that no piece has."""
    torch.manual_seed(3)
    shape = {**SHAPE, "type_vocab_size": 1, "pad_token_id": pad}
    model = transformers.RobertaForMaskedLM(transformers.RobertaConfig(**shape)).eval()
    model.save_pretrained(tmp_path)
    tokens, _, mask = rows()
    tokens = torch.where(mask.bool(), tokens.clamp(min=pad + 1), pad)[:, : 12 - pad - 1]
    real = mask[:, : 12 - pad - 1].bool()
    with torch.no_grad():
        read = encoder_of(read_settings(tmp_path), read_weights(tmp_path), tmp_path)
        vectors = read.encoder(tokens, segments=real.long())
        assert read.masked is not None
        found = read.masked(vectors[real], read.encoder.embeddings)
        wanted = model(tokens, attention_mask=real.long()).logits[real]
    assert read.encoder.config.positions == 12 - pad - 1
    assert torch.allclose(found, wanted, atol=1e-5, rtol=1e-5)


def test_nothing_is_written_as_roberta(tmp_path: Path) -> None:
    config = EncoderConfig(
        vocabulary=9, width=8, layers=1, heads=1, feed_forward=8, embedding=8, positions=4
    )
    read = PretrainedEncoder(Encoder(config))
    with pytest.raises(ModelError, match=r"roberta.*bert, electra, albert"):
        save_huggingface(read, tmp_path, "roberta")


@pytest.mark.parametrize("kind", KINDS)
def test_ours_are_read_by_their_library(tmp_path: Path, kind: str) -> None:
    model = theirs(kind)
    model.save_pretrained(tmp_path / "theirs")
    read = load_huggingface(tmp_path / "theirs")
    save_huggingface(read, tmp_path / "ours", kind.partition("-")[0])
    again = type(model).from_pretrained(tmp_path / "ours").eval()
    with torch.no_grad():
        found, wanted = expected(again), expected(model)
    assert wanted
    assert differing(found, wanted) == []


@pytest.mark.parametrize(
    ("kind", "sets"),
    [
        ("albert", [0, 0, 0]),
        ("albert-groups", [0, 0, 1]),
        ("albert-apart", [0, 1, 2]),
        ("albert-inner", [0, 1] * 3),
        ("albert-inner-groups", [0, 1, 2, 0, 1, 2, 3, 4, 5]),
    ],
)
def test_layers_that_share_are_one_tensor_on_both_sides(
    tmp_path: Path, kind: str, sets: list[int]
) -> None:
    """As many layers use each set of parameters, and parameters are as many."""
    model = theirs(kind)
    model.save_pretrained(tmp_path)
    read = load_huggingface(tmp_path)
    assert read.encoder.config.parts == [(one, one) for one in sets]
    assert len(read.encoder.attentions) == len(read.encoder.feed_forwards) == len({*sets})
    assert sum(p.numel() for p in read.parameters()) == sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("sharing", ["attention", "ffn", "0-1-1-0"])
def test_sharing_that_their_layout_cannot_say_is_refused(tmp_path: Path, sharing: str) -> None:
    shape = EncoderConfig(
        vocabulary=9, width=4, layers=4, heads=1, feed_forward=4, embedding=2, sharing=sharing
    )
    with pytest.raises(ModelError, match=f"sharing={sharing} is another pattern"):
        save_huggingface(PretrainedEncoder(Encoder(shape)), tmp_path, "albert")


@pytest.mark.parametrize("kind", ["electra", "albert"])
def test_positions_as_wide_as_layers_are_refused(tmp_path: Path, kind: str) -> None:
    shape = EncoderConfig(
        vocabulary=9, width=4, layers=1, heads=1, feed_forward=4, embedding=2, factorized="words"
    )
    with pytest.raises(ModelError, match=rf"{kind} has .* has a place for factorized=words"):
        save_huggingface(PretrainedEncoder(Encoder(shape)), tmp_path, kind)


@pytest.mark.parametrize("bare", ["BertModel", "ElectraModel", "AlbertModel"])
def test_a_model_without_a_head_is_read_without_its_prefix(tmp_path: Path, bare: str) -> None:
    more = {} if bare == "BertModel" else {"embedding_size": 8}
    config = getattr(transformers, bare.replace("Model", "Config"))(**SHAPE, **more)
    model = getattr(transformers, bare)(config).eval()
    model.save_pretrained(tmp_path)
    tokens, types, mask = rows()
    with torch.no_grad():
        found = load_huggingface(tmp_path).encoder(tokens, types, mask)
        wanted = model(tokens, attention_mask=mask, token_type_ids=types).last_hidden_state
    torch.testing.assert_close(found[mask.bool()], wanted[mask.bool()], atol=1e-5, rtol=1e-5)


def test_equal_widths_become_an_identity_in_alberts_layout(tmp_path: Path) -> None:
    """Whose encoder always maps."""
    config = transformers.AlbertConfig(**SHAPE, embedding_size=8, num_hidden_groups=3)
    transformers.AlbertModel(config).save_pretrained(tmp_path / "a")
    model = load_huggingface(tmp_path / "a")
    with pytest.raises(
        ModelError, match=r"bert has no place for shared layers\. Save it as albert"
    ):
        save_huggingface(model, tmp_path / "b", "bert")
    bert = transformers.BertModel(transformers.BertConfig(**SHAPE))
    bert.save_pretrained(tmp_path / "c")
    plain = load_huggingface(tmp_path / "c")
    save_huggingface(plain, tmp_path / "d", "albert")
    tokens, _, _ = rows()
    with torch.no_grad():
        said = transformers.AlbertModel.from_pretrained(tmp_path / "d").eval()(tokens)
        wanted = plain.encoder(tokens)
        again = load_huggingface(tmp_path / "d").encoder(tokens)
    torch.testing.assert_close(said.last_hidden_state, wanted, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(again, wanted)


def test_a_map_to_the_same_width_is_refused(tmp_path: Path) -> None:
    """As of their ALBERT with tables as wide as its layers; the release maps no such tables."""
    config = transformers.AlbertConfig(**SHAPE, embedding_size=16)
    transformers.AlbertModel(config).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=r"maps tables of width 16 to the same width"):
        load_huggingface(tmp_path)


PUBLISHED = [(12, 768), (24, 1024), (48, 1024), (24, 2048), (12, 4096), (24, 4096), (3, 6144)]


@pytest.mark.parametrize(("layers", "width"), PUBLISHED, ids=str)
@pytest.mark.parametrize("embedding", [64, 128, 256])
@pytest.mark.parametrize("sharing", ["none", "all", "groups"])
def test_published_shapes_have_as_many_parameters(
    layers: int, width: int, embedding: int, sharing: str
) -> None:
    """Lan et al. 2020, Tables 1, 3, 11, 12 and 13, with their heads; no memory is taken."""
    shape = EncoderConfig(
        vocabulary=30_000,
        width=width,
        layers=layers,
        heads=width // 64,
        feed_forward=4 * width,
        embedding=embedding,
        sharing=sharing,
        groups=3,
    )
    config = transformers.AlbertConfig(
        vocab_size=30_000,
        embedding_size=embedding,
        hidden_size=width,
        num_hidden_layers=layers,
        num_hidden_groups={"none": layers, "all": 1, "groups": 3}[sharing],
        num_attention_heads=width // 64,
        intermediate_size=4 * width,
    )
    with torch.device("meta"):
        ours = PretrainedEncoder(
            Encoder(shape),
            masked=MaskedLanguageModel(shape),
            pooler=Pooler(shape),
            sentence=torch.nn.Linear(width, 2),
        )
        expected = transformers.AlbertForPreTraining(config)
    # Their head for pieces has its bias twice, as one tensor; each is counted once.
    assert sum(p.numel() for p in ours.parameters()) == sum(
        p.numel() for p in expected.parameters()
    )
    assert sum(p.numel() for p in ours.encoder.parameters()) == parameters(shape)


def edited(folder: Path, **settings: Any) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **settings}))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"model_type": "roberta"}, r"Unknown model_type 'roberta'\..*Known: bert, electra"),
        ({"hidden_act": "relu"}, "Unknown hidden_act 'relu'"),
        ({"position_embedding_type": "relative_key"}, "position_embedding_type 'relative_key'"),
        ({"num_attention_heads": 3}, r"heads: 3 do not divide the width 16\. Give heads=2"),
        ({"num_hidden_layers": 4}, r"lacks weights.*attentions\.3"),
        ({"num_hidden_layers": 2}, r"holds 16 weights that no bert.*encoder\.layer\.2"),
        ({"intermediate_size": 25}, r"has shape \(24, 16\), its config\.json asks for \(25, 16\)"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    theirs("bert").save_pretrained(tmp_path)
    edited(tmp_path, **settings)
    with pytest.raises(ModelError, match=said):
        load_huggingface(tmp_path)


def test_an_output_table_of_its_own_is_refused(tmp_path: Path) -> None:
    """Ours is tied; untied, the outputs would be wrong without a word."""
    model = theirs("electra-generator")
    model.save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    weights["generator_lm_head.weight"] = torch.zeros(50, 8)
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"generator_lm_head\.weight' is not the same as"):
        load_huggingface(tmp_path)
