"""A YAML file of a definition, read as text: which keys there are, and what is wrong with them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from lab.datasets.source import TaskError, nearest
from lab.errors import unknown

ENDINGS = (".yaml", ".yml")
IN_QUOTES = 'A text with braces or a colon stands in quotes: input: "review: {text}".'


class DefinitionError(TaskError):
    """What is wrong with a definition, a line for each mistake."""


class _Texts(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads every scalar as the text that stands there: no, 010 and 1:30 stay what they are."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (as YAML's loaders have it)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value if isinstance(key.value, str)]
        for name, count in Counter(names).items():
            if count > 1:
                raise yaml.MarkedYAMLError(None, None, f"'{name}' stands there twice", None)
        return super().construct_mapping(node, deep)


def is_definition(name: str) -> bool:
    """Return whether a task's name is that of a file that defines it."""
    return name.endswith(ENDINGS)


def name_of(file: str | Path) -> str:
    """Return how a definition's data set is called: as its file, without the ending."""
    return Path(file).stem


def unknown_but_defined(kind: str, name: str, known: Iterable[str]) -> str:
    """Return the complaint about a name that is none of `known`, with the file of a definition."""
    beside = [file for file in (f"{name}{ending}" for ending in ENDINGS) if Path(file).is_file()]
    if beside:
        return f"Unknown {kind} '{name}'. Did you mean '{beside[0]}'?"
    return unknown(kind, name, known)


def read_definition(file: Path) -> dict[str, Any]:
    """Return what a definition says, every value as text. Raises DefinitionError."""
    try:
        content = yaml.load(file.read_text("utf-8-sig"), Loader=_Texts)
    except (OSError, UnicodeDecodeError) as error:
        beside = [p.name for p in file.parent.glob("*.y*ml")] if file.parent.is_dir() else []
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        hint = nearest(file.name, beside)
        raise DefinitionError(f"Task definition {file}: {reason}.{hint}") from error
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise DefinitionError(
            f"Task definition {file} is no YAML: {reason}. {IN_QUOTES}"
        ) from error
    if not isinstance(content, dict):
        raise DefinitionError(
            f"Task definition {file}: found {content!r}, expected keys such as kind, data, input, "
            "answer."
        )
    return content


class Written:
    """What is written under the keys of a definition, as texts, lists of texts and numbers.

    What is wrong is kept as a complaint; `check` raises all of them, a line each.
    """

    def __init__(self, name: str, written: Mapping[str, Any]) -> None:
        self.name, self.written = name, written
        self.complaints: list[str] = []
        """What was found wrong so far."""

    def complain(self, key: str, what: str) -> None:
        """Keep a complaint about what the definition says under a key."""
        self.complaints.append(f"Task '{self.name}': {key}: {what}")

    def check(self) -> None:
        """Raise DefinitionError if anything was found wrong."""
        if self.complaints:
            raise DefinitionError("\n".join(dict.fromkeys(self.complaints)))

    def known(self, key: str, names: Sequence[str], options: Sequence[str], of: str = "") -> None:
        """Complain of each name under a key that is none of the options; `of` says whose."""
        for name in names:
            if name not in options:
                hint = nearest(name, options)
                self.complain(key, f"unknown '{name}'{of}.{hint} Known: {', '.join(options)}.")

    def text(self, key: str, default: str | None = None) -> str:
        """Return the text under a key; without a default it has to be there."""
        value = self.written.get(key, default)
        if isinstance(value, str) and value.strip():
            return value
        self.complain(key, "is missing." if value is None else f"found {value!r}, expected a text.")
        return ""

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the list of texts under a key; one text is a list of it, nothing is none."""
        return self.listed(key, self.written.get(key, []))

    def listed(self, key: str, value: Any) -> tuple[str, ...]:
        """Return a list of texts that stands somewhere under a key, as `texts` does."""
        value = [value] if isinstance(value, str) else value
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        self.complain(key, f"found {value!r}, expected a list such as [a, b].")
        return ()

    def mapping(self, key: str, such_as: str = "{a: b}") -> dict[str, Any]:
        """Return the mapping under a key; nothing is an empty one."""
        value = self.written.get(key, {})
        if isinstance(value, dict):
            return value
        self.complain(key, f"found {value!r}, expected {such_as}.")
        return {}

    def number(self, key: str, value: Any) -> float:
        """Return the number that a text is, or the share that a percentage is."""
        text = str(value).strip()
        try:
            number = float(text[:-1]) / 100 if text.endswith("%") else float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            self.complain(key, f"found {value!r}, expected a number.")
        return number

    def one_of(self, key: str, options: Sequence[str], default: str | None = None) -> str:
        """Return the text under a key, which has to be one of the options."""
        value = self.text(key, default)
        if value:
            self.known(key, [value], options)
        return value
