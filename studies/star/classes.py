"""The names of the benchmark's classes, and which verbs go with which objects.

Names and numbers are those of the class files of csbobby/STAR_Benchmark (Apache-2.0), typed anew;
the action space is the one of its executor. A class is called by its id: `o017`, `r009`, `a023`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

TYPES = ("Interaction", "Sequence", "Prediction", "Feasibility")
"""The four kinds of questions."""

PERSON = "o000"

_OBJECTS = """person broom picture closet/cabinet blanket window table paper/notebook refrigerator
pillow cup/glass/bottle shelf shoe medicine phone/camera box sandwich book bed clothes mirror
sofa/couch floor bag dish laptop door towel food chair doorknob doorway groceries hands light vacuum
television"""

_RELATIONS = """on behind in_front_of on_the_side_of above beneath drinking_from
have_it_on_the_back wearing holding lying_on covered_by carrying eating leaning_on sitting_on
twisting writing_on standing_on touching wiping at under near"""

_VERBS = """close drink eat grasp hold lie open put sit stand take throw tidy turn walk wash
watch"""

# Action classes in their order, those of one object together.
_ACTIONS = """clothes: hold put take throw tidy wash | door: close open |
table: sit sit tidy wash | phone/camera: hold put take | bag: open put take throw |
book: close hold open put take throw watch | towel: put take throw tidy |
box: close hold open put take throw | laptop: close hold open put take |
shoe: hold put take throw | chair: sit stand | food: hold put take throw |
sandwich: eat hold put take | blanket: hold put take throw tidy | pillow: hold put take throw |
picture: take hold put watch | window: close open wash watch | mirror: hold wash | doorway: walk |
broom: hold put take throw tidy | light: turn turn | cup/glass/bottle: drink put take wash |
closet/cabinet: close open tidy | paper/notebook: put take | dish: hold put take wash |
sofa/couch: lie sit | floor: lie sit | medicine: hold eat | groceries: put | television: watch |
bed: lie sit | vacuum: hold take | hands: wash | doorknob: grasp | refrigerator: close open"""

_SPACE = """wash: table dish mirror window cup/glass/bottle clothes |
sit: table floor bed sofa/couch | lie: bed floor sofa/couch |
tidy: blanket clothes towel table closet/cabinet broom |
hold: pillow dish phone/camera book sandwich food clothes shoe blanket laptop mirror box broom
picture medicine | throw: pillow blanket clothes towel bag shoe box book food broom |
put: pillow paper/notebook book sandwich food dish clothes towel shoe phone/camera blanket laptop
cup/glass/bottle bag broom box picture |
close: book closet/cabinet door refrigerator window laptop box |
take: pillow paper/notebook book sandwich food dish clothes towel shoe phone/camera blanket laptop
cup/glass/bottle bag broom box picture |
open: book door closet/cabinet refrigerator bag laptop box window | eat: sandwich medicine"""


class ActionClass(NamedTuple):
    """One kind of action: what is done, to what."""

    verb: str
    object: str


def _numbered(letter: str, names: Iterable[str]) -> dict[str, str]:
    return {f"{letter}{number:03d}": name for number, name in enumerate(names)}


def _groups(text: str) -> Iterable[tuple[str, list[str]]]:
    for group in text.split("|"):
        head, members = group.split(":")
        yield head.strip(), members.split()


OBJECTS: Mapping[str, str] = _numbered("o", _OBJECTS.split())
"""Id -> name of the 37 objects, the person first."""
RELATIONS: Mapping[str, str] = _numbered("r", _RELATIONS.split())
"""Id -> name of the 24 relations."""
VERBS: Mapping[str, str] = _numbered("v", _VERBS.split())
"""Id -> name of the 17 verbs."""
ACTIONS: Mapping[str, ActionClass] = {
    f"a{number:03d}": action
    for number, action in enumerate(
        ActionClass(verb, name) for name, verbs in _groups(_ACTIONS) for verb in verbs
    )
}
"""Id -> verb and object of the 111 actions; two pairs stand twice."""

OBJECT_IDS: Mapping[str, str] = {name: id for id, name in OBJECTS.items()}
RELATION_IDS: Mapping[str, str] = {name: id for id, name in RELATIONS.items()}

OBJECTS_OF: Mapping[str, tuple[str, ...]] = {
    verb: tuple(objects) for verb, objects in _groups(_SPACE)
}
"""Verb -> the objects that go with it: 95 pairs of 11 verbs and 27 objects."""
VERBS_OF: Mapping[str, tuple[str, ...]] = {
    name: tuple(verb for verb, objects in OBJECTS_OF.items() if name in objects)
    for name in OBJECTS.values()
    if any(name in objects for objects in OBJECTS_OF.values())
}
"""Object -> the verbs that go with it, of the same pairs."""

PARTICLES: Mapping[str, str] = {
    "put": "down",
    "tidy": "up",
    "sit": "on",
    "lie": "on",
    "stand": "on",
    "drink": "from",
    "walk": "through",
    "grasp": "onto",
}
"""What follows a verb in a sentence; programs carry the bare verb."""
ACTION_PARTICLES: Mapping[str, str] = {
    "a009": "at",
    "a025": "at",
    "a067": "at",
    "a071": "outside",
    "a080": "on",
    "a081": "off",
    "a101": "",
}
"""What follows the verb of single actions, where it is not PARTICLES'."""


def phrase(action: str) -> str:
    """The verb of an action with what follows it in a sentence: "put down", "sit at"."""
    verb = ACTIONS[action].verb
    return f"{verb} {ACTION_PARTICLES.get(action, PARTICLES.get(verb, ''))}".strip()


def verb_phrase(verb: str) -> str:
    """A bare verb with what usually follows it."""
    return f"{verb} {PARTICLES.get(verb, '')}".strip()
