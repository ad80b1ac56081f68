"""Names that are longer than a file may be called."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from sweeps.errors import StoreError
from sweeps.records import LONGEST_NAME, own_name, short_name
from sweeps.store import Store, write_json


@pytest.mark.parametrize(
    "name",
    ["x" * 235, "x" * 161, "toy/" + "x" * 240, "ü" * 120, "a-" * 110 + "12345678", "." * 300],
)
def test_a_long_name_is_shortened_with_its_digest(tmp_path: Path, name: str) -> None:
    """Its record is written and found by the whole name, and no other name shares it."""
    id = short_name(name)
    assert len(id.rpartition("/")[2].encode()) <= LONGEST_NAME
    assert id.rpartition("/")[0] == name.rpartition("/")[0]
    assert id != short_name(name + "y")
    assert short_name(id) == id
    store = Store(tmp_path)
    store.prepare()
    own = own_name(id, "sha", ["a=1"])
    record = {"id": id, "name": own, "rows": [], "columns": [], "stages": {}, "seeds": {}}
    write_json(store.records.path(own), {"schema": 1, "title": "T", "study": "toy", **record})
    assert store.records.path(own).is_file()


def test_usual_names_stay_as_they_are() -> None:
    assert [short_name(name) for name in ("table05", "toy/table05", "x" * 160)] == [
        "table05",
        "toy/table05",
        "x" * 160,
    ]


def test_another_folder_is_no_remedy_for_a_long_name() -> None:
    """The name that is too long is named."""
    error = OSError(errno.ENAMETOOLONG, "File name too long")
    said = str(StoreError.during("write", Path("/a") / ("y" * 300) / "b", error))
    assert said.endswith(f"File name too long. Shorten the name '{'y' * 300}', or the path to it.")
