"""Where fetched data lie."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from lab.cache import CACHE_VARIABLE, cache_folder
from lab.errors import DataError


def test_variable_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Its own name is the product's, and stands in a data file."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    assert CACHE_VARIABLE == "T5STUDY_CACHE"
    assert cache_folder() == tmp_path


def test_home_of_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A tilde is the home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(CACHE_VARIABLE, "~/data")
    assert cache_folder() == tmp_path / "data"


@pytest.mark.parametrize("given", [None, "~/data"])
def test_without_a_home_the_variable_is_named(given, monkeypatch: pytest.MonkeyPatch):
    """No folder called "~" comes to be in the working directory."""

    def nobody(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.delenv(CACHE_VARIABLE, raising=False)
    if given:
        monkeypatch.setenv(CACHE_VARIABLE, given)
    with pytest.raises(DataError, match=f"no home folder.*Set {CACHE_VARIABLE}"):
        cache_folder()
    assert not os.path.exists("~")
