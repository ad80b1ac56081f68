"""Heads that find a span of a passage: the end given the start, or both by themselves.

Letters: B rows, T positions, S starts that are tried.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from lab.encoder.config import EncoderConfig
from lab.encoder.finetuning.heads import Batch, Head
from lab.encoder.heads import JointSpans, Spans
from lab.errors import StudyError, unknown

STARTS = 20
"""Of the best starts the ends are looked at."""
LONGEST_ANSWER = 30
"""Pieces."""
NEVER = -1e9
"""The logit of a place where nothing can be."""
IMPOSSIBLE_WEIGHT = 0.5
IMPOSSIBLE = -2.75
"""The logit above which there is no answer, as released (Clark et al. 2020)."""
HIGHEST = 1.0
"""The highest threshold that is chosen, as released (Lan et al. 2020)."""
Numbers = NDArray[np.floating[Any]]


class SpanHead(Head):
    """Answers with one span of each row; (0, 0) where the row does not hold the answer."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()

    @staticmethod
    @abstractmethod
    def unanswered(none: Numbers, score: Numbers, f1: Callable[[], tuple[Numbers, Numbers]]) -> Any:
        """Which rows (N,) nothing answers, by that one's logits and the scores of the best spans.

        `f1` gives what the metric has for each row's span and for no answer.
        """


