"""Checkpoints that are not what they should be: what is wrong is said, and nothing is guessed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from lab.errors import ModelError
from t5study.model import build_model, load_huggingface, save_huggingface

SIZE = {"vocab_size": 64, "d_model": 16, "d_ff": 32, "d_kv": 4, "num_heads": 4, "num_layers": 2}
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 242041896\n"
PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound checkpoint."""
    save_huggingface(build_model("encoder_decoder", "pico", vocab_size=64), tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture(scope="module")
def transformers():
    return pytest.importorskip("transformers", reason="pip install t5study[dev]")


def changed(folder: Path, change) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors")


def configured(folder: Path, **settings) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


def sharded(folder: Path) -> list[str]:
    """Cut the weights into three shards with an index; gives their names."""
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    shards = [f"model-0000{n}-of-00003.safetensors" for n in (1, 2, 3)]
    placed = {name: shards[i % 3] for i, name in enumerate(sorted(weights))}
    for shard in shards:
        save_file({n: w for n, w in weights.items() if placed[n] == shard}, folder / shard)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": placed}))
    return shards


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin", "config.json"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (POINTER, "Git LFS pointer.*git lfs pull"),
        (PAGE, "web page of .* bytes"),
        (b"\xef\xbb\xbf\n <html>429 Too many requests</html>", "web page"),
        (b"", "is empty"),
        (b"\x00\x01not a checkpoint at all, whatever it is" * 3, "bytes|no JSON"),
    ],
    ids=["pointer", "page", "page with a mark", "empty", "noise"],
)
def test_what_was_not_downloaded_is_named(folder: Path, name: str, content: bytes, said: str):
    """In the place of the weights or of the settings: the file, what it is and what to do."""
    if name == "pytorch_model.bin":
        (folder / "model.safetensors").unlink()
    (folder / name).write_bytes(content)
    with pytest.raises(ModelError, match=said) as raised:
        load_huggingface(folder)
    assert str(folder / name) in str(raised.value)


@pytest.mark.parametrize("kind", ["model.safetensors", "pytorch_model.bin"])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_file_that_was_cut(folder: Path, kind: str, share: float):
    """In its header, in the middle or near its end."""
    if kind == "pytorch_model.bin":
        torch.save(load_file(folder / "model.safetensors"), folder / kind)
        (folder / "model.safetensors").unlink()
    whole = (folder / kind).read_bytes()
    (folder / kind).write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ModelError, match=r"Download it again|download it again") as raised:
        load_huggingface(folder)
    assert kind in str(raised.value)


def test_a_missing_shard(folder: Path):
    """The shards that are not there are listed."""
    shards = sharded(folder)
    (folder / shards[1]).unlink()
    with pytest.raises(ModelError, match=rf"{shards[1]} is missing.*names 3 shards, of which 1"):
        load_huggingface(folder)


def test_a_shard_of_another_checkpoint(folder: Path):
    """A weight that the index places there is not there."""
    shards = sharded(folder)
    save_file({"other": torch.ones(1)}, folder / shards[2])
    with pytest.raises(ModelError, match=rf"{shards[2]} lacks .* weights that"):
        load_huggingface(folder)


@pytest.mark.parametrize("content", [b"{}", b"[]", b'{"weight_map": {"a": 1}}', PAGE])
def test_an_index_that_names_no_shards(folder: Path, content: bytes):
    sharded(folder)
    (folder / "model.safetensors.index.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.safetensors\.index\.json"):
        load_huggingface(folder)


