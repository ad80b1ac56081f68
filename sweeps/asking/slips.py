"""Words of a command that are no settings: torn apart by a space, with dashes, without a key."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields

from sweeps.settings import RunSettings

SWITCHES = frozenset(f.name for f in fields(RunSettings) if "bool" in str(f.type))
"""Settings that are true or false."""

Axes = Callable[[], Mapping[str, Sequence[str]]]
"""Gives the options of each axis; called only where a word has no `=`."""


def without_slips(
    words: Sequence[str],
    typed: Sequence[str],
    *,
    options: Iterable[str],
    sweeps: Iterable[str],
    axes: Axes,
) -> tuple[list[str], list[str]]:
    """Complaints about words that are neither options nor settings, and the words that are left.

    `typed` is the whole command, in its order; `options` are what may have dashes.
    """
    dashed = [word for word in words if word.startswith("-")]
    complaints = [_with_dashes(word, typed, list(options)) for word in dashed]
    behind = {word for flag in dashed if (word := _value_behind(flag, typed))}
    rest = [word for word in words if word not in dashed and word not in behind]
    of_spaces, rest = torn(rest)
    without_keys, rest = bare(rest, sweeps, axes)
    return [*complaints, *of_spaces, *without_keys], rest


def torn(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Complaints about values that a space ended too early, and the words that are left.

    A shell makes two words of `objective=span, iid`, and three of `plan = true`.
    """
    complaints, rest = [], []
    left = list(words)
    while left:
        parts = [left.pop(0)]
        while left and _continued("".join(parts), left[0]):
            parts.append(left.pop(0))
        if len(parts) == 1:
            rest += parts
            continue
        meant = shlex.quote("".join(parts))
        complaints.append(f"{' '.join(parts)}: a space ends a value. Type {meant}.")
    return complaints, rest


def _continued(word: str, after: str) -> bool:
    """Whether a word and the one behind it were meant as one."""
    if after.startswith("="):
        return "=" not in word
    if "=" not in word or "=" in after:
        return False
    return after.startswith(",") or word.endswith((",", "="))


def _with_dashes(word: str, typed: Sequence[str], options: Sequence[str]) -> str:
    """The complaint about a word with dashes that is no option: settings have none."""
    key, equals, value = word.lstrip("-").partition("=")
    if equals:
        meant = f"{key}={value}"
    elif close := difflib.get_close_matches(word, options, n=1, cutoff=0.7):
        return f"{word}: no such option. Did you mean {close[0]}?"
    elif behind := _value_behind(word, typed):
        word, meant = f"{word} {behind}", f"{key}={behind}"
    elif key in SWITCHES:
        meant = f"{key}=true"
    else:
        usage = f"A setting is typed without dashes, as {key}=VALUE; see --help."
        return f"{word}: no such option. {usage}"
    return f"{word}: settings have no dashes. Type {shlex.quote(meant)}."


def _value_behind(word: str, typed: Sequence[str]) -> str | None:
    """The word behind a flag, where it may be the flag's value: `--sweep table05`."""
    if "=" in word or word not in typed:
        return None
    behind = [*typed, ""][typed.index(word) + 1]
    return behind if behind and "=" not in behind and not behind.startswith("-") else None


def bare(words: Sequence[str], sweeps: Iterable[str], axes: Axes) -> tuple[list[str], list[str]]:
    """Complaints about words without `=`, and the words that are left."""
    complaints, rest = [], []
    left = list(words)
    while left:
        word = left.pop(0)
        if "=" in word or word.startswith("~"):
            rest.append(word)
            continue
        keys: dict[str, Sequence[str]] = {f.name: () for f in fields(RunSettings)} | dict(axes())
        if word in keys and left and "=" not in left[0] and not left[0].startswith("~"):
            behind = left.pop(0)
            word, told = f"{word} {behind}", f"Type {shlex.quote(f'{word}={behind}')}."
        else:
            told = _meant(word, list(sweeps), keys)
        complaints.append(f"{word}: a setting is key=value. {told}")
    return complaints, rest


def _meant(word: str, sweeps: Sequence[str], keys: Mapping[str, Sequence[str]]) -> str:
    """What to type in the place of a word that may be a key, a value, or both with a colon."""
    key, colon, value = word.partition(":")
    if colon and key in keys:
        return f"Type {shlex.quote(f'{key}={value.strip()}')}."
    if word in SWITCHES:
        return f"Type {word}=true."
    if word in keys:
        return f"Type {word}={' or '.join(keys[word][:3]) or 'VALUE'}."
    if word.removesuffix(".yaml") in sweeps:
        return f"Type sweep={word.removesuffix('.yaml')}."
    if having := [axis for axis, options in keys.items() if word in options]:
        return f"Type {' or '.join(f'{axis}={word}' for axis in having)}."
    return "For help type --help." if word == "help" else "See --help for keys and values."
