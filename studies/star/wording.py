"""The words of questions and answers: forms of the 17 verbs, sentences with slots."""

from __future__ import annotations

from collections.abc import Mapping

from studies.star.classes import verb_phrase

# past, past participle, progressive. The data set says "lied on the bed"; so do these.
_FORMS = """close closed closed closing | drink drank drunk drinking | eat ate eaten eating |
grasp grasped grasped grasping | hold held held holding | lie lied lied lying |
open opened opened opening | put put put putting | sit sat sat sitting |
stand stood stood standing | take took taken taking | throw threw thrown throwing |
tidy tidied tidied tidying | turn turned turned turning | walk walked walked walking |
wash washed washed washing | watch watched watched watching"""

FORMS: Mapping[str, Mapping[str, str]] = {
    verb: {"past": past, "participle": participle, "progressive": progressive}
    for verb, past, participle, progressive in (row.split() for row in _FORMS.split("|"))
}
"""Verb -> its forms by their names."""
LEMMAS: Mapping[str, str] = {
    form: verb for verb, forms in FORMS.items() for form in (verb, *forms.values())
}
"""Any form of a verb -> the verb."""


class VerbPhrase(str):
    """A verb with what follows it; a format such as `{verb:past}` inflects its first word."""

    __slots__ = ()

    def __format__(self, form: str) -> str:
        verb, _, rest = str(self).partition(" ")
        return f"{FORMS[verb][form] if form else verb} {rest}".strip()


def fill(sentence: str, slots: Mapping[str, str]) -> str:
    """A sentence with its slots filled.

    Slots called `verb`, `verb1`, ... are inflected as the sentence asks, a bare verb with what
    usually follows it; relations (`rel...`) lose their underscores.
    """
    words: dict[str, str] = {}
    for name, word in slots.items():
        if "verb" in name:
            words[name] = VerbPhrase(word if " " in word else verb_phrase(word))
        else:
            words[name] = word.replace("_", " ") if name.startswith("rel") else word
    return sentence.format_map(words)


def as_answer(text: str) -> str:
    """An answer's text as the data set writes it: the first letter up, all others down."""
    return text.capitalize()
