"""The registry's corpora and the embedded ones together, and the text that a vocabulary is of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from lab.corpora.embedded import DOMAINS, LEAST, pages
from lab.corpora.prepared import Prepared, Rows
from lab.corpora.registry.evaluated import translations_held_out
from lab.datasets.embedded import catalogues
from lab.datasets.embedded.splits import content_hash
from lab.datasets.registry import help_pages, messages

ENGLISH = 10
"""Parts of English text to each of the others, as the paper's vocabulary was trained (2.2)."""
OF_EACH = 2000
"""Documents of each domain, where all have as many."""
TRANSLATED: tuple[tuple[Prepared, str, str], ...] = (
    (help_pages.DATA, "ende-train", "de"),
    (catalogues.DATA, "ende-train", "de"),
    (help_pages.DATA, "enfr-train", "fr"),
    (catalogues.DATA, "enfr-train", "fr"),
    (messages.DATA, "enro-train", "ro"),
    (catalogues.DATA, "enro-train", "ro"),
)


def mixed(domains: Iterable[Prepared]) -> dict[str, Rows]:
    """Return the documents of the embedded corpora and of `domains` in an order of no meaning."""
    texts = [row["text"] for data in domains for row in data.rows("documents")]
    return _documents(sorted([*_embedded(DOMAINS), *texts], key=content_hash))


def apart(embedded: Iterable[Prepared], domains: Iterable[Prepared]) -> dict[str, Rows]:
    """Return as many documents of each domain, OF_EACH, in an order of no meaning.

    Two of them that are drawn are seldom of one domain.
    """
    texts = [_embedded([data]) for data in embedded]
    texts += [(row["text"] for row in data.rows("documents")) for data in domains]
    kept = chain.from_iterable(sorted(own, key=content_hash)[:OF_EACH] for own in texts)
    return _documents(sorted(kept, key=content_hash))


def _embedded(domains: Iterable[Prepared]) -> Iterator[str]:
    """The embedded documents without the lines that the registry's own tasks hold out."""
    known = translations_held_out()
    for data in domains:
        for row in data.rows("documents"):
            kept = "\n".join(known.without(row["text"].split("\n")))
            if len(kept) >= min(LEAST, len(row["text"])):
                yield kept


def multilingual(english: Prepared) -> dict[str, Rows]:
    """Return the train sets' translations, and of `english` so much that all stand as in 2.2.

    Where one language has less than another, English has ten times their mean.
    """
    others: dict[str, list[str]] = {}
    for data, stem, language in TRANSLATED:
        texts = [row["translation"][language] for row in data.rows(stem)]
        others.setdefault(language, []).extend(sorted(texts, key=content_hash))
    made = [page for texts in others.values() for page in pages(texts)]
    wanted = ENGLISH * sum(map(len, made)) / len(others)
    for row in english.rows("documents"):
        if wanted <= 0:
            break
        made.append(row["text"])
        wanted -= len(row["text"])
    return _documents(sorted(made, key=content_hash))


def _documents(texts: Iterable[str]) -> dict[str, Rows]:
    return {"documents": [{"text": text} for text in texts]}
