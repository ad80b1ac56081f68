"""The columns of a study's table: which scores they show, and what these scores are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What the numbers of one metric are."""

    words: str
    """The metric's name in words: "accuracy", "F0.5"."""
    unit: str | None = None
    """What is counted, where the numbers are no plain score: "bits", "seconds"."""
    least: float | None = 0.0
    most: float | None = 100.0
    """Ends of the range; None where there is none."""
    lower_is_better: bool = False


CORRELATION_LEAST = -100.0

MEASURES: Mapping[str, Measure] = {
    "acc": Measure(words="accuracy"),
    "mcc": Measure(words="Matthews correlation", least=CORRELATION_LEAST),
    "f1": Measure(words="F1"),
    "f1a": Measure(words="F1a"),
    "em": Measure(words="exact match"),
    "pearson": Measure(words="Pearson correlation", least=CORRELATION_LEAST),
    "spearman": Measure(words="Spearman correlation", least=CORRELATION_LEAST),
    "bleu": Measure(words="BLEU"),
    "rouge1": Measure(words="ROUGE-1-F"),
    "rouge2": Measure(words="ROUGE-2-F"),
    "rougeL": Measure(words="ROUGE-L-F"),
}
"""What the metrics of lab.metrics are, by the names under which they score."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a study's table: the mean over groups of the mean within each group."""

    name: str
    terms: Sequence[Sequence[Sequence[str]]]
    """Groups of (task, metric)."""
    measures: Mapping[str, Measure] = field(default_factory=lambda: MEASURES)
    """What each metric in `terms` is, by its name; others may stand beside them."""
    decimals: int = 2
    kind: str | None = None
    """What sort of task it scores, in words."""
    paper: str | None = None
    """The published column of the same kind."""
    average: bool = False
    """Whether it summarizes the other columns."""
    words: str | None = None
    """What its numbers are, where its metrics do not say that."""
    scientific: bool = False
    """Whether numbers are written as 1.4e18."""
    competes: bool = True
    """Whether its best numbers are bold and every row has one; not so of what only describes it."""
    despite_divergence: bool = False
    """Whether its numbers mean what they say of a run that diverged as well."""
