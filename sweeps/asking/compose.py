"""From override strings to checked configurations, by Hydra's own grammar and search path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import ConfigSearchPath, SearchPathQuery
from hydra.core.default_element import ConfigDefault, ResultDefault
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override, OverrideType
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import MISSING, Container, DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from sweeps.asking import grammar, schema
from sweeps.asking.assign import set_value, several
from sweeps.asking.by_key import ByKey, NotPlainError
from sweeps.asking.defaults import Defaults
from sweeps.errors import ConfigurationError, nearest

INTERPOLATED = re.compile(r"^Interpolation key '([^']+)' not found")

_LAUNCHER = "launcher"
LAUNCHER = "hydra.launcher._target_"
"""The class of what takes the stages to where they run."""
_Own = dict[str, Any] | DictConfig
"""A configuration of which Hydra's own part is meant."""


def config_loader(folder: Path, extra: Path | None = None) -> ConfigLoaderImpl:
    """What reads the options of `folder`, and before them those of `extra`."""
    return ConfigLoaderImpl(config_search_path=_search_path(folder, extra))


@contextmanager
def search_path(folder: Path, extra: Path | None = None) -> Iterator[Hydra]:
    """Let Hydra itself read `folder` (and `extra`) outside of hydra.main."""
    GlobalHydra.instance().clear()
    search = _search_path(folder, extra)
    try:
        yield Hydra.create_main_hydra2(task_name="run", config_search_path=search)
    finally:
        GlobalHydra.instance().clear()


def _search_path(folder: Path, extra: Path | None) -> ConfigSearchPath:
    path = create_config_search_path(str(folder))
    if extra:
        path.prepend("command-line", f"file://{extra}", SearchPathQuery(provider="schema"))
    return path


