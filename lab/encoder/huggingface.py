"""Checkpoints in the layout of Hugging Face's BERT, ELECTRA and ALBERT, without their library.

Of RoBERTa, whose vocabulary no study reads, `encoder_of` takes the weights.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from lab.checkpoint_files import read_settings
from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Encoder
from lab.encoder.heads import Detection, MaskedLanguageModel, Pooler
from lab.encoder.huggingface_layouts import (
    LAYOUTS,
    Layout,
    config_of,
    first_place,
    known,
    names_of,
    repeats_of,
    settings_of,
)
from lab.errors import ModelError, unknown
from lab.weight_files import read_weights


class PretrainedEncoder(nn.Module):
    """An encoder and the heads of its pre-training that are known."""

    def __init__(
        self,
        encoder: Encoder,
        *,
        masked: MaskedLanguageModel | None = None,
        detection: Detection | None = None,
        pooler: Pooler | None = None,
        sentence: nn.Linear | None = None,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.masked = masked
        self.detection = detection
        self.pooler = pooler
        self.sentence = sentence
        """Two logits for a row, off the pooler's vector: next sentence, or sentence order."""


def load_huggingface(folder: str | Path) -> PretrainedEncoder:
    """The encoder that a folder with config.json and weights holds, with its heads, in float32.

    Reads BertModel, ElectraModel and AlbertModel, alone or under heads of pre-training, from
    model.safetensors, its shards, or pytorch_model.bin. It is in evaluation mode. Raises ModelError
    for anything else.
    """
    folder = Path(folder)
    settings = read_settings(folder)
    known("model_type", str(settings.get("model_type")), f"{folder}: ")
    return encoder_of(settings, read_weights(folder), folder)


def encoder_of(
    settings: Mapping[str, Any], weights: Mapping[str, Tensor], folder: Path
) -> PretrainedEncoder:
    """As `load_huggingface`, of what a config.json says and of weights by name; RobertaModel too.

    Errors name the `folder`.
    """
    kind = str(settings.get("model_type"))
    if kind not in LAYOUTS:
        raise ModelError(f"{folder}: {unknown('model_type', kind, LAYOUTS)}")
    layout, config = LAYOUTS[kind], config_of(settings, folder)
    if not any(name.startswith(layout.prefix) for name in weights):
        weights = {layout.prefix + name: value for name, value in weights.items()}
    weights = _without_copies(weights, layout, folder)
    state = _ours(weights, config, kind, folder)
    if first := first_place(settings):
        state["encoder.embeddings.position"] = state["encoder.embeddings.position"][first:]
    model = _empty(config, state)
    expected = model.state_dict()
    missing = [name for name in expected if name not in state]
    if missing:
        raise ModelError(f"{folder} lacks weights, first the one of our '{missing[0]}'.")
    for name, value in expected.items():
        if state[name].shape != value.shape:
            raise ModelError(
                f"{folder}: the weight of our '{name}' has shape {tuple(state[name].shape)}, its "
                f"config.json asks for {tuple(value.shape)}."
            )
    model.load_state_dict(
        {name: value.float().contiguous() for name, value in state.items()}, assign=True
    )
    return model.requires_grad_(True).eval()


def family_of(config: EncoderConfig) -> str:
    """The family that has a place for such an encoder: a table narrower than it is, shared layers.

    What no family has a place for, `save_huggingface` refuses.
    """
    return "electra" if config.sharing == "none" else "albert"


