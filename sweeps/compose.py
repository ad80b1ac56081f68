"""From override strings to checked configurations, by Hydra's own grammar and search path."""

from __future__ import annotations

import copy
import difflib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import make_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import hydra
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import ConfigRepository
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override, OverrideType
from hydra.errors import HydraException, OverrideParseException
from hydra.plugins.config_source import ConfigResult
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sweeps.errors import ConfigurationError, nearest
from sweeps.settings import RunSettings
from sweeps.study import Study


@contextmanager
def search_path(folder: Path, extra: Path | None = None) -> Iterator[None]:
    """Let Hydra read `folder` (and `extra`) outside of hydra.main."""
    path = create_config_search_path(str(folder))
    if extra:
        path.prepend("command-line", f"file://{extra}", SearchPathQuery(provider="schema"))
    GlobalHydra.instance().clear()
    Hydra.create_main_hydra2(task_name="run", config_search_path=path)
    try:
        yield
    finally:
        GlobalHydra.instance().clear()


class _ReadOnce(ConfigRepository):
    """Hydra's files, each read and parsed once: half of a compose is reading YAML again."""

    def __init__(self, other: ConfigRepository) -> None:
        self.sources = other.sources
        self._read: dict[tuple[str, ...], ConfigResult | None] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> _ReadOnce:
        # Hydra copies its repository for each compose, since `hydra.searchpath` may give the copy
        # other sources. What was read stays shared; a file is told apart by where it is looked for.
        return copy.copy(self)

    def load_config(self, config_path: str) -> ConfigResult | None:
        """A config file's content, for the caller to change."""
        key = (config_path, *(source.path for source in self.sources))
        if key not in self._read:
            self._read[key] = super().load_config(config_path)
        return copy.deepcopy(self._read[key])


class Composer:
    """Composes each distinct choice of groups once and applies values to copies of it."""

    def __init__(self, config_name: str) -> None:
        self.config_name = config_name
        self._loader = GlobalHydra.instance().config_loader()
        assert isinstance(self._loader, ConfigLoaderImpl)
        if isinstance(self._loader.repository, ConfigRepository):
            self._loader.repository = _ReadOnce(self._loader.repository)
        self._parser = OverridesParser.create(config_loader=self._loader)
        self._bases: dict[tuple[str, ...], DictConfig] = {}
        self._schemas: dict[str, DictConfig] = {}
        self.groups = lru_cache(maxsize=None)(self._options)
        self.parse = lru_cache(maxsize=None)(self._parse)
        """One override, by Hydra's grammar. Raises ConfigurationError."""

    def _options(self, group: str) -> tuple[str, ...]:
        found = self._loader.get_group_options(group, ObjectType.CONFIG)
        # Hydra's own know no stages.
        foreign = "basic" if group in ("hydra/launcher", "hydra/sweeper") else None
        return tuple(name for name in found if name != foreign)

    def is_group(self, override: Override) -> bool:
        """Whether the key names a config group, such as `objective`."""
        return bool(self.groups(override.key_or_group))

    def _parse(self, text: str) -> Override:
        try:
            override = self._parser.parse_override(text)
        except (OverrideParseException, HydraException) as error:
            reason = str(error).splitlines()[0]
            raise ConfigurationError(
                [f"{text}: not an override: {reason}. Type key=value, without spaces."]
            ) from error
        if not override.key_or_group:
            raise ConfigurationError([f"{text}: names no key. Type key=value, without spaces."])
        if override.is_interval_sweep():
            key = override.get_key_element()
            raise ConfigurationError(
                [f"{text}: an interval names no values. Type {key}=A,B,C or {key}=range(A,B,STEP)."]
            )
        return override

    def choices(self, override: Override) -> list[str]:
        """The `key=value` strings of an override with one or several values."""
        if not override.is_sweep_override():
            return [str(override.input_line)]
        key = override.get_key_element()
        values = override.value()
        if isinstance(values, Glob):
            names = values.filter(list(self.groups(override.key_or_group)))
            return [f"{key}={name}" for name in names]
        return [f"{key}={value}" for value in override.sweep_string_iterator()]

    def compose(self, overrides: Sequence[str]) -> DictConfig:
        """The typed configuration of these overrides. Raises ConfigurationError."""
        parsed = [self.parse(text) for text in overrides]
        chosen = [o for o in parsed if self.is_group(o) or not _plain(o)]
        values = [o for o in parsed if not self.is_group(o) and _plain(o)]
        config = self._base(tuple(str(o.input_line) for o in chosen)).copy()
        said = [x for o in values if (x := _apply(config, o))]
        if said:
            raise ConfigurationError(said)
        return config

    def resolved(self, overrides: Sequence[str]) -> dict[str, Any]:
        """The configuration as plain values, interpolations followed."""
        config = self.compose(overrides)
        try:
            plain = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
        except OmegaConfBaseException as error:
            reason = str(error).splitlines()[0]
            raise ConfigurationError([f"{' '.join(overrides)}: {reason}"]) from error
        assert isinstance(plain, dict)
        return {str(key): value for key, value in plain.items()}

    def _base(self, chosen: tuple[str, ...]) -> DictConfig:
        if chosen not in self._bases:
            try:
                composed = hydra.compose(self.config_name, list(chosen))
            except (HydraException, OmegaConfBaseException) as error:
                reason = " ".join(str(error).split())
                raise ConfigurationError([f"{' '.join(chosen) or 'conf/'}: {reason}"]) from error
            added = [text for text in chosen if text[0] in "+~"]
            self._bases[chosen] = self.typed(composed, " ".join(added) or "conf/")
        return self._bases[chosen]

    def typed(self, composed: DictConfig, where: str = "conf/") -> DictConfig:
        """Refuse keys and values that neither the run's nor the study's schema has.

        `where` is what brought them, for the complaints.
        """
        typed, strict = self._schema(composed.study)
        known = [str(key) for key in typed] if strict else [str(key) for key in composed]
        said = [
            f"{where}: unknown key {str(key)!r}. {nearest(str(key), known)}"
            for key in composed
            if str(key) not in known
        ]
        if said:
            raise ConfigurationError(said)
        try:
            typed.merge_with(composed)
        except OmegaConfBaseException:
            # Again, key by key, since a merge stops at the first that does not fit.
            typed, _ = self._schema(composed.study)
            raise ConfigurationError(_misfits(typed, composed, where)) from None
        OmegaConf.set_struct(typed, True)
        return typed

    def _schema(self, study: str) -> tuple[DictConfig, bool]:
        """A copy of the run's and the study's keys, empty, and whether there may be no others."""
        schema = Study(study).schema
        if study not in self._schemas:
            bases = (schema, RunSettings) if schema else (RunSettings,)
            self._schemas[study] = OmegaConf.structured(make_dataclass("Settings", [], bases=bases))
            # A study without a schema may have any keys.
            OmegaConf.set_struct(self._schemas[study], None if schema else False)
        return self._schemas[study].copy(), schema is not None

    def complaints(self, texts: Iterable[str]) -> tuple[list[str], list[str]]:
        """What is wrong with each override by itself, and the overrides that are right."""
        said: list[str] = []
        right: list[str] = []
        values: list[tuple[str, Override]] = []
        for text in texts:
            try:
                override = self.parse(text)
                options = self.groups(override.key_or_group)
                wrong = self._unknown_options(override, options) if options else []
            except ConfigurationError as error:
                said += error.complaints
                continue
            said += wrong
            if not wrong and (options or not _plain(override)):
                right.append(text)
            elif not wrong:
                values.append((text, override))
        try:
            typed = self.compose(
                [c[0] for t in right if len(c := self.choices(self.parse(t))) >= 1]
            )
        except ConfigurationError as error:
            return said + error.complaints, right
        for text, override in values:
            problems = []
            for choice in self.choices(override):
                problem = _apply(typed.copy(), self.parse(choice))
                if problem:
                    problems.append(problem)
            said += problems
            if not problems:
                right.append(text)
        return said, right

    def _unknown_options(self, override: Override, options: tuple[str, ...]) -> list[str]:
        key = override.key_or_group
        if override.type == OverrideType.DEL:
            return [f"{override.input_line}: {key} cannot be left out. {nearest('', options)}"]
        return [
            f"{choice}: unknown {key} {value!r}. {nearest(value, options)}"
            for choice in self.choices(override)
            if (value := choice.partition("=")[2].strip("'\"")) not in options
        ]