class Composer:
    """Composes each distinct choice of groups once and applies values to copies of it.

    Hydra says which files a choice brings, in which order and where to; each is read once. Hydra's
    own part of a configuration, which no cell reads, is left out but for the launcher: it is most
    of a compose.
    """

    def __init__(self, config_name: str, loader: ConfigLoaderImpl | None = None) -> None:
        """Of what `loader` reads; without one, of what Hydra was started with."""
        self.config_name = config_name
        found = loader or GlobalHydra.instance().config_loader()
        assert isinstance(found, ConfigLoaderImpl)
        self._loader = found
        self.study = self._study_of(config_name)
        """The study that the configuration names; None where the command line has to."""
        self._lists = schema.lists_of(self.study) if self.study else {}
        if self.study:
            schema.register(self.study)
        _, self._files = found._parse_overrides_and_create_caching_repo(config_name, [])
        # Kept from now on: another study's composer registers the keys of that one.
        self._files.load_config(schema.NAME)
        self._defaults = Defaults(self._files, config_name)
        self._parser = OverridesParser.create(config_loader=found)
        self._contents: dict[tuple[str, str | None], dict[str, Any]] = {}
        self._bases: dict[tuple[str, ...], tuple[dict[str, Any], _Own]] = {}
        self._schemas: dict[str, tuple[DictConfig, bool]] = {}
        self._first: dict[str, tuple[Mapping[str, Any], DictConfig]] = {}
        self._by_key: dict[str, ByKey] = {}
        self.groups = lru_cache(maxsize=None)(self._options)
        self.parse = lru_cache(maxsize=None)(self._parse)
        """One override, by Hydra's grammar. Raises ConfigurationError."""

    def _study_of(self, name: str | None) -> str | None:
        """The value of `study` in a configuration, or in what it starts from."""
        loaded = self._loader.repository.load_config(name) if name else None
        if loaded is None:
            return None
        if isinstance(study := OmegaConf.select(loaded.config, "study"), str):
            return study
        starts = [d.path for d in loaded.defaults_list or () if isinstance(d, ConfigDefault)]
        known = (n for n in starts[::-1] if n not in ("_self_", "run_settings", schema.NAME))
        return next((study for n in known if (study := self._study_of(n))), None)

    def axes(self) -> dict[str, tuple[str, ...]]:
        """The options of each group, Hydra's own groups left out."""
        groups = sorted(self._files.get_group_options("", ObjectType.GROUP))
        return {group: self.groups(group) for group in groups if group != "hydra"}

    def header(self) -> str | None:
        """What the configuration says of its study, `hydra.help.header`."""
        loaded = self._files.load_config(self.config_name)
        header = OmegaConf.select(loaded.config, "hydra.help.header") if loaded else None
        return header if isinstance(header, str) else None

    def _options(self, group: str) -> tuple[str, ...]:
        found = self._files.get_group_options(group, ObjectType.CONFIG)
        # Hydra's own know no stages.
        foreign = "basic" if group in ("hydra/launcher", "hydra/sweeper") else None
        return tuple(name for name in found if name != foreign)

    def is_group(self, override: Override) -> bool:
        """Whether the key names a config group, such as `objective`."""
        return bool(self.groups(override.key_or_group))

    def _parse(self, text: str) -> Override:
        override = grammar.parse(schema.respelled(text, self._lists), self._parser)
        if isinstance(override.value(), Glob) and not self.choices(override):
            key, options = override.get_key_element(), self.groups(override.key_or_group)
            fits = f"no {key} fits. {nearest('', options)}"
            none = f"glob chooses among an axis' options, and {key} has none. Type {key}=A,B,C."
            raise ConfigurationError([f"{text}: {fits if options else none}"])
        return override

    def choices(self, override: Override) -> list[str]:
        """The `key=value` strings of an override with one or several values."""
        if not override.is_sweep_override():
            return [str(override.input_line)]
        named = override.value()
        if isinstance(named, Glob):
            found = named.filter(list(self.groups(override.key_or_group)))
        else:
            found = grammar.values(override)
        return [f"{override.get_key_element()}={value}" for value in found]

    def compose(self, overrides: Sequence[str]) -> DictConfig:
        """The typed configuration of these overrides. Raises ConfigurationError."""
        chosen, values = self._split(overrides)
        brought = " ".join(text for text in chosen if text[0] in "+~")
        config = self.typed(self._base(chosen)[0], brought or "conf/")
        complaints = [x for o in values if (x := set_value(config, o))]
        if complaints:
            raise ConfigurationError(complaints)
        return config

    def resolved(self, overrides: Sequence[str]) -> dict[str, Any]:
        """The configuration as plain values, interpolations followed."""
        plain = self._plainly(overrides)
        return self.resolved_whole(overrides) if plain is None else plain

    def _plainly(self, overrides: Sequence[str]) -> dict[str, Any] | None:
        """As `resolved`; None where OmegaConf has to be asked, as about every mistake."""
        chosen, values = self._split(overrides)
        composed = self._base(chosen)[0]
        empty, strict = self._schema(study := composed["study"])
        if not strict:
            return None
        if study not in self._by_key:
            self._by_key[study] = ByKey(empty)
        with suppress(NotPlainError):
            return self._by_key[study].resolved(composed, values)
        return None

    def resolved_whole(self, overrides: Sequence[str]) -> dict[str, Any]:
        """As `resolved`, by OmegaConf alone: with what it says of a mistake."""
        config = self.compose(overrides)
        try:
            plain = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
        except OmegaConfBaseException as error:
            reason = str(error).splitlines()[0]
            if isinstance(error, MissingMandatoryValue):
                reason = f"{error.full_key} has no value. Give it one."
            elif found := INTERPOLATED.search(reason):
                reason = f"{error.full_key} is that of {found[1]}. {_not_there(config, found[1])}"
            raise ConfigurationError([f"{' '.join(overrides)}: {reason}"]) from error
        assert isinstance(plain, dict)
        return {str(key): value for key, value in plain.items()}

    def single(self, overrides: Iterable[str]) -> list[str]:
        """The overrides that have one value."""
        return [text for text in overrides if not self.parse(text).is_sweep_override()]

    def on_cluster(self, overrides: Sequence[str]) -> bool:
        """Whether the launcher that Hydra would start sends stages to a cluster.

        Raises ConfigurationError.
        """
        own = OmegaConf.create(self._base(self._split(overrides)[0])[1])
        name = OmegaConf.select(own, LAUNCHER, throw_on_resolution_failure=False)
        launcher = Plugins.instance().class_name_to_class.get(str(name))
        return bool(getattr(launcher, "cluster", False))

    def _split(self, overrides: Sequence[str]) -> tuple[tuple[str, ...], list[Override]]:
        """What Hydra composes by, and the values that are set in a copy of it."""
        parsed = [self.parse(text) for text in overrides]
        chosen = [o for o in parsed if self.is_group(o) or not _plain(o)]
        values = [o for o in parsed if not self.is_group(o) and _plain(o)]
        return tuple(str(o.input_line) for o in chosen), values

    def _base(self, chosen: tuple[str, ...]) -> tuple[dict[str, Any], _Own]:
        """The composed groups as plain values, and what there is of Hydra's own part."""
        if chosen not in self._bases:
            try:
                self._bases[chosen] = self._composed(chosen)
            except (HydraException, OmegaConfBaseException) as error:
                reason = " ".join(str(error).split())
                raise ConfigurationError([f"{' '.join(chosen) or 'conf/'}: {reason}"]) from error
        return self._bases[chosen]

    def _composed(self, chosen: tuple[str, ...]) -> tuple[dict[str, Any], _Own]:
        """What hydra.compose gives as plain values, interpolations kept; of `hydra` too."""
        found = self._defaults.brought([self.parse(text) for text in chosen])
        changes = [o for o in found.changes if not o.is_hydra_override()]
        composed: dict[str, Any] = {}
        for default in found.files:
            package = str(default.package)
            if default.config_path == schema.NAME and not changes:
                # The typed keys have these values by themselves.
                continue
            if package.partition(".")[0] != "hydra" or package == "hydra.launcher":
                composed = _overlaid(composed, self._content(default))
        own: _Own = {"hydra": composed.pop("hydra", {})}
        if len(changes) < len(found.changes):
            # For what it says of changes to its own part, and makes of them
            own = self._whole(chosen)
        if changes:
            changed = OmegaConf.create(composed, flags={"struct": True})
            self._loader._apply_overrides_to_config(changes, changed)
            composed = _plain_values(changed)
        return composed, own

    def _whole(self, chosen: tuple[str, ...]) -> DictConfig:
        """As hydra.compose, Hydra's own part included."""
        if self.study:
            schema.register(self.study)
        return self._loader.load_configuration(
            self.config_name, list(chosen), run_mode=RunMode.RUN, from_shell=False
        )

    def _content(self, default: ResultDefault) -> dict[str, Any]:
        """A file's content, under the keys that lead to it."""
        key = (str(default.config_path), default.package)
        if key not in self._contents:
            loaded = self._loader._load_single_config(default, self._files)
            self._contents[key] = _plain_values(loaded.config)
        return self._contents[key]

    def typed(self, composed: Mapping[str, Any], where: str = "conf/") -> DictConfig:
        """Refuse keys and values that neither the run's nor the study's schema has.

        `where` is what brought them, for the complaints.
        """
        study = composed["study"]
        empty, strict = self._schema(study)
        known = [str(key) for key in (empty if strict else composed)]
        complaints = [
            f"{where}: unknown key {key!r}. {nearest(key, known)}"
            for key in composed
            if key not in known
        ]
        if complaints:
            raise ConfigurationError(complaints)
        # Checking types is most of the work: what the first configuration has too is right already.
        first, typed = self._first.get(study, ({}, empty))
        if first.keys() - composed.keys():
            first, typed = {}, empty
        new = [key for key in composed if repr(composed[key]) != repr(first.get(key, MISSING))]
        typed, fresh = typed.copy(), empty.copy() if new else empty
        for key in new:
            try:
                fresh.merge_with({key: composed[key]})
                typed[key] = fresh._get_node(key)
            except OmegaConfBaseException as error:
                complaints.append(f"{where}: {key}: {str(error).splitlines()[0]}")
        if complaints:
            raise ConfigurationError(complaints)
        if study not in self._first:
            self._first[study] = composed, typed.copy()
        OmegaConf.set_struct(typed, True)
        return typed

    def _schema(self, study: str) -> tuple[DictConfig, bool]:
        if study not in self._schemas:
            self._schemas[study] = schema.typed_schema(study)
        return self._schemas[study]

    def complaints(self, texts: Iterable[str]) -> tuple[list[str], list[str]]:
        """What is wrong with each override by itself, and the overrides that are right."""
        complaints: list[str] = []
        right: list[str] = []
        values: list[tuple[str, Override]] = []
        for text in texts:
            try:
                override = self.parse(text)
                options = self.groups(override.key_or_group)
                wrong = self._unknown_options(override, options) if options else []
                if override.key_or_group == _LAUNCHER:
                    known = ", ".join(self.groups(f"hydra/{_LAUNCHER}"))
                    wrong = [f"{text}: Type hydra/{text}. Known: {known}."]
                if override.is_hydra_override() and override.is_sweep_override():
                    wrong = wrong or [f"{text}: takes one value."]
            except ConfigurationError as error:
                complaints += error.complaints
                continue
            complaints += wrong
            if not wrong and (options or not _plain(override)):
                right.append(text)
            elif not wrong:
                values.append((text, override))
        beside = [c[0] for t in right if (c := self.choices(self.parse(t)))]
        try:
            if self._plainly(beside) is None:
                self.compose(beside)
        except ConfigurationError as error:
            return complaints + error.complaints, right
        for text, override in values:
            problems = []
            for choice in self.choices(override):
                if self._plainly([*beside, choice]) is not None:
                    continue
                problem = set_value(self.compose(beside), self.parse(choice))
                if problem:
                    problems.append(problem)
            complaints += _as_one(text, problems, self.choices(override))
            if not problems:
                right.append(text)
        return complaints, right

    def _unknown_options(self, override: Override, options: tuple[str, ...]) -> list[str]:
        key = override.key_or_group
        axis, _, name = key.rpartition("/")
        if axis and not override.is_hydra_override():
            known = nearest(name, self.groups(axis))
            return [f"{override.input_line}: {key} belongs to {axis}. Type {axis}=NAME. {known}"]
        if override.type == OverrideType.DEL:
            return [f"{override.input_line}: {key} cannot be left out. {nearest('', options)}"]
        if isinstance(listed := override.value(), list):
            return [f"{override.input_line}: {several(key, listed)}"]
        return [
            f"{choice}: unknown {key} {value!r}. {nearest(value, options)}"
            for choice in self.choices(override)
            if (value := choice.partition("=")[2].strip("'\"")) not in options
        ]


