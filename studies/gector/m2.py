"""M2 files: sentences with the edits of several annotators, as of CoNLL-2014 and BEA-2019."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from lab.errors import DataError
from studies.gector.scoring.edits import Edit, GoldEdit, apply_edits
from studies.gector.text import read_lines

NOTHING = "-NONE-"
NO_EDIT = "noop"
NOT_JUDGED = "UNK"
"""An error that an annotator saw and did not correct: no scorer counts it."""


@dataclass
class Annotated:
    """A sentence and what each annotator would edit."""

    tokens: list[str]
    place: str
    """File and line, for messages."""
    edits: dict[int, list[GoldEdit]] = field(default_factory=dict)
    """By annotator; one without edits says that the sentence is right."""

    def annotators(self) -> list[list[GoldEdit]]:
        """Return each annotator's edits; a sentence without a line of theirs is right."""
        return list(self.edits.values()) or [[]]

    def target(self, annotator: int = 0) -> list[str]:
        """Return the sentence as an annotator corrected it, by the first of several ways.

        Raises DataError where edits overlap.
        """
        edits = [ways[0] for ways in self.edits.get(annotator, [])]
        edits.sort(key=lambda edit: edit[:2])
        for one, other in pairwise(edits):
            if other.start < one.end:
                raise DataError(
                    f"{self.place}: annotator {annotator} has two edits in one place, {one[:2]} "
                    f"and {other[:2]}. Take one of them out."
                )
        return apply_edits(self.tokens, edits)


def read_m2(path: Path) -> Iterator[Annotated]:
    """Yield the sentences of an M2 file. Raises DataError with a line that has another form."""
    sentence: Annotated | None = None
    for number, raw in enumerate(read_lines(path), 1):
        line = raw.strip().removeprefix("\ufeff")
        place = f"{path}, line {number}"
        if line == "S" or line.startswith("S "):
            if sentence:
                yield sentence
            sentence = Annotated(line[2:].split(), place)
        elif line.startswith("A ") and sentence:
            _annotate(sentence, line[2:], place)
        elif line:
            raise DataError(
                f"{place} is {line[:60]!r}. An M2 file has lines 'S tokens' and, below each, "
                "'A start end|||kind|||words|||REQUIRED|||-NONE-|||annotator'."
            )
    if sentence:
        yield sentence


def _annotate(sentence: Annotated, line: str, place: str) -> None:
    """Note the edit of one line."""
    fields = line.split("|||")
    try:
        start, end = map(int, fields[0].split())
        kind, words, annotator = fields[1], fields[2:-3], int(fields[-1])
    except (ValueError, IndexError) as error:
        raise DataError(
            f"{place} is 'A {line[:60]}'. An edit is 'A start end|||kind|||words|||REQUIRED|||"
            "-NONE-|||annotator', with two numbers at its beginning and one at its end."
        ) from error
    edits = sentence.edits.setdefault(annotator, [])
    if kind in (NO_EDIT, NOT_JUDGED):
        return
    if not 0 <= start <= end <= len(sentence.tokens):
        raise DataError(
            f"{place}: an edit of the tokens {start} to {end} in a sentence that has "
            f"{len(sentence.tokens)}."
        )
    ways = [way for field_ in words for way in field_.split("||")]
    edits.append(
        tuple(Edit(start, end, "" if way == NOTHING else " ".join(way.split())) for way in ways)
    )
