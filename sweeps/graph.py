"""The distinct stages that a set of targets needs, and the order they can run in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cached_property
from typing import Any

from sweeps.errors import StageError
from sweeps.stage import Stage, adopt_all


class Graph:
    """Stages by key in topological order (inputs first), with their relations.

    `targets` are stage-like objects of a study, or our own; what they share is one stage.
    """

    def __init__(self, targets: Iterable[Any]) -> None:
        adopted = adopt_all(targets)
        self.targets: tuple[str, ...] = tuple(dict.fromkeys(stage.key for stage in adopted))
        self.stages: dict[str, Stage] = {}
        stack: list[Stage] = list(reversed(adopted))
        while stack:
            stage = stack[-1]
            known = self.stages.get(stage.key)
            if known is not None:
                if known.run != stage.run:
                    raise StageError(
                        f"Two {stage.name} stages have the key {stage.key} but run "
                        f"{known.run!r} and {stage.run!r}: give them different names or versions."
                    )
                stack.pop()
                continue
            waiting = [one for one in stage.inputs.values() if one.key not in self.stages]
            if waiting:
                stack.extend(reversed(waiting))
                continue
            self.stages[stage.key] = stage
            stack.pop()

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        """Many graphs are only counted through, which takes none of these."""
        found: dict[str, list[str]] = {key: [] for key in self.stages}
        for key in self.stages:
            for parent in self.parents(key):
                found[parent].append(key)
        return found

    def __len__(self) -> int:
        return len(self.stages)

    def __iter__(self) -> Iterator[Stage]:
        return iter(self.stages.values())

    def __contains__(self, key: str) -> bool:
        return key in self.stages

    def __getitem__(self, key: str) -> Stage:
        return self.stages[key]

    def parents(self, key: str) -> tuple[str, ...]:
        """Keys of the distinct stages that `key` reads."""
        return tuple(dict.fromkeys(self.stages[key].input_keys.values()))

    def children(self, key: str) -> tuple[str, ...]:
        """Keys of the stages that read `key`."""
        return tuple(self._children[key])

    def ancestors(self, *keys: str) -> set[str]:
        """Keys of all that `keys` need, themselves not included unless one needs another."""
        return self._reach(keys, self.parents)

    def descendants(self, *keys: str) -> set[str]:
        """Keys of all that needs one of `keys`."""
        return self._reach(keys, self.children)

    def needed(self, finished: Callable[[Stage], bool]) -> dict[str, Stage]:
        """The stages still to run, in order: targets that are not finished, and what they read.

        An unfinished stage is left out where all stages that read it are finished.
        """
        wanted: set[str] = set()
        stack = [key for key in self.targets if not finished(self.stages[key])]
        while stack:
            key = stack.pop()
            if key in wanted:
                continue
            wanted.add(key)
            stack.extend(
                parent
                for parent in self.parents(key)
                if parent not in wanted and not finished(self.stages[parent])
            )
        return {key: stage for key, stage in self.stages.items() if key in wanted}

    def up_to(self, name: str | None) -> Graph:
        """The part that ends with the stages of this name, if there are any; all of it for None."""
        return self if name is None else Graph(stage for stage in self if stage.name == name)

    def remaining(
        self,
        weight: Callable[[Stage], float] | None = None,
        among: Collection[str] | None = None,
    ) -> dict[str, float]:
        """For each stage the weight of the heaviest chain that starts with it.

        The default weight is the cost in FLOPs plus one, so that stages without a cost count.
        """
        measure = weight or _flops
        heaviest: dict[str, float] = {}
        for key in reversed(self.stages):
            if among is None or key in among:
                after = [heaviest[child] for child in self._children[key] if child in heaviest]
                heaviest[key] = measure(self.stages[key]) + max(after, default=0.0)
        return heaviest

    def longest_chain(
        self,
        weight: Callable[[Stage], float] | None = None,
        among: Collection[str] | None = None,
    ) -> tuple[float, tuple[str, ...]]:
        """The weight and the keys, first to last, of the heaviest chain."""
        heaviest = self.remaining(weight, among)
        if not heaviest:
            return 0.0, ()
        chain = [max(heaviest, key=heaviest.__getitem__)]
        while after := [child for child in self._children[chain[-1]] if child in heaviest]:
            chain.append(max(after, key=heaviest.__getitem__))
        return heaviest[chain[0]], tuple(chain)

    def _reach(self, keys: Iterable[str], step: Callable[[str], tuple[str, ...]]) -> set[str]:
        reached: set[str] = set()
        stack = [one for key in keys for one in step(key)]
        while stack:
            key = stack.pop()
            if key not in reached:
                reached.add(key)
                stack.extend(step(key))
        return reached


def _flops(stage: Stage) -> float:
    return float(stage.cost.flops) + 1.0
