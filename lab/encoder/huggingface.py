"""Checkpoints in the layout of Hugging Face's BERT, ELECTRA and ALBERT, without their library.

Of RoBERTa, whose vocabulary no study reads, `encoder_of` takes the weights.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from lab.checkpoint_files import read_settings
from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Encoder
from lab.encoder.heads import Detection, MaskedLanguageModel, Pooler
from lab.errors import ModelError, unknown
from lab.weight_files import read_weights

_SIZES = {
    "vocabulary": "vocab_size",
    "width": "hidden_size",
    "layers": "num_hidden_layers",
    "heads": "num_attention_heads",
    "feed_forward": "intermediate_size",
    "positions": "max_position_embeddings",
    "types": "type_vocab_size",
    "dropout": "hidden_dropout_prob",
    "attention_dropout": "attention_probs_dropout_prob",
    "epsilon": "layer_norm_eps",
}
"""Our settings and Hugging Face's, which mean the same in all three layouts."""
_NEEDED = ("vocabulary", "width", "layers", "heads", "feed_forward")
_ACTIVATIONS = {"gelu": "gelu", "gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh"}


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


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """Where one family of models keeps what."""

    prefix: str
    """In front of the encoder's names, in files of a model with heads."""
    modules: Mapping[str, str]
    """Ours and theirs, each with a weight and a bias, but for those of layers."""
    attention: Mapping[str, str]
    feed_forward: Mapping[str, str]
    table: str | None
    """A copy of the table of words at the output, which must be the same."""
    bias: str
    """Of the pieces' logits."""
    copies: tuple[str, ...] = ()
    """Further names of that bias."""
    ignored: tuple[str, ...] = ()
    """Names that hold no parameter of ours."""
    whole: bool = True
    """Whether folders of that family are read and written, their vocabulary among the rest."""


_BERT_ATTENTION = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "outward": "attention.output.dense",
    "norm": "attention.output.LayerNorm",
}
_BERT_FEED_FORWARD = {
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm": "output.LayerNorm",
}
_LAYOUTS: Mapping[str, _Layout] = {
    "bert": _Layout(
        prefix="bert.",
        modules={
            "pooler.dense": "bert.pooler.dense",
            "masked.dense": "cls.predictions.transform.dense",
            "masked.norm": "cls.predictions.transform.LayerNorm",
            "sentence": "cls.seq_relationship",
        },
        attention=_BERT_ATTENTION,
        feed_forward=_BERT_FEED_FORWARD,
        table="cls.predictions.decoder.weight",
        bias="cls.predictions.bias",
        copies=("cls.predictions.decoder.bias",),
        ignored=("embeddings.position_ids",),
    ),
    # Its first place is that behind the id of padding.
    "roberta": _Layout(
        prefix="roberta.",
        modules={
            "pooler.dense": "roberta.pooler.dense",
            "masked.dense": "lm_head.dense",
            "masked.norm": "lm_head.layer_norm",
        },
        attention=_BERT_ATTENTION,
        feed_forward=_BERT_FEED_FORWARD,
        table="lm_head.decoder.weight",
        bias="lm_head.bias",
        copies=("lm_head.decoder.bias",),
        ignored=("embeddings.position_ids",),
        whole=False,
    ),
    "electra": _Layout(
        prefix="electra.",
        modules={
            "encoder.map": "electra.embeddings_project",
            "masked.dense": "generator_predictions.dense",
            "masked.norm": "generator_predictions.LayerNorm",
            "detection.dense": "discriminator_predictions.dense",
            "detection.out": "discriminator_predictions.dense_prediction",
        },
        attention=_BERT_ATTENTION,
        feed_forward=_BERT_FEED_FORWARD,
        table="generator_lm_head.weight",
        bias="generator_lm_head.bias",
        ignored=("embeddings.position_ids",),
    ),
    "albert": _Layout(
        prefix="albert.",
        modules={
            "encoder.map": "albert.encoder.embedding_hidden_mapping_in",
            "pooler.dense": "albert.pooler",
            "masked.dense": "predictions.dense",
            "masked.norm": "predictions.LayerNorm",
            "sentence": "sop_classifier.classifier",
        },
        attention={
            "query": "attention.query",
            "key": "attention.key",
            "value": "attention.value",
            "outward": "attention.dense",
            "norm": "attention.LayerNorm",
        },
        feed_forward={"up": "ffn", "down": "ffn_output", "norm": "full_layer_layer_norm"},
        table="predictions.decoder.weight",
        bias="predictions.bias",
        copies=("predictions.decoder.bias",),
        ignored=("embeddings.position_ids",),
    ),
}


