"""Examples of checkers' rules: wrong sentences with a correction, and right ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lab.datasets.correction.pairs import DATA
from lab.datasets.embedded.splits import Row

ARCHIVES: tuple[str, ...] = DATA.archives


def identity(settings: Mapping[str, Any]) -> dict[str, Any]:
    """`part`; `pairs` and `right`, how many of each at most; `single`: of one correction alone."""
    return {**settings, "data": DATA.identity()}


def pairs(config: Mapping[str, Any]) -> Iterator[Row]:
    """The first pairs and the first right sentences of the part, in its order."""
    left = {True: config["pairs"], False: config["right"]}
    for row in DATA.rows(config["part"]):
        wrong = bool(row["corrections"])
        if wrong and config["single"] and row["corrections"] > 1:
            continue
        room = left[wrong]
        if room is None or room > 0:
            left[wrong] = None if room is None else room - 1
            yield row
