"""Digests of code that another package brings, as they stand in keys."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import corpora, named
from lab.corpora.part import identity_of
from lab.sources import offered_source, source_sha256

CORPUS = '''
class Pages:
    name, licence, approximate_tokens = "pages", "ours", 10

    def identity(self):
        return {"name": self.name}

    def prepare(self):
        """Nothing."""

    def documents(self):
        yield "one page"


PAGES = Pages()
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """Installs a package of modules by their names, with lines of entry_points.txt."""

    def forget() -> None:
        for name in [name for name in sys.modules if name.partition(".")[0] == "brought"]:
            del sys.modules[name]
        named.installed.cache_clear()
        corpora._corpora.cache_clear()
        importlib.invalidate_caches()

    def install(entry: str, **files: str) -> Path:
        folder = tmp_path / "site" / "brought"
        about = folder.parent / "brought-1.0.dist-info"
        for made in (folder, about):
            made.mkdir(parents=True, exist_ok=True)
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: brought\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(entry)
        for name, content in {"__init__": "", **files}.items():
            (folder / f"{name}.py").write_text(content)
        forget()
        return folder

    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    yield install
    monkeypatch.undo()
    forget()


def offered(group: str, name: str) -> Any:
    return named.installed(group)[name]


def test_a_digest_follows_the_content_alone(package: Callable[..., Path]):
    """Two files of one content are one, whatever they are called."""
    package("", one="A = 1\n", two="A = 1\n", three="A = 2\n")
    one, two, three = (source_sha256(f"brought.{name}") for name in ("one", "two", "three"))
    assert one == two != three


def test_the_module_behind_the_named_one_counts_too(package: Callable[..., Path]):
    """An entry point may name a package that only passes on what another module defines."""
    entry = "[some.group]\nthing = brought.face:thing\n"
    found = []
    for answer in ("1", "2"):
        package(
            entry,
            face="from brought.inside import thing\n",
            inside=f"def thing():\n    return {answer}\n",
        )
        found.append(offered_source("some.group", "thing", offered("some.group", "thing")))
    assert found[0] != found[1]


def test_code_of_other_packages_is_none_of_it(package: Callable[..., Path]):
    """What an entry point passes on of ours is named by versions."""
    entry = "[some.group]\nthing = brought.face:replacing\n"
    package(entry, face="from lab.files import replacing\n")
    thing = offered("some.group", "thing")
    assert offered_source("some.group", "thing", thing) == source_sha256("brought.face")


def test_a_corpus_of_another_class_is_named_with_its_code(package: Callable[..., Path]):
    """Other documents out of the same place are another corpus, alone and in a combination."""
    entry = "[lab.corpora]\npages = brought.pages:PAGES\n"
    found = []
    for content in (CORPUS, CORPUS.replace("one page", "another page")):
        package(entry, pages=content)
        alone = identity_of(corpora.get_corpus("pages"))
        both = identity_of(corpora.get_corpus("pages:1+mixed:1"))
        found.append((alone["source"], both["parts"][0]["source"]))
        assert "source" not in both["parts"][1]
    assert found[0][0] == found[0][1]
    assert found[0] != found[1]


def test_a_corpus_of_a_class_of_ours_is_named_by_its_data():
    """As it was before."""
    for name in ("c4", "mixed", "webtext_like"):
        corpus = corpora.get_corpus(name)
        assert identity_of(corpus) == corpus.identity()
