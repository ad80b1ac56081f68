"""Checkpoints in the layout of Hugging Face's T5, read and written without its library."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from lab.checkpoint_files import read_settings
from lab.errors import ModelError
from lab.text_to_text.config import ModelConfig, unknown
from lab.text_to_text.transformer import EncoderDecoder, LanguageModel, from_config
from lab.weight_files import read_weights

ACTIVATIONS = {"relu": "relu", "gated-gelu": "gated_gelu"}
NEEDED = ("vocab_size", "d_model", "d_ff", "d_kv", "num_heads", "num_layers")
SAME_NAME = (
    *NEEDED,
    "dropout_rate",
    "relative_attention_num_buckets",
    "relative_attention_max_distance",
    "layer_norm_epsilon",
)


EMBEDDINGS = ("shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight")
"""Names of the embedding; a checkpoint has at least one, and copies under the others."""
OLD_BIAS = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"
"""A table that early versions of the library saved and that no version reads."""


def load_huggingface(folder: str | Path) -> EncoderDecoder | LanguageModel:
    """Return the encoder-decoder that a folder with config.json and weights holds, in float32.

    It is in evaluation mode, as the library's own `from_pretrained` leaves a model.
    Reads T5 v1.0 (ReLU, tied softmax) and v1.1 (gated GELU, own softmax) shapes from
    model.safetensors, its shards, or pytorch_model.bin. Raises ModelError for anything else.
    """
    folder = Path(folder)
    settings = read_settings(folder)
    weights = read_weights(folder)
    shared = _embedding(folder, weights)
    # Later versions of the library write both keys, earlier ones imply the one by the other; an mT5
    # has never been scaled, whether or not its softmax is tied.
    tied = settings.get("tie_word_embeddings", True)
    scaled = settings.get("scale_decoder_outputs", tied and settings.get("model_type") != "mt5")
    head = weights.get("lm_head.weight", shared)
    own_head = not (scaled and torch.equal(head, shared))
    config = _model_config(settings, tie_embeddings=not own_head)
    state = {"embedding": shared}
    if own_head:
        state["output"] = head * config.d_model**-0.5 if scaled else head
    missing = []
    for ours, theirs in _names(config):
        if theirs in weights:
            state[ours] = weights[theirs]
        else:
            missing.append(theirs)
    if missing:
        raise ModelError(f"{folder} lacks {len(missing)} weights, first '{missing[0]}'")
    used = {*(theirs for _, theirs in _names(config)), *EMBEDDINGS, "lm_head.weight", OLD_BIAS}
    unused = [name for name in weights if name not in used]
    if unused:
        raise ModelError(
            f"{folder} holds {len(unused)} weights that a T5 of its config.json has no place for, "
            f"first '{unused[0]}': its config.json is another model's, or it is no plain T5."
        )
    model = from_config(config, device="meta")
    for name, parameter in model.state_dict().items():
        if state[name].shape != parameter.shape:
            raise ModelError(
                f"{folder}: '{name}' has shape {tuple(state[name].shape)}, its config.json asks "
                f"for {tuple(parameter.shape)}"
            )
    state = {name: value.float().contiguous() for name, value in state.items()}
    model.load_state_dict(state, assign=True)
    return model.requires_grad_(True).eval()


def _embedding(folder: Path, weights: Mapping[str, Tensor]) -> Tensor:
    """The embedding of both stacks, which a checkpoint has under one name or under several."""
    there = [name for name in EMBEDDINGS if name in weights]
    if not there:
        raise ModelError(
            f"{folder} has no embedding: none of {', '.join(EMBEDDINGS)} is among its "
            f"{len(weights)} weights, of which the first is '{next(iter(weights), None)}'."
        )
    first, *copies = there
    for copy in copies:
        if not torch.equal(weights[copy], weights[first]):
            raise ModelError(
                f"{folder}: '{copy}' is not the same as '{first}'. Both stacks of a T5 share one "
                "embedding; a model with two cannot be read."
            )
    return weights[first]


def save_huggingface(model: EncoderDecoder | LanguageModel, folder: str | Path) -> None:
    """Write config.json and model.safetensors that Hugging Face's T5 loads to the same logits.

    Shared parameters are written once for each stack. Raises ModelError for a single stack and
    for adapters, which T5's layout has no place for.
    """
    config = model.config
    if not isinstance(model, EncoderDecoder):
        raise ModelError(
            f"'{config.architecture}' has no form as a Hugging Face T5; only architectures with "
            "an encoder have"
        )
    state = model.state_dict()
    weights = {"shared.weight": state.pop("embedding")}
    if not config.tie_embeddings:
        weights["lm_head.weight"] = state.pop("output")
    known = dict.fromkeys(ours for ours, _ in _names(config))
    extra = [name for name in state if name not in known]
    if extra:
        raise ModelError(f"Hugging Face's T5 has no place for '{extra[0]}'")
    for ours, theirs in _names(config):
        weights[theirs] = state[ours]
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(_their_config(config), indent=2) + "\n")
    # Cloned because the layout stores shared parameters twice, which safetensors refuses as views.
    save_file(
        {name: value.detach().cpu().clone().contiguous() for name, value in weights.items()},
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )


def _names(config: ModelConfig) -> Iterator[tuple[str, str]]:
    """(our parameter, Hugging Face's) of both stacks; ours repeat where they are shared."""
    encoder = "decoder" if config.layout.shared else "encoder"
    yield from _stack_names(config, encoder, "encoder", config.num_layers)
    yield from _stack_names(config, "decoder", "decoder", config.num_decoder_layers)


def _stack_names(
    config: ModelConfig, ours: str, theirs: str, depth: int
) -> Iterator[tuple[str, str]]:
    first = f"{theirs}.block.0.layer.0.SelfAttention"
    yield f"{ours}.relative_bias.weight", f"{first}.relative_attention_bias.weight"
    yield f"{ours}.final_norm.weight", f"{theirs}.final_layer_norm.weight"
    sublayers = ["attention", "feed_forward"]
    if theirs == "decoder":
        sublayers.insert(1, "cross_attention")
    parts = {
        "attention": ("SelfAttention", _ATTENTION),
        "cross_attention": ("EncDecAttention", _ATTENTION),
        "feed_forward": ("DenseReluDense", _FEED_FORWARDS[config.feed_forward]),
    }
    for block in range(depth):
        for index, sublayer in enumerate(sublayers):
            mine = f"{ours}.blocks.{block}.{sublayer}"
            layer = f"{theirs}.block.{block}.layer.{index}"
            module, weights = parts[sublayer]
            yield f"{mine}_norm.weight", f"{layer}.layer_norm.weight"
            for our_name, their_name in weights.items():
                yield f"{mine}.{our_name}", f"{layer}.{module}.{their_name}.weight"


_ATTENTION = {"query": "q", "key": "k", "value": "v", "output": "o"}
_FEED_FORWARDS = {
    "relu": {"up": "wi", "down": "wo"},
    "gated_gelu": {"gate": "wi_0", "up": "wi_1", "down": "wo"},
}


def _model_config(settings: Mapping[str, Any], *, tie_embeddings: bool) -> ModelConfig:
    kind = settings.get("model_type")
    if kind not in ("t5", "mt5"):
        raise ModelError(unknown("model_type", str(kind), ("t5", "mt5")))
    activation = settings.get("feed_forward_proj", "relu")
    if activation not in ACTIVATIONS:
        raise ModelError(unknown("feed_forward_proj", activation, ACTIVATIONS))
    depth = settings.get("num_decoder_layers")
    lacking = [name for name in NEEDED if name not in settings]
    if lacking:
        raise ModelError(
            f"config.json says nothing of {', '.join(lacking)}: give the folder of a T5 checkpoint."
        )
    return ModelConfig(
        **{name: settings[name] for name in SAME_NAME if name in settings},
        num_decoder_layers=settings["num_layers"] if depth is None else depth,
        feed_forward=ACTIVATIONS[activation],
        tie_embeddings=tie_embeddings,
    )


def _their_config(config: ModelConfig) -> dict[str, Any]:
    activations = {ours: theirs for theirs, ours in ACTIVATIONS.items()}
    return {
        "architectures": ["T5ForConditionalGeneration"],
        "model_type": "t5",
        **{name: getattr(config, name) for name in SAME_NAME},
        "num_decoder_layers": config.num_decoder_layers,
        "feed_forward_proj": activations[config.feed_forward],
        "tie_word_embeddings": config.tie_embeddings,
        "scale_decoder_outputs": config.tie_embeddings,
        "is_encoder_decoder": True,
        "decoder_start_token_id": 0,
        "pad_token_id": 0,
        "eos_token_id": 1,
    }