class Runs:
    """Runs code when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_pickle_that_holds_more_than_tensors(folder: Path, tmp_path: Path):
    """It is refused without being run."""
    (folder / "model.safetensors").unlink()
    torch.save({"shared.weight": Runs(tmp_path / "ran")}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="safetensors format"):
        load_huggingface(folder)
    assert not (tmp_path / "ran").exists()


def test_settings_without_a_width(folder: Path):
    """Named, instead of an error of the code behind."""
    path = folder / "config.json"
    settings = json.loads(path.read_text())
    del settings["d_model"], settings["d_ff"]
    path.write_text(json.dumps(settings))
    with pytest.raises(ModelError, match="says nothing of d_model, d_ff"):
        load_huggingface(folder)


@pytest.mark.parametrize("extra", ["encoder.block.7.layer.0.SelfAttention.q.weight", "pooler.bias"])
def test_weights_that_nothing_uses(folder: Path, extra: str):
    """They are counted and the first is named."""
    changed(folder, lambda weights: weights.update({extra: torch.ones(2, 2)}))
    with pytest.raises(ModelError, match=rf"holds 1 weights .* first '{extra}'"):
        load_huggingface(folder)


def test_fewer_layers_than_the_file_has(folder: Path):
    configured(folder, num_layers=1, num_decoder_layers=1)
    with pytest.raises(ModelError, match=r"holds .* weights that a T5 of its config"):
        load_huggingface(folder)


OLD_BIAS = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"


def test_copies_of_the_embedding_and_the_old_table_are_allowed(folder: Path):
    """As the library's earlier versions saved them."""

    def copied(weights) -> None:
        for name in ("encoder.embed_tokens", "decoder.embed_tokens", "lm_head"):
            weights[f"{name}.weight"] = weights["shared.weight"].clone()
        weights[OLD_BIAS] = torch.ones(32, 2)

    expected = load_huggingface(folder)
    changed(folder, copied)
    loaded = load_huggingface(folder)
    assert torch.equal(loaded.embedding, expected.embedding)
    assert loaded.config.tie_embeddings


@pytest.mark.parametrize("name", ["encoder.embed_tokens.weight", "decoder.embed_tokens.weight"])
def test_an_embedding_under_another_name(folder: Path, name: str):
    """One stack's name does for both."""
    expected = load_huggingface(folder)
    changed(folder, lambda weights: weights.update({name: weights.pop("shared.weight")}))
    assert torch.equal(load_huggingface(folder).embedding, expected.embedding)


def test_two_embeddings_cannot_be_read(folder: Path):
    changed(
        folder,
        lambda weights: weights.update(
            {"decoder.embed_tokens.weight": weights["shared.weight"] + 1}
        ),
    )
    with pytest.raises(ModelError, match=r"'decoder\.embed_tokens\.weight' is not the same"):
        load_huggingface(folder)


def test_no_embedding_at_all(folder: Path):
    changed(folder, lambda weights: weights.pop("shared.weight"))
    with pytest.raises(ModelError, match=r"no embedding: none of shared\.weight"):
        load_huggingface(folder)


def logits(model) -> torch.Tensor:
    torch.manual_seed(1)
    inputs, targets = torch.randint(3, 64, (2, 9)), torch.randint(3, 64, (2, 5))
    with torch.no_grad():
        found = model(input_ids=inputs, decoder_input_ids=targets)
    return found if isinstance(found, torch.Tensor) else found.logits


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        ("MT5", {}, {}),
        ("MT5", {}, {"tie_word_embeddings": False}),
        ("MT5", {"feed_forward_proj": "relu"}, {}),
        ("T5", {}, {}),
        ("T5", {"tie_word_embeddings": False}, {}),
    ],
)
def test_each_kind_of_model_as_the_library_saves_it(transformers, tmp_path, kind, settings, said):
    """Our logits are the library's: an mT5 is never scaled, a T5 v1.0 always."""
    torch.manual_seed(0)
    config = getattr(transformers, f"{kind}Config")(**SIZE, **settings)
    theirs = getattr(transformers, f"{kind}ForConditionalGeneration")(config).eval()
    theirs.save_pretrained(tmp_path)
    configured(tmp_path, **said)
    expected = logits(theirs)
    assert expected.abs().max() > 0.01
    torch.testing.assert_close(logits(load_huggingface(tmp_path)), expected, rtol=0, atol=1e-4)
