"""Each architecture learns 32 examples by heart."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from lab.kernels.loss import cross_entropy
from t5study.batching import Layout, pack
from t5study.model import build_model
from t5study.objectives import Objective, get_objective, objective_names

EXAMPLES, LENGTH, VOCABULARY = 32, 16, 64
NEAR_ZERO = 0.05


def objective_of(name: str) -> Objective:
    return get_objective(name, vocab_size=VOCABULARY, noise_density=0.25, num_sentinels=16)


def examples(objective_name: str) -> list[tuple[list[int], list[int]]]:
    """Random texts, corrupted once, each side closed by EOS; an input may be empty."""
    rng = np.random.default_rng(0)
    objective = objective_of(objective_name)
    pairs = []
    for _ in range(EXAMPLES):
        text = rng.integers(3, VOCABULARY - 16, LENGTH).astype(np.int32)
        inputs, targets = objective.corrupt(text, rng)
        pairs.append(([*inputs, 1] if len(inputs) else [], [*targets, 1]))
    return pairs


def least_loss(architecture: str, pairs: list, steps: int) -> float:
    """Nats a target token over what is left to chance, after `steps` or once near zero."""
    layout = Layout(architecture=architecture, inputs_length=40, targets_length=40)
    batch = {k: torch.from_numpy(v) for k, v in pack(pairs, layout).items()}
    torch.manual_seed(0)
    model = build_model(architecture, "nano", vocab_size=VOCABULARY, dropout_rate=0.0, num_layers=2)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    real = batch["decoder_loss_weights"].bool()
    targets = batch["decoder_target_tokens"][real]
    # Without any input, nothing tells which of the texts is to come.
    chance = sum(math.log(EXAMPLES) for inputs, _ in pairs if not inputs)
    excess = math.inf
    for _ in range(steps):
        total, nats = cross_entropy(model.head(model.features(batch)[real]), targets)
        excess = (float(nats.detach()) - chance) / len(targets)
        if excess < NEAR_ZERO:
            break
        optimizer.zero_grad()
        (total / len(targets)).backward()
        optimizer.step()
    return excess


@pytest.mark.parametrize(
    ("architecture", "objective"),
    [
        ("encoder_decoder", "span"),
        ("shared", "span"),
        ("half", "span"),
        ("language_model", "span"),
        ("prefix_lm", "prefix_lm"),
    ],
)
def test_each_architecture_overfits(architecture, objective):
    """Near zero loss on 32 packed examples of one of its objectives."""
    assert least_loss(architecture, examples(objective), 200) < NEAR_ZERO


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "objective"),
    [
        (architecture, objective)
        for objective in objective_names()
        for architecture in objective_of(objective).architectures
    ],
)
def test_each_architecture_overfits_each_of_its_objectives(architecture, objective):
    """The same for every objective that the architecture can be trained on."""
    assert least_loss(architecture, examples(objective), 500) < NEAR_ZERO
