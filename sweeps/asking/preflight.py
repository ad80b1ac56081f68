"""Look at a command line before Hydra does: which study it asks, and all that is wrong with it."""

from __future__ import annotations

import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from hydra._internal.utils import get_args_parser
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from sweeps.asking import schema
from sweeps.asking.claimed import in_full
from sweeps.asking.command import by_study, typed_study, with_study
from sweeps.asking.compose import Composer, config_loader
from sweeps.asking.expand import Expansion
from sweeps.asking.help import help_page
from sweeps.asking.slips import without_slips
from sweeps.asking.sweepnames import sweep_names
from sweeps.errors import ConfigurationError, SweepError
from sweeps.hardware.fit import Fit
from sweeps.product import PRODUCT
from sweeps.studies import find_study, study_names

MISTAKE = 2
"""Exit status of a user's mistake."""
BROKEN = 1
"""Exit status of anything else that went wrong."""
CONFIG = "config"
"""The name of a study's baseline, conf/<study>/config.yaml."""


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


def check(argv: list[str]) -> Path:
    """The folder of options of the study that a command asks first; --help is answered here.

    Changes `argv` into what Hydra takes. Leaves with exit status 2 and every complaint, if there is
    one about the overrides.
    """
    # Hydra would take it for an override; nothing that stands behind it begins with a dash.
    argv[1:] = [word for word in argv[1:] if word != "--"]
    parser = get_args_parser()
    given, unknown = parser.parse_known_args(argv[1:])
    typed = [*given.overrides, *unknown]
    try:
        folder = _folder(given.config_path)
        name = given.config_name or CONFIG
        extra = Path(given.config_dir).absolute() if given.config_dir else None
        overrides = [in_full(word) for word in typed]
        own = typed_study(overrides) or (_study_in(folder, name) if folder else None)
        own = own or PRODUCT.default_study
        if given.help:
            print(help_page(composer_of(own, name, folder, extra), folder or _conf(own)))
            sys.exit(0)
        if given.hydra_help or given.info or given.shell_completion:
            asked: Mapping[str, Sequence[str]] = {own: overrides}
        else:
            slips, words = without_slips(
                typed,
                argv[1:],
                options=parser._option_string_actions,
                sweeps=sweep_names(*study_names()),
                axes=lambda: composer_of(own, name, folder, extra).axes(),
            )
            overrides = [in_full(word) for word in words]
            try:
                asked = by_study(overrides, own)
                _check(asked, own, folder, name, extra)
            except ConfigurationError as error:
                raise ConfigurationError([*slips, *error.complaints]) from error
            if slips:
                raise ConfigurationError(slips)
        lead = next(iter(asked))
        schema.register(lead)
        conf = folder if folder and lead == own else _conf(lead)
    except Exception as error:
        sys.exit(complain(error))
    # Every run is a multirun here. Hydra refuses --cfg with it, wants all options before the first
    # override, and would take the mode from the configuration only where that composes.
    options = [word for word in argv[1:] if word not in (*typed, "-m", "--multirun")]
    if folder:
        # Hydra would look for it beside run.py; the last one counts.
        options.append(f"--config-path={conf}")
    single = given.cfg or given.hydra_help or given.info or given.shell_completion
    lists = schema.lists_of(lead)
    overrides = [schema.respelled(text, lists) for text in overrides]
    argv[1:] = [*options, *([] if single else ["--multirun"]), *overrides]
    return conf


def composer_of(
    study: str, name: str = CONFIG, folder: Path | None = None, extra: Path | None = None
) -> Composer:
    """What composes a study's configurations: of `folder`, or of its own conf/, after `extra`.

    It is one for a whole command, which reads each file once.
    """
    return _composer(name, folder or _conf(study), extra)


@cache
def _composer(name: str, folder: Path, extra: Path | None) -> Composer:
    return Composer(name, config_loader(folder, extra))


def _check(
    asked: Mapping[str, Sequence[str]],
    own: str,
    folder: Path | None,
    name: str,
    extra: Path | None,
) -> None:
    """Raise ConfigurationError with all complaints of all studies, if an override is wrong."""
    found: list[str] = []
    for study, overrides in asked.items():
        of_own = study == own
        composer = composer_of(study, name if of_own else CONFIG, folder if of_own else None, extra)
        complaints, right = composer.complaints(overrides)
        if complaints or found:
            try:
                # What a stage will have to itself is known once Hydra has started a launcher.
                fit = Fit(cluster=composer.on_cluster(composer.single(right)))
                left_out = [text for text in overrides if text not in right]
                whole = not any("," in text or "(" in text for text in left_out)
                Expansion(composer, right, fit, whole=whole).sweeps()
            except ConfigurationError as error:
                complaints += error.complaints
        found += with_study(study, complaints) if len(asked) > 1 else complaints
    if found:
        raise ConfigurationError(found)


def _folder(given: str | None) -> Path | None:
    """The folder that --config-path names, from where the command is typed."""
    if given is None or given.startswith("pkg://"):
        return None
    folder = Path(given).absolute()
    if not folder.is_dir():
        raise SweepError(f"--config-path {given}: no such folder {folder}.")
    return folder


def _conf(study: str) -> Path:
    """The folder of a study's options. Raises SweepError where it has none."""
    conf = find_study(study).conf
    if not (conf / f"{CONFIG}.yaml").is_file():
        raise SweepError(
            f"study={study}: its baseline {conf / f'{CONFIG}.yaml'} is missing. Write it, or name "
            "another folder of options with --config-path."
        )
    return conf


def _study_in(folder: Path, name: str) -> str | None:
    """The study that a configuration names; None where that cannot be seen at once."""
    try:
        config = OmegaConf.load(folder / f"{name.removesuffix('.yaml')}.yaml")
    except (OSError, YAMLError, OmegaConfBaseException):
        return None
    study = OmegaConf.select(config, "study", throw_on_resolution_failure=False)
    return study if isinstance(study, str) else None
