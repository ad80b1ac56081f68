"""Writing text: greedy and beam search, and decoding of many inputs in batches.

Letters: B inputs, W beam width, V vocabulary, C candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from lab.few_sizes import few, few_within

EOS = 1
A_DOUBLING = 2
"""Finished rows leave a batch when it can be of the next of so many sizes a doubling."""


def length_penalty(length: float, alpha: float) -> float:
    """What a log-probability of `length` tokens is divided by: ((5 + length) / 6)^alpha."""
    return ((5.0 + length) / 6.0) ** alpha


@torch.inference_mode()
def greedy(
    model: Any, input_ids: Tensor, max_length: int, attention_mask: Tensor | None = None
) -> Tensor:
    """Return the likeliest token at each step until EOS (1): (B, T), T at most `max_length`.

    EOS is part of the output and 0 follows it. Of equal logits the lowest id is taken. `model` is
    anything with `start` and `step`.
    """
    state = model.start(input_ids, attention_mask)
    output = input_ids.new_zeros(len(input_ids), max_length)
    rows = torch.arange(len(input_ids), device=input_ids.device)
    tokens = torch.zeros_like(rows)
    writing = torch.ones_like(rows, dtype=torch.bool)
    for position in range(max_length):
        logits, state = model.step(tokens, state)
        tokens = logits.argmax(-1) * writing
        output[rows, position] = tokens
        writing &= tokens != EOS
        if not bool(writing.any()):
            return output[:, : position + 1]
        kept = _going_on(writing)
        if len(kept) < len(rows):
            state.reorder(kept)
            rows, tokens, writing = rows[kept], tokens[kept], writing[kept]
    return output


@torch.inference_mode()
def beam_search(
    model: Any,
    input_ids: Tensor,
    max_length: int,
    width: int = 4,
    alpha: float = 0.6,
    attention_mask: Tensor | None = None,
) -> Tensor:
    """Return the best output of a beam search of width W, in the form that `greedy` returns.

    As the released code searches: of 2 W continuations those that end compete by log-probability
    over `length_penalty`, the best W others go on; an input is done when none of these could
    still win. An output that never ends counts only if none does. Width 1 is greedy. Equal scores
    go to the better beam, then to the lower id.
    """
    if width == 1:
        return greedy(model, input_ids, max_length, attention_mask)
    state = model.start(input_ids, attention_mask)
    inputs, device = len(input_ids), input_ids.device
    output = input_ids.new_zeros(inputs, max_length)
    sources = torch.arange(inputs, device=device)
    logits, state = model.step(torch.zeros_like(sources), state)
    state.widen(width)
    # One beam for now: W equal ones would propose every continuation W times.
    scores, candidates = stable_topk(logits.float().log_softmax(-1), 2 * width)
    vocabulary = logits.shape[-1]
    short = max(0, 2 * width - vocabulary)
    scores = F.pad(scores, (0, short), value=-torch.inf)
    candidates = F.pad(candidates, (0, short))
    written = input_ids.new_zeros(inputs, 1, 0)
    best = torch.full((inputs,), -torch.inf, device=device)
    open_inputs = torch.ones_like(sources, dtype=torch.bool)
    for length in range(1, max_length + 1):
        beams, tokens = candidates // vocabulary, candidates % vocabulary
        written = _continued(written, beams, tokens)
        ended = tokens == EOS
        ended_scores = scores.masked_fill(~ended, -torch.inf) / length_penalty(length, alpha)
        winning, winner = ended_scores.max(1)
        better = (winning > best) & open_inputs
        best = torch.where(better, winning, best)
        output[sources[better], :length] = written[better, winner[better]]
        # Candidates come best first, so a stable sort leaves the best W that go on in front.
        going_on = ended.int().argsort(dim=1, stable=True)[:, :width]
        scores = scores.masked_fill(ended, -torch.inf).gather(1, going_on)
        written, beams = _continued(written, going_on), beams.gather(1, going_on)
        if length == max_length:
            unended = best == -torch.inf
            output[sources[unended]] = written[unended, 0]
            break
        open_inputs &= best < scores[:, 0] / length_penalty(max_length, alpha)
        if not bool(open_inputs.any()):
            break
        kept = _going_on(open_inputs)
        if len(kept) < len(sources):
            sources, best, scores = sources[kept], best[kept], scores[kept]
            written, beams, open_inputs = written[kept], beams[kept], open_inputs[kept]
        state.reorder((kept.unsqueeze(1) * width + beams).flatten())
        logits, state = model.step(written[:, :, -1].flatten(), state)
        extended = logits.float().log_softmax(-1).view(len(kept), width, -1) + scores.unsqueeze(2)
        scores, candidates = stable_topk(extended.flatten(1), 2 * width)
    used = int((output != 0).any(0).nonzero().max()) + 1 if bool(output.any()) else max_length
    return output[:, :used]


def stable_topk(scores: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` best of each row (B, C), best first, equal ones in the order of their index."""
    count = min(count, scores.shape[1])
    values, index = scores.topk(count, dim=1)
    last = values[:, -1:]
    if bool(((scores == last).sum(1) > (values == last).sum(1)).any()):
        values, index = scores.sort(dim=1, descending=True, stable=True)
        return values[:, :count], index[:, :count]
    index, order = index.sort(dim=1)
    values, order = values.gather(1, order).sort(dim=1, descending=True, stable=True)
    return values, index.gather(1, order)


