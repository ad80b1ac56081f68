"""What a model is, as plain values: architectures, sizes and one model's resolved settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from lab.errors import ModelError, unknown


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """One arrangement of stacks and attention (section 3.2.1)."""

    encoder: bool = True
    """Whether an encoder reads the input; else one stack reads input and target in one row."""

    shared: bool = False
    """Whether encoder and decoder use the same parameters."""

    halved: bool = False
    """Whether each stack has half of its size's blocks."""

    prefix: bool = False
    """Whether a single stack looks both ways within the input part."""


ARCHITECTURES: Mapping[str, Architecture] = {
    "encoder_decoder": Architecture(),
    "shared": Architecture(shared=True),
    "half": Architecture(halved=True),
    "language_model": Architecture(encoder=False),
    "prefix_lm": Architecture(encoder=False, prefix=True),
}


@dataclass(frozen=True, kw_only=True)
class Size:
    """The dimensions that a size's name stands for."""

    d_model: int
    d_ff: int
    d_kv: int
    num_heads: int
    num_layers: int


SIZES: Mapping[str, Size] = {
    "pico": Size(d_model=32, d_ff=128, d_kv=16, num_heads=2, num_layers=2),
    "nano": Size(d_model=64, d_ff=256, d_kv=16, num_heads=4, num_layers=2),
    "nano_2x": Size(d_model=96, d_ff=384, d_kv=16, num_heads=6, num_layers=2),
    "nano_4x": Size(d_model=96, d_ff=384, d_kv=16, num_heads=6, num_layers=4),
    "micro": Size(d_model=128, d_ff=512, d_kv=32, num_heads=4, num_layers=2),
    "micro_deep": Size(d_model=128, d_ff=512, d_kv=32, num_heads=4, num_layers=4),
    "milli": Size(d_model=192, d_ff=768, d_kv=32, num_heads=6, num_layers=4),
    "mini": Size(d_model=256, d_ff=1024, d_kv=32, num_heads=8, num_layers=4),
    "centi": Size(d_model=384, d_ff=1536, d_kv=64, num_heads=6, num_layers=6),
    "centi_2x": Size(d_model=512, d_ff=2048, d_kv=64, num_heads=8, num_layers=7),
    "centi_4x": Size(d_model=512, d_ff=2048, d_kv=64, num_heads=8, num_layers=14),
    "small": Size(d_model=512, d_ff=2048, d_kv=64, num_heads=8, num_layers=6),
    "base": Size(d_model=768, d_ff=3072, d_kv=64, num_heads=12, num_layers=12),
    "large": Size(d_model=1024, d_ff=4096, d_kv=64, num_heads=16, num_layers=24),
    "3b": Size(d_model=1024, d_ff=16384, d_kv=128, num_heads=32, num_layers=24),
    "11b": Size(d_model=1024, d_ff=65536, d_kv=128, num_heads=128, num_layers=24),
    "2x": Size(d_model=1024, d_ff=4096, d_kv=64, num_heads=16, num_layers=16),
    "4x": Size(d_model=1024, d_ff=4096, d_kv=64, num_heads=16, num_layers=32),
}
"""Ours for CPUs and single GPUs, and those of Raffel et al. (2020), sections 3.6 and 3.7."""

DROPOUT_FORMS = ("broadcast", "elementwise")
FEED_FORWARDS = ("relu", "gated_gelu")


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """All that fixes a model's function and parameters; the defaults are the released v1.0's."""

    architecture: str = "encoder_decoder"
    """A name in ARCHITECTURES."""

    vocab_size: int = 32128
    """Rows of the embedding: pieces, sentinels and what pads them to a round number."""

    d_model: int
    """Width of the residual stream."""

    d_ff: int
    """Width of the feed-forward hidden layer."""

    d_kv: int
    """Width of one attention head."""

    num_heads: int
    """Attention heads of each attention layer."""

    num_layers: int
    """Blocks of the encoder, or of the only stack."""

    num_decoder_layers: int
    """Blocks of the decoder; the same as num_layers where there is one set of blocks."""

    dropout_rate: float = 0.1
    """Share dropped at every dropout site."""

    dropout_form: str = "broadcast"
    """"broadcast": one mask for all positions of a sequence (released code); "elementwise"."""

    feed_forward: str = "relu"
    """"relu" (v1.0) or "gated_gelu" (v1.1)."""

    tie_embeddings: bool = True
    """Whether the output softmax reads the embedding (v1.0) or has its own matrix (v1.1)."""

    adapter_width: int = 0
    """Inner width of the adapters, or 0 for none (section 3.5.1)."""

    relative_attention_num_buckets: int = 32
    """Rows of a relative bias table."""

    relative_attention_max_distance: int = 128
    """Distance from which on all positions fall into the last bucket."""

    layer_norm_epsilon: float = 1e-6
    """Added to the mean square in every norm."""

    def __post_init__(self) -> None:
        complaints = list(_complaints(self))
        if complaints:
            raise ModelError("\n".join(complaints))

    @property
    def layout(self) -> Architecture:
        """The arrangement that `architecture` names."""
        return ARCHITECTURES[self.architecture]

    @property
    def inner(self) -> int:
        """Width of all heads together."""
        return self.num_heads * self.d_kv


