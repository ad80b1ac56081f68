"""Look at a command line before Hydra does, so that all complaints come out together."""

from __future__ import annotations

import sys
import tempfile
import traceback
from pathlib import Path

from hydra._internal.utils import get_args_parser

from sweeps.asking.compose import Composer, search_path
from sweeps.asking.expand import Expansion
from sweeps.errors import ConfigurationError, SweepError
from sweeps.hardware.fit import Fit

MISTAKE = 2
"""Exit status of a user's mistake."""
BROKEN = 1
"""Exit status of anything else that went wrong."""


def complain(error: Exception) -> int:
    """Print what is wrong, one line a complaint, and give the exit status.

    An error that is no user's mistake is one line here, and a traceback in a file.
    """
    if isinstance(error, SweepError):
        for line in str(error).splitlines():
            print(line, file=sys.stderr)
        return MISTAKE
    with tempfile.NamedTemporaryFile("w", prefix="run-", suffix=".log", delete=False) as log:
        log.writelines(traceback.format_exception(error))
    print(
        f"{type(error).__name__}: {error}\nThis should not happen; the traceback is in {log.name}.",
        file=sys.stderr,
    )
    return BROKEN


def check(folder: Path, config_name: str, argv: list[str] | None = None) -> None:
    """Leave with exit status 2 and every complaint, if there is one about the overrides."""
    arguments = sys.argv[1:] if argv is None else argv
    given, unknown = get_args_parser().parse_known_args(arguments)
    flags = [word for word in unknown if word.startswith("-")]
    if flags:
        sys.exit(complain(SweepError(f"{' '.join(flags)}: no such option. See --help.")))
    if given.help or given.hydra_help or given.info or given.shell_completion:
        return
    # Every run is a multirun here. Hydra refuses --cfg with it, wants all options before the first
    # override, and would take the mode from the configuration only where that composes.
    overrides = [*given.overrides, *unknown]
    options = [word for word in arguments if word not in (*overrides, "-m", "--multirun")]
    if argv is None:
        sys.argv[1:] = [*options, *([] if given.cfg else ["--multirun"]), *overrides]
    path = (folder / given.config_path).resolve() if given.config_path else folder
    extra = Path(given.config_dir).resolve() if given.config_dir else None
    with search_path(path, extra):
        composer = Composer(given.config_name or config_name)
        try:
            said, right = composer.complaints(overrides)
            if said:
                try:
                    # What a stage will have to itself is known once Hydra has started a launcher.
                    fit = Fit(cluster=composer.on_cluster(composer.single(right)))
                    Expansion(composer, right, fit).sweeps()
                except ConfigurationError as error:
                    said += error.complaints
                raise ConfigurationError(said)
        except Exception as error:
            sys.exit(complain(error))
