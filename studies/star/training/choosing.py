"""What a trained model says: the option that it finds likeliest, the program that it writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from lab.text_to_text.checkpoint import load
from lab.text_to_text.generation import decode
from lab.text_to_text.layout import Layout, pack
from studies.star.model.words import WORDS

AT_ONCE = 64
"""Questions whose options are weighed together."""


def loaded(path: Path, device: str) -> Any:
    """The model that `learn` wrote, ready to answer."""
    model, _ = load(path, device=device)
    return model.eval()


@torch.no_grad()
def likeliest(
    model: Any, read: Sequence[str], options: Sequence[Sequence[str]], inputs_length: int
) -> list[int]:
    """The place of the option that is the likeliest to be written, for each line that is read."""
    chosen: list[int] = []
    for first in range(0, len(read), AT_ONCE):
        some = range(first, min(first + AT_ONCE, len(read)))
        pairs = [
            (_closed(read[place], inputs_length), _closed(option, None))
            for place in some
            for option in options[place]
        ]
        layout = Layout(
            architecture="encoder_decoder",
            inputs_length=max(len(pair[0]) for pair in pairs),
            targets_length=max(len(pair[1]) for pair in pairs),
        )
        device = next(model.parameters()).device
        batch = pack(pairs, layout, packing=False)
        rows = {name: torch.as_tensor(values, device=device) for name, values in batch.items()}
        logits = model.head(model.features(rows)).float().log_softmax(-1)
        targets = rows["decoder_target_tokens"]
        found = logits.gather(-1, targets.unsqueeze(-1)).squeeze(-1)
        totals = (found * rows["decoder_loss_weights"]).sum(1).tolist()
        for place in some:
            mine, totals = totals[: len(options[place])], totals[len(options[place]) :]
            chosen.append(mine.index(max(mine)))
    return chosen


def written(
    model: Any, read: Sequence[str], *, inputs_length: int, targets_length: int
) -> list[str]:
    """What the model writes for each line, word by word the likeliest."""
    outputs = decode(model, [_closed(line, inputs_length) for line in read], targets_length)
    return [WORDS.decode(ids) for ids in outputs]


def _closed(text: str, length: int | None) -> list[int]:
    ids = WORDS.encode(text)
    return [*(ids if length is None else ids[: length - 1]), WORDS.eos]
