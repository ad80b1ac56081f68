"""Corpora that the user brings."""

from __future__ import annotations

from pathlib import Path

import pytest

from t5study.corpora import get_corpus
from t5study.errors import DataError


def test_missing_corpus_says_where_to_put_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It can be planned with, and names its folder when it is needed."""
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path))
    corpus = get_corpus("webtext_like")
    assert corpus.identity() == {"provided": "webtext_like", "sha256": []}
    with pytest.raises(DataError, match=str(tmp_path / "corpora" / "webtext_like")):
        corpus.prepare()


def test_provided_documents_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Files by name, rows as they stand; the content is the identity."""
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path))
    corpus = get_corpus("wikipedia_tbc")
    folder = tmp_path / "corpora" / "wikipedia_tbc"
    folder.mkdir(parents=True)
    (folder / "b.jsonl").write_text('{"text": "three"}\n')
    (folder / "a.jsonl").write_text('{"text": "one"}\n{"text": "two"}\n')
    assert list(corpus.documents()) == ["one", "two", "three"]
    before = corpus.identity()
    (folder / "b.jsonl").write_text('{"text": "another"}\n')
    assert corpus.identity() != before
