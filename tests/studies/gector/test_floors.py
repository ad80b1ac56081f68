"""Correcting without a model."""

from __future__ import annotations

from studies.gector.floors import look_up, misspelt, nothing


def test_unambiguous_misspellings_are_replaced() -> None:
    """Not real words, what may mean two words, short forms or signs."""
    listed = misspelt(
        {
            "there": ["theer", "Then", "thr", "there's"],
            "receive": ["recieve", "recor"],
            "record": ["recor", "there"],
        },
        words=["then"],
    )
    assert listed == {"theer": "there", "recieve": "receive"}
    sentences = [["theer", "recor", "then", "recieve"], []]
    assert look_up(listed)(sentences) == [["there", "recor", "then", "receive"], []]
    assert nothing(sentences) == sentences
