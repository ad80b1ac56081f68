"""The stage "layers": how far each layer moves what goes into it (section 3.1, Figure 1).

Letters: B rows, T positions, D width, L layers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lab.encoder.checkpoint import load_encoder
from lab.encoder.encoder import Encoder
from lab.encoder.lines import HELD_OUT, Lines
from lab.encoder.pretraining.networks import names
from studies.albert.pairs import PairRows
from studies.albert.sentence_losses import get_sentence_loss
from studies.albert.tasks import LAYERS
from studies.albert.training.intrinsic import together

IN_ORDER = "none"
"""The pairs that are read: segments in order, the same ones for all networks."""


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """Measure an encoder on `examples` rows of held-out text; publishes scores.json.

    Of layer n `distance_n` and `angle_n` in degrees, and how much both change from one layer to
    the next on average, `distance_step` and `angle_step`; the least of both.
    """
    torch.set_num_threads(context.threads)
    encoder = load_encoder(inputs["pretrain"] / names()[0], device=context.device).eval()
    rows = PairRows(
        Lines.open(inputs["lines"], HELD_OUT), get_sentence_loss(IN_ORDER), **config["rows"]
    )
    chosen = np.random.default_rng(config["seed"]).permutation(len(rows))[: config["examples"]]
    read = (
        {
            name: torch.from_numpy(array).to(context.device)
            for name, array in rows.read(at).items()
            if name in ("tokens", "types", "real")
        }
        for at in together(chosen, rows.lengths)
    )
    distances, angles = moves(encoder, read)
    context.record(rows=len(chosen))
    scores = {**summary("distance", distances), **summary("angle", angles)}
    (out / "scores.json").write_text(json.dumps({LAYERS: scores}, indent=1))


@torch.inference_mode()
def moves(encoder: Encoder, rows: Iterable[Mapping[str, Tensor]]) -> tuple[np.ndarray, np.ndarray]:
    """Mean L2 distance and mean angle in degrees between input and output of each layer (L,).

    Of rows' `tokens`, `types` and `real` (B, T), over all real positions.
    """
    sums, positions = np.zeros((2, encoder.config.layers)), 0
    for row in rows:
        real = row["real"].bool()
        with entering(encoder) as vectors:
            vectors.append(encoder(row["tokens"], row["types"], segments=row["real"]))
        for layer, (before, behind) in enumerate(pairwise(vectors)):
            before, behind = before[real].double(), behind[real].double()
            cosine = F.cosine_similarity(before, behind, dim=-1).clamp(-1.0, 1.0)
            sums[0, layer] += float((behind - before).norm(dim=-1).sum())
            sums[1, layer] += float(cosine.arccos().rad2deg().sum())
        positions += int(real.sum())
    distances, angles = sums / positions
    return distances, angles


@contextmanager
def entering(encoder: Encoder) -> Iterator[list[Tensor]]:
    """A list that takes up what goes into each layer (B, T, D), also where layers are shared."""
    vectors: list[Tensor] = []

    def take(_: nn.Module, given: tuple[Any, ...]) -> None:
        vectors.append(given[0])

    hooks = [one.register_forward_pre_hook(take) for one in encoder.attentions]
    try:
        yield vectors
    finally:
        for hook in hooks:
            hook.remove()


def summary(name: str, values: np.ndarray) -> dict[str, float]:
    """A value of each layer, the least, and the mean change where there are two layers or more."""
    found = {f"{name}_{layer}": float(value) for layer, value in enumerate(values, start=1)}
    found[f"{name}_least"] = float(values.min())
    if len(values) > 1:
        found[f"{name}_step"] = float(np.abs(np.diff(values)).mean())
    return found
