"""MB/s of raw text a core through each cleaning rule, beside datatrove's own C4 filters.

    python benchmarks/cleaning.py [--input FOLDER] [--megabytes 8]

Without --input the text is Python's language reference, which every Python carries, with its
paragraphs as lines; shards of a real crawl say more. One process, its own processor time (so that
a busy machine does not show), the best of three rounds.
"""

from __future__ import annotations

import argparse
import gzip
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson
from datatrove.data import Document
from datatrove.pipeline.dedup.sentence_dedup import SentenceDedupSignature
from datatrove.pipeline.filters import C4BadWordsFilter, C4QualityFilter
from rich.console import Console
from rich.table import Table

from lab.corpora.cleaning import PUBLISHED, clean_page, read_badwords
from lab.corpora.crawl.filters import CleanPages, Language, ListedDomains, ListedUrls
from lab.corpora.crawl.lines import LineSignatures
from lab.corpora.crawl.readers import READERS
from lab.corpora.crawl.run import clean_crawl
from lab.corpora.crawl.settings import CrawlSettings
from lab.corpora.crawl.shards import find_shards
from lab.corpora.crawl.spans import PunktSentences, span_settings
from lab.corpora.sentences import sentence_splitter

ROUNDS = 3


def language_reference() -> Iterator[str]:
    """Pages of Python's language reference, a paragraph a line."""
    from pydoc_data.topics import topics

    for _, text in sorted(topics.items()):
        paragraphs = re.split(r"\n\s*\n", text)
        yield "\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def read_pages(folder: str) -> Iterator[str]:
    """Pages of a folder of shards."""
    from datatrove.io import get_datafolder

    root, shards = find_shards(folder)
    with tempfile.TemporaryDirectory() as name:
        for rank in range(len(shards)):
            reader = READERS[str(shards[0].format)](get_datafolder(root), shards, Path(name))
            yield from (document.text for document in reader.run(rank=rank))


def enough(texts: Callable[[], Iterable[str]], size: int) -> list[str]:
    """At least `size` bytes of pages; a page that comes again has other lines than before."""
    found: list[str] = []
    total = again = 0
    while total < size:
        for text in texts():
            if again:
                text = "\n".join(f"{line[:-1]} {again}{line[-1:]}" for line in text.split("\n"))
            found.append(text)
            total += len(text.encode())
            if total >= size:
                break
        again += 1
    return found


def write_wet(texts: list[str], path: Path) -> None:
    """Write pages as Common Crawl's WET files have them."""
    with gzip.open(path, "wb", compresslevel=6) as file:
        for at, text in enumerate(texts):
            content = text.encode()
            head = (
                f"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: http://a.org/{at}\r\n"
                f"WARC-Date: 2019-04-25T12:57:54Z\r\nWARC-Record-ID: <urn:uuid:{at}>\r\n"
                f"Content-Type: text/plain\r\nContent-Length: {len(content)}\r\n\r\n"
            )
            file.write(head.encode() + content + b"\r\n\r\n")


def badwords() -> tuple[str, ...]:
    """400 made-up words and phrases: the published list's size, with none of its words."""
    syllables = ("zab", "quor", "vex", "mik", "plu", "drof", "shon", "yag", "krel", "wuz")
    words = [a + b + c for a in syllables for b in syllables for c in syllables[:4]]
    return read_badwords("\n".join(words[:300] + [f"{word} two" for word in words[300:400]]))


def through(block: Any, texts: list[str]) -> None:
    """Send pages through one of datatrove's or our blocks."""
    documents = (
        Document(text=text, id=str(at), metadata={"url": f"https://www.a{at}.example.org/{at}"})
        for at, text in enumerate(texts)
    )
    for _ in block.run(documents) or ():
        pass


