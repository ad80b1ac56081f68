"""From a command line that was looked at to Hydra, which starts our sweeper with it."""

from __future__ import annotations

from pathlib import Path

import hydra
from hydra._internal.utils import get_args_parser, run_and_report
from hydra.types import TaskFunction

from sweeps.asking.compose import search_path
from sweeps.asking.preflight import CONFIG

VERSION = "1.3"
"""Of Hydra, whose defaults hold."""


def start(argv: list[str], conf: Path, show_table: TaskFunction) -> None:
    """Let Hydra run what preflight made of `argv`, by the options in the folder `conf`.

    `show_table` is called once for each finished sweep. A run without options of Hydra's command
    line goes to its multirun at once: hydra.main would compose the whole configuration a second
    time, to learn from it that this is one.
    """
    given = get_args_parser().parse_args(argv[1:])
    options = (given.config_path, given.config_dir, given.config_name, given.experimental_rerun)
    if not given.multirun or any(options):
        hydra.main(version_base=VERSION, config_path=str(conf), config_name=CONFIG)(show_table)()
        return
    hydra.version.setbase(VERSION)
    with search_path(conf) as own:
        run_and_report(lambda: own.multirun(CONFIG, show_table, given.overrides))
