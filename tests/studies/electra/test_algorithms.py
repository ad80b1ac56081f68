"""Gradients of the ways to train a generator: by its own loss, not at all, or by rewards."""

from __future__ import annotations

from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from lab.encoder.config import EncoderConfig
from lab.errors import StudyError
from lab.training.optimizers import get_optimizer
from studies.electra.answer import Answered
from studies.electra.batches import masked_batch
from studies.electra.generator import Guess
from studies.electra.generators.encoder import MaskedGenerator
from studies.electra.networks import Networks, loss, run
from studies.electra.objectives import get_objective

CONFIG = EncoderConfig(
    vocabulary=24,
    width=32,
    layers=2,
    heads=2,
    feed_forward=64,
    embedding=16,
    positions=16,
    dropout=0.0,
    attention_dropout=0.0,
)
PIECES = SimpleNamespace(pad=0, cls=1, sep=2, mask=3, special=frozenset(range(4)), size=24)


def networks(algorithm: str, objective: str = "electra", seed: int = 0) -> Networks:
    torch.manual_seed(seed)
    made = {"kind": "encoder", "encoder": asdict(CONFIG)}
    return Networks(get_objective(objective), CONFIG, made, tying="none", algorithm=algorithm)


def batch(seed: int = 0) -> dict[str, Tensor]:
    """Rows in which each piece says which one follows."""
    rng = np.random.default_rng(seed)
    tokens = 4 + (rng.integers(20, size=(32, 1)) + 3 * np.arange(12)) % 20
    tokens[:, 0], tokens[:, -1] = PIECES.cls, PIECES.sep
    made = masked_batch(
        tokens,
        np.ones(tokens.shape, dtype=bool),
        get_objective("electra"),
        rng,
        pieces=PIECES,
        longest=12,
    )
    return {name: torch.from_numpy(value) for name, value in made.items()}


def fitted(algorithm: str, steps: int) -> tuple[Networks, np.ndarray]:
    """Networks after some updates on one batch, and what each update reported."""
    model, rows = networks(algorithm), batch()
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = get_optimizer("adamw", parameters, lr=1e-3)
    reported = []
    for _ in range(steps):
        optimizer.zero_grad()
        trained, numbers = loss(model, rows)
        trained.backward()
        optimizer.step()
        reported.append(numbers.numpy())
    return model, np.array(reported)


def test_by_rewards_the_gradient_is_that_of_the_definition() -> None:
    """(reward - baseline) times the gradient of log p(sample), and cross-entropy of the baseline
    towards the reward; nothing of the latter reaches the generator."""
    model = networks("adversarial")
    torch.manual_seed(1)
    logits = torch.randn(2, 3, 24, requires_grad=True)
    vectors = torch.randn(2, 3, 32, requires_grad=True)
    samples = torch.randint(24, (2, 3))
    losses = torch.rand(2, 12) * 3
    rows = {"tokens": torch.zeros(2, 12, dtype=torch.int64), "drawn": torch.randint(12, (2, 3))}
    guess = Guess(
        logits=logits,
        losses=torch.zeros(2, 3),
        right=torch.zeros(2, 3, dtype=torch.bool),
        samples=samples,
        temperature=2.0,
        vectors=vectors,
    )
    answered = Answered(losses=losses, right=losses > 0, logits=losses)
    model.algorithm(guess, answered, rows).sum().backward()
    expected = model.algorithm.expected
    reward = losses.gather(1, rows["drawn"])
    chance = torch.sigmoid(vectors.detach() @ expected.weight[0] + expected.bias).detach()
    baseline = -chance.log()
    softmax = (logits.detach() / 2.0).softmax(-1)
    # Of -(reward - baseline) log p(sample) with p = softmax(logits / 2).
    by_hand = (reward - baseline).unsqueeze(-1) * (softmax - F.one_hot(samples, 24)) / 2.0
    torch.testing.assert_close(logits.grad, by_hand)
    assert vectors.grad is None
    # The cross-entropy of a logit towards p has the gradient sigmoid(logit) - p.
    slope = ((chance - (-reward).exp()).unsqueeze(-1) * vectors.detach()).sum((0, 1))
    torch.testing.assert_close(expected.weight.grad[0], slope)


