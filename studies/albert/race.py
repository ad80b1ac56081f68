"""Rows of RACE: a passage, and a question with one of its options (section 4.9).

RACE is Lai et al. (2017). Lengths are in pieces.
"""

from __future__ import annotations

from collections.abc import Mapping

BLANK = "_"
LONGEST_ENDING = 128
"""Pieces of a question with its option, as released."""
TEST_QUESTIONS: Mapping[str, int] = {"middle": 1436, "high": 3498}


def ending(question: str, option: str) -> str:
    """A question with an option in its blanks, or behind it where it has none."""
    return question.replace(BLANK, option) if BLANK in question else f"{question} {option}"


def cut(passage: int, of_ending: int, longest: int, specials: int = 3) -> tuple[int, int]:
    """How much is kept of a passage, its beginning, and of an ending, its end, in a row."""
    kept = min(of_ending, LONGEST_ENDING)
    return min(passage, longest - specials - kept), kept


def accuracy(of_levels: Mapping[str, float]) -> float:
    """Over all test questions, by the accuracy of each level."""
    right = sum(of_levels[level] * questions for level, questions in TEST_QUESTIONS.items())
    return right / sum(TEST_QUESTIONS.values())
