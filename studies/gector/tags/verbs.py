"""The dictionary of verb forms: which word is which form of another (section 3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path

from lab.datasets.correction import word_lists
from lab.errors import DataError, nearest_path

FORMS = ("VB", "VBZ", "VBG", "VBD", "VBN")
"""Base, third person, gerund, past, participle."""
PAIRS_OF_FORMS = tuple(f"{one}_{other}" for one, other in permutations(FORMS, 2))


@dataclass(frozen=True)
class VerbForms:
    """Pairs of words by their forms, one way: the way back is a pair of its own."""

    encode: dict[tuple[str, str], str] = field(default_factory=dict)
    """(word, other word) -> forms, as "VB_VBZ"; of several the last that was read."""
    decode: dict[tuple[str, str], str] = field(default_factory=dict)
    """(word, forms) -> other word; of several the first that was read."""

    @staticmethod
    def of(lines: Iterable[str]) -> VerbForms:
        """Read lines `go_goes:VB_VBZ`; blank ones do not count.

        A line whose word and forms came before is left out. Raises DataError for other lines.
        """
        made = VerbForms()
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            words, _, forms = line.strip().rpartition(":")
            word, _, other = words.partition("_")
            if not word or not other or forms not in PAIRS_OF_FORMS:
                raise DataError(
                    f"Line {number} of the verb forms is {line.strip()!r}. A line is as "
                    f"go_goes:VB_VBZ, with two forms of {', '.join(FORMS)}."
                )
            if (word, forms) not in made.decode:
                made.decode[word, forms] = other
                made.encode[word, other] = forms
        return made


def verb_forms(file: Path | None = None) -> VerbForms:
    """Return the forms of a file of such lines, or of the table of verbs that is fetched.

    The table is not the released file, which cannot be had: it has the lines that one is likely to
    have been made of. Raises DataError where either cannot be had.
    """
    if not file:
        return VerbForms.of(word_lists.verb_lines())
    try:
        return VerbForms.of(file.read_text("utf-8-sig").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: {error}.{nearest_path(file)}") from error
