"""A printed entry as a score: a number, a text or a hole; and the means that can be made again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from reports.published.about import Groups
from reports.table import Score

Record = Mapping[str, str]


def printed_score(text: str) -> Score:
    """What is printed, digit by digit; an empty entry is a hole."""
    text = text.strip()
    if not text:
        return Score(value=None)
    number = decimal(text)
    return Score(value=None if number is None else float(number), text=text)


def decimal(text: str) -> Decimal | None:
    """The number that a text is; None for another text."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def places(text: str) -> int:
    """How many decimals a number is printed with."""
    return len(text.strip().partition(".")[2])


def mean_of(record: Record, groups: Groups) -> Decimal | None:
    """The mean over groups of the mean within each of a line's printed numbers.

    None where one is missing.
    """
    means = []
    for group in groups:
        numbers = [decimal(record.get(part, "").strip()) for part in group]
        if any(number is None for number in numbers):
            return None
        means.append(_mean([number for number in numbers if number is not None]))
    return _mean(means)


def rounded(number: Decimal, decimals: int) -> Decimal:
    """A number with so many decimals, halves away from zero: as papers round."""
    return number.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def average_score(
    record: Record, metric: str, groups: Groups, *, tolerance: Decimal, computed: bool, paper: str
) -> Score:
    """A printed mean beside the mean of its line's numbers.

    Where both agree, rounded half up or within the tolerance, the printed digits are shown; else
    a footnote says so, and `computed` shows the mean instead.
    """
    printed = printed_score(record[metric])
    number, mean = decimal(record[metric].strip()), mean_of(record, groups)
    if number is None or mean is None:
        return printed
    digits = places(record[metric])
    if abs(mean - number) <= tolerance or rounded(mean, digits) == number:
        return printed
    exact = rounded(mean, max(2, digits))
    note = f"The mean of this row's scores is {exact}; {paper} prints {number}."
    if computed:
        return Score(value=float(exact), text=str(exact), notes=(note,))
    return Score(value=float(number), text=printed.text, notes=(note,))


def computed_score(record: Record, groups: Groups, decimals: int) -> Score:
    """A mean that is not printed, of a line's printed numbers; a hole where one is missing."""
    mean = mean_of(record, groups)
    if mean is None:
        return Score(value=None)
    exact = rounded(mean, decimals)
    return Score(value=float(exact), text=str(exact))


def _mean(values: Sequence[Decimal]) -> Decimal:
    return sum(values, Decimal(0)) / len(values)
