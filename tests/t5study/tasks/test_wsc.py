"""Winograd tasks: which pronoun is highlighted, which noun is meant, what counts as named."""

from __future__ import annotations

import pytest

from t5study.tasks import TaskError, get_task
from t5study.tasks.pronouns import highlight_pronoun, highlight_span, referent_match, wnli_texts

TOM = "Mitchell asked Tom if he could lend some money."


@pytest.mark.parametrize(
    ("text", "span", "index", "expected"),
    [
        (TOM, "he", 4, TOM.replace(" he ", " *he* ")),
        ("he said he was", "he", 2, "he said *he* was"),
        ("It rained .", "It", 0, "*It* rained ."),
        ("Good for him .", "him", 2, "Good for *him* ."),
        # Glued punctuation is set off; an index that is off finds its pronoun nearby.
        ('"Good for him," he said. ', "him", 2, '"Good for *him* ," he said.'),
        ("might use it , but it", "it", 1, "might use *it* , but it"),
        ("so that newbie won", "that newbie", 1, "so *that newbie* won"),
        ("and (He) left", "he", 1, "and (*He* ) left"),
    ],
)
def test_highlight_by_index(text, span, index, expected):
    """The word at the index stands between asterisks."""
    assert highlight_span(text, span, index) == expected


def test_text_without_the_pronoun():
    """A pronoun that is not in the text is refused with both."""
    with pytest.raises(TaskError, match="'a b' has no pronoun 'it'"):
        highlight_span("a b", "it", 0)


@pytest.mark.parametrize(
    ("sentence", "pronoun", "expected"),
    [
        (TOM, "he", TOM.replace(" he ", " *he* ")),
        ("Bill won because that newbie had luck.", "that newbie",
         "Bill won because *that newbie* had luck."),
        ("The book was unreadable to him.", "him", "The book was unreadable to *him*."),
        ("Ann ran, as she, not Bo, was late.", "she", "Ann ran, as *she*, not Bo, was late."),
        ("Her car broke when she left her.", "her", "Her car broke when she left *her*."),
        # Where the published pattern finds nothing: other marks, the sentence's first word.
        ("Was it Ann who saw him?", "him", "Was it Ann who saw *him*?"),
        ("They ran because the dogs barked.", "they", "*They* ran because the dogs barked."),
        ("No pronoun here.", "it", "No pronoun here."),
    ],
)  # fmt: skip
def test_highlight_first_occurrence(sentence, pronoun, expected):
    """The first whole occurrence is highlighted, and only that."""
    assert highlight_pronoun(sentence, pronoun) == expected


@pytest.mark.parametrize(
    ("premise", "hypothesis", "text", "candidate"),
    [
        (
            "Lily spoke to Donna breaking her silence.",
            "Lily spoke to Donna breaking Donna's silence.",
            "Lily spoke to Donna breaking *her* silence.",
            "Donna",
        ),
        (
            "The fish ate the worm. It was tasty.",
            "The worm was tasty.",
            "The fish ate the worm. *It* was tasty.",
            "The worm",
        ),
        (
            "He pulled the tape off, and some of the glue was stuck on it.",
            "Some of the glue was stuck on the window sill.",
            "He pulled the tape off, and some of the glue was stuck on *it* .",
            "the window sill",
        ),
        (
            "The dogs' owner said that their bowl was empty!",
            "The dogs' bowl was empty.",
            "The dogs' owner said that *their* bowl was empty!",
            "The dogs",
        ),
        # The first of two pronouns that score alike.
        ("He and he left.", "Bo left.", "He and *he* left.", "Bo"),
        ("Nobody came.", "Bo came.", "Nobody came.", ""),
        # A word of punctuation alone does not shift the pronoun.
        ("Bo - , yes . it broke down.", "The car broke down.",
         "Bo - , yes . *it* broke down.", "The car"),
    ],
)  # fmt: skip
def test_wnli(premise, hypothesis, text, candidate):
    """The pronoun whose neighbours the hypothesis repeats is highlighted."""
    assert wnli_texts(premise, hypothesis) == (text, candidate)


