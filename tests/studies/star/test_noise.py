"""What is seen and read wrongly, and that it is drawn as its rate says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.star.classes import ACTIONS, OBJECTS, RELATIONS
from studies.star.noise import Perception, misread
from studies.star.situations import Frame
from studies.star.templates import TEMPLATES

FRAMES = {
    f"{number:06d}": Frame(
        (f"a{number:03d}",), ("o000", "o008", "o028"), ("r019",), (("o000", "o008"),)
    )
    for number in range(100)
}


def seen(noise: float, seed: int = 0, **parts: str) -> dict[str, Frame]:
    usual = {"objects": "gt", "relations": "gt", "graph": "gt"}
    return Perception(**{**usual, **parts}, noise=noise, seed=seed).see(FRAMES, "V1")


@pytest.mark.parametrize("part", ["objects", "relations", "graph"])
def test_at_rate_0_all_is_seen_as_it_is(part: str) -> None:
    """And a part that is ground truth stays so at any rate."""
    assert seen(0.0, **{part: "noisy"}) == FRAMES
    assert seen(1.0) == FRAMES


def test_mistakes_keep_to_their_part() -> None:
    """Each part's classes become others of their kind; the person stays one."""
    graph = seen(1.0, graph="noisy")
    assert all(f.actions != FRAMES[n].actions for n, f in graph.items())
    assert {a for f in graph.values() for a in f.actions} <= set(ACTIONS)
    assert all(f[1:] == FRAMES[n][1:] for n, f in graph.items())
    relations = {r for f in seen(1.0, relations="noisy").values() for r in f.relations}
    assert "r019" not in relations
    assert relations <= set(RELATIONS)
    (objects,) = {f.objects for f in seen(1.0, objects="noisy").values()}
    assert objects[0] == "o000"
    assert not {"o008", "o028"} & set(objects)
    assert set(objects) <= set(OBJECTS)


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 5))
def test_mistakes_are_nested(one: float, other: float, seed: int) -> None:
    """What is mistaken at a rate is mistaken in the same way at a higher one."""
    low, high = sorted((one, other))
    rarely, often = (seen(noise, seed, graph="noisy") for noise in (low, high))
    for number, frame in FRAMES.items():
        if rarely[number].actions != frame.actions:
            assert often[number].actions == rarely[number].actions


def test_an_action_is_read_with_the_object_that_is_seen() -> None:
    """Or missed, where both are noisy and no such action exists."""
    frames = {"000001": Frame(("a049",), ("o000", "o028"), (), ())}
    for seed in range(40):
        detector = Perception(objects="noisy", relations="gt", graph="noisy", noise=0.5, seed=seed)
        frame = detector.see(frames, "V")["000001"]
        if frame.actions and frame.objects != ("o000", "o028"):
            (action,) = frame.actions
            verb, name = ACTIONS[action]
            assert verb == "take" or name != "food"


def test_programs_lose_words_and_keep_functions() -> None:
    """Every word at rate 1, none at rate 0."""
    slots = {"verb1": "open", "obj1": "book", "verb2": "take", "answer_obj": "box"}
    program = TEMPLATES["Prediction_T4"].question_program(slots)
    rng = np.random.default_rng(0)
    assert misread(program, noise=0.0, rng=rng) == program
    wrong = misread(program, noise=1.0, rng=rng)
    same = [one for one, other in zip(wrong, program, strict=True) if one == other]
    assert same == [word for word in program if word not in ("open", "book", "take")]
