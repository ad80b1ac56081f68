"""MaxMatch, the M2 scorer of CoNLL-2014 (Dahlmeier and Ng 2012).

The output's edits are the path through a lattice of shortest edit paths that matches the most gold
edits. An edit may be several steps with at most two unchanged words among them. Of paths that match
as many, the one with the fewest steps outside of matches counts, then the one with the fewest
edits, as in the released scorer, whose lattice has the shortest paths at two costs of a
replacement, 1 and 2.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from studies.gector.scoring.counts import Counts
from studies.gector.scoring.edits import Edit, GoldEdit
from studies.gector.scoring.token_edits import SCORER as TOKEN_EDITS

MOST_UNCHANGED = 2
"""Unchanged words in one edit."""

Cell = tuple[int, int]
"""Tokens read, words written."""
Lattice = dict[Cell, list[tuple[Cell, bool]]]
"""Cell -> the cells one step before, and whether the step changes nothing."""
CLOSED = -1


class State(NamedTuple):
    """What decides which steps may follow."""

    unchanged: int = CLOSED
    """Unchanged words in the edit that is open, or CLOSED."""
    inserted: frozenset[int] = frozenset()
    """Gold insertions that were matched where the path stands: none counts twice."""


class Path(NamedTuple):
    """The best way to a cell in a state."""

    steps: int = 0
    """Outside of matches."""
    edits: int = 0
    """Outside of matches."""
    matches: tuple[int, ...] = ()
    """Gold edits that were matched, by number."""

    def rank(self) -> tuple[int, int, int]:
        """Return what is smallest for the best path."""
        return -len(self.matches), self.steps, self.edits


class MaxMatch:
    """Needs the annotators' own edits; a parallel text has those of the token diff."""

    name = "max_match"

    def check(self) -> None:
        """Nothing can be missing."""

    def tie(self, counts: Counts) -> tuple[float, ...]:
        """Of references with equal F: more right, then the smaller denominator of F0.5."""
        proposed, gold = counts.tp + counts.fp, counts.tp + counts.fn
        return counts.tp, -(proposed + 0.25 * gold)

    def edits(self, source: Sequence[str], target: Sequence[str]) -> list[Edit]:
        """Return the edits of a token diff: without gold edits there is nothing to match."""
        return TOKEN_EDITS.edits(source, target)

    def counts(
        self, source: Sequence[str], output: Sequence[str], gold: Sequence[GoldEdit]
    ) -> Counts:
        """Choose the output's edits to match the gold ones and compare them."""
        path = best_path(source, output, gold)
        return Counts(len(path.matches), path.edits, len(gold) - len(path.matches))


def best_path(source: Sequence[str], output: Sequence[str], gold: Sequence[GoldEdit]) -> Path:
    """Return the best path from the first cell to the last."""
    cells = lattice(source, output)
    arcs = _matching_arcs(cells, output, gold)
    best: dict[Cell, dict[State, Path]] = {}
    for cell in sorted(cells):
        ways: dict[State, list[Path]] = defaultdict(list)
        if cell == (0, 0):
            ways[State()].append(Path())
        for before, same in cells[cell]:
            for state, path in best[before].items():
                inserted = state.inserted if before[0] == cell[0] else frozenset()
                for unchanged, edits in _after(state.unchanged, same):
                    longer = Path(path.steps + 1, path.edits + edits, path.matches)
                    ways[State(unchanged, inserted)].append(longer)
        for before, number in arcs.get(cell, ()):
            for state, path in best[before].items():
                if state.unchanged == CLOSED and number not in state.inserted:
                    insertion = before[0] == cell[0]
                    inserted = state.inserted | {number} if insertion else frozenset()
                    longer = path._replace(matches=(*path.matches, number))
                    ways[State(CLOSED, inserted)].append(longer)
        for state in list(ways):  # an open edit may end anywhere
            if state.unchanged != CLOSED:
                ways[State(CLOSED, state.inserted)] += ways[state]
        best[cell] = {state: min(paths, key=Path.rank) for state, paths in ways.items()}
    last = best[len(source), len(output)]
    return min((path for state, path in last.items() if state.unchanged == CLOSED), key=Path.rank)


