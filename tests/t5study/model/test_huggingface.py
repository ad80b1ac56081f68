"""Checkpoints cross to Hugging Face's T5 and back with equal logits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from lab.errors import ModelError
from t5study.model import build_model, load_huggingface, save_huggingface

TINY = {
    "d_model": 16,
    "d_ff": 24,
    "d_kv": 4,
    "num_heads": 2,
    "num_layers": 2,
    "num_decoder_layers": 3,
    "vocab_size": 40,
}
VERSIONS = {
    "1.0": {"feed_forward_proj": "relu", "tie_word_embeddings": True},
    "1.1": {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False},
}


@pytest.fixture(scope="module")
def transformers():
    return pytest.importorskip("transformers", reason="pip install t5study[dev]")


@pytest.fixture
def tokens() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    inputs = torch.randint(3, 40, (3, 21))
    inputs[1, 15:] = 0
    inputs[2, 1:] = 0
    return inputs, torch.randint(3, 40, (3, 9)), (inputs != 0).long()


def peer(transformers, folder: Path, version: str):
    """A random Hugging Face T5 whose head is its own in v1.1, saved into `folder`."""
    torch.manual_seed(1)
    config = transformers.T5Config(**TINY, **VERSIONS[version])
    model = transformers.T5ForConditionalGeneration(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
        if version == "1.1":
            model.lm_head.weight = torch.nn.Parameter(torch.randn(40, 16))
    model.save_pretrained(folder)
    return model


def their_logits(model, tokens) -> torch.Tensor:
    inputs, targets, mask = tokens
    with torch.no_grad():
        return model(input_ids=inputs, decoder_input_ids=targets, attention_mask=mask).logits


@pytest.mark.parametrize("version", VERSIONS)
def test_loaded_checkpoint_gives_their_logits(transformers, tmp_path, tokens, version):
    """A Hugging Face T5 read by us computes what it computes there."""
    theirs = their_logits(peer(transformers, tmp_path, version), tokens)
    ours = load_huggingface(tmp_path).eval()
    with torch.no_grad():
        torch.testing.assert_close(ours(*tokens), theirs, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("architecture", "settings"),
    [
        ("encoder_decoder", {}),
        ("encoder_decoder", {"feed_forward": "gated_gelu", "tie_embeddings": False}),
        ("shared", {}),
    ],
)
def test_saved_checkpoint_gives_our_logits(transformers, tmp_path, tokens, architecture, settings):
    """What we write, Hugging Face's T5 loads whole and computes the same."""
    torch.manual_seed(2)
    dims = {k: v for k, v in TINY.items() if k != "num_decoder_layers"}
    model = build_model(architecture, "nano", **dims, **settings).eval()
    save_huggingface(model, tmp_path)
    theirs, info = transformers.T5ForConditionalGeneration.from_pretrained(
        tmp_path, output_loading_info=True
    )
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    with torch.no_grad():
        torch.testing.assert_close(
            their_logits(theirs.eval(), tokens), model(*tokens), atol=1e-4, rtol=0
        )


@pytest.mark.parametrize("version", VERSIONS)
def test_through_transformers_and_back(transformers, tmp_path, tokens, version):
    """Ours saved, loaded and saved there, and loaded here again: the same bits and logits."""
    torch.manual_seed(3)
    v11 = {"feed_forward": "gated_gelu", "tie_embeddings": False} if version == "1.1" else {}
    model = build_model("encoder_decoder", "nano", **TINY, **v11).eval()
    save_huggingface(model, str(tmp_path / "ours"))
    theirs = transformers.T5ForConditionalGeneration.from_pretrained(tmp_path / "ours")
    theirs.save_pretrained(tmp_path / "theirs")
    back = load_huggingface(str(tmp_path / "theirs"))
    assert back.config == model.config
    for (name, parameter), (other, again) in zip(
        model.named_parameters(), back.named_parameters(), strict=True
    ):
        assert name == other
        assert torch.equal(parameter, again), name
    with torch.no_grad():
        torch.testing.assert_close(back(*tokens), model(*tokens), atol=0, rtol=0)
        torch.testing.assert_close(
            their_logits(theirs.eval(), tokens), model(*tokens), atol=1e-4, rtol=0
        )


