"""Where Hugging Face's BERT, RoBERTa, ELECTRA and ALBERT keep what: weights, settings by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from lab.encoder.config import EncoderConfig
from lab.errors import ModelError, unknown

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


@dataclass(frozen=True, kw_only=True)
class Layout:
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
_BERT = Layout(
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
)
LAYOUTS: Mapping[str, Layout] = {
    "bert": _BERT,
    # Its first place is that behind the id of padding.
    "roberta": replace(
        _BERT,
        prefix="roberta.",
        modules={
            "pooler.dense": "roberta.pooler.dense",
            "masked.dense": "lm_head.dense",
            "masked.norm": "lm_head.layer_norm",
        },
        table="lm_head.decoder.weight",
        bias="lm_head.bias",
        copies=("lm_head.decoder.bias",),
        whole=False,
    ),
    "electra": Layout(
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
    "albert": Layout(
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


def known(what: str, kind: str, where: str = "") -> None:
    """Raises ModelError for a family whose folders are not read and written."""
    families = [name for name, layout in LAYOUTS.items() if layout.whole]
    if kind not in families:
        raise ModelError(where + unknown(what, kind, families))


def names_of(config: EncoderConfig, kind: str) -> Iterator[tuple[str, str]]:
    """(our parameter, Hugging Face's) of all that this layout may have."""
    layout = LAYOUTS[kind]
    tables = f"{layout.prefix}embeddings"
    for ours, theirs in (("word", "word"), ("position", "position"), ("kind", "token_type")):
        yield f"encoder.embeddings.{ours}", f"{tables}.{theirs}_embeddings.weight"
    yield from _both("encoder.embeddings.norm", f"{tables}.LayerNorm")
    for ours, theirs in layout.modules.items():
        yield from _both(ours, theirs)
    yield "masked.bias", layout.bias
    repeats = repeats_of(config) if kind == "albert" else None
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


def config_of(settings: Mapping[str, Any], folder: Path) -> EncoderConfig:
    """The shape that a config.json says. Raises ModelError, which names the `folder`."""
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
    config = replace(config, positions=config.positions - first_place(settings))
    if settings["model_type"] == "albert":
        repeats = Repeats(
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


def first_place(settings: Mapping[str, Any]) -> int:
    """The row of the table of positions that the first piece has."""
    return int(settings.get("pad_token_id", 1)) + 1 if settings["model_type"] == "roberta" else 0


def settings_of(config: EncoderConfig, kind: str) -> dict[str, Any]:
    """What the config.json of a family says of a shape."""
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
    if kind == "albert" and (repeats := repeats_of(config)):
        found["num_hidden_layers"] = repeats.times
        found["num_hidden_groups"] = repeats.groups
        found["inner_group_num"] = repeats.inner
    return found


class Repeats(NamedTuple):
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


def repeats_of(config: EncoderConfig) -> Repeats | None:
    """What gives layers that share as these do; None where nothing does."""
    if any(attention != feed_forward for attention, feed_forward in config.parts):
        return None
    sets = [attention for attention, _ in config.parts]
    count = len(set(sets))
    for inner in range(1, count + 1):
        found = Repeats(config.layers // inner, count // inner, inner)
        if found.sets() == sets:
            return found
    return None