def _plain(override: Override) -> bool:
    return override.type == OverrideType.CHANGE


def _misfits(typed: DictConfig, composed: DictConfig, where: str) -> list[str]:
    said = []
    for key in composed:
        try:
            typed.merge_with({key: composed._get_node(key)})
        except OmegaConfBaseException as error:
            said.append(f"{where}: {key!s}: {str(error).splitlines()[0]}")
    return said


def _apply(config: DictConfig, override: Override) -> str | None:
    """Set one value; the complaint where the key or its type refuses it."""
    key, text = override.key_or_group, override.input_line
    try:
        OmegaConf.update(config, key, override.value(), merge=True, force_add=False)
    except (OmegaConfBaseException, ValueError) as error:
        if key not in flat_keys(config):
            return f"{text}: unknown key {key!r}. {_nearest_key(key, config)}"
        return f"{text}: {str(error).splitlines()[0]}"
    return None


def _nearest_key(key: str, config: DictConfig) -> str:
    """The nearest key of all, and the names that stand where this one was looked for."""
    known = flat_keys(config)
    parent = key.rpartition(".")[0]
    while parent and parent not in known:
        parent = parent.rpartition(".")[0]
    close = difflib.get_close_matches(key, sorted(known), n=1)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    beside = sorted(name for name in known if name.rpartition(".")[0] == parent)
    return f"{hint}Known{f' in {parent}' if parent else ''}: {', '.join(beside)}."


def flat_keys(config: DictConfig) -> set[str]:
    """Every dotted key of a configuration, inner nodes included."""
    found: set[str] = set()

    def walk(node: Any, prefix: str) -> None:
        for key in node:
            dotted = f"{prefix}{key}"
            found.add(dotted)
            child = node._get_node(key)
            if isinstance(child, DictConfig) and not child._is_none() and not child._is_missing():
                walk(child, f"{dotted}.")

    walk(config, "")
    return found


def product(choices: Iterable[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """Every combination, the last axis fastest."""
    return itertools.product(*choices)
