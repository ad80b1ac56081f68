"""Questions, graphs and programs as lines of text, and the vocabulary's text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from studies.star.classes import ACTIONS, OBJECTS, RELATIONS, phrase
from studies.star.programs import Program
from studies.star.questions import Question
from studies.star.situations import Situations
from studies.star.templates import TEMPLATES

Pair = tuple[str, str]
"""What is read and what is written."""

CONTACT = frozenset(f"r{number:03d}" for number in range(6, 21))
"""Relations of contact; where things lie to each other, no question of ours asks for."""


def sentence(text: str) -> str:
    """A sentence as models read and write it: in lower case."""
    return text.lower()


def blind(question: Question) -> str:
    """The question and its options."""
    options = " ; ".join(sentence(option.text) for option in question.options)
    return f"{sentence(question.text)} options: {options}"


def graph_text(question: Question) -> str:
    """The same, and the situation graph written out."""
    return f"{blind(question)} graph: {written_out(question.situations)}"


def written_out(situations: Situations) -> str:
    """What runs and what is touched, each time that it changes."""
    steps: list[str] = []
    for frame in situations.values():
        running = [" ".join(ACTIONS[action]) for action in frame.actions]
        touched = [
            f"{RELATIONS[relation]} {OBJECTS[thing]}"
            for relation, (_, thing) in zip(frame.relations, frame.pairs, strict=True)
            if relation in CONTACT
        ]
        step = " , ".join([*running, *dict.fromkeys(touched)])
        if not steps or steps[-1] != step:
            steps.append(step)
    return " ; ".join(steps)


def of_question(question: Question) -> str:
    """What the program of a question is parsed from."""
    return f"question: {sentence(question.text)}"


def of_option(question: Question, place: int) -> str:
    """What the program of an option is parsed from."""
    return f"{of_question(question)} option: {sentence(question.options[place].text)}"


def answers(read: Callable[[Question], str], questions: Iterable[Question]) -> Iterator[Pair]:
    """What a reader learns from: the right option, written out."""
    for question in questions:
        yield read(question), sentence(question.answer_text)


def programs(questions: Iterable[Question]) -> Iterator[Pair]:
    """What a parser learns from: the program of the question and those of its options."""
    for question in questions:
        yield of_question(question), " ".join(question.program)
        for place, option in enumerate(question.options):
            yield of_option(question, place), " ".join(option.program)


LINES: Mapping[str, Callable[[Question], str]] = {"blind": blind, "graph_text": graph_text}
"""A trained reader -> the line that it reads of a question."""

PAIRS: Mapping[str, Callable[[Iterable[Question]], Iterator[Pair]]] = {
    **{name: partial(answers, line) for name, line in LINES.items()},
    "program": programs,
}
"""What a model is trained for -> what it learns from."""


def inventory() -> Iterator[str]:
    """Every template with every action and relation: the text that the vocabulary is made of."""
    for template in TEMPLATES.values():
        for place, (id, (verb, name)) in enumerate(ACTIONS.items()):
            said = phrase(id)
            relation = list(RELATIONS.values())[place % len(RELATIONS)]
            slots = dict.fromkeys(("verb", "verb1", "verb2"), said)
            slots |= dict.fromkeys(("obj", "obj1", "obj2"), name)
            slots |= dict.fromkeys(("rel", "rel1", "rel2"), relation)
            answer = {"answer_verb": said, "answer_obj": name}
            program: Program = template.question_program(slots)
            yield sentence(f"question: {template.ask(slots)} option: {template.say(answer)}")
            yield f"options: graph: {verb} {name} , {relation} {name} ;"
            yield " ".join((*program, *template.option_program(answer)))
