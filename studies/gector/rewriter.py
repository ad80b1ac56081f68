"""The other system of Table 8: a text-to-text model that writes the corrected sentence anew."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from lab.encoder.vocabulary import Pieces, open_vocabulary
from lab.text_to_text.checkpoint import load
from lab.text_to_text.generation import EOS, beam_search
from lab.text_to_text.transformer import EncoderDecoder, LanguageModel
from studies.gector.inference import Corrected, Sentence

MODEL = "rewriter.pt"
VOCABULARY = "vocabulary"
PREFIX = "correct:"
LONGER = 8
"""Pieces by which an output may be longer than the longest input of its batch."""


def read_by_rewriter(sentences: Sequence[Sequence[str]]) -> list[str]:
    """The text that is read for each sentence."""
    return [" ".join([PREFIX, *sentence]) for sentence in sentences]


class Rewriter:
    """Sentences in, rewritten sentences out, by greedy search (`beam` 1) or by a beam."""

    def __init__(
        self,
        model: EncoderDecoder | LanguageModel,
        pieces: Pieces,
        *,
        beam: int,
        alpha: float,
        longest: int,
        batch_size: int,
        threads: int | None = None,
        precision: str = "32-true",
    ) -> None:
        self._model, self._pieces = model.eval(), pieces
        self._beam, self._alpha, self._longest = beam, alpha, longest
        self._batch_size, self._threads = batch_size, threads
        self._mixed = precision == "bf16-mixed"

    def __call__(self, sentences: list[Sentence]) -> list[Sentence]:
        """What the model writes for each sentence, as tokens; an empty output is the input."""
        device = next(self._model.parameters()).device
        encoded = self._pieces.encode_arrays(read_by_rewriter(sentences), self._threads)
        read = [[*ids[: self._longest - 1].tolist(), EOS] for ids in encoded]
        order = sorted(range(len(read)), key=lambda n: -len(read[n]))
        made = [[*sentence] for sentence in sentences]
        for start in range(0, len(order), self._batch_size):
            chosen = order[start : start + self._batch_size]
            width = len(read[chosen[0]])
            ids = torch.zeros(len(chosen), width, dtype=torch.int64)
            for row, n in enumerate(chosen):
                ids[row, : len(read[n])] = torch.tensor(read[n])
            with torch.autocast(device.type, torch.bfloat16, enabled=self._mixed):
                written = beam_search(
                    self._model, ids.to(device), width + LONGER, self._beam, self._alpha
                )
            for n, output in zip(chosen, written.tolist(), strict=True):
                ended = output[: output.index(EOS)] if EOS in output else output
                made[n] = self._pieces.decode(ended).split() or made[n]
        return made

    def correct(self, sentences: Sequence[Sentence]) -> Corrected:
        """The rewritten sentences, and how many differ: there is one round."""
        given = [[*sentence] for sentence in sentences]
        made = self(given)
        return Corrected(made, [sum(a != b for a, b in zip(given, made, strict=True))])


def open_rewriter(
    folder: Path,
    *,
    beam: int,
    alpha: float,
    longest: int,
    batch_size: int,
    device: str = "cpu",
    threads: int | None = None,
    precision: str = "32-true",
) -> Rewriter:
    """The rewriter that a stage of training published."""
    model, _ = load(folder / MODEL, device=device)
    return Rewriter(
        model,
        open_vocabulary(folder / VOCABULARY),
        beam=beam,
        alpha=alpha,
        longest=longest,
        batch_size=batch_size,
        threads=threads,
        precision=precision,
    )