def model_config(
    architecture: str = "encoder_decoder",
    size: str = "base",
    *,
    vocab_size: int = 32128,
    **overrides: Any,
) -> ModelConfig:
    """Return the settings of an architecture at a size; overrides name fields of ModelConfig.

    `num_layers` alone sets the depth of both stacks. "half" halves the depth, wherever it is from.
    Raises ModelError for names and settings that do not exist or fit.
    """
    if architecture not in ARCHITECTURES:
        raise ModelError(unknown("architecture", architecture, ARCHITECTURES))
    if size not in SIZES:
        raise ModelError(unknown("size", size, SIZES))
    known = [field.name for field in fields(ModelConfig) if field.name != "architecture"]
    strangers = [unknown("model setting", name, known) for name in overrides if name not in known]
    if strangers:
        raise ModelError("\n".join(strangers))
    settings: dict[str, Any] = {**vars(SIZES[size]), **overrides}
    layout = ARCHITECTURES[architecture]
    if not layout.encoder and "num_decoder_layers" in overrides and "num_layers" not in overrides:
        settings["num_layers"] = overrides["num_decoder_layers"]
    settings.setdefault("num_decoder_layers", settings["num_layers"])
    if layout.halved:
        for name in ("num_layers", "num_decoder_layers"):
            if settings[name] % 2:
                raise ModelError(f"'half' needs an even depth to halve; {name} is {settings[name]}")
            settings[name] //= 2
    return ModelConfig(architecture=architecture, vocab_size=vocab_size, **settings)


def _complaints(config: ModelConfig) -> Iterable[str]:
    if config.architecture not in ARCHITECTURES:
        yield unknown("architecture", config.architecture, ARCHITECTURES)
        return
    if config.dropout_form not in DROPOUT_FORMS:
        yield unknown("dropout_form", config.dropout_form, DROPOUT_FORMS)
    if config.feed_forward not in FEED_FORWARDS:
        yield unknown("feed_forward", config.feed_forward, FEED_FORWARDS)
    dimensions = ("vocab_size", "d_model", "d_ff", "d_kv", "num_heads")
    for name in (*dimensions, "num_layers", "num_decoder_layers"):
        if getattr(config, name) < 1:
            yield f"{name} is {getattr(config, name)}; it must be at least 1"
    if config.adapter_width < 0:
        yield f"adapter_width is {config.adapter_width}; it must be 0 (none) or more"
    if not 0 <= config.dropout_rate < 1:
        yield f"dropout_rate is {config.dropout_rate}; it must be at least 0 and below 1"
    buckets = config.relative_attention_num_buckets
    if buckets < 4 or buckets % 2:
        yield f"relative_attention_num_buckets is {buckets}; it must be even and at least 4"
    elif config.relative_attention_max_distance <= buckets // 2:
        yield (
            f"relative_attention_max_distance is {config.relative_attention_max_distance}; "
            f"it must be over {buckets // 2} with {buckets} buckets"
        )
    one_set = config.layout.shared or not config.layout.encoder
    if one_set and config.num_layers != config.num_decoder_layers:
        yield (
            f"'{config.architecture}' has one set of blocks, but num_layers is "
            f"{config.num_layers} and num_decoder_layers is {config.num_decoder_layers}; "
            "set num_layers alone"
        )