def seconds(run: Callable[[], object]) -> float:
    """Processor time of the quickest of some rounds."""
    taken = []
    for _ in range(ROUNDS):
        start = time.process_time()
        run()
        taken.append(time.process_time() - start)
    return min(taken)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--input", help="folder of shards")
    parser.add_argument("--megabytes", type=float, default=8.0)
    given = parser.parse_args()
    source = (lambda: read_pages(given.input)) if given.input else language_reference
    raw = enough(source, int(given.megabytes * 1e6))
    cleaned = [text for text in map(clean_page, raw) if text]
    sizes = [sum(len(text.encode()) for text in texts) for texts in (raw, cleaned)]
    words = badwords()
    pattern = re.compile(r"(?:\W|^)({})(?:\W|$)".format("|".join(map(re.escape, words))))
    splitter = sentence_splitter()
    splitter.count("NLTK is imported now. So it is.")
    tokenizer: Any = PunktSentences()

    peer_words = C4BadWordsFilter()
    # Its own list would be fetched from the network.
    peer_words._badwords_regex["en"] = pattern
    rows: list[tuple[str, str, Callable[[], object], bool]] = []

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "domains").write_text("".join(f"a{n}.example.org\n" for n in range(100_000)))
        (folder / "urls").write_text("".join(f"http://b.org/{n}\n" for n in range(100_000)))
        (folder / "in").mkdir()
        (folder / "in" / "0.jsonl").write_bytes(
            b"".join(
                orjson.dumps({"text": text, "url": f"http://a.org/{at}"}) + b"\n"
                for at, text in enumerate(raw)
            )
        )

        write_wet(raw, folder / "0.warc.wet.gz")

        def read(path: str) -> None:
            for _ in read_pages(str(folder / path)):
                pass

        def whole() -> None:
            root, shards = find_shards(str(folder / "0.warc.wet.gz"))
            with tempfile.TemporaryDirectory() as output:
                clean_crawl(CrawlSettings(badwords=words), root, shards, Path(output) / "out")

        rows += [
            ("reading JSON lines", "ours", lambda: read("in"), True),
            ("reading WET, gzip", "ours (warcio)", lambda: read("0.warc.wet.gz"), True),
            ("C4's rules", "ours", lambda: through(CleanPages(PUBLISHED, ()), raw), True),
            (
                "C4's rules",
                "datatrove C4QualityFilter",
                lambda: through(
                    C4QualityFilter(min_num_sentences=3, min_words_per_line=5, language=tokenizer),
                    raw,
                ),
                True,
            ),
            (
                "with 400 bad words",
                "ours",
                lambda: through(CleanPages(PUBLISHED, words), raw),
                True,
            ),
            (
                "400 bad words alone",
                "datatrove C4BadWordsFilter",
                lambda: through(peer_words, raw),
                True,
            ),
            (
                "sentences of every page",
                "NLTK's Punkt",
                lambda: [splitter.count(text) for text in raw],
                True,
            ),
            (
                "listed domains",
                "ours",
                lambda: through(ListedDomains(folder / "domains"), raw),
                True,
            ),
            ("listed URLs", "ours", lambda: through(ListedUrls(folder / "urls"), raw), True),
            (
                "lines' hashes",
                "ours",
                lambda: through(LineSignatures(folder / "lines", 16), cleaned),
                False,
            ),
            (
                "three-sentence spans' hashes",
                "datatrove SentenceDedupSignature",
                lambda: through(
                    SentenceDedupSignature(str(folder / "spans"), 1, span_settings(3), tokenizer),
                    cleaned,
                ),
                False,
            ),
            (
                "language",
                "ours (langdetect)",
                lambda: through(Language("en", 0.99), cleaned),
                False,
            ),
            ("the whole run, from WET", "ours", whole, True),
        ]
        table = Table("rule", "by", "MB/s in", "MB/s of raw text", title="Cleaning on one core")
        for rule, by, run, takes_raw in rows:
            taken = seconds(run)
            own = sizes[0 if takes_raw else 1] / 1e6 / taken
            table.add_row(rule, by, f"{own:,.2f}", f"{sizes[0] / 1e6 / taken:,.2f}")
    console = Console()
    console.print(table)
    console.print(
        f"{len(raw):,} pages, {sizes[0] / 1e6:.1f} MB; {len(cleaned):,} pages and "
        f"{sizes[1] / 1e6:.1f} MB left by the rules, which is what the last steps read. "
        f"Sentences by {splitter.source}."
    )


if __name__ == "__main__":
    main()
