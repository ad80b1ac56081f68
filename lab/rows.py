"""Rows of a local file, one record at a time, exactly as they stand there.

`datasets` reads local files by pattern, by way of a copy in its own cache, and guesses types: text
that looks like a date is none any more. Here a path is that file, a date is the text of the file,
and a complaint names the row that cannot be read.
"""

from __future__ import annotations

import csv
import functools
import io
import itertools
import json
import re
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from lab.errors import DataError
from lab.not_fetched import instead_of

TEXT_ENDINGS = (".jsonl", ".json", ".csv", ".tsv")
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
ENDINGS = (
    *(f"{ending}{compression}" for compression in ("", *COMPRESSIONS) for ending in TEXT_ENDINGS),
    ".parquet",
    ".arrow",
)
"""How the name of a file may end."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
QUOTED = re.compile(r'"(?:[^"]|"")*"', re.DOTALL)


class RowError(DataError):
    """A row that cannot be read."""


def ending_of(file: Path | str) -> str | None:
    """Return the ending of ENDINGS that the file's name has, in whatever case, else None."""
    name = Path(file).name.lower()
    return next((ending for ending in ENDINGS if name.endswith(ending)), None)


def place(file: Path, row: int) -> str:
    """Return how messages name a row, counted from 1 without the header."""
    # Stages read a user's file through a link that is named by its content.
    return _row_of(file.resolve(), row)


def _row_of(resolved: Path, row: int) -> str:
    return f"file {resolved}, row {row}"


def rows_of(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a file by its ending (ENDINGS), as plain Python values.

    CSV and TSV have a header and give text only. Raises RowError with the file, the row, what was
    found and what is expected; DataError for a file that cannot be read at all.
    """
    ending = ending_of(file)
    if ending is None:
        raise DataError(f"cannot tell the format of {file}; known: {', '.join(ENDINGS)}.")
    with _readable(file):
        if ending in (".parquet", ".arrow"):
            yield from _columns(file, ending)
            return
        with _opened(file) as opened:
            if ending.startswith(".json"):
                yield from _json(file, opened)
            else:
                yield from _separated(file, opened, "," if ending.startswith(".csv") else "\t")


def lines_of(file: Path) -> Iterator[str]:
    """Yield the lines of a text file, perhaps compressed, without their ends; raises as `rows_of`.

    Text is UTF-8, with or without a byte order mark.
    """
    with _readable(file), _opened(file) as opened:
        for number, line in enumerate(opened, start=1):
            kept = line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line
            yield _decoded(file, f"line {number}", kept).rstrip("\r\n")


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    """Turn what reading a file raises into a DataError that names the file."""
    try:
        # A reader of tables or of plain text would take these for rows and documents of its own.
        if file.stat().st_size and (found := instead_of(file)):
            raise RowError(f"file {file.resolve()} cannot be read: it {found}")
        yield
    except RowError:
        raise
    except (OSError, EOFError, ValueError, zlib.error) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise DataError(f"file {file.resolve()} cannot be read: {reason}") from error


class FileRows:
    """The records of several files in order, read anew each time that they are gone through."""

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = tuple(files)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for file in self.files:
            yield from rows_of(file)

    def placed(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield each record after where it stands, in the words of a message."""
        for file in self.files:
            # Told once a file: a set has many rows.
            resolved = file.resolve()
            for number, row in enumerate(rows_of(file), start=1):
                yield _row_of(resolved, number), row

    @functools.cached_property
    def _count(self) -> int:
        return sum(1 for _ in self)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, wanted: int | str) -> Any:
        """The record of that number from 0, or all values of a column."""
        if isinstance(wanted, str):
            return [row[wanted] for row in self]
        if not 0 <= wanted < len(self):
            raise IndexError(f"row {wanted} of {len(self)}")
        return next(itertools.islice(self, wanted, None))

    def to_list(self) -> list[dict[str, Any]]:
        """All records."""
        return list(self)


def _opened(file: Path) -> BinaryIO:
    compression = COMPRESSIONS.get(file.suffix.lower())
    if compression is None:
        return file.open("rb")
    import pyarrow as pa

    return io.BufferedReader(pa.input_stream(str(file), compression=compression))


