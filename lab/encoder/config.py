"""What an encoder is, as plain values, and what is impossible about them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

ACTIVATIONS: Mapping[str, str] = {"gelu": "none", "gelu_tanh": "tanh"}
"""torch's word for each form of GELU: by the error function, by tanh (Lan et al. 2020)."""
FACTORIZED = ("tables", "words")
_SETS = re.compile(r"\d+(-\d+)*")
"""The set of parameters of each layer, the first one first: 0-1-0-1."""


@dataclass(frozen=True, kw_only=True)
class EncoderConfig:
    """One encoder's shape.

    `sharing` says which parameters layers have in common: none, all, attention, ffn, or groups
    (Lan et al. 2020, section 3.1), or by 0-1-0-1 of four layers which set each has; the norm behind
    a sub-layer is shared with it.
    """

    vocabulary: int
    """Pieces."""
    width: int
    """Of a position's vector between layers."""
    layers: int
    heads: int
    feed_forward: int
    """Inner width of the feed-forward sub-layer."""
    embedding: int
    """Width of the tables; where it is not `width`, a linear map follows them."""
    factorized: str = "tables"
    """Which tables are that wide: all of them, "tables", as Lan et al. (2020) released them; or
    that of words alone, "words", and positions and types of `width` are added behind the map, as
    the printed counts of their models want it."""
    positions: int = 512
    """Rows of the table of positions: the longest input."""
    types: int = 2
    """Kinds of segments that a token may belong to."""
    activation: str = "gelu"
    sharing: str = "none"
    groups: int = 1
    """Of `groups` alone: how many groups of layers have parameters of their own."""
    dropout: float = 0.1
    attention_dropout: float = 0.1
    epsilon: float = 1e-12
    """Of the layer norms."""
    initializer_range: float | None = 0.02
    """Deviation of the normal that tables and kernels begin from, cut at two of it; None:
    n ** -0.5, where an output sums n numbers (LeCun et al. 1998). BERT's 0.02 suits its widths; a
    narrow encoder with it knows little but frequencies for thousands of updates."""

    def complaints(self) -> list[str]:
        """All that makes this shape impossible, one line each."""
        found = []
        for name in ("vocabulary", "width", "layers", "heads", "feed_forward", "embedding"):
            if getattr(self, name) < 1:
                found.append(f"{name}: {getattr(self, name)}; accepted is 1 or more.")
        if self.heads > 0 and self.width % self.heads:
            near = [n for n in range(1, self.width + 1) if self.width % n == 0]
            best = min(near, key=lambda n: abs(n - self.heads))
            found.append(
                f"heads: {self.heads} do not divide the width {self.width}. Give heads={best}, or "
                f"a width that is a multiple of {self.heads}."
            )
        if self.activation not in ACTIVATIONS:
            found.append(f"activation: {self.activation!r}; accepted: {', '.join(ACTIVATIONS)}.")
        if self.factorized not in FACTORIZED:
            found.append(f"factorized: {self.factorized!r}; accepted: {', '.join(FACTORIZED)}.")
        if _SETS.fullmatch(self.sharing):
            found += self._of_sets(sets_of(self.sharing))
        elif self.sharing not in SHARING:
            found.append(
                f"sharing: {self.sharing!r}; accepted: {', '.join(SHARING)}, or the set of "
                "parameters of each layer, such as 0-1-0-1."
            )
        if self.sharing == "groups" and not 1 <= self.groups <= self.layers:
            found.append(f"groups: {self.groups}; accepted is 1 to {self.layers}, the layers.")
        for name in ("dropout", "attention_dropout"):
            if not 0.0 <= getattr(self, name) < 1.0:
                found.append(f"{name}: {getattr(self, name)}; accepted is 0 up to, not with, 1.")
        if self.initializer_range is not None and not 0.0 < self.initializer_range < 1.0:
            found.append(
                f"initializer_range: {self.initializer_range}; accepted lies between 0 and 1, "
                "and null."
            )
        return found

    @property
    def added(self) -> int:
        """Width of the tables of positions and types, and of the norm of what is summed up."""
        return self.width if self.factorized == "words" else self.embedding

    def settings(self) -> dict[str, Any]:
        """The shape as plain values, by which a stage is known.

        `factorized` came later: where tables are as they were before it, it has no place in a key.
        """
        found = asdict(self)
        if self.added == self.embedding:
            del found["factorized"]
        return found

    @property
    def parts(self) -> list[tuple[int, int]]:
        """Of each layer, which attention and which feed-forward sub-layer it uses."""
        if _SETS.fullmatch(self.sharing):
            return [(number, number) for number in sets_of(self.sharing)]
        return [SHARING[self.sharing](layer, self) for layer in range(self.layers)]

    def _of_sets(self, sets: list[int]) -> list[str]:
        new = list(dict.fromkeys(sets))
        if len(sets) == self.layers and new == list(range(len(new))):
            return []
        return [
            f"sharing: {self.sharing!r}; accepted is a number for each of the {self.layers} "
            "layers, and sets are numbered as they come: 0 first, a new one by 1 more than all "
            "before."
        ]


def sets_of(sharing: str) -> list[int]:
    """The set of parameters of each layer, as 0-1-0-1 says it."""
    return [int(number) for number in sharing.split("-")]


def _group(layer: int, config: EncoderConfig) -> tuple[int, int]:
    group = layer * config.groups // config.layers
    return group, group


SHARING: Mapping[str, Callable[[int, EncoderConfig], tuple[int, int]]] = {
    "none": lambda layer, _: (layer, layer),
    "all": lambda *_: (0, 0),
    "attention": lambda layer, _: (0, layer),
    "ffn": lambda layer, _: (layer, 0),
    "groups": _group,
}
"""By the setting's value: a layer's attention and feed-forward sub-layer, counted from 0."""
