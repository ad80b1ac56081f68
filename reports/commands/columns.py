"""`python -m reports columns ID`: which columns tell the rows apart, and the average of these."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

from reports.commands.options import HOLE, WHOLE, add_drawing, add_store, deliver, parser, store_of
from reports.errors import ReportError
from reports.reading.checkpoints import History, histories, last_checkpoints
from reports.reading.collect import Collector, sweep_results
from reports.reading.records import find_record
from reports.reading.results import Results
from reports.statistics.separation import RARE, Noise, Separation, separation
from reports.table import Row, Score, Table

CHECKPOINTS = 5
"""As many as the small models of the source are averaged over."""

DESCRIPTION = """Which columns of a sweep tell its rows apart, and which only add noise.

  python -m reports columns table06
  python -m reports columns table06 --ratio 3       average the columns of this ratio or more
  python -m reports figures table06 columns         the ratios as a picture

Signal and noise are those of Heineman et al. 2025 (arXiv 2508.13144): the range of the rows'
scores and the standard deviation over seeds, each over the mean. Without --ratio a column is noise
where rows without any difference would reach its ratio in more than one sweep of twenty.
"""


@dataclass(frozen=True, kw_only=True)
class Separated:
    """A sweep's table with what its columns can tell apart, and an average of those that do."""

    table: Table
    separations: tuple[Separation, ...]


def separated(
    store: Path, id: str, *, ratio: float | None = None, checkpoints: int = CHECKPOINTS
) -> Separated:
    """Signal and noise of a sweep's columns. Raises ReportError for an unknown sweep."""
    record = find_record(store, id)
    results = sweep_results(store, record)
    plain = Collector(record, results).table()
    run, history = _scored_run(record, results)
    found = tuple(
        separation(plain, j, last_checkpoints(column, history, checkpoints))
        for j, column in enumerate(plain.columns)
    )
    chosen = _Chosen(plain, found, ratio)
    table = Collector(chosen.added(record), results).table()
    results.save()
    asked = [str(checkpoints)] if ratio is None else [str(checkpoints), repr(ratio)]
    drawn = replace(
        table,
        id=f"{plain.id}-columns",
        title=f"{plain.title}: what its columns tell apart",
        references=(*table.references, *_rows(found, len(table.columns))),
        notes=(*_explained(found, run, checkpoints), *chosen.notes(table), *table.notes),
        provenance={**table.provenance, "separation": " ".join(asked)},
    )
    return Separated(table=drawn, separations=found)


class _Chosen:
    """The columns of a table's average that tell rows apart, and those that do not."""

    def __init__(self, table: Table, found: Sequence[Separation], ratio: float | None) -> None:
        self.average = next((column for column in table.columns if column.average), None)
        groups = self.average.terms if self.average else ()
        both = zip(table.columns, found, strict=True)
        # A column that averages several groups stands in the average as one group of all.
        self.parts = [
            (one, term, column.name)
            for column, one in both
            if (term := sum(column.terms, ())) in groups and not column.average
        ]
        self.kept = [part for part in self.parts if part[0].clear(ratio)]
        self.left_out = [name for one, _, name in self.parts if not one.clear(ratio)]
        self.limit = "a ratio above chance" if ratio is None else f"a ratio of {ratio:g} or more"
        self.name = "Average beyond chance" if ratio is None else f"Average, ratio {ratio:g} up"

    def added(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """The record, with the average of the kept columns where that is another one."""
        if self.average is None or not self.kept or not self.left_out:
            return record
        terms = tuple(term for _, term, _ in self.kept)
        words = f"mean over {len(self.kept)} of {len(self.parts)} columns"
        column = {**self.average.to_json(), "name": self.name, "terms": terms, "words": words}
        return {**record, "columns": [*record["columns"], column]}

    def notes(self, table: Table) -> Iterator[str]:
        """What was left out, and what that changes."""
        if self.average is None:
            return
        if not self.left_out:
            yield f"Every column of {self.average.name} has {self.limit}."
        elif not self.kept:
            yield (
                f"No column of {self.average.name} has {self.limit}: there is no average of "
                "columns that tell rows apart."
            )
        else:
            yield f"{self.name} leaves out what lacks {self.limit}: {', '.join(self.left_out)}."
            swapped, pairs = self._swapped(table)
            yield f"That swaps the order of {swapped} of {pairs} pairs of rows."

    def _swapped(self, table: Table) -> tuple[int, int]:
        names = [column.name for column in table.columns]
        with_all = names.index(self.average.name if self.average else "")
        both = [
            (a, b)
            for row in table.rows
            if (a := row.scores[with_all].value) is not None
            and (b := row.scores[-1].value) is not None
        ]
        pairs = list(combinations(both, 2))
        return sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for a, b in pairs), len(pairs)


