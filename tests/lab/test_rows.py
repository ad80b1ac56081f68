"""Rows of local files: every form gives the same records, and a path is that file."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.rows import ENDINGS, FileRows, RowError, ending_of, rows_of

ROWS = [
    {"text": "plain", "label": "1"},
    {"text": 'a "quoted" word', "label": "on"},
    {"text": "comma, hash # and 'apostrophe'", "label": "010"},
    {"text": "1912-04-15", "label": "NA"},
    {"text": "Ж 今天 é", "label": ""},
]


def content_of(ending: str) -> bytes:
    """The rows in one form."""
    if ending.startswith(".jsonl"):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
    elif ending.startswith(".json"):
        text = json.dumps(ROWS, indent=1)
    else:
        file = io.StringIO()
        separator = "," if ending.startswith(".csv") else "\t"
        writer = csv.DictWriter(file, ["text", "label"], delimiter=separator)
        writer.writeheader()
        writer.writerows(ROWS)
        text = file.getvalue()
    return text.encode()


def write(path: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist(ROWS)
    if path.name.endswith(".parquet"):
        pq.write_table(table, path)
    elif path.name.endswith(".arrow"):
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as written:
            written.write_table(table)
    else:
        content = content_of(str(ending_of(path)))
        if path.suffix == ".gz":
            content = gzip.compress(content)
        if path.suffix == ".zst":
            with pa.output_stream(str(path), compression="zstd") as stream:
                stream.write(content)
        else:
            path.write_bytes(content)
    return path


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_form_gives_the_same_rows(ending: str, tmp_path: Path):
    """Text stays text: no date, no number, no missing value is guessed."""
    assert list(rows_of(write(tmp_path / f"rows{ending}"))) == ROWS


@pytest.mark.parametrize("ending", [".jsonl", ".json", ".csv", ".tsv"])
def test_byte_order_mark_and_line_ends_of_windows(ending: str, tmp_path: Path):
    """Neither belongs to a name or a value."""
    content = content_of(ending).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    (tmp_path / f"a{ending}").write_bytes(b"\xef\xbb\xbf" + content)
    assert list(rows_of(tmp_path / f"a{ending}")) == ROWS


@pytest.mark.parametrize("name", ["a [v1]", "b*", "c?", "e::f", "{g,h}", "zip::i", "~"])
@pytest.mark.parametrize("ending", [".jsonl", ".csv.gz", ".parquet"])
def test_a_file_of_any_name_is_that_file(name: str, ending: str, tmp_path: Path):
    """Whatever a library would take for a pattern."""
    (tmp_path / name).mkdir()
    assert list(rows_of(write(tmp_path / name / f"{name}{ending}"))) == ROWS


WRONG = {
    "a.jsonl": (b'{"a": 1}\n{"a": \n', "row 2: found"),
    "b.jsonl": (b'{"a": 1}\n\n[1]\n', "row 2: found .1., expected a record"),
    "c.json": (b'[{"a": 1}, 7]', "row 2: found 7, expected a record"),
    "d.json": (b'[{"a": 1},', "expected a list of records"),
    "e.csv": (b"a,b\n1,2\n3\n", "row 2: found 1 fields, expected 2 .a, b."),
    "f.csv": (b"a,a\n1,2\n", "found the header .*expected each name once"),
    "g.csv": (b'a,b\n"1"x,2\n', "row 1: "),
    "h.tsv": (b"a\tb\n1\t2\t3\n", "row 1: found 3 fields, expected 2"),
    "i.jsonl": (b'{"a": "\xff"}\n', "row 1: found the byte 0xff"),
    "j.csv": (b"a\n\xe9\n", "row 1: found the byte 0xe9"),
    "k.csv": (b"\xe9\n1\n", "the header: found the byte 0xe9"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_row_that_cannot_be_read_is_named(name: str, tmp_path: Path):
    """With the file, the row, what was found and what is expected."""
    content, complaint = WRONG[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RowError, match=complaint) as raised:
        list(rows_of(tmp_path / name))
    assert str(tmp_path / name) in str(raised.value)


def test_quotes_of_a_tab_separated_file_stand_for_themselves(tmp_path: Path):
    """GLUE's own files have single ones; a library's have doubled ones between two."""
    lines = 'text\tlabel\n"Hi", he said\t1\n"Hello."\t0\n"He said ""hi"""\t1\n'
    (tmp_path / "a.tsv").write_text(lines)
    found = [row["text"] for row in rows_of(tmp_path / "a.tsv")]
    assert found == ['"Hi", he said', '"Hello."', 'He said "hi"']


def test_columns_with_a_dot_are_fields_of_a_record(tmp_path: Path):
    """So that nested fields have a place in a table."""
    (tmp_path / "a.csv").write_text("translation.en,translation.de,id\nHi,Hallo,7\n")
    assert list(rows_of(tmp_path / "a.csv")) == [
        {"translation": {"en": "Hi", "de": "Hallo"}, "id": "7"}
    ]


def test_rows_of_several_files_know_their_places(tmp_path: Path):
    """Length, columns and single rows as of a list."""
    files = [write(tmp_path / name) for name in ("a.jsonl", "b.csv")]
    rows = FileRows(files)
    assert (len(rows), rows[6], rows["label"][:2]) == (10, ROWS[1], ["1", "on"])
    places = [place for place, _ in rows.placed()]
    assert places[0] == f"file {files[0]}, row 1"
    assert places[5] == f"file {files[1]}, row 1"


@given(st.lists(st.dictionaries(st.sampled_from(["a", "b"]), st.text(), min_size=2), min_size=1))
@settings(deadline=None, max_examples=60)
def test_any_text_comes_back_from_json_and_csv(tmp_path_factory, rows):
    """Line ends, quotes, tabs and lone surrogates included, where the form can hold them."""
    folder = tmp_path_factory.mktemp("rows")
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert list(rows_of(folder / "a.jsonl")) == rows
