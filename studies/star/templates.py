"""The 20 templates: the sentence of a question, of its answer, and their programs.

`[w]` words of a program are slots. A slot `verb` is inflected by a sentence and bare in a program.
Programs that no released file shows are marked; docs/studies/star.md says what is inferred.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from studies.star.programs import Program
from studies.star.wording import as_answer, fill

OPTIONS = {
    "object": "{answer_obj}",
    "verb": "{answer_verb}",
    "pair": "{answer_verb} {answer_obj} Union",
}
"""What an answer names -> how its program says it."""


@dataclass(frozen=True, kw_only=True)
class Template:
    """One way to ask."""

    question: str
    answer: str
    program: str
    names: str
    """What the answer names: an "object", a "verb" or a "pair" of both."""
    judged: str
    """The function that ends an option's program: Equal or Belong_to."""
    asked: str | None = None
    """The slot of the question that an answer has to go with; of a pair, its object."""

    def ask(self, slots: Mapping[str, str]) -> str:
        """The question as a sentence."""
        return fill(self.question, slots)

    def say(self, answer: Mapping[str, str], slots: Mapping[str, str] | None = None) -> str:
        """An answer as a sentence, of `answer_verb` and `answer_obj`."""
        return as_answer(fill(self.answer, {**(slots or {}), **answer}))

    def question_program(self, slots: Mapping[str, str]) -> Program:
        """What finds the answer in a situation graph."""
        return _filled(self.program, slots)

    def option_program(self, answer: Mapping[str, str]) -> Program:
        """What compares one option with what the question's program found."""
        return _filled(f"{OPTIONS[self.names]} {self.judged}", answer)


def _filled(program: str, slots: Mapping[str, str]) -> Program:
    bare = {name: word.split(" ")[0] for name, word in slots.items()}
    return tuple(program.format_map(bare).split())


ALL = "Situations Actions"
NAMED_1 = f"{ALL} {ALL} {{obj1}} Filter_Actions_with_Obj {{verb1}} Filter_Actions_with_Verb Unique"
NAMED_2 = f"{ALL} {ALL} {{obj2}} Filter_Actions_with_Obj {{verb2}} Filter_Actions_with_Verb Unique"
"""All actions, and the one that the question names."""
NEXT = f"{ALL} {ALL} Query_Earliest_Action Filter_After_Actions"
IN_RELATION = "Situations {rel} Filter_Situations_with_Rel {obj} Filter_Situations_with_Obj"
IN_PLACE = "Situations {rel} Filter_Situations_with_Rel {obj2} Filter_Situations_with_Obj"

