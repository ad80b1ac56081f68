"""Vocabulary, lines and rows of a fixed text are what they were, or a version must be raised."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from lab.corpora.sentences import sentence_splitter
from lab.encoder import lines, vocabulary
from lab.encoder.rows import Rows

RAISE = "Raise the version of the stage {} in the studies that have it, and renew the digest."
WORDS = "It was the best of times , worst age wisdom foolishness . Dr Mr said why ?".split()
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, "##ly", "##s"]
TEXT = "It was the best of times, it was the worst of times. Dr. Mr said: why? The age\nof wisdoms."


def digest(*contents: bytes) -> str:
    return hashlib.sha256(b"".join(contents)).hexdigest()[:16]


def test_what_is_made_of_a_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "cache"))
    (tmp_path / "vocab.txt").write_text("\n".join(PIECES))
    texts = [" ".join([f"{n}s of age."] * (n % 4) + [TEXT] * (1 + n % 5)) for n in range(30)]
    corpus = SimpleNamespace(approximate_tokens=1, documents=lambda: (text for text in texts))
    monkeypatch.setattr("lab.corpora.get_corpus", lambda name: corpus)
    context = SimpleNamespace(
        threads=1, progress=lambda *_: None, should_stop=lambda: False, record=lambda **_: None
    )

    vocabulary.keep_vocabulary(str(tmp_path))
    given = {"file": vocabulary.given_vocabulary(str(tmp_path), lowercase=False)}
    vocabulary.run(given, {}, tmp_path / "vocabulary", context)
    ids = vocabulary.open_vocabulary(tmp_path / "vocabulary").encode_batch(texts)
    assert digest(repr(ids).encode()) == "79817404a6f23e19", RAISE.format("vocabulary")

    config = {"corpus": {"name": "any"}, "held_out": 0.2, "sentences": sentence_splitter().digest}
    lines.run(config, {"vocabulary": tmp_path / "vocabulary"}, tmp_path / "lines", context)
    files = sorted(file for file in (tmp_path / "lines").rglob("*") if file.is_file())
    assert digest(*(file.read_bytes() for file in files)) == "76002191692ea761", RAISE.format(
        "lines"
    )

    for segments, known in ((1, "672ede58a464b72a"), (2, "de46daa523052d04")):
        rows = Rows(lines.Lines.open(tmp_path / "lines"), longest=24, segments=segments, short=0.2)
        read = rows.read(np.arange(len(rows)))
        found = digest(*(read[name].tobytes() for name in ("tokens", "types", "real")))
        assert found == known, RAISE.format("pretrain")