def test_the_baseline_learns_the_reward() -> None:
    """Of a constant reward it becomes that reward, and nothing is left to follow."""
    model = networks("adversarial")
    expected = model.algorithm.expected
    optimizer = torch.optim.Adam(expected.parameters(), lr=0.05)
    vectors = torch.ones(1, 4, 32)
    rows = {"tokens": torch.zeros(1, 12, dtype=torch.int64), "drawn": torch.arange(4)[None]}
    answered = Answered(
        losses=torch.full((1, 12), 0.7), right=torch.ones(1, 12).bool(), logits=torch.zeros(1, 12)
    )
    guess = Guess(
        logits=torch.zeros(1, 4, 24),
        losses=torch.zeros(1, 4),
        right=torch.zeros(1, 4).bool(),
        samples=torch.zeros(1, 4, dtype=torch.int64),
        temperature=1.0,
        vectors=vectors,
    )
    for _ in range(300):
        optimizer.zero_grad()
        model.algorithm(guess, answered, rows).sum().backward()
        optimizer.step()
    baseline = -F.logsigmoid(expected(vectors)).detach()
    torch.testing.assert_close(baseline, torch.full((1, 4, 1), 0.7), rtol=0, atol=1e-3)


def test_by_rewards_the_detector_is_misled() -> None:
    """With a detector that does not learn, its loss at drawn positions goes up."""
    model, rows = networks("adversarial"), batch()
    reference = fitted("two_stage", 200)[0]
    model.encoder.load_state_dict(reference.encoder.state_dict())
    model.answer.load_state_dict(reference.answer.state_dict())
    assert isinstance(model.generator, MaskedGenerator)

    def misled() -> float:
        torch.manual_seed(5)
        with torch.no_grad():
            passed = run(model, rows)
        return float(passed.answered.losses.gather(1, rows["drawn"])[rows["used"]].mean())

    before = misled()
    learning = [*model.generator.parameters(), *model.algorithm.parameters()]
    optimizer = get_optimizer("adamw", learning, lr=3e-3)
    for _ in range(60):
        model.zero_grad()
        loss(model, rows)[0].backward()
        optimizer.step()
    assert misled() > 1.2 * before


@pytest.mark.parametrize(("algorithm", "learns"), [("joint", True), ("two_stage", False)])
def test_who_learns(algorithm: str, learns: bool) -> None:
    """The detector fits its 32 rows either way; a frozen generator stays what it was."""
    before = networks(algorithm).state_dict()
    model, reported = fitted(algorithm, 300)
    names = dict(zip(model.reports, reported.T, strict=True))
    assert names["detector_loss"][-20:].mean() < 0.5 * names["detector_loss"][:20].mean()
    changed = {n for n, value in model.state_dict().items() if not torch.equal(value, before[n])}
    assert any(n.startswith("encoder.") for n in changed)
    assert any(n.startswith("generator.") for n in changed) == learns
    assert (names["generator_loss"][-1] < 0.5 * names["generator_loss"][0]) == learns


def test_a_frozen_generator_samples_without_dropout() -> None:
    config = replace(CONFIG, dropout=0.5)
    made = {"kind": "encoder", "encoder": asdict(config)}
    for algorithm, same in (("two_stage", True), ("joint", False)):
        torch.manual_seed(0)
        model = Networks(
            get_objective("electra"), config, made, tying="none", algorithm=algorithm
        ).train()
        rows = batch()
        first, second = (run(model, rows).guess for _ in range(2))
        assert first is not None
        assert second is not None
        assert torch.equal(first.losses, second.losses) == same


def test_what_cannot_be_rewarded_is_said() -> None:
    for objective in ("electra_15", "replace_mlm"):
        with pytest.raises(StudyError, match="Give objective=electra, or algorithm=joint"):
            loss(networks("adversarial", objective), batch())
    for algorithm in ("adversarial", "two_stage"):
        with pytest.raises(StudyError, match="kind encoder, or algorithm=joint"):
            Networks(get_objective("electra"), CONFIG, {"kind": "uniform"}, algorithm=algorithm)
