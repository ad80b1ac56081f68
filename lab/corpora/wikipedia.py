"""Wikipedia's articles out of a dump, as text without markup and reference sections (3.4.1).

A dump is the file pages-articles.xml.bz2 of dumps.wikimedia.org. What becomes of an article is
what TensorFlow Datasets and the hub's set make of it: templates, tables, references, files and
categories go; links and headings leave their words.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from lab.corpora.workers import worker_processes
from lab.errors import DataError

ARTICLES_A_FILE = 20_000
CUT_OFF = "the dump is damaged or ends early"
_ARTICLES_A_TASK = 50
_TASKS_AHEAD = 8
_UNSEEN_TAGS = {"ref", "table", "gallery", "math", "timeline", "score", "imagemap", "references"}
_UNSEEN_LINKS = ("file:", "image:", "media:", "category:")
_REFERENCE_SECTIONS = {
    "bibliography",
    "citations",
    "external links",
    "footnotes",
    "further reading",
    "notes",
    "notes and references",
    "references",
    "sources",
}
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


def read_dump(dump: Path, counts: Counter[str]) -> Iterator[tuple[str, str]]:
    """Yield (title, wikitext) of each article of a dump; `counts` says what was passed over.

    A damaged dump, or one that ends early, gives what comes before, and is counted as CUT_OFF.
    """
    with _opened(dump) as file:
        page: dict[str, str] = {}
        try:
            parser = ElementTree.iterparse(file, events=("start", "end"))
            _, root = next(parser)
            for event, element in parser:
                tag = element.tag.rpartition("}")[2] if event == "end" else None
                if tag in ("title", "ns", "text", "redirect"):
                    page[tag] = element.text or ""
                elif tag == "page":
                    if page.get("ns", "0") != "0":
                        counts["other pages"] += 1
                    elif "redirect" in page:
                        counts["redirects"] += 1
                    else:
                        yield page.get("title", ""), page.get("text", "")
                    page = {}
                    # Else all pages stay in memory below it.
                    root.clear()
        except (ElementTree.ParseError, EOFError, OSError, StopIteration) as error:
            counts[f"{CUT_OFF} ({error})"] += 1


class KilledError(DataError):
    """A run of which a worker process was killed."""


def plain_text(wikitext: str) -> str:
    """Strip an article of its markup and of its reference sections."""
    import mwparserfromhell

    code = mwparserfromhell.parse(wikitext)
    for section in code.get_sections(levels=range(2, 7), include_headings=True):
        heading = next(iter(section.filter_headings()), None)
        if heading and heading.title.strip_code().strip().lower() in _REFERENCE_SECTIONS:
            _remove(code, section)
    for tag in code.filter_tags(
        recursive=True, matches=lambda n: str(n.tag).lower() in _UNSEEN_TAGS
    ):
        _remove(code, tag)
    for link in code.filter_wikilinks(
        recursive=True, matches=lambda n: str(n.title).strip().lower().startswith(_UNSEEN_LINKS)
    ):
        _remove(code, link)
    text = code.strip_code(collapse=False)
    lines = "\n".join(line.strip() for line in text.splitlines())
    return _BLANK_LINES.sub("\n\n", lines).strip()


def extract(dump: Path, output: Path, *, workers: int = 1) -> Counter[str]:
    """Write a dump's articles as Parquet files (text, title) into the new folder `output`.

    The folder appears by one rename when all is written. The number of workers does not show in
    it. Returns counts. Raises DataError where there is no dump, no article, or no new folder, and
    KilledError where a worker process is killed.
    """
    if not dump.is_file():
        raise DataError(f"{dump}: no such file. Give a pages-articles.xml.bz2 of a wiki.")
    if output.exists():
        raise DataError(f"{output} is there already. Give --output a new folder.")
    part = output.with_name(f".{output.name}.part-{os.getpid()}")
    try:
        part.mkdir(parents=True)
    except OSError as error:
        raise DataError(
            f"{output} cannot be written: {error.strerror}. Give --output a new folder."
        ) from error
    counts: Counter[str] = Counter()
    try:
        with closing(_texts(read_dump(dump, counts), workers)) as articles:
            number = 0
            while rows := list(islice(_kept(articles, counts), ARTICLES_A_FILE)):
                _write(part / f"articles-{number:05d}.parquet", rows)
                number += 1
        if not number:
            raise DataError(f"{dump} holds no article: give a pages-articles.xml.bz2 of a wiki.")
        part.rename(output)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return counts


def add_arguments(verbs: Any) -> None:
    """Add the verb to the subparsers of the package's command."""
    parser = verbs.add_parser(
        "wikipedia",
        help="articles of a Wikipedia dump as text",
        description="Write the articles of pages-articles.xml.bz2 (or .gz, .xml) as Parquet, "
        "without markup and reference sections. Exit status: 0 whole, 1 the dump is damaged or "
        "ends early or a worker process was killed, 2 a mistake in the command.",
    )
    parser.add_argument("--input", required=True, type=Path, metavar="DUMP")
    parser.add_argument("--output", required=True, type=Path, metavar="FOLDER", help="new folder")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    try:
        if options.workers < 1:
            raise DataError(f"--workers {options.workers}: give 1 or more.")
        counts = extract(options.input, options.output, workers=options.workers)
    except DataError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1 if isinstance(error, KilledError) else 2
    for name, count in counts.items():
        print(f"{name}: {count:,}")
    return int(any(name.startswith(CUT_OFF) for name in counts))


def _kept(articles: Iterator[tuple[str, str | None]], counts: Counter[str]) -> Iterator[Any]:
    for title, text in articles:
        if text is None:
            counts["not parsed"] += 1
        elif not text:
            counts["empty"] += 1
        else:
            counts["articles"] += 1
            counts["characters"] += len(text)
            yield {"text": text, "title": title}


def _texts(articles: Iterator[tuple[str, str]], workers: int) -> Any:
    if workers == 1:
        yield from map(_text, articles)
        return
    then = "Give fewer --workers. Nothing of this run is left."
    with worker_processes(workers, then, KilledError) as pool:
        # A pool would take the whole dump into memory at once.
        while some := list(islice(articles, workers * _TASKS_AHEAD * _ARTICLES_A_TASK)):
            yield from pool.map(_text, some, chunksize=_ARTICLES_A_TASK)


def _text(article: tuple[str, str]) -> tuple[str, str | None]:
    title, wikitext = article
    try:
        return title, plain_text(wikitext)
    except (ValueError, RecursionError):
        return title, None


def _remove(code: Any, node: Any) -> None:
    with suppress(ValueError):  # where it went with what holds it
        code.remove(node)


def _opened(dump: Path) -> Any:
    if dump.suffix == ".bz2":
        return bz2.open(dump)
    return gzip.open(dump) if dump.suffix == ".gz" else dump.open("rb")


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(rows), path, compression="zstd")
    with path.open("rb+") as file:
        os.fsync(file.fileno())
