"""Messages of LibreOffice's programs in English and Romanian, from compiled catalogues."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from lab.corpora.archives import ARCHIVES, read_members
from lab.corpora.prepared import Prepared, Rows
from lab.datasets.embedded.splits import Row, first_of_each, letters, split
from lab.errors import DataError

SIZES = {"validation": 200, "test": 400}
LEAST_WORDS = 6
MAGIC = 0x950412DE
LONE_UNDERSCORE = re.compile(r"([^_]*)_([^_]*)")


def messages(catalogue: bytes) -> Iterator[tuple[str, str]]:
    """Yield (message, translation) of a little-endian .mo file; contexts and plurals left out.

    Raises DataError for other files.
    """
    magic, _, count, sources, targets = struct.unpack_from("<5I", catalogue)
    if magic != MAGIC:
        raise DataError("A catalogue does not start as compiled gettext catalogues do.")
    for number in range(count):
        source, target = (_string(catalogue, table + 8 * number) for table in (sources, targets))
        message = source.partition("\x04")[2] if "\x04" in source else source
        if message and "\x00" not in message:
            yield message, target


def _string(catalogue: bytes, place: int) -> str:
    length, start = struct.unpack_from("<2I", catalogue, place)
    return catalogue[start : start + length].decode("utf-8")


def plain(text: str) -> str:
    """Return a message on one line, without the mark (~ or _) of the key that chooses it."""
    found = LONE_UNDERSCORE.fullmatch(text)
    return " ".join("".join(found.groups() if found else text).replace("~", "").split())


def write() -> dict[str, Rows]:
    """Return train, validation and test, each English message once, none of under six words."""
    rows: list[Row] = []
    for _, content in sorted(read_members(ARCHIVES["libreoffice-l10n-ro"])):
        for message, translation in messages(content):
            source, target = plain(message), plain(translation)
            if len(source.split()) >= LEAST_WORDS and letters(target) not in ("", letters(source)):
                rows.append({"translation": {"en": source, "ro": target}})
    rows = first_of_each(rows, _source)
    return {f"enro-{name}": part for name, part in split(rows, _source, SIZES).items()}


def _source(row: Row) -> str:
    return letters(row["translation"]["en"])


DATA = Prepared(name="messages", version=1, write=write, archives=("libreoffice-l10n-ro",))