def decode(
    model: Any,
    inputs: Sequence[Sequence[int]],
    max_length: int,
    *,
    width: int = 1,
    alpha: float = 0.6,
    batch_tokens: int = 16384,
    after_batch: Callable[[int, int], None] | None = None,
) -> list[list[int]]:
    """Return what the model writes for each list of input ids, up to but without EOS, in order.

    Inputs of similar lengths are written together, the longest first, with at most `batch_tokens`
    padded input tokens a batch, each counted `width` times. `after_batch(done, total)` hears of
    progress in inputs.
    """
    order = sorted(range(len(inputs)), key=lambda i: len(inputs[i]), reverse=True)
    device = next(model.parameters()).device
    outputs: list[list[int]] = [[] for _ in inputs]
    done = 0
    while done < len(order):
        longest = few(len(inputs[order[done]]))
        batch = order[done : done + few_within(batch_tokens // (longest * width))]
        # The last batch has one of few sizes too: its last input is written again, and left out.
        again = [batch[-1]] * (few(len(batch), multiple=1) - len(batch))
        ids = torch.zeros(len(batch) + len(again), longest, dtype=torch.int64)
        for row, index in enumerate([*batch, *again]):
            ids[row, : len(inputs[index])] = torch.as_tensor(inputs[index], dtype=torch.int64)
        written = beam_search(model, ids.to(device), max_length, width, alpha).tolist()
        for index, tokens in zip(batch, written, strict=False):
            outputs[index] = tokens[: tokens.index(EOS)] if EOS in tokens else tokens
        done += len(batch)
        if after_batch:
            after_batch(done, len(order))
    return outputs


def _going_on(wanted: Tensor) -> Tensor:
    """Which rows (N,) to keep, in order: the wanted ones, and others up to one of few sizes."""
    rows, others = wanted.nonzero().squeeze(1), (~wanted).nonzero().squeeze(1)
    return (
        torch.cat([rows, others[: few(len(rows), a_doubling=A_DOUBLING, multiple=1) - len(rows)]])
        .sort()
        .values
    )


def _continued(written: Tensor, beams: Tensor, tokens: Tensor | None = None) -> Tensor:
    """Rows `beams` (B, C) of the outputs so far (B, W, T), one token longer where one is given."""
    chosen = written.gather(1, beams.unsqueeze(2).expand(-1, -1, written.shape[2]))
    return chosen if tokens is None else torch.cat([chosen, tokens.unsqueeze(2)], 2)