def load_huggingface(folder: str | Path) -> PretrainedEncoder:
    """The encoder that a folder with config.json and weights holds, with its heads, in float32.

    Reads BertModel, ElectraModel and AlbertModel, alone or under heads of pre-training, from
    model.safetensors, its shards, or pytorch_model.bin. It is in evaluation mode. Raises ModelError
    for anything else.
    """
    folder = Path(folder)
    settings = read_settings(folder)
    _known("model_type", str(settings.get("model_type")), f"{folder}: ")
    return encoder_of(settings, read_weights(folder), folder)


def encoder_of(
    settings: Mapping[str, Any], weights: Mapping[str, Tensor], folder: Path
) -> PretrainedEncoder:
    """As `load_huggingface`, of what a config.json says and of weights by name; RobertaModel too.

    Errors name the `folder`.
    """
    kind = str(settings.get("model_type"))
    if kind not in _LAYOUTS:
        raise ModelError(f"{folder}: {unknown('model_type', kind, _LAYOUTS)}")
    layout, config = _LAYOUTS[kind], _config(settings, folder)
    if not any(name.startswith(layout.prefix) for name in weights):
        weights = {layout.prefix + name: value for name, value in weights.items()}
    weights = _without_copies(weights, layout, folder)
    state = _ours(weights, config, kind, folder)
    if first := _first_place(settings):
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


def _known(what: str, kind: str, where: str = "") -> None:
    families = [name for name, layout in _LAYOUTS.items() if layout.whole]
    if kind not in families:
        raise ModelError(where + unknown(what, kind, families))


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
    _known("kind", kind)
    config = model.encoder.config
    if kind != "albert" and config.sharing != "none":
        raise ModelError(f"{kind} has no place for shared layers. Save it as albert.")
    if config.added != config.embedding:
        raise ModelError(
            f"{kind} has tables of positions and types as wide as that of words, "
            f"{config.embedding} and not {config.width}: no layout of Hugging Face has a place for "
            "factorized=words."
        )
    if kind == "albert" and _repeats(config) is None:
        raise ModelError(
            f"albert repeats runs of whole layers, and sharing={config.sharing} is another "
            "pattern: no layout of Hugging Face has a place for that."
        )
    state = model.state_dict()
    names = dict(_names(config, kind))
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
    (folder / "config.json").write_text(json.dumps(_their_config(config, kind), indent=2) + "\n")
    save_file(
        {name: value.detach().cpu().clone().contiguous() for name, value in weights.items()},
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )


def _names(config: EncoderConfig, kind: str) -> Iterator[tuple[str, str]]:
    """(our parameter, Hugging Face's) of all that this layout may have."""
    layout = _LAYOUTS[kind]
    tables = f"{layout.prefix}embeddings"
    for ours, theirs in (("word", "word"), ("position", "position"), ("kind", "token_type")):
        yield f"encoder.embeddings.{ours}", f"{tables}.{theirs}_embeddings.weight"
    yield from _both("encoder.embeddings.norm", f"{tables}.LayerNorm")
    for ours, theirs in layout.modules.items():
        yield from _both(ours, theirs)
    yield "masked.bias", layout.bias
    repeats = _repeats(config) if kind == "albert" else None
    for layer, (attention, feed_forward) in enumerate(config.parts):
        if repeats:
            group, inner = divmod(attention, repeats.inner)
            there = f"albert.encoder.albert_layer_groups.{group}.albert_layers.{inner}"
        else:
            there = f"{layout.prefix}encoder.layer.{layer}"
        for ours, theirs in layout.attention.items():
            yield from _both(f"encoder.attentions.{attention}.{ours}", f"{there}.{theirs}")
        for ours, theirs in layout.feed_forward.items():
            yield from _both(f"encoder.feed_forwards.{feed_forward}.{ours}", f"{there}.{theirs}")


