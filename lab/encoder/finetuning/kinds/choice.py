"""One of a row's own options, each read with the row's first segment and scored by itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lab.batching.ragged import Ragged
from lab.datasets.dataset import Row
from lab.datasets.fields import MismatchError
from lab.encoder.config import EncoderConfig
from lab.encoder.finetuning.heads import ChoiceHead
from lab.encoder.finetuning.inputs import Inputs, Texts
from lab.encoder.finetuning.kinds.label import LabelKind
from lab.encoder.segments import SPECIALS
from lab.encoder.vocabulary import Pieces

LONGEST_ENDING = 128
"""Pieces of a question with its option, as released; and never more than half of an input."""


def cut(passage: int, ending: int, longest: int, specials: int = SPECIALS) -> tuple[int, int]:
    """How much is kept of a passage, its beginning, and of an ending, its end, in an input."""
    kept = min(ending, LONGEST_ENDING, (longest - specials) // 2)
    return min(passage, longest - specials - kept), kept


class ChoiceKind(LabelKind):
    """Multiple choice (Lan et al. 2020, section 4.9; RACE); see Kind."""

    def inputs(
        self, rows: Sequence[Row], texts: Texts, pieces: Pieces, length: int, threads: int | None
    ) -> Inputs:
        """An input for each option of each row, and the rows' `label`."""
        assert self.data.endings is not None
        try:
            options = [self.data.endings(row.fields) for row in rows]
        except MismatchError as error:
            raise self.data.error(error) from None
        passages = pieces.encode_arrays([passage for passage, *_ in texts], threads)
        endings = pieces.encode_arrays([one for each in options for one in each], threads)
        count = len(self.data.classes)
        first, second, lost = [], [], []
        for number, ending in enumerate(endings):
            passage = passages[number // count]
            kept, of_ending = cut(len(passage), len(ending), length)
            first.append(passage[:kept])
            second.append(ending[len(ending) - of_ending :])
            lost.append(kept < len(passage) or of_ending < len(ending))
        return Inputs(
            first=Ragged.of(first),
            second=Ragged.of(second),
            cut=np.array([any(lost[at : at + count]) for at in range(0, len(lost), count)]),
            answers={"label": np.array([row.label for row in rows], dtype=np.int64)},
            choices=count,
        )

    def head(self, config: EncoderConfig) -> ChoiceHead:
        """See Kind."""
        return ChoiceHead(config, len(self.data.classes), self._vector)


KIND = ChoiceKind
