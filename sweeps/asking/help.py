"""What --help shows of the study that would run: its axes and its values."""

from __future__ import annotations

import textwrap
from dataclasses import fields
from pathlib import Path

from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from omegaconf import DictConfig, OmegaConf

from sweeps.settings import RunSettings
from sweeps.studies import ROOT

_WIDTH = 96
_INDENT = "  "


def axes() -> str:
    """The axes and their choices, one a line."""
    loader = GlobalHydra.instance().config_loader()
    return "\n".join(
        f"{group}: {', '.join(loader.get_group_options(group, ObjectType.CONFIG))}"
        for group in _groups()
    )


def values(*, _root_: DictConfig) -> str:
    """The study's keys beside its axes; those of a mapping as `model.*`."""
    others = {*_groups(), *(field.name for field in fields(RunSettings)), "hydra"}
    keys = [str(key) for key in _root_ if key not in others]
    words = [f"{k}.*" if isinstance(_root_._get_node(k), DictConfig) else k for k in keys]
    return textwrap.fill(" ".join(words), _WIDTH, subsequent_indent=_INDENT) or "none"


def conf_folder() -> str:
    """Where the axes lie, as one sees it from the checkout."""
    sources = GlobalHydra.instance().config_loader().get_sources()
    (folder,) = (Path(source.path) for source in sources if source.provider == "main")
    return f"{folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder}/"


def register() -> None:
    """Let a configuration's help text name these."""
    for resolver in (axes, values, conf_folder):
        OmegaConf.register_new_resolver(resolver.__name__, resolver, replace=True)


def _groups() -> list[str]:
    groups = GlobalHydra.instance().config_loader().list_groups("")
    return sorted(group for group in groups if group != "hydra")
