"""Scores made again of what each kept example adds to them, over any choice of examples.

A line of predictions.jsonl holds `parts: {metric: {kind: numbers}}`; docs/tables.md says what each
kind keeps. Here n examples of d numbers (n, d), chosen b times (b, n), become b scores of 0..100.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sweeps.columns import PartKind

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

ORDERS = 4
"""BLEU counts n-grams of 1 to 4 words."""


def scores(kind: str, parts: Array, chosen: Array) -> Array:
    """The score of each choice of examples. Raises ValueError for an unknown kind of parts."""
    return SCORE_OF[PartKind(kind)](parts, chosen)


def _sums(parts: Array, chosen: Array) -> Array:
    """Sums over the chosen examples (b, d), each counted as often as it was chosen."""
    import numpy as np

    times = np.stack([np.bincount(one, minlength=len(parts)) for one in chosen])
    return times @ parts


def _mean(parts: Array, chosen: Array) -> Array:
    total, count = _sums(parts, chosen).T
    return total / count


def _f1(parts: Array, chosen: Array) -> Array:
    """Plain mean over classes; one that neither occurs nor is predicted counts as 0."""
    import numpy as np

    hits, wrong, missed = np.moveaxis(_sums(parts, chosen).reshape(len(chosen), -1, 3), -1, 0)
    return 100 * np.mean(2 * hits / np.maximum(2 * hits + wrong + missed, 1), axis=-1)


def _bleu(parts: Array, chosen: Array) -> Array:
    import numpy as np
    from sacrebleu.metrics import BLEU

    found = []
    for sums in _sums(parts, chosen):
        length, wanted, *counts = (int(number) for number in sums)
        matched, every = counts[:ORDERS], counts[ORDERS:]
        value = BLEU.compute_bleu(matched, every, length, wanted, smooth_method="exp").score
        found.append(min(100.0, value))
    return np.array(found)


def _matthews(parts: Array, chosen: Array) -> Array:
    """Matthews correlation of any number of classes (Gorodkin 2004); 0 where a side is constant.

    scikit-learn's function takes one choice at a time, 10,000 times as long.
    """
    import numpy as np

    classes = np.unique(parts)
    targets, predictions = (parts[:, i, None] == classes for i in (0, 1))
    right = (targets & predictions).any(axis=1)
    sums = _sums(np.column_stack([targets, predictions, right]).astype(float), chosen)
    true, predicted, hits = sums[:, : len(classes)], sums[:, len(classes) : -1], sums[:, -1]
    every = float(chosen.shape[1])
    spread = (every**2 - (true**2).sum(axis=1)) * (every**2 - (predicted**2).sum(axis=1))
    together = hits * every - (true * predicted).sum(axis=1)
    return 100 * together / np.sqrt(np.where(spread > 0, spread, np.inf))


def _pearson(parts: Array, chosen: Array) -> Array:
    targets, predictions = parts.T
    return _correlation(targets[chosen], predictions[chosen])


def _spearman(parts: Array, chosen: Array) -> Array:
    from scipy.stats import rankdata

    targets, predictions = parts.T
    return _correlation(*(rankdata(side[chosen], axis=-1) for side in (targets, predictions)))


def _correlation(targets: Array, predictions: Array) -> Array:
    """Linear correlation along the last axis; 0 where a side is constant."""
    import numpy as np
    from scipy.stats import pearsonr

    if targets.shape[-1] < 2:
        return np.zeros(len(targets))
    constant = (np.ptp(targets, axis=-1) == 0) | (np.ptp(predictions, axis=-1) == 0)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = pearsonr(targets, predictions, axis=-1).statistic
    # Numbers near the largest float overflow to NaN: as uninformative as a constant.
    return 100 * np.where(constant | np.isnan(found), 0.0, found)


SCORE_OF: dict[PartKind, Callable[[Array, Array], Array]] = {
    PartKind.MEAN: _mean,
    PartKind.F1: _f1,
    PartKind.BLEU: _bleu,
    PartKind.MATTHEWS: _matthews,
    PartKind.PEARSON: _pearson,
    PartKind.SPEARMAN: _spearman,
}
