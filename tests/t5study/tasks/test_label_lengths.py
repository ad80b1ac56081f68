"""How many tokens labels take, before there is a vocabulary and in one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.vocabulary import Vocabulary, train_vocabulary
from t5study.tasks import get_task
from t5study.tasks.label_lengths import cut_labels, longest, most_tokens

WORDS = "red green blue cat dog bird sun moon star tree river stone bread water wine".split()


@pytest.fixture(scope="module")
def vocabularies(tmp_path_factory: pytest.TempPathFactory) -> list[Vocabulary]:
    """Of text that knows no label word: one with bytes for what it does not know."""
    rng = random.Random(0)
    texts = [" ".join(rng.choices(WORDS, k=40)) for _ in range(60)]
    found = []
    for pieces, fallback in ((36, False), (290, True)):
        folder: Path = tmp_path_factory.mktemp("vocabulary")
        train_vocabulary(iter(texts), pieces, folder, byte_fallback=fallback)
        found.append(Vocabulary(folder))
    return found


@given(labels=st.lists(st.text(st.characters(codec="utf-8"), max_size=12), min_size=1, max_size=4))
def test_no_vocabulary_needs_more(vocabularies: list[Vocabulary], labels: list[str]):
    """Each piece of a label stands for a character or a byte of it."""
    for vocabulary in vocabularies:
        assert longest(labels, vocabulary)[1] <= most_tokens(labels)


def test_a_label_that_is_cut_is_complained_of(vocabularies: list[Vocabulary]):
    """With its tokens, and what to type; tasks without labels cannot be."""
    vocabulary = vocabularies[0]
    tasks = [get_task(name) for name in ("vader_sentiment", "boolq", "gettext_ende")]
    tokens = longest(tasks[0].labels or (), vocabulary)[1]
    assert tokens > 4
    found = cut_labels(tasks, vocabulary, tokens - 1, "targets_length")
    assert found[0].startswith(f"targets_length={tokens - 1}: the label '")
    assert f" of vader_sentiment takes {tokens} tokens of the vocabulary" in found[0]
    assert found[0].endswith(f"Type targets_length={tokens}.")
    assert all("gettext" not in complaint for complaint in found)
    assert cut_labels(tasks, vocabulary, 40, "targets_length") == []
