"""The Collaborative International Dictionary of English: Webster's of 1913 with later additions."""

from __future__ import annotations

import gzip
import re
import unicodedata
from collections.abc import Iterator

from lab.corpora.archives import ARCHIVES, read_members
from lab.corpora.embedded import not_before, pages, paragraphs_of
from lab.corpora.prepared import Rows
from lab.corpora.registry.evaluated import everything_held_out

SOURCE = re.compile(r"\[(?:1913 Webster|Webster 1913|WordNet|PJC|RDH|Century)[^\]]*\]")
PRONOUNCED = re.compile(r"\\[^\\]*\\\s*(?:\((?:[^()]|\([^()]*\))*\))?,?")
ETYMOLOGY = re.compile(r"^([^\[]{0,60}?)\[(?:[^\[\]]|\[[^\[\]]*\])*\]")
STRESS = re.compile(r"(?<=\w)[*\"`](?=\w)")
NUMBER = re.compile(r"^(?:\d+\.|\([a-z]\))\s+")
MARKS = {
    "'": "\u0301",
    "`": "\u0300",
    "^": "\u0302",
    '"': "\u0308",
    "=": "\u0304",
    "~": "\u0303",
    ",": "\u0327",
    ".": "\u0307",
}
"""A character before a letter in brackets -> the accent that it stands for."""
NAMED = {"ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "eth": "ð", "thorn": "þ", "deg": "°"}
CODE = re.compile(r"\[(?:([`'^\"=~,.])([A-Za-z])|([A-Za-z])\^|(ae|AE|oe|OE|eth|thorn|deg))\]")


def plain(text: str) -> str:
    """Return a paragraph without its source, cross-reference braces and codes of letters."""

    def letter(code: re.Match[str]) -> str:
        if code[4]:
            return NAMED[code[4]]
        accented = code[2] + MARKS[code[1]] if code[1] else code[3] + "\u0306"
        return unicodedata.normalize("NFC", accented)

    text = CODE.sub(letter, SOURCE.sub("", text))
    return " ".join(text.replace("{", "").replace("}", "").split())


def entries(dictionary: str) -> Iterator[list[str]]:
    """Yield each entry as its paragraphs: word, part of speech and first sense; then the others.

    Pronunciation, etymology and the numbers of senses are left out.
    """
    for entry in re.split(r"\n\n+(?=\S)", dictionary):
        first, *others = re.split(r"\n\s*\n", entry.strip())
        word, _, rest = first.partition("\\")
        if not rest or word.startswith("00-database"):
            continue
        rest = plain(PRONOUNCED.sub("", "\\" + " ".join(rest.split())))
        # The word's etymology is the bracket behind its part of speech.
        rest = ETYMOLOGY.sub(r"\1", rest.strip(), count=1).strip()
        rest = re.sub(r"^(\S+\.(?: \S+\.)*),? (?:\d+\.|\([a-z]\)) ", r"\1 ", rest)
        start = f"{word.strip()}, {rest}"
        made = [start, *(NUMBER.sub("", plain(paragraph)) for paragraph in others)]
        cut = [STRESS.sub("", part) for paragraph in made for part in paragraphs_of(paragraph)]
        yield [paragraph for paragraph in cut if len(paragraph.split()) >= 3]


def write() -> dict[str, Rows]:
    """Return the dictionary in its own order, a page a document."""
    ((_, content),) = read_members(ARCHIVES["dict-gcide"])
    # Three bytes of it are no ASCII, in no one encoding.
    dictionary = gzip.decompress(content).decode("ascii", "ignore")
    known, seen = everything_held_out(), set[str]()
    paragraphs = [paragraph for entry in entries(dictionary) for paragraph in entry]
    # A sense that is a held-out definition has its word in front of it.
    told = [paragraph.partition(". ")[2] for paragraph in paragraphs]
    bad = known.found_in(paragraphs) | known.found_in(told)
    kept = [p for p, drop in zip(paragraphs, bad, strict=True) if not drop]
    return {"documents": [{"text": page} for page in pages(not_before(kept, seen))]}
