"""A command line, taken apart by study: whose sweeps it asks for, and all complaints about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override

from sweeps.asking import grammar
from sweeps.asking.compose import Composer
from sweeps.asking.expand import Expansion
from sweeps.asking.rows import Sweep
from sweeps.asking.sweepnames import find_sweep_file, sweep_names
from sweeps.errors import ConfigurationError, SweepError
from sweeps.hardware.fit import Fit
from sweeps.studies import study_names

ALL = "all"
"""`sweep=all`: every sweep file of the study; `sweep=NAME/all` of another one."""
ALL_STUDIES = "all_studies"
"""Every sweep file of every study."""
_OF_STUDIES = ("study", "sweep")


def typed_study(overrides: Sequence[str]) -> str | None:
    """The value of the last `study=`; None where none is typed, or several values are."""
    typed = [o for o in _of_key(overrides, "study") if not o.is_sweep_override()]
    return str(typed[-1].value()) if typed else None


def by_study(overrides: Sequence[str], own: str) -> dict[str, list[str]]:
    """The overrides that each study is asked by, the one first whose options Hydra reads.

    A sweep file is of the study whose folder it lies in, or that it names; everything else is of
    the `own` study, which is first where anything is asked of it. Raises ConfigurationError.
    """
    if any(len({o for o in overrides if _key(o) == key}) > 1 for key in _OF_STUDIES):
        # One key, given twice: complained of with all else that is wrong.
        return {own: list(overrides)}
    files = [file for override in _of_key(overrides, "sweep") for file in _values(override)]
    asked: dict[str, list[str]] = {}
    for file in dict.fromkeys(_written_out(files, own)):
        study = own
        # A file that is not there is complained of with all that is wrong about its study.
        with suppress(SweepError):
            study = find_sweep_file(file, own).study
        asked.setdefault(study, []).append(file)
    if not asked:
        return {own: list(overrides)}
    typed = typed_study(overrides)
    if typed is not None and typed not in asked:
        names = ",".join(file for some in asked.values() for file in some)
        raise ConfigurationError(
            [f"study={typed} sweep={names}: no sweep of this study. Leave study={typed} out."]
        )
    rest = [text for text in overrides if _key(text) not in _OF_STUDIES]
    return {
        study: [*rest, *([f"study={study}"] if typed else []), f"sweep={','.join(asked[study])}"]
        for study in sorted(asked, key=lambda study: study != own)
    }


def _written_out(files: Sequence[str], own: str) -> Iterator[str]:
    """`all` and `all_studies` as the names that they stand for."""
    for file in files:
        study, _, last = file.rpartition("/")
        if file == ALL_STUDIES:
            yield from sweep_names(*study_names())
        elif last == ALL:
            yield from sweep_names(study or own) or [file]
        else:
            yield file


def _key(text: str) -> str:
    return text.lstrip("+~").partition("=")[0]


def _of_key(overrides: Sequence[str], key: str) -> list[Override]:
    """The overrides of a key. One that cannot be read is complained of where all are."""
    parser, found = OverridesParser.create(), []
    for text in overrides:
        if _key(text) == key:
            with suppress(ConfigurationError):
                found.append(grammar.parse(text, parser))
    return [override for override in found if override.value() is not None]


def _values(override: Override) -> list[str]:
    if not override.is_sweep_override():
        return [str(override.value())]
    return [value.strip("'\"") for value in grammar.values(override)]


class Command:
    """An expansion for each study of which a command asks for sweeps."""

    def __init__(
        self,
        asked: Mapping[str, Sequence[str]],
        composer: Callable[[str], Composer],
        fit: Fit | None = None,
    ) -> None:
        """Of overrides by study, the leading study first. Raises ConfigurationError."""
        self._several = len(asked) > 1
        self._expansions: dict[str, Expansion] = {}
        complaints: list[str] = []
        for study, overrides in asked.items():
            with self._complaints_of(study, complaints):
                self._expansions[study] = Expansion(composer(study), overrides, fit)
        if complaints:
            raise ConfigurationError(complaints)
        self.run = next(iter(self._expansions.values())).run
        """The run's settings, which are the leading study's."""

    def notices(self) -> list[str]:
        """What is right but may not be meant."""
        return list(dict.fromkeys(n for one in self._expansions.values() for n in one.notices()))

    def sweeps(self) -> list[Sweep]:
        """Every sweep that was asked for. Raises ConfigurationError with all complaints."""
        complaints: list[str] = []
        found: list[Sweep] = []
        for study, expansion in self._expansions.items():
            with self._complaints_of(study, complaints):
                found += expansion.sweeps()
        if complaints:
            raise ConfigurationError(complaints)
        return found

    def expansion(self, sweep: Sweep) -> Expansion:
        """The expansion of the sweep's study."""
        return self._expansions[sweep.study]

    @contextmanager
    def _complaints_of(self, study: str, complaints: list[str]) -> Iterator[None]:
        try:
            yield
        except ConfigurationError as error:
            complaints += with_study(study, error.complaints) if self._several else error.complaints


def with_study(study: str, complaints: Sequence[str]) -> list[str]:
    """The complaints behind the name of the one study, of several, for which they hold."""
    return [f"{study}: {complaint}" for complaint in complaints]
