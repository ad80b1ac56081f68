"""What was asked for, worked out: sweeps of rows, rows of cells, cells of stages."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sweeps import settings
from sweeps.asking import gridlabels
from sweeps.asking.baseline import AUTO, NONE, named_baseline
from sweeps.asking.claimed import OF_CLAIMS, level_of, unknown_columns, unread, with_claims
from sweeps.asking.compose import Composer
from sweeps.asking.grammar import comma_hint
from sweeps.asking.placeholders import fill, strip
from sweeps.asking.repeated import given_again, given_twice, keys_set
from sweeps.asking.rows import Row, Sweep, of_one_name, why_one
from sweeps.asking.sweepfile import FileRow, Search, SweepFile, read_sweep_file
from sweeps.asking.sweepnames import sweep_name
from sweeps.asking.unread import unread_settings
from sweeps.constraints import complaint
from sweeps.errors import ConfigurationError, SweepError
from sweeps.hardware.fit import Fit
from sweeps.records import short_name
from sweeps.settings import OPERATIONAL, SEED, SEEDS, operational
from sweeps.study import Cell, Study

MOST_CELLS = 10_000
"""Of one grid; more take hours to compose."""
_RULE = ("search.score", "search.tie_break")
SEEDS_OF_SEARCH = "seed: a search takes one seed; see seeds.baseline and seeds.variants."


class Expansion:
    """Turns the overrides of one command into sweeps, each cell composed once."""

    def __init__(
        self,
        composer: Composer,
        overrides: Sequence[str],
        fit: Fit | None = None,
        *,
        whole: bool = True,
    ) -> None:
        """`fit` is asked about every cell that is expanded: whether its stages can run.

        Where not the `whole` of what was typed is among the overrides, nobody knows all rows.
        """
        self._whole = whole
        self._composer = composer
        self._fit = fit
        self._parsed = [(text, composer.parse(text)) for text in dict.fromkeys(overrides)]
        self.run = composer.resolved(composer.single(overrides))
        self.study = Study(self.run["study"])
        self._cells: dict[tuple[str, ...], Cell] = {}

    def notices(self) -> list[str]:
        """What is right but may not be meant: a setting that was given again."""
        return given_again(self._parsed)

    def sweeps(self) -> list[Sweep]:
        """Every sweep that was asked for. Raises ConfigurationError with all complaints."""
        complaints = settings.complaints(self.run) + given_twice(self._parsed)
        complaints += [
            f"{t}: takes one value.{comma_hint(t, o)}"
            for t, o in self._parsed
            if operational(o.key_or_group) and o.key_or_group != "sweep" and o.is_sweep_override()
        ]
        asked = [(t, o) for t, o in self._parsed if not operational(o.key_or_group)]
        found: list[Sweep] = []
        names = list(dict.fromkeys(self._choices_of("sweep"))) or [self.run["sweep"]]
        for name in names:
            try:
                found.append(self._named(name, asked))
            except SweepError as error:
                complaints += getattr(error, "complaints", [str(error)])
        complaints += (
            self._unread(found) + unread(found, self.run, self._parsed) + of_one_name(found)
        )
        if complaints:
            raise ConfigurationError(complaints)
        return found

    def _named(self, name: str | None, asked: list[tuple[str, Any]]) -> Sweep:
        """A sweep file's, or without a name a search or a grid over the swept overrides."""
        if name is not None:
            return self._from_file(read_sweep_file(str(name), self.study.name), asked)
        return self._ascent(asked) if self.run["search"]["name"] == "ascent" else self._grid(asked)

    def _choices_of(self, key: str) -> list[str]:
        for _, override in self._parsed:
            if override.key_or_group == key and override.is_sweep_override():
                return [c.partition("=")[2] for c in self._composer.choices(override)]
        return []

    # -- a grid ------------------------------------------------------------------------------

    def _grid(self, asked: list[tuple[str, Any]]) -> Sweep:
        seeds, common, axes = self._split(asked)
        self._check_size(axes, seeds)
        percent = gridlabels.shares(self.study.schema)
        labels = gridlabels.labels(axes, percent)
        rows = [FileRow(label=label, overrides=row) for row, label in labels.items()]
        digest = self._digest(self._words(asked))
        name = "-".join(axis[0].partition("=")[0].rpartition(".")[2] for axis in axes) or "cell"
        sweep = Sweep(
            id=short_name(sweep_name(self.study.name, f"{name}-{digest}")),
            title=gridlabels.title(axes, percent) if axes else "One cell",
            study=self.study.name,
            common=common,
            asked=self._words(asked, *OF_CLAIMS),
            seeds=self._seed_counts({}),
        )
        return self._with_rows(sweep, rows, seeds, baseline=None)

    def _check_size(self, axes: list[list[str]], seeds: list[int] | None) -> None:
        """Raise ConfigurationError for a grid of more cells than could ever be composed."""
        rows = math.prod(map(len, axes))
        cells = rows * (len(seeds) if seeds else self._seed_counts({})["variants"])
        if cells > MOST_CELLS:
            keys = " x ".join(axis[0].partition("=")[0] for axis in axes) or "seeds.variants"
            raise ConfigurationError(
                [f"{keys}: {cells:,} cells; accepted are {MOST_CELLS:,} at most. Type fewer."]
            )

    def _ascent(self, asked: list[tuple[str, Any]]) -> Sweep:
        """The swept overrides as axes of a search, in the order typed, from the defaults."""
        seeds, common, axes = self._split(asked)
        complaints = []
        if seeds:
            complaints.append(SEEDS_OF_SEARCH)
        complaints += self._baseline_of_search()
        if not axes:
            complaints.append(
                "search=ascent: no axis to search. Give an override several values, such as "
                "corruption=0.15,0.25; each becomes an axis, in the order typed."
            )
        if complaints:
            raise ConfigurationError(complaints)
        rule = self._rule(Search(axes=()))
        named = [axis[0].partition("=")[0] for axis in axes]
        short = "-".join(name.rpartition(".")[2] for name in named)
        words = self._words(asked)
        digest = self._digest(words, rule.score or "", rule.tie_break)
        return Sweep(
            id=short_name(sweep_name(self.study.name, f"ascent-{short}-{digest}")),
            title=f"Coordinate ascent: {', then '.join(named)}",
            study=self.study.name,
            common=common,
            asked=words,
            seeds=self._seed_counts({}),
            search=replace(
                rule,
                axes=tuple(
                    {"name": name, "candidates": [FileRow(label=t, overrides=(t,)) for t in axis]}
                    for name, axis in zip(named, axes, strict=True)
                ),
            ),
        )

    def _baseline_of_search(self) -> list[str]:
        given = self.run["baseline"]
        if given in (AUTO, NONE):
            return []
        return [f"baseline={given}: a search starts from the defaults. Accepted are auto and none."]

    def _rule(self, search: Search) -> Search:
        """A search by the score and the tie-break of the command line, where they are given."""
        typed = {override.key_or_group for _, override in self._parsed}
        given = [key.removeprefix("search.") for key in _RULE if key in typed]
        return replace(search, **{name: self.run["search"][name] for name in given})

    def _unread(self, found: list[Sweep]) -> list[str]:
        """Complaints about settings of a search where nothing is searched."""
        given = [t for t, o in self._parsed if o.key_or_group.partition(".")[0] == "search"]
        given = [text for text in given if text != "search=none"]
        if self.run["claims"]["name"] == "decide":
            # How far its rounds have come: the job that decides one types it, as of a search.
            given = [text for text in given if not text.startswith("search.settled=")]
        rows = [sweep for sweep in found if not sweep.search]
        if not given or not rows:
            return []
        remedy = "add search=ascent to search the swept overrides."
        if rows[0].file:
            remedy = f"sweep={rows[0].id} has rows; leave one of the two out."
        return [f"{text}: nothing is searched; {remedy}" for text in given]

    def _words(self, asked: list[tuple[str, Any]], *more: str) -> tuple[str, ...]:
        """What was typed of a table: what is `asked` of cells, the baseline, the keys `more`."""
        rest = [text for text, o in self._parsed if o.key_or_group in ("baseline", *more)]
        return tuple(sorted([*(text for text, _ in asked), *rest]))

    @staticmethod
    def _digest(texts: Iterable[str], *more: str) -> str:
        return hashlib.sha256("\0".join([*sorted(texts), *more]).encode()).hexdigest()[:8]

    def _split(
        self, asked: list[tuple[str, Any]]
    ) -> tuple[list[int] | None, tuple[str, ...], list[list[str]]]:
        """The seeds asked for, the overrides with one value, and the swept axes."""
        seeds: list[int] | None = None
        common: list[str] = []
        axes: list[list[str]] = []
        for text, override in asked:
            if override.key_or_group == "seed" and override.is_sweep_override():
                choices = self._composer.choices(override)
                seeds = list(dict.fromkeys(int(c.partition("=")[2]) for c in choices))
            elif override.is_sweep_override():
                axes.append(list(dict.fromkeys(self._composer.choices(override))))
            else:
                common.append(text)
        return seeds, tuple(common), axes

    # -- a file ------------------------------------------------------------------------------

    def _from_file(self, file: SweepFile, asked: list[tuple[str, Any]]) -> Sweep:
        seeds, common, axes = self._split(asked)
        complaints = [
            f"{', '.join(axis)}: a sweep file has its own rows; give one value, or drop sweep=."
            for axis in axes
        ]
        complaints += self._set_twice(file, common)
        if file.search:
            complaints += [*([SEEDS_OF_SEARCH] if seeds else ()), *self._baseline_of_search()]
        sweep = Sweep(
            id=short_name(file.name),
            title=file.title,
            section=file.section,
            study=file.study,
            file=file,
            common=common,
            asked=self._words(asked, *OF_CLAIMS, *(_RULE if file.search else ())),
            seeds=self._seed_counts(file.seeds),
            search=self._rule(file.search) if file.search else None,
            claims=file.claims,
            level=level_of(self.run),
        )
        if not file.search:
            return self._with_rows(sweep, list(file.rows), seeds, file.baseline, complaints)
        if complaints:
            raise ConfigurationError(complaints)
        return sweep

    def _set_twice(self, file: SweepFile, common: Sequence[str]) -> list[str]:
        """Complaints about what a row sets and the command line too."""
        given = {key: text for text in common for key in keys_set(self._composer.parse(text))}
        complaints: dict[str, None] = {}
        for where, text in file.settings():
            # One that cannot be read is complained of where its row is composed.
            with suppress(ConfigurationError):
                for key in keys_set(self._composer.parse(text)):
                    if key in given:
                        complaints[
                            f"{where}: {text}: the command line sets {given[key]}; one of them "
                            "must go."
                        ] = None
        return list(complaints)

    # -- rows --------------------------------------------------------------------------------

    def _seed_counts(self, file: Mapping[str, int]) -> dict[str, int]:
        """Seeds by the command line, else one where `seed` is typed, else by file or preset."""
        given = {key for _, override in self._parsed for key in keys_set(override)}
        counts = {key: self.run["seeds"][key] for key in ("baseline", "variants")}
        for key, preset in counts.items():
            if f"seeds.{key}" not in given:
                counts[key] = 1 if "seed" in given else file.get(key, preset)
        # Other counts are complained of; the rest of the row is looked at all the same.
        least, most = SEEDS["least"], SEEDS["most"]
        return {key: count if least <= count <= most else 1 for key, count in counts.items()}

    def _with_rows(
        self,
        sweep: Sweep,
        rows: list[FileRow],
        seeds: list[int] | None,
        baseline: str | None,
        complaints: Sequence[str] = (),
    ) -> Sweep:
        """A sweep with its rows, unless they are wrong, or `complaints` were made before."""
        chosen, unknown_row = named_baseline(self.run["baseline"], rows)
        complaints = [
            *complaints,
            *(unknown_row if self._whole else ()),
            *filter(None, (complaint("seed", seed, SEED) for seed in seeds or ())),
        ]
        first: dict[str, Cell] = {}
        labels: dict[str, str] = {}
        wrong: list[tuple[FileRow, list[str]]] = []
        start = seeds[0] if seeds else int(self.run["seed"])
        # A seed that cannot be is complained of; the rest of the row is looked at with another.
        start = 0 if complaint("seed", start, SEED) else start
        for row in rows:
            try:
                first[row.label] = self.cell(sweep, row.overrides, start)
                labels[row.label] = fill(row.label, first[row.label].config)
            except ConfigurationError as error:
                wrong.append((row, error.complaints))
        complaints += unread_settings(sweep, rows, first, self._composer.parse)
        if first and sweep.file:
            columns = next(iter(first.values())).columns
            complaints += unknown_columns(sweep.claims, columns, sweep.study, sweep.file.file)
        if complaints := complaints + self._of_rows(sweep, wrong, start):
            raise ConfigurationError(complaints)
        notices: list[str] = []
        rows = self._distinct(sweep, rows, first, notices)
        if chosen:
            same = first[chosen.label].identity
            baseline = next(row.label for row in rows if first[row.label].identity == same)
        elif baseline is None and self.run["baseline"] == AUTO:
            baseline = self._baseline_of_grid(sweep, rows, first, start, notices)
        if NONE in (self.run["baseline"], baseline):
            baseline = None
        done = []
        for row in rows:
            count = sweep.seeds["baseline" if row.label == baseline else "variants"]
            wanted = seeds or list(range(start, start + count))
            cells = [
                first[row.label] if s == start else self.cell(sweep, row.overrides, s)
                for s in wanted
            ]
            done.append(
                Row(
                    label=labels.get(row.label, row.label),
                    name=row.name or strip(row.label),
                    overrides=row.overrides,
                    baseline=row.label == baseline,
                    cells=tuple(cells),
                )
            )
        sweep = replace(sweep, rows=tuple(done), notices=tuple(notices))
        return with_claims(sweep, labels, self.cell, self.run)

    def _of_rows(
        self, sweep: Sweep, wrong: list[tuple[FileRow, list[str]]], start: int
    ) -> list[str]:
        """The complaints about rows; a file's behind its name, unless they are about all rows."""
        if not (wrong and sweep.file):
            return [line for _, complaints in wrong for line in complaints]
        common: list[str] = []
        try:
            self.cell(sweep, (), start)
        except ConfigurationError as error:
            common = error.complaints
        return [
            line if line in common else f"{sweep.file.where(row)}: {line}"
            for row, complaints in wrong
            for line in complaints
        ]

    def _distinct(
        self, sweep: Sweep, rows: list[FileRow], first: dict[str, Cell], notices: list[str]
    ) -> list[FileRow]:
        """Rows with equal keys: an error in a file, one row in a grid."""
        seen: dict[tuple[tuple[str, str], ...], FileRow] = {}
        complaints = []
        for row in rows:
            other = seen.setdefault(first[row.label].identity, row)
            if other is row:
                continue
            if sweep.file:
                cells = first[other.label], first[row.label]
                complaints.append(why_one(sweep.file, (other, row), cells))
            else:
                notices.append(f"{row.label}: the same cell as {other.label}; shown once.")
        if complaints:
            raise ConfigurationError(complaints)
        return list(seen.values())

    def _baseline_of_grid(
        self,
        sweep: Sweep,
        rows: list[FileRow],
        first: dict[str, Cell],
        start: int,
        notices: list[str],
    ) -> str:
        """The row whose keys are the defaults'; added, and said so, where no row is."""
        default = self.cell(sweep, (), start)
        for row in rows:
            if first[row.label].identity == default.identity:
                return row.label
        row = FileRow(label="baseline")
        rows.insert(0, row)
        first[row.label] = default
        notices.append("No row is the baseline: added. baseline=none leaves it out.")
        return row.label

    def cell(self, sweep: Sweep, overrides: Sequence[str], seed: int) -> Cell:
        """One cell. Raises ConfigurationError."""
        texts = self._texts(sweep, overrides, seed)
        # Most tables share their baseline's cells.
        if texts not in self._cells:
            config = self._resolved(texts)
            read = {k: v for k, v in config.items() if k not in OPERATIONAL}
            self._cells[texts] = self.study.cell(read)
            # Most complaints name no row: where the cell is a grid's, what was typed names it.
            typed = "" if sweep.file else " ".join(texts[:-1]) or "the defaults"
            self._check_fit(self._cells[texts], typed)
        return self._cells[texts]

    def _check_fit(self, cell: Cell, typed: str) -> None:
        stages = cell.scores.values()
        if self._fit and (complaints := self._fit.complaints(stages, self.run, typed)):
            raise ConfigurationError(complaints)

    def configuration(
        self, sweep: Sweep, overrides: Sequence[str], seed: int = 0
    ) -> dict[str, Any]:
        """The configuration of one cell, as plain values. Raises ConfigurationError."""
        return self._resolved(self._texts(sweep, overrides, seed))

    def _resolved(self, texts: Sequence[str]) -> dict[str, Any]:
        try:
            return self._composer.resolved(texts)
        except ConfigurationError as error:
            # Composing stops at the first mistake, and knows no names that are near.
            complaints, _ = self._composer.complaints(texts)
            raise ConfigurationError(complaints or error.complaints) from error

    @staticmethod
    def _texts(sweep: Sweep, overrides: Sequence[str], seed: int) -> tuple[str, ...]:
        common = [t for t in sweep.common if not t.startswith("seed=")]
        return (*common, *overrides, f"seed={seed}")

    def key_of(self, override: str) -> str:
        """The key or group that an override sets."""
        return str(self._composer.parse(override).key_or_group)
