"""The one table that every renderer draws: rows, columns, scores, and what must be said below."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from reports.significance import bold_mask
from sweeps import columns

HOLE = "—"
STAR = "★"
DEVIATION_DECIMALS = 3
FEW_RUNS = {
    2: "The deviation is from two runs: that of many runs is 0.4 to 32 times as large (95% "
    "confidence, normal scores).",
    3: "The deviation is from three runs: that of many runs is 0.5 to 6.3 times as large (95% "
    "confidence, normal scores).",
}
"""What is said of a deviation from so few runs."""


@dataclass(frozen=True, kw_only=True)
class Column(columns.Column):
    """A column of scores as it is drawn."""

    signed: bool = False
    """Whether the numbers are differences, shown with their sign."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """One number of a table, or a hole."""

    value: float | None
    deviation: float | None = None
    """Standard deviation (n - 1) over the runs, where there are two or more."""
    runs: int = 1
    asked: int = 1
    diverged: int = 0
    """Of how many runs a training diverged, though there is a number: it is never bold then."""
    bold: bool = False
    notes: tuple[str, ...] = ()
    """Footnotes that this number carries."""
    samples: tuple[float, ...] = ()
    """The value of each run."""
    keys: tuple[str, ...] = ()
    """The stages that hold the scores it is made of, finished or not."""
    text: str | None = None
    """What is shown instead of the number's digits: as printed, or a text without a number."""
    p_value: float | None = None
    """Of a test of the difference to the baseline, where one was asked for."""
    interval: tuple[float, float] | None = None
    """Where the difference to the baseline lies, with 95% confidence, by the same test."""

    @property
    def content(self) -> float | str | None:
        """The number, the text where it is none, or nothing."""
        return self.text if self.value is None else self.value


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of a table."""

    label: str
    scores: tuple[Score, ...]
    name: str | None = None
    """What a published table calls this row, where the label says more."""
    baseline: bool = False
    kind: Literal["score", "deviation", "reference"] = "score"
    """Only rows of kind "score" take part in the bold; a deviation is no score."""
    stub: tuple[str, ...] = ()
    """What stands left of the scores where that is more, or other, than the label."""
    notes: tuple[str, ...] = ()
    group: str | None = None
    """Rows of one group compete for the bold; None is one group too."""
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """What programs read of a row that is no row of scores."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table with everything that a reader needs to trust it."""

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    references: tuple[Row, ...] = ()
    """Rows to read the others by (deviation, best constant answer), drawn apart, below."""
    ruler: tuple[float | None, ...] = ()
    """The baseline's standard deviation in each column, where it has one."""
    headings: tuple[str, ...] = ("",)
    """Over what stands left of the scores."""
    label_at: int = 0
    """Under which heading the label stands, and the star beside it."""
    preface: tuple[str, ...] = ()
    """What must be read before the table."""
    notes: tuple[str, ...] = ()
    """Footnotes to the whole table, without which a number could be misread."""
    details: tuple[str, ...] = ()
    """Further footnotes: how the table was made."""
    section: str | None = None
    provenance: Mapping[str, str] = field(default_factory=dict)
    """What the table was made of: one line each, by name."""
    claims: Table | None = None
    """What was claimed of the rows beforehand, with its verdicts, a row each; drawn below."""

    @property
    def of_claims(self) -> bool:
        """Whether the rows are claims, which hold more words than numbers."""
        return any(row.facts for row in self.rows)

    @property
    def every_row(self) -> tuple[Row, ...]:
        """Scores first, references below."""
        return (*self.rows, *self.references)

    def left(self, row: Row) -> tuple[str, ...]:
        """What stands left of a row's scores, one text under each heading."""
        if row.stub:
            return row.stub
        return tuple(row.label if i == self.label_at else "" for i in range(len(self.headings)))

    @property
    def holes(self) -> int:
        """How many scores are missing, counting those with a run short; costs are no scores."""
        return sum(
            column.competes and (score.value is None or score.runs < score.asked)
            for row in self.rows
            for column, score in zip(self.columns, row.scores, strict=True)
        )

    @property
    def marks(self) -> dict[str, str]:
        """The mark of each footnote that hangs on a row or a score, in reading order."""
        texts = dict.fromkeys(
            note
            for row in self.every_row
            for note in (*row.notes, *(n for score in row.scores for n in score.notes))
        )
        return dict(zip(texts, _letters(), strict=False))


def decimals(row: Row, column: Column) -> int:
    """How many decimals a score shows; a deviation needs one more than what it measures."""
    if row.kind == "deviation":
        return max(DEVIATION_DECIMALS, column.decimals + 1)
    return column.decimals


def number(value: float | None, places: int, signed: bool = False, scientific: bool = False) -> str:
    """A score as text; a rounded zero has no sign."""
    if value is None:
        return HOLE
    sign = "+" if signed else ""
    if scientific:
        digits, _, exponent = f"{value:{sign}.{places}e}".partition("e")
        return f"{digits}e{int(exponent)}"
    text = f"{value:{sign}.{places}f}"
    return text.lstrip("+-") if not text.strip("+-0.") else text


def mark_bold(
    rows: Sequence[Row], columns: Sequence[Column], ruler: Sequence[float | None]
) -> tuple[Row, ...]:
    """The rows with the rule of bold applied to each column, within each group of rows."""
    bold: dict[tuple[int, int], bool] = {}
    for group in {row.group for row in rows}:
        taking_part = [i for i, r in enumerate(rows) if r.group == group and r.kind == "score"]
        for j, (column, std) in enumerate(zip(columns, ruler, strict=True)):
            if not column.competes:
                continue
            scores = [rows[i].scores[j] for i in taking_part]
            values = [None if score.diverged else score.value for score in scores]
            mask = bold_mask(values, std, lower_is_better=column.lower_is_better)
            bold |= {(i, j): flag for i, flag in zip(taking_part, mask, strict=True)}
    return tuple(
        replace(
            row,
            scores=tuple(
                # Most stay as they are, and a copy of each takes time in a large table.
                score
                if score.bold == (flag := bold.get((i, j), False))
                else replace(score, bold=flag)
                for j, score in enumerate(row.scores)
            ),
        )
        for i, row in enumerate(rows)
    )


def _letters() -> Iterator[str]:
    """a ... z, aa ... zz, and on."""
    width = 1
    while True:
        for i in range(26**width):
            mark = ""
            for _ in range(width):
                i, letter = divmod(i, 26)
                mark = string.ascii_lowercase[letter] + mark
            yield mark
        width += 1