def save_huggingface(model: PretrainedEncoder, folder: str | Path, kind: str) -> None:
    """Write config.json and model.safetensors that Hugging Face's models of `kind` load.

    `kind` is bert, electra or albert. Raises ModelError where that layout has no place for what
    the model has.
    """
    known("kind", kind)
    config = model.encoder.config
    if kind != "albert" and config.sharing != "none":
        raise ModelError(f"{kind} has no place for shared layers. Save it as albert.")
    if config.added != config.embedding:
        raise ModelError(
            f"{kind} has tables of positions and types as wide as that of words, "
            f"{config.embedding} and not {config.width}: no layout of Hugging Face has a place for "
            "factorized=words."
        )
    if kind == "albert" and repeats_of(config) is None:
        raise ModelError(
            f"albert repeats runs of whole layers, and sharing={config.sharing} is another "
            "pattern: no layout of Hugging Face has a place for that."
        )
    state = model.state_dict()
    names = dict(names_of(config, kind))
    weights: dict[str, Tensor] = {}
    for ours, value in state.items():
        if ours.endswith((".inward.weight", ".inward.bias")):
            part, _, last = ours.rpartition(".inward.")
            for name, third in zip(("query", "key", "value"), value.chunk(3), strict=True):
                weights[names[f"{part}.{name}.{last}"]] = third
        elif ours in names:
            weights[names[ours]] = value
        else:
            raise ModelError(f"{kind} has no place for '{ours}'.")
    if kind == "albert" and model.encoder.map is None:
        weights["albert.encoder.embedding_hidden_mapping_in.weight"] = torch.eye(config.width)
        weights["albert.encoder.embedding_hidden_mapping_in.bias"] = torch.zeros(config.width)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(settings_of(config, kind), indent=2) + "\n")
    save_file(
        {name: value.detach().cpu().clone().contiguous() for name, value in weights.items()},
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )


def _without_copies(
    weights: Mapping[str, Tensor], layout: Layout, folder: Path
) -> dict[str, Tensor]:
    """The weights but those that stand twice. Raises ModelError where a copy is not the same."""
    found = dict(weights)
    pairs = [(layout.table, f"{layout.prefix}embeddings.word_embeddings.weight")]
    pairs += [(copy, layout.bias) for copy in layout.copies]
    for copy, original in pairs:
        if copy not in found:
            continue
        value = found.pop(copy)
        if original not in found:
            found[original] = value
        elif not torch.equal(value, found[original]):
            raise ModelError(
                f"{folder}: '{copy}' is not the same as '{original}'. Our models tie the two; one "
                "that does not cannot be read."
            )
    for name in layout.ignored:
        found.pop(layout.prefix + name, None)
    return found


def _ours(
    weights: Mapping[str, Tensor], config: EncoderConfig, kind: str, folder: Path
) -> dict[str, Tensor]:
    """The weights by our names. Raises ModelError for those without a place."""
    theirs = {name: ours for ours, name in names_of(config, kind)}
    unused = [name for name in weights if name not in theirs]
    if unused:
        raise ModelError(
            f"{folder} holds {len(unused)} weights that no {kind} of its config.json has a place "
            f"for, first '{unused[0]}': its config.json is another model's, or a head of "
            "fine-tuning is on it. Give a pre-trained encoder."
        )
    state = {theirs[name]: value for name, value in weights.items()}
    for name in [name for name in state if name.endswith((".query.weight", ".query.bias"))]:
        part, _, last = name.rpartition(".query.")
        thirds = [f"{part}.{one}.{last}" for one in ("query", "key", "value")]
        lacking = [one for one in thirds if one not in state]
        if lacking:
            raise ModelError(f"{folder} lacks weights, first the one of our '{lacking[0]}'.")
        state[f"{part}.inward.{last}"] = torch.cat([state.pop(one) for one in thirds])
    if config.embedding == config.width and "encoder.map.weight" in state:
        weight, bias = state.pop("encoder.map.weight"), state.pop("encoder.map.bias")
        if not torch.equal(weight, torch.eye(config.width)) or bias.any():
            raise ModelError(
                f"{folder} maps tables of width {config.embedding} to the same width, which our "
                "encoders do not. Give one whose embedding_size is another than its hidden_size."
            )
    return state


def _empty(config: EncoderConfig, state: Mapping[str, Tensor]) -> PretrainedEncoder:
    """The model with the heads that `state` has weights for, without memory for its own."""
    there = {name.split(".")[0] for name in state}
    with torch.device("meta"):
        return PretrainedEncoder(
            Encoder(config),
            masked=MaskedLanguageModel(config) if "masked" in there else None,
            detection=Detection(config) if "detection" in there else None,
            pooler=Pooler(config) if "pooler" in there else None,
            sentence=nn.Linear(config.width, 2) if "sentence" in there else None,
        )
