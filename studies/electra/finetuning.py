"""How a pre-trained discriminator is fine-tuned, as far as it is arithmetic (appendix B)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, median

from torch import Tensor
from torch.nn import functional as F

DEV_METRICS: Mapping[str, str] = {
    "cola": "mcc",
    "sst2": "acc",
    "mrpc": "acc",
    "stsb": "spearman",
    "qqp": "acc",
    "mnli_matched": "acc",
    "qnli": "acc",
    "rte": "acc",
}
"""What the average over GLUE's development sets is over: WNLI is left out."""
IMPOSSIBLE_WEIGHT = 0.5


def updates(examples: int, *, batch: int, epochs: int, orders: int = 1) -> int:
    """Updates of a fine-tuning: examples in each order, filled up to whole batches, times epochs.

    MRPC and STS-B train on both orders of a pair.
    """
    return -(-examples * orders // batch) * epochs


def span_loss(start: Tensor, end: Tensor, impossible: Tensor, label: Tensor) -> Tensor:
    """The mean of the start's and the end's loss, and half of that of "there is no answer".

    `impossible` are logits, `label` is 1 where there is none.
    """
    answer = F.binary_cross_entropy_with_logits(impossible, label.to(impossible))
    return (start + end) / 2 + IMPOSSIBLE_WEIGHT * answer


def dev_average(scores: Mapping[str, Mapping[str, float]]) -> float:
    """The plain mean over GLUE's eight development sets, one metric each."""
    return fmean(scores[task][metric] for task, metric in DEV_METRICS.items())


def medians(runs: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Each task's median over fine-tuning runs of one pre-training."""
    return {task: float(median(scores)) for task, scores in runs.items()}