class JointHead(SpanHead):
    """The end given the start, and a logit of "no answer": SQuAD as Clark et al. (2020) answer it.

    In training the true start is given, in prediction the STARTS best ones, by log-probabilities.
    A passage's pieces and the first position may be answers.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config)
        self.spans = JointSpans(config)

    def loss(self, vectors: Tensor, batch: Batch) -> Tensor:
        """The mean of start's and end's, and half of that of `impossible` (B,)."""
        vectors = vectors.float()
        starts, allowed = self._starts(vectors, batch)
        ends = self.spans.ends(vectors, batch["start"].unsqueeze(1)).squeeze(1)
        return span_loss(
            F.cross_entropy(starts, batch["start"], reduction="none"),
            F.cross_entropy(ends.masked_fill(~allowed, NEVER), batch["last"], reduction="none"),
            self.spans.no_answer(vectors, starts),
            batch["impossible"],
        ).sum()

    def read(self, vectors: Tensor, batch: Batch) -> dict[str, Tensor]:
        """The best span's `start` and `last` (B,) with its `score`, and the logit of `none`."""
        vectors = vectors.float()
        logits, allowed = self._starts(vectors, batch)
        chances = logits.log_softmax(-1).masked_fill(~_between(batch, "from", "to"), NEVER)
        scores, starts = chances.topk(min(STARTS, chances.shape[1]), dim=-1)
        ends = self.spans.ends(vectors, starts).masked_fill(~allowed.unsqueeze(1), NEVER)
        best = _best(scores, starts, ends.log_softmax(-1), batch)
        return {**best, "none": self.spans.no_answer(vectors, logits)}

    @staticmethod
    def unanswered(none: Numbers, score: Numbers, f1: Callable[[], tuple[Numbers, Numbers]]) -> Any:
        """By the logit alone."""
        return none > IMPOSSIBLE

    def _starts(self, vectors: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Logits of starts (B, T), and where answers may be."""
        allowed = _between(batch, "begin", "end")
        allowed[:, 0] = True
        return self.spans.starts(vectors).masked_fill(~allowed, NEVER), allowed


class ThresholdHead(JointHead):
    """JointHead with the threshold that the scored rows themselves have the best F1 with.

    So Lan et al. (2020) answer SQuAD 2.0 (released code): their development scores are of a
    threshold that was chosen on that set, and never above HIGHEST.
    """

    @staticmethod
    def unanswered(none: Numbers, score: Numbers, f1: Callable[[], tuple[Numbers, Numbers]]) -> Any:
        """Above the threshold."""
        return none > min(best_threshold(none, *f1()), HIGHEST)


class SeparateHead(SpanHead):
    """As BERT answers SQuAD: start and end each read off its own position.

    The first position as both says that there is no answer.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config)
        self.spans = Spans(config)

    def loss(self, vectors: Tensor, batch: Batch) -> Tensor:
        """The mean of start's and end's."""
        starts, ends = self._logits(vectors, batch)
        first = F.cross_entropy(starts, batch["start"], reduction="sum")
        return (first + F.cross_entropy(ends, batch["last"], reduction="sum")) / 2

    def read(self, vectors: Tensor, batch: Batch) -> dict[str, Tensor]:
        """As JointHead's; a score is the sum of two logits, and so is `none`."""
        starts, ends = self._logits(vectors, batch)
        chosen = starts.masked_fill(~_between(batch, "from", "to"), NEVER)
        scores, places = chosen.topk(min(STARTS, starts.shape[1]), dim=-1)
        best = _best(scores, places, ends.unsqueeze(1), batch)
        return {**best, "none": starts[:, 0] + ends[:, 0]}

    @staticmethod
    def unanswered(none: Numbers, score: Numbers, f1: Callable[[], tuple[Numbers, Numbers]]) -> Any:
        """Where that scores more than the best span."""
        return none > score

    def _logits(self, vectors: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        padding = batch["real"] == 0
        starts, ends = self.spans(vectors)
        return starts.float().masked_fill(padding, NEVER), ends.float().masked_fill(padding, NEVER)


def best_threshold(none: Numbers, of_span: Numbers, of_none: Numbers) -> float:
    """The logit (of N) above which no answer is said, so that the rows' F1 is the best in sum.

    `of_span` and `of_none` (N,) are what each row has for its span and for no answer. It is minus
    infinity where no answer is best for all; at equality the lowest one.
    """
    order = np.argsort(none, kind="stable")
    sorted_none = none[order]
    answered = np.concatenate([[0.0], np.cumsum(of_span[order])])
    rest = np.concatenate([np.cumsum(of_none[order][::-1])[::-1], [0.0]])
    parts = np.concatenate([[True], sorted_none[1:] > sorted_none[:-1], [True]])
    count = int(np.where(parts, answered + rest, -np.inf).argmax())
    return float(sorted_none[count - 1]) if count else -math.inf


def span_loss(start: Tensor, end: Tensor, impossible: Tensor, label: Tensor) -> Tensor:
    """The mean of the start's and the end's loss, and half of that of "there is no answer".

    `impossible` are logits, `label` is 1 where there is none.
    """
    answer = F.binary_cross_entropy_with_logits(impossible, label.to(impossible), reduction="none")
    return (start + end) / 2 + IMPOSSIBLE_WEIGHT * answer


def head_named(name: str) -> type[SpanHead]:
    """The class of span heads of this name. Raises StudyError."""
    known: dict[str, type[SpanHead]] = {
        "joint": JointHead,
        "threshold": ThresholdHead,
        "separate": SeparateHead,
    }
    if name not in known:
        raise StudyError(unknown("spans", name, known))
    return known[name]


def _between(batch: Batch, begin: str, end: str) -> Tensor:
    """Which positions (B, T) stand from one answer's place up to another's."""
    positions = torch.arange(batch["tokens"].shape[1], device=batch["tokens"].device)
    return (positions >= batch[begin].unsqueeze(1)) & (positions < batch[end].unsqueeze(1))


def _best(scores: Tensor, starts: Tensor, ends: Tensor, batch: Batch) -> dict[str, Tensor]:
    """The best span of starts (B, S) with their scores and ends (B, S or 1, T) in the passage."""
    positions = torch.arange(ends.shape[-1], device=ends.device)
    first = starts.unsqueeze(-1)
    held = (positions >= first) & (positions < first + LONGEST_ANSWER)
    held &= _between(batch, "begin", "end").unsqueeze(1)
    total = (scores.unsqueeze(-1) + ends).masked_fill(~held, 2 * NEVER).flatten(1)
    score, place = total.max(-1)
    number = place // ends.shape[-1]
    return {
        "score": score,
        "start": starts.gather(1, number.unsqueeze(1)).squeeze(1),
        "last": place % ends.shape[-1],
    }
