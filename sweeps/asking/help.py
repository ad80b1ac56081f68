"""The page of --help: the axes and values of the study that would run."""

from __future__ import annotations

import textwrap
from dataclasses import fields
from pathlib import Path

from omegaconf import DictConfig

from sweeps.asking.compose import Composer
from sweeps.settings import RunSettings
from sweeps.studies import ROOT

_WIDTH = 96
PAGE = """\
{header}

Axes ({folder}/): key=choice[,choice...]
{axes}

Values, with the baseline's defaults shown by `python run.py --cfg job`:
  {values}
The run: study store plan baseline seeds.* sweep search.* workers threads wait max_jobs wandb

Powered by Hydra (https://hydra.cc)
Use --hydra-help to view Hydra specific help"""
HEADER = "A study's cells, shared stage by stage, as one honest table."
"""What stands above for a study whose config.yaml has no `hydra.help.header`."""


def help_page(composer: Composer, folder: Path) -> str:
    """The page, of what `composer` reads in `folder`. Raises ConfigurationError.

    Hydra's own would work out every group four times over, which takes seconds.
    """
    axes = composer.axes()
    others = {*axes, *(field.name for field in fields(RunSettings))}
    baseline = composer.compose([])
    values = [
        f"{key!s}.*" if isinstance(baseline._get_node(key), DictConfig) else str(key)
        for key in baseline
        if str(key) not in others
    ]
    return PAGE.format(
        header=composer.header() or HEADER,
        folder=folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder,
        axes="\n".join(f"{axis}: {', '.join(names)}" for axis, names in axes.items()),
        values=textwrap.fill(" ".join(values), _WIDTH, subsequent_indent="  ") or "none",
    )
