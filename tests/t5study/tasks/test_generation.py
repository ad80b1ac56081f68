"""SQuAD, summarization and translation."""

from __future__ import annotations

import pytest

from t5study.tasks import TaskError, get_task

SQUAD = {
    "id": "x",
    "question": "A question?",
    "context": "Some  context\u00a0é.\n",
    "answers": {"text": ["The answer.", "Another answer."]},
}


def test_squad_sets_off_punctuation():
    """Spaces surround punctuation, also at the end; other runs of spaces become one."""
    task = get_task("squad")
    (made,) = task.preprocess(SQUAD)
    assert made == {
        "inputs": "question: A question ? context: Some context\u00a0é . ",
        "targets": "The answer . ",
        "answers": ["The answer . ", "Another answer . "],
        "id": "x",
    }
    assert task.target(made) == ["The answer . ", "Another answer . "]


def test_squad_as_of_2019_splits_letters_with_accents():
    """Every character but ASCII letters, digits and _ is set off."""
    (made,) = get_task("squad", padding="non-word").preprocess(SQUAD)
    assert made["inputs"] == "question: A question ? context: Some context \u00a0 é . "


def test_squad_as_the_paper_prints_it():
    """Nothing is set off and nothing collapsed."""
    (made,) = get_task("squad", padding="none").preprocess(SQUAD)
    assert made["inputs"] == f"question: A question? context: {SQUAD['context']}"
    assert made["targets"] == "The answer."


def test_squad_without_answers():
    """A question without answers has the target <unk> and cannot be answered."""
    task = get_task("squad")
    (made,) = task.preprocess({**SQUAD, "answers": {"text": []}})
    assert made["targets"] == "<unk>"
    assert task.score([task.target(made)], ["x"]) == {"em": 0.0, "f1": 0.0}


@pytest.mark.parametrize(
    ("name", "code", "language"),
    [
        ("wmt14_ende", "de", "German"),
        ("wmt15_enfr", "fr", "French"),
        ("wmt16_enro", "ro", "Romanian"),
    ],
)
def test_translation_names_its_languages(name, code, language):
    """The input says from and to which language."""
    (made,) = get_task(name).preprocess({"translation": {"en": "One.", code: "Two."}})
    assert made == {"inputs": f"translate English to {language}: One.", "targets": "Two."}


def test_english_german_training_data():
    """What ran was Vaswani et al.'s training set; WMT 2014's own is a setting."""
    assert get_task("wmt14_ende").identity("train")["hub"] == "wmt/wmt_t2t"
    assert get_task("wmt14_ende", data="wmt14").identity("train")["hub"] == "wmt/wmt14"


def test_missing_translation():
    """A target that is no text is refused."""
    with pytest.raises(TaskError, match=r"Field 'translation\.ro' holds None, expected text"):
        get_task("wmt16_enro").preprocess({"translation": {"en": "One.", "ro": None}})


def test_summary_keeps_its_lines():
    """The highlights stay as they are, a sentence a line."""
    raw = {"article": "Long text.", "highlights": "One .\nTwo .", "id": "7"}
    (made,) = get_task("cnn_dailymail").preprocess(raw)
    assert made == {"inputs": "summarize: Long text.", "targets": "One .\nTwo .", "id": "7"}