def test_wnli_example_keeps_its_label():
    """The label says whether the candidate is the pronoun's noun."""
    task = get_task("glue_wnli")
    raw = {"sentence1": "The fish ate the worm. It was tasty.", "sentence2": "The worm was tasty."}
    (made,) = task.preprocess(raw | {"label": 0, "idx": 3})
    assert made == {
        "inputs": "wsc: The fish ate the worm. *It* was tasty.",
        "targets": "The worm",
        "label": 0,
        "idx": 3,
    }
    assert task.target(made) == 0
    assert task.splits == ("validation", "test")


@pytest.mark.parametrize(
    ("prediction", "referent", "match"),
    [
        ("potato", "Potato", 1),
        ("a potato", "my potato", 1),
        ("the cat", "cat", 1),
        ("bunny", "fuzzy hungry bunny", 1),
        ("fuzzy hungry bunny", "bunny", 1),
        ("fuzzy cat", "fuzzy bunny", 0),
        ("bunn", "bunny", 0),
        ("Bob's hat", "Bob's hat", 1),
        ("Bob", "Bob's hat", 0),
        ("hat", "Bob's", 0),
        ("", "cat", -1),
        ("a this", "cat", -1),
        ("  ", "cat", -1),
    ],
)
def test_referent_match(prediction, referent, match):
    """Words must contain each other; apostrophes must agree; nothing left is no answer."""
    assert referent_match(prediction, referent) == match


@pytest.mark.parametrize("name", ["super_glue_wsc", "glue_wnli"])
@pytest.mark.parametrize(
    ("text", "match"), [("bunny", 1), ("the fuzzy bunny", 1), ("Bunny", 0), ("a bunny", 0), ("", 0)]
)
def test_match_of_the_paper(name, text, match):
    """By the paper's words alone case and determiners matter."""
    assert get_task(name, match="paper").postprocess(text, {"targets": "fuzzy bunny"}) == match


def test_wsc_evaluates_wrong_referents_but_never_learns_them():
    """Label 0 is preprocessed like label 1; only training leaves it out."""
    task = get_task("super_glue_wsc")
    raw = {"text": TOM, "span1_text": "Mitchell", "span2_text": "he", "span2_index": 4}
    (made,) = task.preprocess(raw | {"label": 0})
    assert made["targets"] == "Mitchell"
    assert task.target(made) == 0
    assert not task.trains_on(raw | {"label": 0})
    assert task.trains_on(raw | {"label": 1})


def test_wsc_scores_true_and_false_examples():
    """Naming the wrong noun is right for a wrong referent."""
    task = get_task("super_glue_wsc")
    made = [{"targets": "Tom", "label": 1}, {"targets": "Mitchell", "label": 0}]
    predictions = [task.postprocess("tom", example) for example in made]
    assert task.score([task.target(example) for example in made], predictions) == {"acc": 100.0}
    assert task.postprocess("tom") == -1


@pytest.mark.parametrize(
    ("text", "prediction"), [("Tom", 1), ("Mitchell", 0), ("tom", -1), ("", -1)]
)
def test_dpr_answers_by_name(text, prediction):
    """An answer is the candidate that it names exactly."""
    task = get_task("dpr")
    raw = {"sentence": TOM, "pronoun": "he", "candidates": ["Mitchell", "Tom"], "label": 1}
    (made,) = task.preprocess(raw)
    assert made["inputs"] == "wsc: " + TOM.replace(" he ", " *he* ")
    assert task.target(made) == 1
    assert task.postprocess(text, made) == prediction


def test_dpr_label_out_of_range():
    """A label that names no candidate is refused."""
    task = get_task("dpr")
    with pytest.raises(TaskError, match="Field 'label' holds 2, expected 0"):
        task.preprocess({**task.example, "label": 2})
