"""The 21 functions: what each gives, what it makes of nothing, what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.star.classes import OBJECTS, RELATIONS, VERBS
from studies.star.executor import FUNCTIONS, Executor
from studies.star.programs import INPUTS, MOST_WORDS, ProgramError, program, published
from studies.star.situations import Frame

# Opened the refrigerator, took food, closed the refrigerator.
FRAMES = {
    "000010": Frame(("a110",), ("o000", "o008"), ("r019",), (("o000", "o008"),)),
    "000020": Frame(("a049",), ("o000", "o008", "o028"), ("r009",), (("o000", "o028"),)),
    "000030": Frame(("a109", "a110"), ("o000", "o028"), (), ()),
}


def run(text: str, **settings: str) -> object:
    return Executor(FRAMES, **settings).run(tuple(text.split()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Situations Actions", ["a110", "a049", "a109"]),
        ("Situations Objs", ["o000", "o008", "o028"]),
        ("Situations Rels", ["r009", "r019"]),
        ("Situations Actions Query_Verbs", ["open", "take", "close"]),
        ("Situations Actions Query_Latest_Action Query_Objs", "refrigerator"),
        ("Situations Objs take Filter_Objs_by_Verb", ["food"]),
        ("Situations holding Filter_Situations_with_Rel Actions", ["a049"]),
        ("Situations food Filter_Situations_with_Obj Actions", ["a049", "a109", "a110"]),
        ("Situations Actions Situations Actions Query_Earliest_Action Except", ["a049", "a109"]),
        ("book door Union", ["book", "door"]),
        ("door door Equal", "Correct"),
        ("Situations Actions Query_Objs food Equal", "Wrong"),
        ("Situations Actions Query_Objs food Belong_to", "Correct"),
        # A pair of two nothings, which no option is equal to.
        ("Situations Actions wash Filter_Actions_with_Verb Query_Actions", [None, None]),
        (
            "Situations Actions wash Filter_Actions_with_Verb Query_Actions wash dish Union Equal",
            "Wrong",
        ),
        ("Situations Actions wash Filter_Actions_with_Verb Unique", "error"),
        ("Actions", "error"),
        ("", "error"),
    ],
)
def test_what_programs_give(text: str, expected: object) -> None:
    """Values, verdicts, and the word error."""
    assert run(text) == expected


def test_names_are_compared_whole() -> None:
    """`door` is no part of `doorknob`, where the released code finds the one in the other."""
    assert run("doorknob door Belong_to") == "Wrong"
    assert run("Situations Actions Query_Objs foo Except") == [
        "refrigerator",
        "food",
        "refrigerator",
    ]


def test_a_relation_that_no_frame_has_leaves_all_in_or_none() -> None:
    """As `fallback` says."""
    text = "Situations wearing Filter_Situations_with_Rel Actions"
    assert run(text) == ["a110", "a049", "a109"]
    assert run(text, fallback="none") == "error"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Situations lap Filter_Situations_with_Obj", "no object 'lap'. Did you mean 'laptop'?"),
        (
            "Situations hold Filter_Situations_with_Rel",
            "no relation 'hold'. Did you mean 'hold",
        ),
        ("Situations Objs drink Filter_Objs_by_Verb", "no verb of the action space 'drink'"),
        ("book Actions", "Actions: takes situations, not 'book'"),
        ("Situations Actions a083 Filter_After_Actions", "the action 'a083' is not among"),
        ("book door Union take Filter_Actions_with_Verb", "takes actions, not 'book'"),
    ],
)
def test_values_that_a_function_cannot_take(text: str, complaint: str) -> None:
    """Named with the function; the released code stops with an error of Python."""
    with pytest.raises(ProgramError) as caught:
        run(text)
    assert complaint in str(caught.value)
    assert str(caught.value).startswith(next(w for w in reversed(text.split()) if w in INPUTS))


def test_there_are_21_functions() -> None:
    """Each with its number of inputs."""
    assert set(FUNCTIONS) == set(INPUTS)
    assert len(INPUTS) == 21


WORDS = st.sampled_from(
    [*INPUTS, *INPUTS, *list(OBJECTS.values())[:6], *list(VERBS.values()), *RELATIONS.values()]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS, max_size=25))
def test_any_program_ends(words: list[str]) -> None:
    """In a value or in a message, never in another error; and twice the same."""
    executor = Executor(FRAMES)
    try:
        first = executor.run(tuple(words))
    except ProgramError:
        return
    assert executor.run(tuple(words)) == first
    assert first != []


@given(st.lists(WORDS, max_size=25))
def test_both_forms_are_one_program(words: list[str]) -> None:
    """The published steps and the early flat list, but for words behind the last function."""
    while words and words[-1] not in INPUTS:
        words.pop()
    assert program(published(tuple(words))) == program(words) == tuple(words)


def test_endings_share_their_beginning() -> None:
    """Each is run as if the program stood alone in front of it."""
    asks = tuple("Situations Actions Query_Objs".split())
    endings = [("food", "Belong_to"), ("book", "Belong_to"), ("Equal",)]
    executor = Executor(FRAMES)
    assert executor.run_each(asks, endings) == [executor.run((*asks, *end)) for end in endings]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("Situations", "a program is a list of steps, not 'Situations'"),
        ([{"function": "Objs"}], "step 0 is {'function': 'Objs'}; accepted is"),
        ([{"function": "Objs", "value_input": [["Situations"]]}], "in value_input is no text"),
        (["word"] * (MOST_WORDS + 1), "no program of more than 256 is run"),
    ],
)
def test_what_is_no_program(given: object, complaint: str) -> None:
    """Neither form, programs inside of programs, and one without end."""
    with pytest.raises(ProgramError, match=r".") as caught:
        program(given)
    assert complaint in str(caught.value)