def _columns(file: Path, ending: str) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pa.memory_map(str(file)) as mapped:
        if ending == ".parquet":
            batches: Iterable[Any] = pq.ParquetFile(mapped).iter_batches(batch_size=1000)
        else:
            try:
                batches = pa.ipc.open_stream(mapped)
            except pa.ArrowInvalid:
                mapped.seek(0)
                whole = pa.ipc.open_file(mapped)
                batches = (whole.get_batch(i) for i in range(whole.num_record_batches))
        for batch in batches:
            yield from batch.to_pylist()


def _json(file: Path, opened: BinaryIO) -> Iterator[dict[str, Any]]:
    """A list of records, or one record a line."""
    lines = _with_text(opened)
    first = next(lines, b"")
    if first.lstrip().startswith(b"["):
        records = _parsed(file, None, first + opened.read(), "a list of records in JSON")
    else:
        records = (
            _parsed(file, row, line, "one record a line in JSON")
            for row, line in enumerate(itertools.chain([first] if first else [], lines), start=1)
        )
    for row, record in enumerate(records, start=1):
        if not isinstance(record, dict):
            raise _row_error(file, f"row {row}: found {shown(record)}, expected a record in JSON.")
        yield record


def _with_text(opened: BinaryIO) -> Iterator[bytes]:
    """The lines that hold something, the first without a byte order mark."""
    for number, line in enumerate(opened):
        kept = line.removeprefix(BYTE_ORDER_MARK) if number == 0 else line
        if kept.strip():
            yield kept


def _parsed(file: Path, row: int | None, content: bytes, expected: str) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        # NaN and lone surrogates, which Python itself writes.
        text = _decoded(file, f"row {row}" if row else None, content)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f"row {row}: " if row else ""
        found = f"found {shown(text.strip())}, expected {expected} ({error})."
        raise _row_error(file, f"{where}{found}") from error


def _decoded(file: Path, where: str | None, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        if where is None:
            line = 1 + content.count(b"\n", 0, error.start)
            where = f"line {line}"
        around = content[max(0, error.start - 12) : error.start + 12]
        raise _row_error(
            file,
            f"{where}: found the byte 0x{content[error.start]:02x} ({around!r}), expected text in "
            "UTF-8. Convert the file, such as by iconv -f LATIN1 -t UTF-8.",
        ) from error


def _separated(file: Path, opened: BinaryIO, separator: str) -> Iterator[dict[str, Any]]:
    lines = (
        _decoded(file, f"row {row}" if row else "the header", line)
        for row, line in enumerate(_with_text(opened))
    )
    if separator == ",":
        csv.field_size_limit(sys.maxsize)
        rows: Iterator[list[str]] = csv.reader(lines, strict=True)
    else:
        rows = _tabbed(lines)
    header = next(rows, [])
    if len(set(header)) < len(header):
        raise RowError(
            f"file {file.resolve()}: found the header {header}, expected each name once."
        )
    row = 0
    try:
        for row, values in enumerate(rows, start=1):
            if len(values) != len(header):
                raise _row_error(
                    file,
                    f"row {row}: found {len(values)} fields, expected {len(header)} "
                    f"({', '.join(header)}).",
                )
            yield _nested(zip(header, values, strict=True))
    except csv.Error as error:
        raise _row_error(file, f"row {row + 1}: {error}.") from error


def _nested(cells: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """A record; the column "a.b" is b inside a."""
    record: dict[str, Any] = {}
    for name, value in cells:
        first, dot, rest = name.partition(".")
        if dot:
            record.setdefault(first, {})[rest] = value
        else:
            record[name] = value
    return record


def _tabbed(lines: Iterator[str]) -> Iterator[list[str]]:
    """Quotes stand for themselves, as in GLUE's files, but where one stands doubled between two."""
    for line in lines:
        values = line.rstrip("\r\n").split("\t")
        yield [
            value[1:-1].replace('""', '"')
            if QUOTED.fullmatch(value) and '""' in value[1:-1]
            else value
            for value in values
        ]


def _row_error(file: Path, found: str) -> RowError:
    return RowError(f"file {file.resolve()} cannot be read: {found}")


def shown(value: Any, most: int = 60) -> str:
    """Return a value as messages show it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= most else f"{text[: most - 3]}..."