def _as_one(text: str, problems: list[str], choices: Sequence[str]) -> list[str]:
    """The complaints about an override's values; what holds of each alike is said once."""
    said = {p.removeprefix(choice) for p, choice in zip(problems, choices, strict=False)}
    if len(problems) == len(choices) > 1 and len(said) == 1:
        return [f"{text}{said.pop()}"]
    return problems


def _plain(override: Override) -> bool:
    return override.type == OverrideType.CHANGE


def _plain_values(config: Container) -> dict[str, Any]:
    """The content as it stands, interpolations and missing values included."""
    plain = OmegaConf.to_container(config)
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}


def _overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Merged as OmegaConf does: mappings key by key; anything else but a missing value replaces."""
    merged = dict(below)
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            merged[key] = _overlaid(below[key], value)
        elif value != MISSING or key not in below:
            merged[key] = value
    return merged


def _not_there(config: DictConfig, dotted: str) -> str:
    """Where the way to a key ends, and what there is instead."""
    node: Any = config
    passed: list[str] = []
    for part in dotted.split("."):
        if not isinstance(node, DictConfig) or part not in node:
            break
        node = node._get_node(part)
        passed.append(part)
    known = [str(key) for key in node] if isinstance(node, DictConfig) else []
    missing = dotted.split(".")[len(passed)]
    return f"{'.'.join(passed) or 'There'} has no {missing!r}. {nearest(missing, known)}"
