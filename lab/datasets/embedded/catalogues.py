"""Messages of Django's and Wagtail's user interfaces with their translations (gettext)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from lab.corpora.archives import ARCHIVES, read_members
from lab.corpora.prepared import Prepared, Rows
from lab.datasets.embedded.splits import Row, content_hash, first_of_each, letters, split

LANGUAGES = ("de", "fr", "ro")
SIZES = {"validation": 200, "test": 200}
ENTRY = re.compile(r'(msgctxt|msgid|msgid_plural|msgstr|msgstr\[\d\]) (".*")')


def messages(catalogue: str) -> Iterator[tuple[str, str]]:
    """Yield (message, translation) of a .po file: translated, not marked fuzzy, without plural."""
    for block in re.split(r"\n\s*\n", catalogue):
        entry: dict[str, str] = {}
        keyword = ""
        for line in block.splitlines():
            if line.startswith("#"):
                if line.startswith("#,") and "fuzzy" in line:
                    entry["fuzzy"] = "yes"
            elif start := ENTRY.fullmatch(line.strip()):
                keyword = start[1]
                entry[keyword] = ast.literal_eval(start[2])
            elif line.startswith('"'):
                entry[keyword] += ast.literal_eval(line.strip())
        if (
            entry.get("msgid")
            and entry.get("msgstr")
            and not {"fuzzy", "msgid_plural"} & set(entry)
        ):
            yield entry["msgid"], entry["msgstr"]


def pairs(language: str) -> list[Row]:
    """Return {"translation": {"en": ..., language: ...}} of both catalogues, each message once.

    Messages of one word and those that are the same in both languages are left out.
    """
    pattern = rf".*/locale/{language}/LC_MESSAGES/django(js)?\.po"
    rows: list[Row] = []
    for name in ("django", "wagtail"):
        for _, content in read_members(ARCHIVES[name], pattern):
            for message, translation in messages(content.decode("utf-8")):
                source, target = " ".join(message.split()), " ".join(translation.split())
                if len(letters(source)) > 2 and " " in source and source != target:
                    rows.append({"translation": {"en": source, language: target}})
    return first_of_each(rows, _source)


def _source(row: Row) -> str:
    return letters(row["translation"]["en"])


def write() -> dict[str, Rows]:
    """Return ende-train, ende-validation, ...; a message is in the same part in all languages."""
    found = {language: pairs(language) for language in LANGUAGES}
    everywhere = set.intersection(*({_source(row) for row in rows} for rows in found.values()))
    chosen = split([{"source": source} for source in everywhere], lambda row: row["source"], SIZES)
    held = {name: {row["source"] for row in chosen[name]} for name in SIZES}
    files: dict[str, Rows] = {}
    for language, rows in found.items():
        ordered = sorted(rows, key=lambda row: content_hash(_source(row)))
        for name, sources in held.items():
            files[f"en{language}-{name}"] = [row for row in ordered if _source(row) in sources]
        kept = [r for r in ordered if not any(_source(r) in sources for sources in held.values())]
        files[f"en{language}-train"] = kept
    return files


DATA = Prepared(name="gettext", version=1, write=write, archives=("django", "wagtail"))