TEMPLATES: Mapping[str, Template] = {
    "Interaction_T1": Template(
        question="Which object was {verb:participle} by the person?",
        answer="The {answer_obj}.",
        program=f"{ALL} {{verb}} Filter_Actions_with_Verb Unique Query_Objs",
        names="object",
        judged="Equal",
        asked="verb",
    ),
    "Interaction_T2": Template(
        question="What did the person do with the {obj}?",
        answer="{answer_verb:past}.",
        program=f"{ALL} {{obj}} Filter_Actions_with_Obj Unique Query_Verbs",
        names="verb",
        judged="Equal",
        asked="obj",
    ),
    "Interaction_T3": Template(
        question="What did the person do while they were {rel} the {obj}?",
        answer="{answer_verb:past} the {answer_obj}.",
        program=f"{IN_RELATION} Actions Query_Actions",
        names="pair",
        judged="Belong_to",
        asked="obj",
    ),
    "Interaction_T4": Template(
        question=(
            "What did the person do while they were {rel1} the {obj1} and {rel2} the {obj2}?"
        ),
        answer="{answer_verb:past} the {answer_obj}.",
        program=(
            "Situations {rel1} Filter_Situations_with_Rel {obj1} Filter_Situations_with_Obj "
            "Actions Situations {rel2} Filter_Situations_with_Rel {obj2} "
            "Filter_Situations_with_Obj Actions Union Query_Actions"
        ),
        names="pair",
        judged="Belong_to",
    ),
    "Sequence_T1": Template(
        question="Which object did the person {verb1} after they {verb2:past} the {obj2}?",
        answer="The {answer_obj}.",
        program=(
            f"{NAMED_2} Filter_After_Actions {{verb1}} Filter_Actions_with_Verb "
            "Query_Earliest_Action Query_Objs"
        ),
        names="object",
        judged="Equal",
        asked="verb1",
    ),
    "Sequence_T2": Template(
        question="Which object did the person {verb1} before they {verb2:past} the {obj2}?",
        answer="The {answer_obj}.",
        program=(
            f"{NAMED_2} Filter_Before_Actions {{verb1}} Filter_Actions_with_Verb "
            "Query_Latest_Action Query_Objs"
        ),
        names="object",
        judged="Equal",
        asked="verb1",
    ),
    "Sequence_T3": Template(
        question="What happened after the person {verb1:past} the {obj1}?",
        answer="{answer_verb:past} the {answer_obj}.",
        program=f"{NAMED_1} Filter_After_Actions Query_Earliest_Action Query_Actions",
        names="pair",
        judged="Equal",
    ),
    "Sequence_T4": Template(
        question="What happened before the person {verb1:past} the {obj1}?",
        answer="{answer_verb:past} the {answer_obj}.",
        program=f"{NAMED_1} Filter_Before_Actions Query_Latest_Action Query_Actions",
        names="pair",
        judged="Equal",
    ),
    "Sequence_T5": Template(
        question=("What did the person do to the {obj2} after {verb1:progressive} the {obj1}?"),
        answer="{answer_verb:past}.",
        program=(
            f"{NAMED_1} Filter_After_Actions {{obj2}} Filter_Actions_with_Obj "
            "Query_Earliest_Action Query_Verbs"
        ),
        names="verb",
        judged="Equal",
        asked="obj2",
    ),
    "Sequence_T6": Template(
        question=("What did the person do to the {obj2} before {verb1:progressive} the {obj1}?"),
        answer="{answer_verb:past}.",
        program=(
            f"{NAMED_1} Filter_Before_Actions {{obj2}} Filter_Actions_with_Obj "
            "Query_Latest_Action Query_Verbs"
        ),
        names="verb",
        judged="Equal",
        asked="obj2",
    ),
    "Prediction_T1": Template(
        question="What will the person do next?",
        answer="{answer_verb} the {answer_obj}.",
        program=f"{NEXT} Query_Actions",
        names="pair",
        judged="Belong_to",
    ),
    # Of T2 to T4 the last step before the query is inferred.
    "Prediction_T2": Template(
        question="What will the person do next with the {obj}?",
        answer="{answer_verb}.",
        program=f"{NEXT} {{obj}} Filter_Actions_with_Obj Query_Earliest_Action Query_Verbs",
        names="verb",
        judged="Equal",
        asked="obj",
    ),
    "Prediction_T3": Template(
        question="Which object would the person {verb} next?",
        answer="The {answer_obj}.",
        program=f"{NEXT} {{verb}} Filter_Actions_with_Verb Query_Earliest_Action Query_Objs",
        names="object",
        judged="Equal",
        asked="verb",
    ),
    "Prediction_T4": Template(
        question=("Which object would the person {verb2} next after they {verb1:past} the {obj1}?"),
        answer="The {answer_obj}.",
        program=(
            f"{NAMED_1} Filter_After_Actions {{verb2}} Filter_Actions_with_Verb "
            "Query_Earliest_Action Query_Objs"
        ),
        names="object",
        judged="Equal",
        asked="verb2",
    ),
    "Feasibility_T1": Template(
        question="Which other object is possible to be {verb:participle} by the person?",
        answer="The {answer_obj}.",
        program=(
            f"Situations Objs {{verb}} Filter_Objs_by_Verb {ALL} {{verb}} "
            "Filter_Actions_with_Verb Query_Earliest_Action Query_Objs Except"
        ),
        names="object",
        judged="Belong_to",
        asked="verb",
    ),
    "Feasibility_T2": Template(
        question="What else is the person able to do with the {obj}?",
        answer="{answer_verb} the {answer_obj}.",
        program=(
            f"{ALL} {{obj}} Filter_Actions_with_Obj {ALL} {{obj}} Filter_Actions_with_Obj "
            "Query_Earliest_Action Except Query_Actions"
        ),
        names="pair",
        judged="Belong_to",
        asked="obj",
    ),
    # T3 and T4 are seen nowhere: what fits the functions.
    "Feasibility_T3": Template(
        question=(
            "Which object is possible to be {verb1:participle} when the person is {rel} the {obj2}?"
        ),
        answer="The {answer_obj}.",
        program=f"{IN_PLACE} Objs {{verb1}} Filter_Objs_by_Verb",
        names="object",
        judged="Belong_to",
        asked="verb1",
    ),
    "Feasibility_T4": Template(
        question="What is the person able to do when they are {rel} the {obj2}?",
        answer="{answer_verb} the {answer_obj}.",
        program=f"{IN_PLACE} Actions Query_Actions",
        names="pair",
        judged="Belong_to",
    ),
    "Feasibility_T5": Template(
        question=(
            "Which object is the person able to {verb1} after {verb2:progressive} the {obj2}?"
        ),
        answer="The {answer_obj}.",
        program=f"{NAMED_2} Filter_After_Actions {{verb1}} Filter_Actions_with_Verb Query_Objs",
        names="object",
        judged="Belong_to",
        asked="verb1",
    ),
    "Feasibility_T6": Template(
        question="What is the person able to do after {verb1:progressive} the {obj1}?",
        answer="{answer_verb} the {answer_obj}.",
        program=f"{NAMED_1} Filter_After_Actions Query_Actions",
        names="pair",
        judged="Belong_to",
    ),
}
