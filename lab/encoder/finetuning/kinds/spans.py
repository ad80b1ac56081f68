"""A stretch of a passage that answers a question, or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np

from lab.datasets.dataset import DataSet, Row
from lab.datasets.fields import TextsOrNone
from lab.encoder.config import EncoderConfig
from lab.encoder.finetuning.inputs import Inputs, Texts
from lab.encoder.finetuning.span_heads import SpanHead, head_named
from lab.encoder.finetuning.span_inputs import SpanInputs, span_inputs
from lab.encoder.vocabulary import Pieces

FREQUENT = 5
"""Answers of the training set that are tried as a constant one."""


class SpansKind:
    """SQuAD 1.1, and 2.0 where the data set's field may say that there is no answer; see Kind.

    Long passages are read in windows; a span counts only in the window that shows the most context
    of its first piece. Of a row the best span over its windows is the answer, unless the least of
    their logits of "no answer" says that there is none (Devlin et al. 2019, released code).
    """

    def __init__(self, data: DataSet, head: Mapping[str, Any]) -> None:
        self.data = data
        self._head = head_named(head["spans"])
        self._none = isinstance(data.fields[data.answer], TextsOrNone)

    def learned(self, row: Row, texts: tuple[str, ...]) -> bool:
        """Those without an answer, and those whose answer stands in the passage."""
        return not row.spans or _place(row, texts[1]) is not None

    def inputs(
        self, rows: Sequence[Row], texts: Texts, pieces: Pieces, length: int, threads: int | None
    ) -> SpanInputs:
        """See span_inputs."""
        pairs = [(question, passage) for question, passage in texts]
        places = [_place(row, passage) for row, (_, passage) in zip(rows, pairs, strict=True)]
        return span_inputs(pairs, places, pieces, length, threads, [*map(self.target, rows)])

    def head(self, config: EncoderConfig) -> SpanHead:
        """See Kind."""
        return self._head(config)

    def predictions(self, kept: Mapping[str, np.ndarray], inputs: Inputs) -> list[str]:
        """Texts out of the passages; an empty one says that there is no answer."""
        assert isinstance(inputs, SpanInputs)
        windows = inputs.windows_by_row()
        best = np.array([numbers[kept["score"][numbers].argmax()] for numbers in windows])
        found = [
            inputs.text(at, int(kept["start"][at]), int(kept["last"][at])) for at in best.tolist()
        ]
        if not self._none:
            return found

        def f1() -> tuple[np.ndarray, np.ndarray]:
            return self._f1(inputs.right, found), self._f1(inputs.right, [""] * len(found))

        none = np.array([kept["none"][numbers].min() for numbers in windows])
        unanswered = self._head.unanswered(none, kept["score"][best], f1)
        return ["" if nothing else text for text, nothing in zip(found, unanswered, strict=True)]

    def _f1(self, right: Sequence[Sequence[str]], predictions: Sequence[str]) -> np.ndarray:
        """Of each row."""
        pairs = zip(right, predictions, strict=True)
        return np.array([self.data.score([one], [text])["f1"] for one, text in pairs])

    def together(self, read: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """Of each window the span whose mean score is best, over those heads that propose it.

        The logits of no answer are averaged over all heads (Lan et al. 2020, section 4.9). A head
        proposes one span a window.
        """
        found: dict[str, list[float]] = {name: [] for name in ("start", "last", "score")}
        for number in range(len(read[0]["score"])):
            proposed: dict[tuple[int, int], list[float]] = {}
            for one in read:
                span = int(one["start"][number]), int(one["last"][number])
                proposed.setdefault(span, []).append(float(one["score"][number]))
            best = max(proposed, key=lambda span: fmean(proposed[span]))
            for name, value in zip(found, (*best, fmean(proposed[best])), strict=True):
                found[name].append(value)
        none = np.mean([one["none"] for one in read], axis=0)
        return {**{name: np.array(values) for name, values in found.items()}, "none": none}

    def target(self, row: Row) -> list[str]:
        """The answers; of none an empty text."""
        return [text for text, _ in row.spans or ()] or [""]

    def right(self, row: Row) -> str:
        """The first answer."""
        return self.target(row)[0]

    def shown(self, answer: str) -> str:
        """The text itself."""
        return answer

    def constants(self, rows: Iterable[Row]) -> Sequence[str]:
        """The most frequent answers, and none."""
        counts = Counter(map(self.right, rows))
        return ["", *(text for text, _ in counts.most_common(FREQUENT))]


def _place(row: Row, passage: str) -> tuple[int, int] | None:
    """The first character of the first answer that stands in the passage, and the one behind it.

    Where the row says so it stands there, else where it stands first.
    """
    for text, start in row.spans or ():
        at = start if start >= 0 and passage.startswith(text, start) else passage.find(text)
        if text and at >= 0:
            return at, at + len(text)
    return None


KIND = SpansKind
