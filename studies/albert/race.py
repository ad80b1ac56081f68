"""Scores of RACE (Lai et al. 2017), which is trained on and scored with both its levels."""

from __future__ import annotations

from collections.abc import Mapping

TEST_QUESTIONS: Mapping[str, int] = {"middle": 1436, "high": 3498}


def accuracy(of_levels: Mapping[str, float]) -> float:
    """Over all test questions, by the accuracy of each level."""
    right = sum(of_levels[level] * questions for level, questions in TEST_QUESTIONS.items())
    return right / sum(TEST_QUESTIONS.values())