def _after(unchanged: int, same: bool) -> Iterator[tuple[int, int]]:
    """Yield the unchanged words in the edit that is open after a step, and the edits it begins.

    An edit of unchanged words alone is none; one need not begin with such a word.
    """
    if unchanged == CLOSED:
        yield (CLOSED, 0) if same else (0, 1)
    elif not same:
        yield unchanged, 0
    elif unchanged < MOST_UNCHANGED:
        yield unchanged + 1, 0


def lattice(source: Sequence[str], output: Sequence[str]) -> Lattice:
    """Return the steps of all shortest edit paths, with replacements at a cost of 1 and of 2."""
    found: dict[Cell, dict[Cell, bool]] = {}
    for replacement in (1, 2):
        for cell, before, same in _shortest(source, output, replacement):
            found.setdefault(cell, {})[before] = same
    return {(0, 0): [], **{cell: sorted(steps.items()) for cell, steps in found.items()}}


def _shortest(
    source: Sequence[str], output: Sequence[str], replacement: int
) -> Iterator[tuple[Cell, Cell, bool]]:
    """Yield (cell, cell before, whether nothing changes) of each step of a shortest path."""
    table = [[*range(len(output) + 1)]]
    for n, token in enumerate(source, 1):
        above, row = table[-1], [n]
        for m, word in enumerate(output):
            cost = 0 if token == word else replacement
            row.append(min(above[m] + cost, above[m + 1] + 1, row[m] + 1))
        table.append(row)
    waiting = {(len(source), len(output))}
    while waiting:
        n, m = cell = max(waiting)
        waiting.remove(cell)
        for before, same, cost in _steps_before(source, output, cell, replacement):
            if table[before[0]][before[1]] + cost == table[n][m]:
                yield cell, before, same
                waiting.add(before)


def _steps_before(
    source: Sequence[str], output: Sequence[str], cell: Cell, replacement: int
) -> Iterator[tuple[Cell, bool, int]]:
    n, m = cell
    if n and m:
        same = source[n - 1] == output[m - 1]
        yield (n - 1, m - 1), same, 0 if same else replacement
    if n:
        yield (n - 1, m), False, 1
    if m:
        yield (n, m - 1), False, 1


def _matching_arcs(
    cells: Lattice, output: Sequence[str], gold: Sequence[GoldEdit]
) -> dict[Cell, list[tuple[Cell, int]]]:
    """Return cell -> [(cell before, number of the gold edit)] of the edits that match."""
    arcs = defaultdict(list)
    for number, ways in enumerate(gold):
        for start, end, words in ways:
            written = words.split()
            for m in range(len(output) - len(written) + 1):
                ends = (start, m), (end, m + len(written))
                same_words = [*output[m : ends[1][1]]] == written
                if same_words and {*ends} <= cells.keys() and _is_one_edit(cells, *ends):
                    arcs[ends[1]].append((ends[0], number))
    return arcs


def _is_one_edit(cells: Lattice, first: Cell, last: Cell) -> bool:
    """Return whether a path between the cells has a change and few enough unchanged words."""
    fewest: dict[Cell, int] = {first: 0}
    inside: Iterable[Cell] = sorted(
        cell
        for cell in cells
        if first <= cell <= last and first[1] <= cell[1] <= last[1] and cell != first
    )
    for cell in inside:
        ways = [fewest[before] + same for before, same in cells[cell] if before in fewest]
        if ways:
            fewest[cell] = min(ways)
    unchanged = fewest.get(last, MOST_UNCHANGED + 1)
    return first != last and unchanged <= min(MOST_UNCHANGED, _length(first, last) - 1)


def _length(first: Cell, last: Cell) -> int:
    """Return the steps of the shortest path there could be."""
    return max(last[0] - first[0], last[1] - first[1])


SCORER = MaxMatch()
