"""The kinds of answers that a definition may have, and the scores that each can be given."""

from __future__ import annotations

from lab import metrics

KINDS: dict[str, tuple[str, ...]] = {
    "classification": ("acc",),
    "regression": ("pearson", "spearman"),
    "generation": ("rougeL",),
    "spans": ("em", "f1"),
}
"""Kind -> the metrics where none are named."""


def measures(kind: str, labels: int, words: str) -> dict[str, metrics.Metric]:
    """Return the scores that answers of a kind can be given, by name."""
    if kind == "classification":
        f1 = metrics.binary_f1 if labels == 2 else metrics.macro_f1_over(labels)
        return {"acc": metrics.accuracy, "f1": f1, "mcc": metrics.matthews}
    if kind == "regression":
        return {"pearson": metrics.pearson, "spearman": metrics.spearman}
    if kind == "spans":
        return dict.fromkeys(("em", "f1"), metrics.exact_match_f1)
    rouge = metrics.rouge if words == "english" else metrics.rouge_of_any_script
    bleu = metrics.bleu if words == "english" else metrics.bleu_of_any_script
    rouges = dict.fromkeys(("rouge1", "rouge2", "rougeL"), rouge)
    return {**rouges, "bleu": bleu, "acc": metrics.accuracy}
