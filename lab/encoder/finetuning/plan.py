"""What is known of a fine-tuning before it runs; no torch."""

from __future__ import annotations

from importlib.util import find_spec

from lab.datasets import segments
from lab.datasets.dataset import DataSet

KINDS = "lab.encoder.finetuning.kinds"


def updates(examples: int, *, batch: int, epochs: float, orders: int = 1) -> int:
    """Updates of a fine-tuning: examples in each order, filled up to whole batches, times epochs.

    MRPC and STS-B train on both orders of a pair (Clark et al. 2020, released code).
    """
    return round(-(-examples * orders // batch) * epochs)


def whole_updates(examples: int, *, batch: int, epochs: float) -> int:
    """Updates of a fine-tuning whose last batch is left out (Lan et al. 2020, released code)."""
    return int(examples / batch * epochs)


def warmup_updates(steps: int, share: float) -> int:
    """Updates over which the rate goes up."""
    return int(steps * share)


def complaints(data: DataSet, *, orders: int = 1) -> list[str]:
    """All that keeps an encoder from learning a data set in so many orders, a line each."""
    found = []
    if find_spec(f"{KINDS}.{data.form}") is None:
        found.append(
            f"Task '{data.name}': an encoder answers with labels, choices, numbers or spans of its "
            f"input, and this {data.kind.replace('_', ' ')} asks for texts of its own."
        )
    if wrong := segments.complaint(data):
        found.append(f"Task '{data.name}': {wrong}")
    elif data.form == "spans" and len(segments.templates(data)) < segments.MOST:
        found.append(
            f"Task '{data.name}': an encoder finds spans in the second text of two, a question and "
            "a passage, and its rows have one. Name two columns in fields, or two texts in input."
        )
    elif orders > 1 and (
        len(segments.templates(data)) < orders or data.form in ("spans", "choice")
    ):
        found.append(
            f"Task '{data.name}': orders={orders}, but its rows are no pairs. Give orders=1."
        )
    return found
