"""One key in several overrides: which of them Hydra would drop without a word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hydra.core.override_parser.types import ChoiceSweep, Override, QuotedString

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
    found: dict[tuple[str, ...], list[str]] = {}
    for key, texts, apart in _repeated(parsed):
        if not apart:
            found.setdefault(tuple(texts), []).append(key)
    return [
        f"{' '.join(texts)}: {texts[-1]} counts, the last{_within(keys, texts[-1])}."
        for texts, keys in found.items()
    ]


def _within(keys: list[str], text: str) -> str:
    """Of which keys the last one counts, where it sets more of them, or fewer, than the others."""
    return "" if [text.lstrip("+~").partition("=")[0]] == keys else f", for {' and '.join(keys)}"


def keys_set(override: Override) -> list[str]:
    """The keys that an override sets: of settings by name, `a={b: 1}`, each of these: a.b."""
    value = override.value()
    values = value.list if isinstance(value, ChoiceSweep) else [value]
    return list(dict.fromkeys(key for one in values for key in _leaves(override.key_or_group, one)))


def _leaves(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            text = name.text if isinstance(name, QuotedString) else name
            yield from _leaves(f"{key}.{text}", inner)
    else:
        yield key


def _repeated(parsed: Parsed) -> Iterator[tuple[str, list[str], bool]]:
    """Each key of several overrides, these, and whether they tell cells apart."""
    by_key: dict[str, list[tuple[str, Override]]] = {}
    for text, override in parsed:
        for key in keys_set(override):
            by_key.setdefault(key, []).append((text, override))
    for key, given in by_key.items():
        if len(given) > 1:
            apart = "." not in key and (not operational(key) or key in _ONCE)
            several = any(override.is_sweep_override() for _, override in given)
            yield key, [text for text, _ in given], apart or several