def _both(ours: str, theirs: str) -> Iterator[tuple[str, str]]:
    for last in ("weight", "bias"):
        yield f"{ours}.{last}", f"{theirs}.{last}"


def _without_copies(
    weights: Mapping[str, Tensor], layout: _Layout, folder: Path
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
    theirs = {name: ours for ours, name in _names(config, kind)}
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


def _config(settings: Mapping[str, Any], folder: Path) -> EncoderConfig:
    lacking = [_SIZES[name] for name in _NEEDED if _SIZES[name] not in settings]
    if lacking:
        raise ModelError(f"{folder}: config.json says nothing of {', '.join(lacking)}.")
    activation = settings.get("hidden_act", "gelu")
    if activation not in _ACTIVATIONS:
        raise ModelError(f"{folder}: {unknown('hidden_act', str(activation), _ACTIVATIONS)}")
    places = settings.get("position_embedding_type", "absolute")
    if places != "absolute":
        raise ModelError(f"{folder}: {unknown('position_embedding_type', places, ['absolute'])}")
    config = EncoderConfig(
        **{ours: settings[theirs] for ours, theirs in _SIZES.items() if theirs in settings},
        embedding=settings.get("embedding_size", settings["hidden_size"]),
        activation=_ACTIVATIONS[activation],
        initializer_range=settings.get("initializer_range", EncoderConfig.initializer_range),
    )
    config = replace(config, positions=config.positions - _first_place(settings))
    if settings["model_type"] == "albert":
        repeats = _Repeats(
            config.layers, settings.get("num_hidden_groups", 1), settings.get("inner_group_num", 1)
        )
        if min(repeats) < 1:
            raise ModelError(
                f"{folder}: config.json has a number below 1 among {repeats._asdict()}."
            )
        grouped = replace(config, sharing="groups", groups=repeats.groups)
        sets = repeats.sets()
        if repeats.inner == 1 and [attention for attention, _ in grouped.parts] == sets:
            config = grouped
        else:
            config = replace(config, layers=len(sets), sharing="-".join(map(str, sets)))
    if complaints := config.complaints():
        raise ModelError(f"{folder}: {' '.join(complaints)}")
    return config


def _first_place(settings: Mapping[str, Any]) -> int:
    """The row of the table of positions that the first piece has."""
    return int(settings.get("pad_token_id", 1)) + 1 if settings["model_type"] == "roberta" else 0


def _their_config(config: EncoderConfig, kind: str) -> dict[str, Any]:
    activations = {"gelu": "gelu", "gelu_tanh": "gelu_new"}
    found = {
        "model_type": kind,
        **{theirs: getattr(config, ours) for ours, theirs in _SIZES.items()},
        "hidden_act": activations[config.activation],
        "initializer_range": config.initializer_range or EncoderConfig.initializer_range,
        "pad_token_id": 0,
    }
    if kind != "bert":
        found["embedding_size"] = config.embedding
    if kind == "albert" and (repeats := _repeats(config)):
        found["num_hidden_layers"] = repeats.times
        found["num_hidden_groups"] = repeats.groups
        found["inner_group_num"] = repeats.inner
    return found


class _Repeats(NamedTuple):
    """How ALBERT's layers come about: `inner` blocks each time, and so many times one of `groups`.

    Each group has blocks of its own.
    """

    times: int
    groups: int
    inner: int

    def sets(self) -> list[int]:
        """The set of parameters of each layer.

        In floating point as their library has it: 18 layers in 14 groups are not evenly parted.
        """
        length = self.times / self.groups
        return [
            int(time / length) * self.inner + block
            for time in range(self.times)
            for block in range(self.inner)
        ]


def _repeats(config: EncoderConfig) -> _Repeats | None:
    """What gives layers that share as these do; None where nothing does."""
    if any(attention != feed_forward for attention, feed_forward in config.parts):
        return None
    sets = [attention for attention, _ in config.parts]
    count = len(set(sets))
    for inner in range(1, count + 1):
        found = _Repeats(config.layers // inner, count // inner, inner)
        if found.sets() == sets:
            return found
    return None
