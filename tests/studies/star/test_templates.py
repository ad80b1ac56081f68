"""The sentences and programs of the 20 templates, and the names of the classes."""

from __future__ import annotations

from collections import Counter

import pytest

from studies.star.classes import ACTIONS, OBJECTS, OBJECTS_OF, RELATIONS, VERBS, VERBS_OF, phrase
from studies.star.model.words import WORDS
from studies.star.programs import INPUTS
from studies.star.templates import TEMPLATES
from studies.star.wording import FORMS, LEMMAS

SLOTS = {
    **dict.fromkeys(("verb", "verb1", "verb2", "answer_verb"), "put down"),
    **dict.fromkeys(("obj", "obj1", "obj2", "answer_obj"), "cup/glass/bottle"),
    **dict.fromkeys(("rel", "rel1", "rel2"), "in_front_of"),
}


def test_there_are_as_many_as_the_paper_says() -> None:
    """Templates by type, classes, and pairs of the action space."""
    kinds = Counter(name.split("_")[0] for name in TEMPLATES)
    assert kinds == {"Interaction": 4, "Sequence": 6, "Prediction": 4, "Feasibility": 6}
    assert (len(OBJECTS), len(RELATIONS), len(VERBS), len(ACTIONS)) == (37, 24, 17, 111)
    assert (len(OBJECTS_OF), len(VERBS_OF), sum(map(len, OBJECTS_OF.values()))) == (11, 27, 95)


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_fills_its_slots(name: str) -> None:
    """No brace is left, programs carry bare verbs, and models know every word."""
    template = TEMPLATES[name]
    whole = (*template.question_program(SLOTS), *template.option_program(SLOTS))
    for text in (template.ask(SLOTS), template.say(SLOTS), *whole):
        assert "{" not in text
    assert "down" not in whole
    assert "_" not in template.ask(SLOTS)
    assert whole[-1] in ("Equal", "Belong_to")
    assert {word for word in whole if word not in INPUTS} <= {
        "put",
        "cup/glass/bottle",
        "in_front_of",
    }
    for text in (template.ask(SLOTS).lower(), template.say(SLOTS).lower(), " ".join(whole)):
        assert WORDS.unk not in WORDS.encode(text)
    assert WORDS.decode(WORDS.encode(" ".join(whole))) == " ".join(whole)


def test_verbs_are_inflected_in_their_first_word() -> None:
    """With what follows them, by the action where that decides."""
    ask = TEMPLATES["Feasibility_T6"].ask
    assert ask({"verb1": phrase("a009"), "obj1": "table"}).endswith("after sitting at the table?")
    assert ask({"verb1": "lie", "obj1": "bed"}).endswith("after lying on the bed?")
    assert TEMPLATES["Interaction_T2"].say({"answer_verb": "tidy"}) == "Tidied up."
    assert set(FORMS) == set(VERBS.values())
    assert LEMMAS["thrown"] == LEMMAS["threw"] == LEMMAS["throwing"] == "throw"
