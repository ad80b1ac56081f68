"""The networks of a pre-training and the loss of a batch.

Letters: B rows, T positions, N drawn slots, V pieces.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Encoder
from lab.encoder.heads import Detection, Labels, MaskedLanguageModel
from lab.encoder.initialization import initialize
from studies.electra.detection import copied, corrupt, sample
from studies.electra.objective import Objective

Rows = Mapping[str, Tensor]
"""A batch: `tokens` and `real` (B, T), `drawn`, `used`, `seen` and `other` (B, N): positions, which
slots are used, what is shown there, and positions drawn apart; `slots` and `length` (B,): used
slots and real tokens of the whole batch; `share` (B,): what a row is of the batch."""


class Networks(nn.Module):
    """A main encoder with its head, and beside it the generator where the objective has one.

    `tying` is what the two share: none, embeddings, or all (then both have one shape).
    """

    def __init__(
        self,
        objective: Objective,
        config: EncoderConfig,
        generator: EncoderConfig | None = None,
        *,
        tying: str = "embeddings",
    ) -> None:
        super().__init__()
        self.objective = objective
        self.encoder = Encoder(config)
        self.detection = Detection(config) if objective.answer == "detection" else None
        self.pieces = MaskedLanguageModel(config) if self.detection is None else None
        self.gate = Labels(config, 1) if objective.answer == "gated pieces" else None
        self.generator: Encoder | None = None
        self.masked: MaskedLanguageModel | None = None
        if objective.generator:
            shape = generator or config
            tables = self.encoder.embeddings if tying == "embeddings" else None
            self.generator = self.encoder if tying == "all" else Encoder(shape, tables)
            self.masked = MaskedLanguageModel(shape)
        # As the released code, whose last layer of the detector and maps say nothing of it.
        last = [self.detection.out] if self.detection else []
        maps = [one.map for one in (self.encoder, self.generator) if one is not None and one.map]
        initialize(self, glorot=[*last, *maps])


def loss(networks: Networks, rows: Rows, temperature: float = 1.0) -> tuple[Tensor, Tensor]:
    """The share of these rows in the batch's loss, twice: to train on and to report.

    The generator's mean over the batch's drawn slots, and the objective's weight times the main
    encoder's mean over the positions that count.
    """
    objective, tokens, real = networks.objective, rows["tokens"], rows["real"]
    drawn, used = rows["drawn"], rows["used"]
    shown = _placed(tokens, drawn, used, rows["seen"])
    total = torch.zeros((), device=tokens.device)
    read = shown
    if networks.generator is not None and networks.masked is not None:
        vectors = networks.generator(shown, segments=real)
        logits = networks.masked(_at(vectors, drawn)[used], networks.generator.embeddings)
        targets = tokens.gather(1, drawn)[used]
        total = total + F.cross_entropy(logits, targets, reduction="sum") / rows["slots"][0]
        uniform = torch.rand(logits.shape, dtype=torch.float64, device=logits.device)
        samples = torch.zeros_like(drawn)
        # 0 has no logarithm, and 1 is none of its draws.
        samples[used] = sample(logits, uniform.clamp_min(1e-300), temperature)
        read, _ = corrupt(tokens, drawn, used, samples)
    vectors = networks.encoder(read, segments=real)
    if objective.where == "all":
        counted, place = real.bool(), rows["length"][0]
    else:
        positions = drawn if objective.where == "drawn" else rows["other"]
        counted = _placed(torch.zeros_like(tokens), positions, used, torch.ones_like(drawn)).bool()
        place = rows["slots"][0]
    main = _answers(networks, vectors[counted], read[counted], tokens[counted])
    total = total + objective.weight * main.sum() / place
    return total, total.detach()


def _answers(networks: Networks, vectors: Tensor, read: Tensor, tokens: Tensor) -> Tensor:
    """Losses in nats of the main encoder's answers, one a position."""
    if networks.detection is not None:
        replaced = (read != tokens).to(vectors)
        logits = networks.detection(vectors)
        return F.binary_cross_entropy_with_logits(logits, replaced, reduction="none")
    assert networks.pieces is not None
    logits = networks.pieces(vectors, networks.encoder.embeddings)
    if networks.gate is None:
        return F.cross_entropy(logits, tokens, reduction="none")
    gate = networks.gate(vectors).squeeze(-1).sigmoid()
    chances = copied(logits.softmax(-1), gate, read)
    return -chances.gather(1, tokens.unsqueeze(1)).squeeze(1).clamp_min(1e-12).log()


def _at(vectors: Tensor, positions: Tensor) -> Tensor:
    """Vectors (B, T, D) at positions (B, N) -> (B, N, D)."""
    return vectors.gather(1, positions.unsqueeze(-1).expand(-1, -1, vectors.shape[-1]))


def _placed(tokens: Tensor, positions: Tensor, used: Tensor, values: Tensor) -> Tensor:
    """Pieces (B, T) with values (B, N) at the used ones of positions (B, N)."""
    changed = tokens.clone()
    rows = torch.arange(len(tokens), device=tokens.device).unsqueeze(1).expand_as(positions)
    changed[rows[used], positions[used]] = values[used]
    return changed
