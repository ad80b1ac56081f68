"""The keys that a configuration may have: the run's and its study's, typed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import fields, make_dataclass
from functools import cache
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, OmegaConf, open_dict

from sweeps.constraints import key_of
from sweeps.errors import ConfigurationError
from sweeps.settings import RunSettings
from sweeps.study import Study

NAME = "study_settings"
"""What a study's config.yaml calls its own keys in its defaults list."""


def register(study: str) -> None:
    """Let Hydra find the study's keys and their defaults as `study_settings`.

    Hydra composes a command line by them before anyone else sees it, and stops at the first
    mistake. They are plain values that may have any further keys: what is wrong with the whole
    comes out of `typed_schema`, all at once.
    """
    ConfigStore.instance().store(name=NAME, node=_defaults(Study(study).schema))


@cache
def _defaults(schema: type | None) -> DictConfig:
    structured = _structured(schema) if schema else OmegaConf.create({})
    plain = OmegaConf.create(OmegaConf.to_container(structured))
    assert isinstance(plain, DictConfig)
    for key in plain:
        if isinstance(node := plain._get_node(key), DictConfig):
            OmegaConf.set_struct(node, False)
    return plain


def _structured(schema: type) -> DictConfig:
    """The keys of a dataclass, typed, under the names that they have in a configuration."""
    found = OmegaConf.structured(schema)
    assert isinstance(found, DictConfig)
    _rename(found)
    return found


def _rename(node: DictConfig) -> None:
    for name in [str(key) for key in node]:
        inner: Any = node._get_node(name)
        if (key := key_of(name)) != name:
            with open_dict(node):
                node[key] = inner
                del node[name]
        if isinstance(inner, DictConfig) and not inner._is_none():
            _rename(inner)


def lists_of(study: str) -> dict[str, str]:
    """Keys of settings by name, and the key that a list given for them sets.

    Such a key says so in its field's metadata: {"list_of": KEY}.
    """
    schema = Study(study).schema
    found = fields(schema) if schema else ()
    return {f.name: f.metadata["list_of"] for f in found if "list_of" in f.metadata}


_ONE = re.compile(r"[\w./~+:@%-]+")
"""A value that no character makes several, a list, a mapping or something quoted."""


def respelled(text: str, lists: Mapping[str, str]) -> str:
    """The override with the key that its list sets, and one name as a list of it.

    Others stay as they are. Raises ConfigurationError for names that no brackets make one list.
    """
    key, equals, value = text.partition("=")
    value = value.lstrip()
    if not equals or key not in lists or value.startswith(("{", "$")) or value == "null":
        return text
    if _ONE.fullmatch(value):
        return f"{lists[key]}=[{value}]"
    names = value.split(",")
    if len(names) > 1 and all(map(_ONE.fullmatch, names)):
        meant = shlex.quote(f"{key}=[{value}]")
        raise ConfigurationError([f"{text}: a list stands in brackets. Type {meant}."])
    return f"{lists[key]}={value}"


def typed_schema(study: str) -> tuple[DictConfig, bool]:
    """The run's and the study's keys, without values, and whether there may be no others.

    A study without a schema may have any keys. For reading alone: to be changed, it is copied.
    """
    return _typed(Study(study).schema)


@cache
def _typed(schema: type | None) -> tuple[DictConfig, bool]:
    bases = (schema, RunSettings) if schema else (RunSettings,)
    settings = _structured(make_dataclass("Settings", [], bases=bases))
    OmegaConf.set_struct(settings, None if schema else False)
    return settings, schema is not None
