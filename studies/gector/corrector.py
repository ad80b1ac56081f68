"""Taggers that correct: the probabilities of one or several, decisions, rounds (section 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import torch

from lab.allocator import give_back_freed
from lab.errors import DataError
from studies.gector.costs import CORRECTED_AT_ONCE
from studies.gector.inference import (
    Candidates,
    Corrected,
    Sentence,
    Tweaks,
    biased,
    candidates,
    correct,
    decide,
    ensemble,
)
from studies.gector.model import Batch, Tagger
from studies.gector.sentences import Reads, SentenceLayout
from studies.gector.tags.applying import apply_tags
from studies.gector.tags.transformations import Transformations

K = TypeVar("K")


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
        return self._kept(sentences, _copied)

    def candidates(self, sentences: Sequence[Sentence]) -> list[Candidates]:
        """Of that mean what can be decided, sentence by sentence in order."""
        return self._kept(
            sentences,
            lambda said: candidates(said.tags, said.incorrect.copy(), self.tags),
        )

    def _kept(self, sentences: Sequence[Sentence], keep: Callable[[Said], K]) -> list[K]:
        """What is kept of each sentence; of one member before the next batch is read."""
        if len(self._members) == 1:
            return self._of(*self._members[0], sentences, keep)
        each = [self._of(tagger, reader, sentences, _copied) for tagger, reader in self._members]
        return [
            keep(Said(ensemble([tags for tags, _ in all_]), ensemble([wrong for _, wrong in all_])))
            for all_ in zip(*each, strict=True)
        ]

    @torch.no_grad()
    def _of(
        self,
        tagger: Tagger,
        reader: Reads,
        sentences: Sequence[Sentence],
        keep: Callable[[Said], K],
    ) -> list[K]:
        """What is kept of what one member says; `keep` is given views of a batch's arrays."""
        device = next(tagger.parameters()).device
        layout = SentenceLayout(pad=reader.pad, longest=reader.longest, tokens=reader.tokens)
        read = reader.read(sentences)
        # Those of like lengths together.
        order = sorted(range(len(read)), key=lambda n: -len(read[n].pieces))
        found: dict[int, K] = {}
        mixed = self._precision == "bf16-mixed"
        for start in range(0, len(order), self._batch_size):
            # Each batch is of another width than the one before.
            give_back_freed()
            chosen = order[start : start + self._batch_size]
            arrays = layout.batch([read[n] for n in chosen])
            batch = {name: torch.from_numpy(array).to(device) for name, array in arrays.items()}
            with torch.autocast(device.type, torch.bfloat16, enabled=mixed):
                rows = _rows(tagger, batch)
                for n, (tags, wrong) in zip(chosen, rows, strict=True):
                    end = len(read[n].at)
                    found[n] = keep(Said(tags[:end], wrong[:end]))
        return [found[n] for n in range(len(read))]


def _copied(said: Said) -> Said:
    return Said(said.tags.copy(), said.incorrect.copy())


def _rows(tagger: Tagger, batch: Batch) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The probabilities of each row, (N, V) and (N,)."""
    for tags, wrong in tagger.probabilities(batch):
        yield from zip(tags.cpu().numpy(), wrong.cpu().numpy(), strict=True)


class Remembering:
    """Members that are asked once about each sentence."""

    def __init__(self, members: Members) -> None:
        self.tags = members.tags
        self._members = members
        self._known: dict[tuple[str, ...], Candidates] = {}

    def candidates(self, sentences: Sequence[Sentence]) -> list[Candidates]:
        """As the members say."""
        new = [*dict.fromkeys(key for key in map(tuple, sentences) if key not in self._known)]
        said = self._members.candidates([[*key] for key in new]) if new else []
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
        for start in range(0, len(sentences), CORRECTED_AT_ONCE):
            part = sentences[start : start + CORRECTED_AT_ONCE]
            for sentence, known in zip(part, self._members.candidates(part), strict=True):
                likely, names = known.tags + self._bias[known.numbers], self._members.tags
                found = decide(likely, known.incorrect, names, self._tweaks, known.numbers)
                made.append(apply_tags(sentence, found.tags, self._transformations).tokens)
        return made
