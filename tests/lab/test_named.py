"""What is found by name: files of a folder, and entry points of installed packages."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lab import corpora, named
from lab.errors import DataError

MODULE = """
from lab.corpora.hub import HubCorpus

CORPUS = HubCorpus(
    name="mine", description="mine", licence="mine", approximate_tokens=1, path="me/mine",
    revision="0" * 40, config="en",
)
"""


@pytest.fixture
def offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Installs a package that offers entry points: a function of lines of entry_points.txt."""

    def forget() -> None:
        named.installed.cache_clear()
        corpora._corpora.cache_clear()

    def install(*lines: str) -> None:
        about = tmp_path / "mine-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text("\n".join(["[lab.corpora]", *lines]))
        (tmp_path / "mine_corpora.py").write_text(MODULE)
        monkeypatch.syspath_prepend(str(tmp_path))
        forget()

    yield install
    monkeypatch.undo()
    sys.modules.pop("mine_corpora", None)
    forget()


def test_another_package_adds_a_corpus(offered):
    """It has a name, as ours have, without a file of ours changed."""
    offered("mine = mine_corpora:CORPUS")
    assert corpora.get_corpus("mine").identity()["hub"] == "me/mine"
    assert {"mine", "mixed", "c4"} <= set(corpora.corpus_names())


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("mine = mine_corpora:NOTHING", r"mine = mine_corpora:NOTHING .*cannot be loaded.*mine\."),
        ("mine = no_such_module:CORPUS", r"cannot be loaded: No module named 'no_such_module'"),
        ("mixed = mine_corpora:CORPUS", r"there is a corpus of this name"),
    ],
)
def test_wrong_entry_point_is_named(offered, line: str, complaint: str):
    """With the package that offers it."""
    offered(line)
    with pytest.raises(DataError, match=complaint):
        corpora.get_corpus("mine")


def test_a_file_in_the_folder_adds_a_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Nothing else lists the corpora."""
    import lab.corpora.named

    (tmp_path / "mine.py").write_text(MODULE + "CORPORA = {'mine': CORPUS}\n")
    monkeypatch.setattr(lab.corpora.named, "__path__", [*lab.corpora.named.__path__, str(tmp_path)])
    named.modules_of.cache_clear()
    corpora._corpora.cache_clear()
    try:
        assert corpora.get_corpus("mine").identity()["hub"] == "me/mine"
    finally:
        sys.modules.pop("lab.corpora.named.mine", None)
        named.modules_of.cache_clear()
        corpora._corpora.cache_clear()
