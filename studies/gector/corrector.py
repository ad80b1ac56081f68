"""Taggers that correct: the probabilities of one or several, decisions, rounds (section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from lab.errors import DataError
from studies.gector.inference import Corrected, Sentence, Tweaks, biased, correct, decide, ensemble
from studies.gector.model import Tagger
from studies.gector.sentences import Reads, SentenceLayout
from studies.gector.tags.applying import apply_tags
from studies.gector.tags.transformations import Transformations

AT_ONCE = 512
"""Sentences whose probabilities are in memory together."""


class Said(NamedTuple):
    """What taggers say of a sentence of T tokens with $START."""

    tags: np.ndarray
    """(T, V)."""
    incorrect: np.ndarray
    """(T,)."""


class Members:
    """Taggers of one list of tags, each with the reader of its encoder, on one device.

    Raises DataError where their lists differ.
    """

    def __init__(
        self,
        taggers: Sequence[Tagger],
        readers: Sequence[Reads],
        *,
        batch_size: int = 128,
        precision: str = "32-true",
    ) -> None:
        self.tags = taggers[0].vocabulary.tags
        if any(tagger.vocabulary.tags != self.tags for tagger in taggers):
            raise DataError("The members of an ensemble have one list of tags, and these differ.")
        self._members = [*zip([tagger.eval() for tagger in taggers], readers, strict=True)]
        self._batch_size, self._precision = batch_size, precision

    def __call__(self, sentences: Sequence[Sentence]) -> list[Said]:
        """The mean of the members' probabilities, sentence by sentence in order."""
        each = [self._of(tagger, reader, sentences) for tagger, reader in self._members]
        return [
            Said(ensemble([tags for tags, _ in all_]), ensemble([wrong for _, wrong in all_]))
            for all_ in zip(*each, strict=True)
        ]

    @torch.no_grad()
    def _of(self, tagger: Tagger, reader: Reads, sentences: Sequence[Sentence]) -> list[Said]:
        device = next(tagger.parameters()).device
        layout = SentenceLayout(pad=reader.pad, longest=reader.longest, tokens=reader.tokens)
        read = reader.read(sentences)
        # Those of like lengths together.
        order = sorted(range(len(read)), key=lambda n: -len(read[n].pieces))
        found: dict[int, Said] = {}
        mixed = self._precision == "bf16-mixed"
        for start in range(0, len(order), self._batch_size):
            chosen = order[start : start + self._batch_size]
            arrays = layout.batch([read[n] for n in chosen])
            batch = {name: torch.from_numpy(array).to(device) for name, array in arrays.items()}
            with torch.autocast(device.type, torch.bfloat16, enabled=mixed):
                tags, wrong = (part.cpu().numpy() for part in tagger.probabilities(batch))
            for row, n in enumerate(chosen):
                end = len(read[n].at)
                found[n] = Said(tags[row, :end].copy(), wrong[row, :end].copy())
        return [found[n] for n in range(len(read))]


class Remembering:
    """Members that are asked once about each sentence."""

    def __init__(self, members: Members) -> None:
        self.tags = members.tags
        self._members = members
        self._known: dict[tuple[str, ...], Said] = {}

    def __call__(self, sentences: Sequence[Sentence]) -> list[Said]:
        """As the members say."""
        new = [*dict.fromkeys(key for key in map(tuple, sentences) if key not in self._known)]
        said = self._members([[*key] for key in new]) if new else []
        self._known.update(zip(new, said, strict=True))
        return [self._known[tuple(sentence)] for sentence in sentences]


class Corrector:
    """Sentences in, corrected sentences out."""

    def __init__(
        self,
        members: Members | Remembering,
        transformations: Transformations,
        tweaks: Tweaks | None = None,
        *,
        iterations: int = 5,
        min_len: int = 3,
    ) -> None:
        self._members, self._transformations = members, transformations
        self._tweaks = tweaks or Tweaks()
        self._bias = biased(np.zeros(len(members.tags), np.float32), members.tags, self._tweaks)
        self._iterations, self._min_len = iterations, min_len

    def __call__(self, sentences: list[Sentence]) -> list[Sentence]:
        """The sentences after their rounds."""
        return self.correct(sentences).sentences

    def correct(self, sentences: Sequence[Sentence]) -> Corrected:
        """The sentences, and how many each round changed."""
        return correct(sentences, self._round, self._iterations, self._min_len)

    def _round(self, sentences: list[Sentence]) -> list[Sentence]:
        made = []
        for start in range(0, len(sentences), AT_ONCE):
            part = sentences[start : start + AT_ONCE]
            for sentence, said in zip(part, self._members(part), strict=True):
                likely = said.tags + self._bias
                tags = decide(likely, said.incorrect, self._members.tags, self._tweaks).tags
                made.append(apply_tags(sentence, tags, self._transformations).tokens)
        return made
