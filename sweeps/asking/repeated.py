"""One key in several overrides: which of them Hydra would drop without a word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hydra.core.override_parser.types import Override

from sweeps.settings import operational

_ONCE = ("sweep", "study")
"""Keys of how to run that say what is asked all the same."""

Parsed = Iterable[tuple[str, Override]]
"""Each override as it was typed, and as Hydra reads it."""


def given_twice(parsed: Parsed) -> list[str]:
    """Complaints about what tells cells apart: axes, keys of the study itself, several values."""
    return [
        f"{' '.join(texts)}: one key, given twice. Type all values in one: {key}=A,B,C."
        for key, texts, apart in _repeated(parsed)
        if apart
    ]


def given_again(parsed: Parsed) -> list[str]:
    """Notices about settings within a key, or of how to run, of which the last one counts.

    A script's own settings may be followed by its user's.
    """
    return [
        f"{' '.join(texts)}: {texts[-1]} counts, the last."
        for _, texts, apart in _repeated(parsed)
        if not apart
    ]


def _repeated(parsed: Parsed) -> Iterator[tuple[str, list[str], bool]]:
    """Each key of several overrides, these, and whether they tell cells apart."""
    by_key: dict[str, list[tuple[str, Override]]] = {}
    for text, override in parsed:
        by_key.setdefault(override.key_or_group, []).append((text, override))
    for key, given in by_key.items():
        if len(given) > 1:
            apart = "." not in key and (not operational(key) or key in _ONCE)
            several = any(override.is_sweep_override() for _, override in given)
            yield key, [text for text, _ in given], apart or several
