"""Hydra's list of the files that a choice of groups brings, asked for once where leaves differ.

An option whose file has no defaults of its own is a leaf: another leaf of its group stands in the
list where it stood, and nothing else of the list changes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hydra._internal.config_repository import IConfigRepository
from hydra._internal.defaults_list import DefaultsList, create_defaults_list
from hydra.core.default_element import InputDefault, ResultDefault
from hydra.core.override_parser.types import Override, OverrideType
from hydra.errors import HydraException

_GROUP = re.compile(r"[\w/]+")
_READ = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True)
class Brought:
    """The files of a choice, in their order, and the overrides that choose no file."""

    files: tuple[ResultDefault, ...]
    changes: tuple[Override, ...]


class Defaults:
    """What Hydra's repository brings for the choices of one configuration."""

    def __init__(self, files: IConfigRepository, config_name: str) -> None:
        self._files, self._config_name = files, config_name
        self._asked: dict[tuple[str, ...], tuple[Brought, frozenset[str]]] = {}
        self._leaves: dict[str, bool] = {}

    def brought(self, chosen: Sequence[Override]) -> Brought:
        """The files of these overrides. Raises what Hydra raises."""
        keys = [override.key_or_group for override in chosen]
        leaves = [o for o in chosen if keys.count(o.key_or_group) == 1 and self._may_swap(o)]
        try:
            found, read = self._by_hydra([o for o in chosen if o not in leaves])
        except HydraException:
            # The option that a leaf replaces may be what is wrong.
            return self._by_hydra(chosen)[0]
        files = list(found.files)
        for override in leaves:
            group = override.key_or_group
            places = [i for i, file in enumerate(files) if file.override_key == group]
            if len(places) != 1 or group in read or not self._swaps(files[places[0]], group):
                return self._by_hydra(chosen)[0]
            files[places[0]] = replace(files[places[0]], config_path=_path(override))
        return replace(found, files=tuple(files))

    def _may_swap(self, override: Override) -> bool:
        return (
            override.type == OverrideType.CHANGE
            and override.package is None
            and isinstance(override.value(), str)
            and _GROUP.fullmatch(override.key_or_group) is not None
            and self._is_leaf(_path(override))
        )

    def _swaps(self, file: ResultDefault, group: str) -> bool:
        path = str(file.config_path)
        return not file.is_self and path.startswith(f"{group}/") and self._is_leaf(path)

    def _is_leaf(self, path: str) -> bool:
        """Whether a file is there that brings no other one and names no place for itself."""
        if path not in self._leaves:
            loaded = self._files.load_config(path)
            self._leaves[path] = bool(
                loaded and not loaded.defaults_list and not loaded.header.get("package")
            )
        return self._leaves[path]

    def _by_hydra(self, chosen: Sequence[Override]) -> tuple[Brought, frozenset[str]]:
        """What Hydra finds, and the groups by whose options files are named in lists."""
        texts = tuple(str(override.input_line) for override in chosen)
        if texts not in self._asked:
            found = create_defaults_list(
                repo=self._files,
                config_name=self._config_name,
                overrides_list=list(chosen),
                prepend_hydra=True,
                skip_missing=False,
            )
            brought = Brought(tuple(found.defaults), tuple(found.config_overrides))
            self._asked[texts] = brought, frozenset(self._read(found))
        return self._asked[texts]

    def _read(self, found: DefaultsList) -> set[str]:
        read: set[str] = set()
        nodes: list[Any] = [found.defaults_tree]
        while nodes:
            tree = nodes.pop()
            if isinstance(tree, InputDefault):
                continue
            nodes += tree.children or ()
            if not tree.node.is_virtual() and tree.node.get_name() is not None:
                loaded = self._files.load_config(tree.node.get_config_path())
                for default in (loaded and loaded.defaults_list) or ():
                    read.update(_READ.findall(str(vars(default))))
        return read


def _path(override: Override) -> str:
    return f"{override.key_or_group}/{override.value()}"
