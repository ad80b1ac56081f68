"""Files that appear whole or not at all, by the one rule that sweeps/ and lab/ each have."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from types import ModuleType

import pytest

import lab.files
import sweeps.files

ROOT = Path(__file__).parents[1]
both = pytest.mark.parametrize("files", [sweeps.files, lab.files], ids=["sweeps", "lab"])


@both
@pytest.mark.parametrize("sync", [True, False])
def test_a_reader_sees_the_old_file_or_the_new_one(files: ModuleType, tmp_path: Path, sync: bool):
    """Never a part, and nothing beside it afterwards; who may read it, the umask says."""
    path = tmp_path / "note.txt"
    path.write_text("old")
    before = os.umask(0o027)
    try:
        with files.replacing(path, sync=sync) as part:
            part.write_text("ne")
            assert path.read_text() == "old"
            part.write_text("new")
    finally:
        os.umask(before)
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


@both
@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_what_breaks_off_leaves_the_old_file(
    files: ModuleType, tmp_path: Path, error: BaseException
):
    """Ctrl-C in the middle of writing too."""
    path = tmp_path / "note.txt"
    path.write_text("old")

    def write() -> None:
        with files.replacing(path) as part:
            part.write_text("ne")
            raise error

    with pytest.raises(type(error)):
        write()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@both
def test_links_can_be_replaced(files: ModuleType, tmp_path: Path):
    """A link that leads nowhere any more by one that leads somewhere."""
    path, target = tmp_path / "link", tmp_path / "target"
    path.symlink_to(tmp_path / "gone")
    target.write_text("here")
    with files.replacing(path, sync=False) as part:
        part.symlink_to(target)
    assert path.read_text() == "here"


def test_nothing_else_replaces_files():
    """os.replace stands in the two modules alone."""
    folders = ("sweeps", "reports", "lab", "t5study", "studies")
    sources = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    found = {str(path.relative_to(ROOT)) for path in sources if "os.replace(" in path.read_text()}
    assert found == {"sweeps/files.py", "lab/files.py"}
