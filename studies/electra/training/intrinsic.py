"""The intrinsic stage: what both networks make of text that was held out.

Letters: R rows, T positions, N drawn slots.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lab.encoder.lines import HELD_OUT, Lines
from lab.encoder.pretraining.frequencies import unigram_logits
from lab.encoder.pretraining.networks import names
from lab.encoder.rows import Rows
from lab.encoder.vocabulary import open_vocabulary
from studies.electra.batches import masked_batch
from studies.electra.detection import constant_answer
from studies.electra.generators.encoder import MaskedGenerator
from studies.electra.networks import Networks, Passed, load_networks
from studies.electra.networks import run as pass_through

TOGETHER = 64
"""Rows that go through the networks together."""
PLATEAU = 0.1
"""Nats by which a generator is better than the frequencies of pieces once it has learned more."""


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """Judge networks on `examples` rows of the held-out part; publishes scores.json.

    Positions are drawn by `seed`, the same ones for all networks, and [MASK] is shown at each of
    them. Accuracies, shares and the area under the curve are percentages, losses are nats.
    """
    torch.set_num_threads(context.threads)
    networks, settings = load_networks(
        inputs["pretrain"] / names(config["checkpoint"])[1], device=context.device
    )
    pieces = open_vocabulary(inputs["vocabulary"])
    rows = Rows(Lines.open(inputs["lines"], HELD_OUT), **settings["rows"])
    unigram = unigram_logits(Lines.open(inputs["lines"]), pieces)
    shown = replace(networks.objective, masked=1.0, random=0.0)
    found: dict[str, list[np.ndarray]] = defaultdict(list)
    rng = np.random.default_rng(config["seed"])
    chosen = rng.permutation(len(rows))[: config["examples"]]
    torch.manual_seed(config["seed"])
    networks.eval()
    for done, at in enumerate(_together(chosen, rows.lengths)):
        read = rows.read(at)
        batch = masked_batch(
            read["tokens"],
            read["real"],
            shown,
            rng,
            types=read["types"],
            pieces=pieces,
            longest=settings["rows"]["longest"],
            rate=settings["masking_rate"],
        )
        tensors = {name: torch.from_numpy(one).to(context.device) for name, one in batch.items()}
        with torch.inference_mode():
            passed = pass_through(networks, tensors)
        used = batch["used"]
        found["unigram"].append(
            -unigram[np.take_along_axis(batch["tokens"], batch["drawn"], 1)[used]]
        )
        for name, values in _judged(networks, passed, tensors).items():
            found[name].append(values.cpu().numpy())
        context.progress((done + 1) * TOGETHER, len(chosen))
    judged = {name: np.concatenate(parts) for name, parts in found.items()}
    scores = summary(judged)
    learns = isinstance(networks.generator, MaskedGenerator)
    context.record(
        notes=notes(scores, learns=learns), rows=len(chosen), slots=len(judged["unigram"])
    )
    (out / "scores.json").write_text(json.dumps({"intrinsic": scores}, indent=1))


def summary(judged: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Scores by values of slots and positions, of what the networks have."""
    scores = {"unigram_loss": float(judged["unigram"].mean())}
    for name in ("generator", "mlm"):
        if f"{name}_loss" in judged:
            scores[f"{name}_acc"] = 100.0 * float(judged[f"{name}_right"].mean())
            scores[f"{name}_loss"] = float(judged[f"{name}_loss"].mean())
    if "detector_loss" in judged:
        replaced = judged["replaced"]
        share = float(replaced.mean())
        scores["replaced"] = 100.0 * share
        scores["detector_loss"] = float(judged["detector_loss"].mean())
        if 0.0 < share < 1.0:
            from sklearn.metrics import roc_auc_score

            scores["detector_constant"] = constant_answer(share)
            scores["detector_auc"] = 100.0 * float(
                roc_auc_score(replaced, judged["detector_logit"])
            )
    return scores


def notes(scores: Mapping[str, float], *, learns: bool) -> list[str]:
    """What a table says of networks that are stuck; `learns` is of the generator."""
    found = []
    if learns and scores["generator_loss"] > scores["unigram_loss"] - PLATEAU:
        found.append(
            f"The generator is stuck: {scores['generator_loss']:.2f} nats on held-out text, where "
            f"the frequencies of pieces alone have {scores['unigram_loss']:.2f}."
        )
    if "mlm_loss" in scores and scores["mlm_loss"] > scores["unigram_loss"] - PLATEAU:
        found.append(
            f"The encoder is stuck: {scores['mlm_loss']:.2f} nats at masked positions of held-out "
            f"text, where the frequencies of pieces alone have {scores['unigram_loss']:.2f}."
        )
    constant = scores.get("detector_constant")
    if constant is not None and scores["detector_loss"] >= constant:
        found.append(
            f"The detector is stuck: {scores['detector_loss']:.3f} nats on held-out text, where "
            f"one answer for all positions has {constant:.3f}."
        )
    return found


def _together(chosen: np.ndarray, lengths: np.ndarray) -> Iterator[np.ndarray]:
    """Rows of like lengths, some at a time."""
    ordered = chosen[np.argsort(lengths[chosen], kind="stable")]
    for start in range(0, len(ordered), TOGETHER):
        yield ordered[start : start + TOGETHER]


def _judged(
    networks: Networks, passed: Passed, rows: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Values at the used slots, and a detector's at the positions that it is trained on."""
    used, answered, guess = rows["used"], passed.answered, passed.guess
    found: dict[str, torch.Tensor] = {}
    if guess is not None:
        found |= {"generator_loss": guess.losses[used], "generator_right": guess.right[used]}
    if answered.logits is not None and answered.replaced is not None:
        asked = passed.asked
        found |= {
            "detector_loss": answered.losses[asked],
            "detector_logit": answered.logits[asked],
            "replaced": answered.replaced[asked],
        }
    else:
        values = {"mlm_loss": answered.losses, "mlm_right": answered.right}
        if networks.objective.where == "all":
            values = {name: one.gather(1, rows["drawn"]) for name, one in values.items()}
        found |= {name: one[used] for name, one in values.items()}
    return found
