"""Configurations worked out key by key: each value of a top-level key is typed once.

Copying, merging and resolving a whole configuration of OmegaConf would take most of a plan's time,
and the rows of a sweep differ in a key or two. What is not plain here, such as a mistake or a
missing value, is refused with NotPlainError, and the caller asks OmegaConf about the whole.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import AnyNode, DictConfig, ListConfig, Node, OmegaConf, ValueNode
from omegaconf.errors import OmegaConfBaseException

from sweeps.asking.assign import set_value

_REFERENCE = re.compile(r"\$\{([A-Za-z_]\w*(?:\.\w+)*)\}")
_CALL = re.compile(r"\$\{[\w.]+:[^${}]*\}")
"""Of a resolver, which reads no other key."""


class NotPlainError(Exception):
    """Something that OmegaConf has to say about the whole configuration."""


class ByKey:
    """The values of a study's configurations, by the typed keys of its schema."""

    def __init__(self, schema: DictConfig) -> None:
        """Of a strict schema: a configuration has no other keys."""
        self._schema = schema
        self._known: dict[tuple[str, str, tuple[str, ...]], Any] = {}

    def resolved(self, composed: Mapping[str, Any], values: Sequence[Override]) -> dict[str, Any]:
        """The composed groups with these values set, interpolations followed.

        Raises NotPlainError.
        """
        if composed.keys() - self._schema.keys():
            raise NotPlainError
        of_key: dict[str, list[Override]] = {}
        for override in values:
            of_key.setdefault(override.key_or_group.partition(".")[0], []).append(override)
        if of_key.keys() - self._schema.keys():
            raise NotPlainError
        found = {}
        for key in map(str, self._schema):
            given = [composed[key]] if key in composed else []
            changes = of_key.get(key, [])
            known = (key, repr(given), tuple(str(o.input_line) for o in changes))
            if known not in self._known:
                self._known[known] = self._typed(key, given, changes)
            found[key] = self._known[known]
        return _Following(found).all()

    def _typed(self, key: str, given: Sequence[Any], changes: Sequence[Override]) -> Any:
        """Plain values, with OmegaConf's node where one stands for another value."""
        node = copy.deepcopy(self._schema._get_node(key))
        assert isinstance(node, DictConfig | ListConfig | ValueNode)
        alone = DictConfig({})
        alone._content[key] = node  # type: ignore[index]
        node._set_parent(alone)
        try:
            for value in given:
                # Copies nothing, as nobody else has what is merged.
                OmegaConf.unsafe_merge(alone, {key: value})
            OmegaConf.set_struct(alone, True)
            if any(set_value(alone, override) for override in changes):
                raise NotPlainError
            return _plain(alone._get_node(key))
        except OmegaConfBaseException as error:
            raise NotPlainError from error


def _plain(node: Any) -> Any:
    if node._is_missing():
        raise NotPlainError
    if node._is_interpolation():
        text = node._value()
        if "\\" in text:
            raise NotPlainError
        return _called(node, text) if _CALL.fullmatch(text) else node
    if isinstance(node, ValueNode) or node._is_none():
        return node._value()
    content: Any = node._content
    if isinstance(node, ListConfig):
        return [_plain(child) for child in content]
    return {key: _plain(child) for key, child in content.items()}


def _called(node: Node, text: str) -> Any:
    """What a resolver gives, which is the same throughout one command."""
    value = OmegaConf.create([text])[0]
    return node.validate_and_convert(value) if isinstance(node, ValueNode) else value


class _Following:
    """Copies of plain values in which references are followed."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self._open: list[str] = []

    def all(self) -> dict[str, Any]:
        return {key: self._copy(value) for key, value in self._values.items()}

    def _copy(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._copy(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._copy(item) for item in value]
        return self._follow(value) if isinstance(value, Node) else value

    def _follow(self, node: Node) -> Any:
        """As OmegaConf: what a typed value stands for is converted to its type."""
        try:
            value = self._read(node._value())
            if isinstance(node, AnyNode):
                return value
            if isinstance(node, ValueNode) == isinstance(value, dict | list):
                raise NotPlainError
            return node.validate_and_convert(value) if isinstance(node, ValueNode) else value
        except OmegaConfBaseException as error:
            raise NotPlainError from error

    def _read(self, text: str) -> Any:
        """The value of a text that has references, the innermost ones read first."""
        if whole := _REFERENCE.fullmatch(text):
            return self._at(whole[1])
        value = _REFERENCE.sub(self._words, text)
        if value == text:
            raise NotPlainError
        return self._read(value) if "${" in value else value

    def _words(self, found: re.Match[str]) -> str:
        value = self._at(found[1])
        if type(value) not in (str, int) or "$" in str(value):
            raise NotPlainError
        return str(value)

    def _at(self, dotted: str) -> Any:
        """A value by its whole path, which is not on the way to itself."""
        if dotted in self._open:
            raise NotPlainError
        value: Any = self._values
        for part in dotted.split("."):
            if not isinstance(value, Mapping) or part not in value:
                raise NotPlainError
            value = value[part]
        self._open.append(dotted)
        try:
            return self._copy(value)
        finally:
            self._open.pop()
