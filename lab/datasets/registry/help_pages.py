"""LibreOffice's help in three languages: the same paragraph by its page and id."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from lab.corpora.archives import ARCHIVES, read_members
from lab.corpora.prepared import Prepared, Rows
from lab.datasets.embedded.splits import Row, first_of_each, letters, shuffled, split

LANGUAGES = ("de", "fr")
SIZES = {"validation": 500, "test": 1000}
LEAST_WORDS = 6
PARAGRAPH = re.compile(r'<(p|h[1-6])\b[^>]*?\bid="((?:par|hd)_id[^"]*)"[^>]*>(.*?)</\1>', re.S)
SPAN = re.compile(r"<span\b([^>]*)>|</span>")
TAG = re.compile(r"<[^>]*>")

Place = tuple[str, str]
"""Page and id of a paragraph."""


def paragraphs(page: str) -> Iterator[tuple[str, str]]:
    """Yield (id, plain text) of a page's paragraphs and headings."""
    for found in PARAGRAPH.finditer(page):
        yield found[2], " ".join(html.unescape(TAG.sub("", _one_variant(found[3]))).split())


def _one_variant(content: str) -> str:
    """Leave out what a page hides because it is for another system or program."""
    if "hidden=" not in content:
        return content
    kept, depth, end = [], 0, 0
    for tag in SPAN.finditer(content):
        if not depth:
            kept.append(content[end : tag.start()])
        if tag[1] is None:
            depth = max(0, depth - 1)
        elif depth or ("hidden=" in tag[1] and 'id="default' not in tag[1]):
            depth += 1
        end = tag.end()
    return "".join([*kept, content[end:]])


def pairs(english: dict[Place, str], other: dict[Place, str], language: str) -> list[Row]:
    """Return {"page", "translation"} of paragraphs in both, each English text once.

    Left out are texts of under six words and those that are the same in both languages.
    """
    rows: list[Row] = []
    for place, source in english.items():
        target = other.get(place, "")
        if len(source.split()) >= LEAST_WORDS and letters(target) not in ("", letters(source)):
            rows.append({"page": place[0], "translation": {"en": source, language: target}})
    return first_of_each(rows, lambda row: letters(row["translation"]["en"]))


def read(language: str) -> dict[Place, str]:
    """Return the paragraphs of the help in one language."""
    found: dict[Place, str] = {}
    for path, content in sorted(read_members(ARCHIVES[f"libreoffice-help-{language}"])):
        page = path.partition("/text/")[2]
        for name, text in paragraphs(content.decode("utf-8")):
            found.setdefault((page, name), text)
    return found


def write() -> dict[str, Rows]:
    """Return ende-train, ende-validation, ...; a page is in the same part in both languages.

    A paragraph that stands on several pages belongs to the first, so that no text is in two parts.
    """
    english = read("en-us")
    found = {language: pairs(english, read(language), language) for language in LANGUAGES}
    everywhere = set.intersection(*({_text(row) for row in rows} for rows in found.values()))
    shared = [row for row in found[LANGUAGES[0]] if _text(row) in everywhere]
    chosen = split(shared, lambda row: row["page"], SIZES)
    files: dict[str, Rows] = {}
    for language, rows in found.items():
        ordered = shuffled(rows, _text)
        held = {name: {row["page"] for row in chosen[name]} for name in SIZES}
        for name, on in held.items():
            files[f"en{language}-{name}"] = [r for r in ordered if r["page"] in on]
        elsewhere = set.union(*held.values())
        files[f"en{language}-train"] = [r for r in ordered if r["page"] not in elsewhere]
    return files


def _text(row: Row) -> str:
    return letters(row["translation"]["en"])


DATA = Prepared(
    name="help",
    version=1,
    write=write,
    archives=("libreoffice-help-en-us", "libreoffice-help-de", "libreoffice-help-fr"),
)