@pytest.mark.parametrize("version", VERSIONS)
def test_their_checkpoint_saved_by_us_is_theirs_again(transformers, tmp_path, tokens, version):
    """What they wrote, read and written here, they load to the logits they had."""
    expected = their_logits(peer(transformers, tmp_path / "theirs", version), tokens)
    save_huggingface(load_huggingface(tmp_path / "theirs"), tmp_path / "ours")
    again = transformers.T5ForConditionalGeneration.from_pretrained(tmp_path / "ours").eval()
    torch.testing.assert_close(their_logits(again, tokens), expected, atol=1e-4, rtol=0)


def test_loaded_model_drops_nothing_until_it_trains(tmp_path, tokens):
    """It comes ready to be asked, as from_pretrained gives it there, and can be trained."""
    save_huggingface(build_model("encoder_decoder", "nano", **TINY), tmp_path)
    model = load_huggingface(tmp_path)
    assert torch.equal(model(*tokens), model(*tokens))
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert not torch.equal(model.train()(*tokens), model(*tokens))


def test_round_trip_keeps_every_parameter(tmp_path):
    """Saving and loading gives back the same settings and bits."""
    model = build_model("half", "nano", vocab_size=40, num_layers=4, d_ff=24)
    save_huggingface(model, tmp_path)
    loaded = load_huggingface(tmp_path)
    assert loaded.config.num_layers == 2
    for (name, parameter), (loaded_name, other) in zip(
        model.named_parameters(), loaded.named_parameters(), strict=True
    ):
        assert name == loaded_name
        assert torch.equal(parameter, other)


def test_older_pickled_weights_and_shards_are_read(tmp_path):
    """pytorch_model.bin in two shards holds the same model as model.safetensors."""
    model = build_model(size="nano", vocab_size=40)
    save_huggingface(model, tmp_path)
    from safetensors.torch import load_file

    weights = load_file(tmp_path / "model.safetensors")
    (tmp_path / "model.safetensors").unlink()
    shards: dict[str, dict[str, torch.Tensor]] = {"a.bin": {}, "b.bin": {}}
    for index, (name, value) in enumerate(weights.items()):
        shards["ab"[index % 2] + ".bin"][name] = value
    for file, shard in shards.items():
        torch.save(shard, tmp_path / file)
    weight_map = {name: file for file, shard in shards.items() for name in shard}
    index_file = tmp_path / "pytorch_model.bin.index.json"
    index_file.write_text(json.dumps({"weight_map": weight_map}))
    loaded = load_huggingface(tmp_path)
    assert torch.equal(
        loaded.decoder.blocks[1].feed_forward.up, model.decoder.blocks[1].feed_forward.up
    )


def test_a_single_stack_cannot_be_saved(tmp_path):
    """The error names the architecture."""
    with pytest.raises(ModelError, match="prefix_lm"):
        save_huggingface(build_model("prefix_lm", "nano", vocab_size=40), tmp_path)


def test_a_folder_without_weights_is_refused(tmp_path):
    """The error names the files that would do."""
    (tmp_path / "config.json").write_text('{"model_type": "t5"}')
    with pytest.raises(ModelError, match=r"no model\.safetensors or pytorch_model\.bin"):
        load_huggingface(tmp_path)


def test_a_checkpoint_that_lacks_a_weight_is_refused(tmp_path):
    """The error names the first weight that is missing."""
    from safetensors.torch import load_file, save_file

    save_huggingface(build_model(size="nano", vocab_size=40), tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    del weights["decoder.block.1.layer.2.DenseReluDense.wo.weight"]
    save_file(weights, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match=r"lacks 1 weights, first 'decoder\.block\.1"):
        load_huggingface(tmp_path)


def test_another_kind_of_model_is_refused(tmp_path):
    """A model_type that is not T5's is named."""
    save_huggingface(build_model(size="nano", vocab_size=40), tmp_path)
    settings = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**settings, "model_type": "bert"}))
    with pytest.raises(ModelError, match="'bert'"):
        load_huggingface(tmp_path)