def _scored_run(
    record: Mapping[str, Any], results: Results
) -> tuple[str | None, Mapping[str, History]]:
    """A run whose trainings scored checkpoints, the baseline's first; what it is called."""
    rows = sorted(record.get("rows") or [], key=lambda row: not row.get("baseline", False))
    for row in rows:
        for cell in row["cells"]:
            if found := histories(results, record, cell):
                return f"{row['label']}, seed {cell['seed']}", found
    return None, {}


def _rows(found: Sequence[Separation], width: int) -> list[Row]:
    """The rows below the table; a column beyond those that were asked about has none."""
    lines = {
        "Signal, % of the mean": [_percent(one.signal) for one in found],
        "Noise over seeds, % of the mean": [_percent(_relative(one.noise)) for one in found],
        "Ratio of signal to noise": [_number(one.ratio) for one in found],
        "Ratio by chance": [_number(one.chance) for one in found],
        "Noise over checkpoints, % of the mean": [
            _percent(_relative(one.checkpoints)) for one in found
        ],
        "Ratio by checkpoints": [_number(one.checkpoint_ratio) for one in found],
    }
    missing = Score(value=None)
    return [
        Row(
            label=label,
            kind="reference",
            scores=(*scores, *[missing] * (width - len(scores))),
        )
        for label, scores in lines.items()
        if any(score.value is not None for score in scores)
    ]


def _explained(found: Sequence[Separation], run: str | None, checkpoints: int) -> Iterator[str]:
    yield (
        "Signal: the largest difference of two rows over the mean of all; noise: the standard "
        "deviation of repeated scores over their mean (Heineman et al. 2025). A ratio of 3 says "
        "that three deviations lie between the best and the worst row."
    )
    freedom = sorted({one.noise.freedom for one in found if one.noise})
    if freedom:
        yield (
            "Noise over seeds: pooled over the rows with two finished runs or more, "
            f"{_range(freedom)} degrees of freedom."
        )
        yield (
            f"Ratio by chance: rows that do not differ exceed it in {RARE:.0%} of sweeps with as "
            "many rows and runs (Tukey's studentized range)."
        )
    else:
        yield "No row has two finished runs: the noise over seeds is not known."
    still = [one.column for one in found if one.noise and one.noise.deviation == 0]
    if still:
        yield f"The runs of every row agree exactly in {', '.join(still)}: no ratio."
    if any(one.checkpoints for one in found):
        yield (
            f"Noise over checkpoints: the last {checkpoints} of {run}, scored on validation. A "
            "cheaper stand-in: it does not know what another seed would change."
        )
    elif run:
        yield f"{run} scored fewer than {checkpoints} checkpoints: no noise over checkpoints."


def _relative(noise: Noise | None) -> float | None:
    return noise.relative if noise else None


def _percent(share: float | None) -> Score:
    return _number(None if share is None else 100 * share)


def _number(value: float | None) -> Score:
    """Two decimals, whatever the column has."""
    return Score(value=value, text=None if value is None else f"{value:.2f}")


def _range(numbers: Sequence[int]) -> str:
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"


def run(words: Sequence[str]) -> int:
    """Draw what the columns of a sweep tell apart."""
    options = parser("columns", DESCRIPTION)
    options.add_argument("id", help="a sweep of the store, or `last`")
    options.add_argument(
        "--ratio", type=_ratio, metavar="R", help="average the columns of this ratio or more"
    )
    options.add_argument(
        "--checkpoints",
        type=_count,
        metavar="N",
        default=CHECKPOINTS,
        help=f"the last checkpoints whose spread is noise (default: {CHECKPOINTS})",
    )
    add_store(options)
    add_drawing(options)
    arguments = options.read(words)
    table = separated(
        store_of(arguments),
        arguments.id,
        ratio=arguments.ratio,
        checkpoints=arguments.checkpoints,
    ).table
    deliver(table, arguments)
    return HOLE if table.holes else WHOLE


def _ratio(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise ReportError(f"--ratio {word}: accepted is a number above 0, such as 3.")
    return value


def _count(word: str) -> int:
    if not word.isdecimal() or int(word) < 2:
        raise ReportError(f"--checkpoints {word}: accepted is a whole number from 2 up.")
    return int(word)
