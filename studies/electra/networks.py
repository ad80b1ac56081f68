"""The networks of a pre-training and the loss of a batch.

Letters: B rows, T positions, N drawn slots, P positions that the main encoder is asked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Encoder
from lab.encoder.heads import Detection
from lab.encoder.initialization import initialize
from lab.encoder.pretraining.detection import draw, placed
from lab.encoder.pretraining.networks import EncoderNetworks
from lab.encoder.pretraining.pieces import likeliest, piece_losses, total
from lab.training import checkpoint
from studies.electra.algorithms import get_algorithm
from studies.electra.answer import Answered
from studies.electra.answers import get_answer
from studies.electra.generator import Generator, Guess, Rows
from studies.electra.generators import get_generator
from studies.electra.objective import Objective


class Networks(EncoderNetworks):
    """A main encoder with its head, and beside it the generator where the objective has one.

    `generator` are its settings, `tying` is what it shares with the main encoder, and `algorithm`
    how it learns.
    """

    def __init__(
        self,
        objective: Objective,
        config: EncoderConfig,
        generator: Mapping[str, Any] | None = None,
        *,
        tying: str = "embeddings",
        algorithm: str = "joint",
        temperature: float = 1.0,
    ) -> None:
        super().__init__()
        self.objective = objective
        self.temperature = temperature
        self.encoder = Encoder(config)
        self.answer = get_answer(objective.answer, config)
        self.generator: Generator | None = None
        if objective.generator:
            assert generator is not None
            self.generator = get_generator(generator, self.encoder, tying)
            self.algorithm = get_algorithm(algorithm, self.generator)
        # As the released code, whose last layer of the detector and maps say nothing of it.
        last = [one.out for one in self.modules() if isinstance(one, Detection)]
        maps = [one.map for one in self.modules() if isinstance(one, Encoder) and one.map]
        initialize(self, config.initializer_range, glorot=[*last, *maps])

    @property
    def reports(self) -> list[str]:
        """What the loss function reports, in its order."""
        of_generator = ["generator_loss", "generator_acc"] if self.generator else []
        return ["loss", *of_generator, *(f"{self.answer.name}_{n}" for n in self.answer.numbers)]


def build(settings: Mapping[str, Any]) -> Networks:
    """New networks by a pre-training stage's settings."""
    own = {name: settings[name] for name in ("tying", "algorithm", "temperature") if settings[name]}
    return Networks(
        Objective(**settings["objective"]),
        EncoderConfig(**settings["encoder"]),
        settings["generator"],
        **own,
    )


def load_networks(path: Path, *, device: str = "cpu") -> tuple[Networks, Mapping[str, Any]]:
    """The networks that a pre-training stage published, and its settings."""
    settings: Mapping[str, Any] = checkpoint.read(path)["config"]
    networks, _ = checkpoint.load(path, build, device=device)
    return networks, settings


@dataclass(frozen=True, kw_only=True)
class Passed:
    """What both networks made of a batch."""

    guess: Guess | None
    read: Tensor
    """What the main encoder read (B, T)."""
    answered: Answered
    asked: Tensor
    """Which of the positions (B, P) count."""
    places: Tensor
    """How many count in the whole batch ()."""


def run(networks: Networks, rows: Rows) -> Passed:
    """Both networks, the main one on what the generator made of the rows where there is one."""
    objective, tokens, drawn, used = networks.objective, rows["tokens"], rows["drawn"], rows["used"]
    read = placed(tokens, drawn, used, rows["seen"])
    guess = None
    if networks.generator is not None:
        guess = _guess(networks.generator, rows, read, networks.temperature)
        read = placed(tokens, drawn, used, guess.samples)
    at = None if objective.where == "all" else rows[objective.where]
    vectors = networks.encoder(read, rows["types"], segments=rows["real"], at=at)
    original, places = tokens, rows["length"][0]
    asked, pieces = rows["real"].bool(), read
    if at is not None:
        original, pieces = tokens.gather(1, at), read.gather(1, at)
        asked, places = used, rows["slots"][0]
    answered = networks.answer(vectors, pieces, original, networks.encoder.embeddings)
    return Passed(guess=guess, read=read, answered=answered, asked=asked, places=places)


def loss(networks: Networks, rows: Rows) -> tuple[Tensor, Tensor]:
    """The share of these rows in the batch's loss, and in what `reports` names.

    The loss is the generator's mean over the batch's drawn slots, and the objective's weight times
    the main encoder's mean over the positions that count.
    """
    passed = run(networks, rows)
    answered, guess = passed.answered, passed.guess
    numbers = {
        "loss": total(answered.losses, passed.asked) / passed.places,
        "acc": (answered.right & passed.asked).sum() / passed.places,
    }
    trained = networks.objective.weight * numbers["loss"]
    reported = [numbers[name] for name in networks.answer.numbers]
    if guess is not None:
        used, slots = rows["used"], rows["slots"][0]
        trained = trained + total(networks.algorithm(guess, answered, rows), used) / slots
        of_generator = total(guess.losses, used) / slots, (guess.right & used).sum() / slots
        reported = [*of_generator, *reported]
    return trained, torch.stack([trained, *reported]).detach()


def _guess(generator: Generator, rows: Rows, shown: Tensor, temperature: float) -> Guess:
    logits, vectors = generator(rows, shown)
    targets = rows["tokens"].gather(1, rows["drawn"])
    uniform = torch.rand(targets.shape, dtype=torch.float32, device=logits.device)
    return Guess(
        logits=logits,
        losses=piece_losses(logits, targets),
        right=likeliest(logits) == targets,
        samples=draw(logits, uniform, temperature),
        temperature=temperature,
        vectors=vectors,
    )
