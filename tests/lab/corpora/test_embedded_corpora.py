"""Embedded corpora: how text becomes documents, and what must not be in them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from lab.corpora import available, corpus_names, get_corpus, needed, prepare_all
from lab.corpora.command import chosen
from lab.corpora.embedded import CORPORA, EVALUATED, PAGE, pages, paragraphs_of, prose
from lab.datasets.embedded import docstrings
from lab.errors import DataError

REST = """
=====
Title
=====

.. currentmodule:: django.db

Some :doc:`prose </topics/x>` about :meth:`~Model.save` and ``names`` here::

    code = that(must, go)

    more = code

Prose *goes* on after the `code block <https://example.org>`_ above.

.. code-block:: python

    x = 1

.. note::

    A note that is worth reading.
"""


@pytest.fixture(scope="module")
def fetched():
    """Skip where reading the embedded data would mean a download."""
    if not available():
        pytest.skip("needs the embedded data; type: python -m lab.corpora fetch")


def test_markup_and_code_are_left_out():
    """Of reStructuredText the prose stays, in plain words."""
    assert prose(REST) == [
        "Some prose about Model.save and names here:",
        "Prose goes on after the code block above.",
        "A note that is worth reading.",
    ]


def test_pages_keep_every_paragraph_in_order():
    """A document ends with the paragraph that fills the page."""
    paragraphs = [f"{n} " + "x" * 700 for n in range(10)]
    made = list(pages(paragraphs))
    assert "\n".join(made).split("\n") == paragraphs
    assert all(PAGE <= len(page) < PAGE + 800 for page in made[:-1])


def test_scrap_is_no_document():
    """What is left over is kept only when it is more than a line or two."""
    assert list(pages(["short"])) == []


def test_paragraphs_are_single_lines():
    """Lines of verse join; blank lines part."""
    assert paragraphs_of("one\n  two\n\n \nthree\n") == ["one two", "three"]


def test_unknown_corpus_names_the_nearest():
    """A typing mistake is answered with what was meant."""
    with pytest.raises(DataError, match="Did you mean 'books'"):
        get_corpus("bokos")


def test_corpora_of_several_domains():
    """The data set axis has something to compare, and the paper's corpora have names too."""
    assert {"books", "docs", "glosses", "encyclopedia", "everyday", "mixed"} <= set(CORPORA)
    assert {"c4", "c4_with_translations"} <= set(corpus_names())


@pytest.mark.parametrize("name", ["mixed", "c4", "c4_with_translations"])
def test_identity_needs_no_data(name, tmp_path, monkeypatch):
    """A corpus names its documents exactly before anything is fetched."""
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "none"))
    assert get_corpus(name).identity() == get_corpus(name).identity()
    assert not (tmp_path / "none").exists()


def test_names_from_elsewhere_need_nothing():
    """Hub tasks and hub corpora are passed over: preparing them is nothing to do."""
    assert needed(["glue_cola"], ["c4"]) == []
    prepare_all(["glue_cola"], ["c4"])
    assert available(["glue_cola"], ["c4"])


def test_only_what_is_named_is_needed(tmp_path, monkeypatch):
    """One task asks for its own archives alone."""
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path))
    assert [data.name for data in needed(["gloss_category"], [])] == ["glosses"]
    assert not available(["gloss_category"], [])
    assert available(["docstring_summary"], [])


def test_default_fetch_is_everything_but_squad():
    """The evaluation-only set comes only when it is asked for."""
    names = {data.name for data in chosen([])}
    assert {"vader", "mixed", "slices"} <= names
    assert "squad" not in names
    assert [data.name for data in chosen(["squad"])] == ["squad"]


@pytest.mark.parametrize("name", CORPORA)
def test_documents_are_of_a_page_or_so(fetched, name):
    """No document is a whole book, none is empty, and planning knows the size."""
    documents = list(get_corpus(name).documents())
    assert len(documents) > 1000
    assert all(40 < len(document) < 12_000 for document in documents)
    tokens = sum(map(len, documents)) / 3.4
    assert 0.8 < tokens / CORPORA[name].approximate_tokens < 1.25


@pytest.mark.parametrize("name", CORPORA)
def test_no_document_comes_twice(fetched, name):
    """Every document is another."""
    documents = list(get_corpus(name).documents())
    assert len(set(documents)) == len(documents)


def test_mixed_is_all_the_others(fetched):
    """The default corpus has every document of the domains, in another order."""
    others = [d for name in CORPORA if name != "mixed" for d in get_corpus(name).documents()]
    mixed = list(get_corpus("mixed").documents())
    assert sorted(mixed) == sorted(others)
    assert mixed != others


def words(text: str) -> list[str]:
    """The words of a text without case and punctuation."""
    return re.findall(r"[^\W_]+", text.lower())


def strings(row: dict) -> Iterator[str]:
    """The texts of a row."""
    for value in row.values():
        if isinstance(value, dict):
            yield from strings(value)
        elif isinstance(value, str):
            yield value


@pytest.mark.slow
def test_no_evaluated_text_is_in_a_corpus(fetched):
    """Not eight words in a row of a validation or test example, of any embedded task."""
    held = {
        tuple(own[i : i + 8])
        for data in (*EVALUATED, docstrings.DATA)
        for stem in data.manifest()["files"]
        if not stem.endswith("train")
        for row in data.rows(stem)
        for own in map(words, strings(row))
        for i in range(len(own) - 7)
    }
    assert len(held) > 100_000
    found = set()
    for document in get_corpus("mixed").documents():
        for line in document.split("\n"):
            own = words(line)
            found |= {tuple(own[i : i + 8]) for i in range(len(own) - 7)} & held
    assert found == set()
