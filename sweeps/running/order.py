"""Which of the stages that may start goes first: scores early, and no long chain begun late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sweeps.graph import Graph


class Order:
    """The order of a graph's unfinished stages, weighed by their FLOPs.

    A target of the graph, such as an evaluation, goes before all other stages. One worker at a
    time takes the stage whose target lacks the least work, so that a score comes early and one row
    after another becomes whole. The other workers take the longest chains, so that the last score
    comes hardly later than with longest chains alone.
    """

    def __init__(self, graph: Graph, unfinished: Collection[str]) -> None:
        self._chain = graph.remaining(among=unfinished)
        self._place = {key: place for place, key in enumerate(unfinished)}
        self._weight = {key: float(graph[key].cost.flops) + 1.0 for key in unfinished}
        self._lacking: dict[str, float] = {}
        """The work that each open target still needs, its own included."""
        self._targets: defaultdict[str, list[str]] = defaultdict(list)
        """The targets that need a stage, itself included where it is one."""
        for target in graph.targets:
            if target in self._place:
                needed = (graph.ancestors(target) & self._place.keys()) | {target}
                self._lacking[target] = sum(self._weight[key] for key in needed)
                for key in needed:
                    self._targets[key].append(target)
        self._soonest: str | None = None
        """The running stage that was chosen because its target lacks the least."""

    def line(self, ready: Collection[str]) -> list[str]:
        """These stages, the first one to start in front."""
        soonest = self._choice(ready)

        def rank(key: str) -> tuple[bool, bool, float, int]:
            return key not in self._lacking, key != soonest, -self._chain[key], self._place[key]

        return sorted(ready, key=rank)

    def begin(self, key: str, ready: Collection[str]) -> None:
        """One of these stages starts."""
        if key == self._choice(ready):
            self._soonest = key

    def put_back(self, key: str) -> None:
        """A stage that had started runs here no more."""
        if self._soonest == key:
            self._soonest = None

    def end(self, key: str) -> None:
        """A stage has an end, whichever."""
        self.put_back(key)
        self._lacking.pop(key, None)
        for target in self._targets.pop(key, ()):
            if target in self._lacking:
                self._lacking[target] -= self._weight[key]

    def _choice(self, ready: Collection[str]) -> str | None:
        """The stage whose target lacks the least; None while such a stage runs."""
        others = [key for key in ready if key not in self._lacking]
        if self._soonest is not None or not others:
            return None
        return min(others, key=lambda key: (self._least_lacking(key), self._place[key]))

    def _least_lacking(self, key: str) -> float:
        lacking = [self._lacking[one] for one in self._targets[key] if one in self._lacking]
        return min(lacking, default=float("inf"))
