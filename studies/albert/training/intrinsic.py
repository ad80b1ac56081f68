"""The intrinsic stage: pieces, next sentences and their order in text that was held out (4.6)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lab.encoder.lines import HELD_OUT, Lines
from lab.encoder.pretraining.frequencies import unigram_logits
from lab.encoder.pretraining.networks import names
from lab.encoder.vocabulary import open_vocabulary
from studies.albert.batches import masked_pairs
from studies.albert.masking import Masking
from studies.albert.networks import Networks, load_networks
from studies.albert.networks import run as pass_through
from studies.albert.pairs import PairRows
from studies.albert.sentence_losses import get_sentence_loss
from studies.albert.tasks import task_after

TOGETHER = 64
"""Rows that go through the networks together."""
PLATEAU = 0.1
"""Nats by which an encoder is better than the frequencies of pieces once it has learned more."""
MASKED = "none"
"""The pairs that pieces are judged on: segments in order, the same ones for all networks."""


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """Judge networks on `examples` rows of each task; publishes scores.json.

    Rows, positions and labels are the same ones for all networks, and [MASK] is shown at each drawn
    position. Whatever a network's sentence loss was, it answers both tasks by its one head, whose
    label 1 is a pair that is not in order or not of one document. Accuracies are percentages,
    losses are nats.
    """
    torch.set_num_threads(context.threads)
    networks, settings = load_networks(
        inputs["pretrain"] / names(config["checkpoint"])[1], device=context.device
    )
    networks.eval()
    pieces = open_vocabulary(inputs["vocabulary"])
    masking = replace(Masking(**settings["masking"]), masked=1.0, random=0.0)
    lines = Lines.open(inputs["lines"], HELD_OUT)
    scores: dict[str, float] = {}
    for done, task in enumerate((MASKED, "nsp", "sop")):
        rows = PairRows(lines, get_sentence_loss(task), **settings["rows"])
        found = judged(networks, rows, masking, pieces, config, context.device)
        if task == MASKED:
            unigram = unigram_logits(Lines.open(inputs["lines"]), pieces)
            scores["unigram_loss"] = float(-unigram[found["targets"]].mean())
            scores["mlm_acc"] = 100.0 * float(found["right"].mean())
            scores["mlm_loss"] = float(found["losses"].mean())
        else:
            scores[f"{task}_acc"] = 100.0 * float(found["sentence_right"].mean())
            scores[f"{task}_loss"] = float(found["sentence_losses"].mean())
        context.progress(done + 1, 3)
    # What an earlier checkpoint had not learned may be learned by now.
    stuck = stays_at_frequencies(scores) if config["checkpoint"] is None else None
    context.record(rows=config["examples"], **({"diverged": stuck} if stuck else {}))
    task = task_after(config["checkpoint"])
    (out / "scores.json").write_text(json.dumps({task: scores}, indent=1))


def judged(
    networks: Networks,
    rows: PairRows,
    masking: Masking,
    pieces: Any,
    config: Mapping[str, Any],
    device: str,
) -> dict[str, np.ndarray]:
    """Values of used slots and of rows, by the names of `networks.Passed`, and the `targets`."""
    rng = np.random.default_rng(config["seed"])
    begins = pieces.starts_word()
    parts: dict[str, list[np.ndarray]] = {}
    for at in together(rng.permutation(len(rows))[: config["examples"]], rows.lengths):
        batch = masked_pairs(rows.read(at), masking, rng, pieces=pieces, begins=begins)
        tensors = {name: torch.from_numpy(one).to(device) for name, one in batch.items()}
        with torch.inference_mode():
            passed = pass_through(networks, tensors)
        used = tensors["used"]
        found = {
            "targets": tensors["targets"][used],
            "losses": passed.losses[used],
            "right": passed.right[used],
            "sentence_losses": passed.sentence_losses,
            "sentence_right": passed.sentence_right,
        }
        for name, values in found.items():
            parts.setdefault(name, []).append(values.cpu().numpy())
    return {name: np.concatenate(values) for name, values in parts.items()}


def stays_at_frequencies(scores: Mapping[str, float]) -> str | None:
    """Why the training counts as diverged: nothing but frequencies was learned; else None."""
    if scores["mlm_loss"] <= scores["unigram_loss"] - PLATEAU:
        return None
    return (
        f"the encoder has {scores['mlm_loss']:.2f} nats at masked positions of held-out text, "
        f"where the frequencies of pieces alone have {scores['unigram_loss']:.2f}"
    )


def together(chosen: np.ndarray, lengths: np.ndarray) -> Iterator[np.ndarray]:
    """Rows of like lengths, some at a time."""
    ordered = chosen[np.argsort(lengths[chosen], kind="stable")]
    for start in range(0, len(ordered), TOGETHER):
        yield ordered[start : start + TOGETHER]
