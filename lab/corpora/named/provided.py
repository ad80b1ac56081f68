"""Corpora of the paper that nobody may publish: the user brings their files."""

from __future__ import annotations

from lab.corpora.provided import ProvidedCorpus

CORPORA = {
    corpus.name: corpus
    for corpus in (
        ProvidedCorpus(
            name="webtext_like",
            description="pages that Reddit links to, of 12 months of Common Crawl, cleaned as C4 "
            "(17 GB)",
            licence="the terms of Common Crawl",
            approximate_tokens=4_000_000_000,
        ),
        ProvidedCorpus(
            name="wikipedia_tbc",
            description="English Wikipedia and the Toronto Books Corpus (20 GB)",
            licence="CC BY-SA 3.0 and GFDL; the books' own",
            approximate_tokens=5_000_000_000,
        ),
    )
}
