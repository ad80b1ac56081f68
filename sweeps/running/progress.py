"""What a person sees while stages run: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from sweeps.graph import Graph
from sweeps.running.filling import Filling
from sweeps.stage import Stage

FINAL = frozenset({"done", "failed", "skipped", "stopped", "not begun"})
_STYLES = {"done": "green", "failed": "bold red", "skipped": "yellow", "elsewhere": "cyan"}
_PLAIN_SECONDS = 30.0
_ORDER = ("done", "running", "elsewhere", "failed", "skipped", "stopped", "not begun", "waiting")
_WORDS = {"stopped": "stopped in the middle", "elsewhere": "running elsewhere"}
"""What a count of a state is called, where its name alone says too little."""


class Progress(Protocol):
    """What a scheduler tells."""

    def begin(self, board: Board) -> None:
        """The run starts from these states."""

    def changed(self, key: str) -> None:
        """A stage has another state."""

    def stepped(self, key: str) -> None:
        """A running stage told how far it is."""

    def say(self, text: str) -> None:
        """A sentence for the user."""

    def end(self) -> None:
        """Nothing more will be told."""


@dataclass
class Running:
    """The last that a running stage told."""

    began: float
    step: int = 0
    total: int = 0
    numbers: Mapping[str, Any] = field(default_factory=dict)
    first: tuple[float, int] | None = None

    def update(self, now: float, step: int, total: int, numbers: Mapping[str, Any]) -> None:
        """Take in a report."""
        self.step, self.total, self.numbers = step, total, numbers
        if self.first is None or step < self.first[1]:
            self.first = (now, step)

    def seconds_left(self, now: float) -> float | None:
        """At the pace since the first report; None before a second one."""
        if self.first is None or self.step <= self.first[1]:
            return None
        pace = (now - self.first[0]) / (self.step - self.first[1])
        return max(0.0, pace * (self.total - self.step))


class Board:
    """State of every stage of a graph, counted by stage and by cell."""

    def __init__(
        self,
        graph: Graph,
        *,
        labels: Mapping[str, str] | None = None,
        cells: Iterable[Iterable[str]] = (),
        filling: Filling | None = None,
    ) -> None:
        self.graph = graph
        self.filling = filling
        self.states: dict[str, str] = dict.fromkeys(graph.stages, "waiting")
        self.reasons: dict[str, str] = {}
        self.running: dict[str, Running] = {}
        self.began = time.monotonic()
        self.reused: frozenset[str] = frozenset()
        self._labels = dict(labels or {})
        self._cells = [tuple(cell) for cell in cells]

    def label(self, key: str) -> str:
        """What a person calls a stage."""
        return self._labels.get(key) or f"{self.graph[key].name} {key[:8]}"

    def set(self, key: str, state: str, reason: str = "") -> None:
        """Note the state of a stage."""
        self.states[key] = state
        if reason:
            self.reasons[key] = reason
        if state == "running":
            self.running[key] = Running(began=time.monotonic())
        else:
            self.running.pop(key, None)

    def summary(self) -> str:
        """One line: stages by state, cells, time."""
        counts = Counter(self.states.values())
        parts = [f"{counts['done']}/{len(self.states)} stages done"]
        parts += [f"{counts[s]} {_WORDS.get(s, s)}" for s in _ORDER[1:] if counts[s]]
        if self._cells:
            whole = sum(all(self.states[key] == "done" for key in cell) for cell in self._cells)
            parts.append(f"{whole}/{len(self._cells)} cells")
        now = time.monotonic()
        parts.append(f"{clock(now - self.began)} passed")
        left = self.seconds_left(now)
        if left is not None:
            parts.append(f"about {clock(left)} left")
        return ", ".join(parts)

    def by_name(self) -> str:
        """Done and total of each kind of stage."""
        total = Counter(stage.name for stage in self.graph)
        done = Counter(s.name for key, s in self.graph.stages.items() if self.states[key] == "done")
        return "  ".join(f"{name} {done[name]}/{total[name]}" for name in total)

    def seconds_left(self, now: float) -> float | None:
        """At the pace of this run, by the stages' expected FLOPs; None while that is unknown."""
        made, left = 0.0, 0.0
        if FINAL.issuperset(self.states.values()):
            return None
        for key, stage in self.graph.stages.items():
            state = self.states[key]
            part = self._part_done(key, stage)
            if state == "done":
                made += 0.0 if key in self.reused else stage.cost.flops
            elif state in ("waiting", "running", "elsewhere"):
                made += part
                left += stage.cost.flops - part
        passed = now - self.began
        if passed < 1 or made <= 0 or made < 0.02 * left:
            return None
        return left * passed / made

    def _part_done(self, key: str, stage: Stage) -> float:
        running = self.running.get(key)
        if running is None or not running.total:
            return 0.0
        return stage.cost.flops * min(1.0, running.step / running.total)


class PlainProgress:
    """A line for each thing that happens, for log files and CI."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, soft_wrap=True)
        self._told: dict[str, float] = {}
        self._board: Board

    def begin(self, board: Board) -> None:
        """Tell what there is and what is to do."""
        self._board = board
        self.say(f"{board.summary()}: {board.by_name()}")

    def changed(self, key: str) -> None:
        """One line a change."""
        board = self._board
        state, reason = board.states[key], board.reasons.get(key, "")
        if state == "running":
            self._told[key] = time.monotonic()
        done = Counter(board.states.values())["done"]
        place = f" ({done}/{len(board.states)})" if state == "done" else ""
        if state == "done":
            reason = board.filling.finished(key) if board.filling else ""
        end = f": {reason}" if reason else ""
        self.say(f"{state} {board.label(key)}{place}{end}")

    def stepped(self, key: str) -> None:
        """A line for a stage now and then."""
        now = time.monotonic()
        if now - self._told.get(key, 0.0) >= _PLAIN_SECONDS:
            self._told[key] = now
            label, step, loss, pace, left, others = _row(self._board, key, now)
            parts = [
                label,
                step and f"step {step}",
                loss and f"loss {loss}",
                pace and f"{pace} tokens/s",
                left and f"{left} left",
                others,
            ]
            self.say("  ".join(part for part in parts if part))

    def say(self, text: str) -> None:
        """With the time of day."""
        line = f"{time.strftime('%H:%M:%S')} {text}"
        self._console.print(line, markup=False, highlight=False)

    def end(self) -> None:
        """Tell how it stands."""
        self.say(self._board.summary())


class LiveProgress:
    """A table of what runs, redrawn in place; what failed stays above it."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._live: Live | None = None
        self._board: Board

    def begin(self, board: Board) -> None:
        """Start drawing."""
        self._board = board
        self._live = Live(
            get_renderable=self._draw, console=self._console, refresh_per_second=2, transient=True
        )
        self._live.start()

    def changed(self, key: str) -> None:
        """Only what a person must know stays on the screen."""
        if self._board.states[key] == "done" and self._board.filling:
            self._board.filling.finished(key)
        state, reason = self._board.states[key], self._board.reasons.get(key, "")
        if state in ("failed", "skipped"):
            self._console.print(
                Text.assemble((state, _STYLES[state]), f" {self._board.label(key)}: {reason}")
            )

    def stepped(self, key: str) -> None:
        """The next drawing shows it."""

    def say(self, text: str) -> None:
        """Above the table."""
        self._console.print(text, markup=False, highlight=False)

    def end(self) -> None:
        """Leave the summary on the screen."""
        if self._live is not None:
            self._live.stop()
            self.say(self._board.summary())

    def _draw(self) -> Group:
        now = time.monotonic()
        table = Table(box=None, pad_edge=False)
        for heading in ("running", "step", "loss", "tokens/s", "left", ""):
            justify = "left" if heading in ("running", "") else "right"
            table.add_column(heading, justify=justify, no_wrap=heading != "running")  # type: ignore[arg-type]
        room = max(1, self._console.height - 5)
        keys = list(self._board.running)
        for key in keys[:room]:
            table.add_row(*_row(self._board, key, now))
        if len(keys) > room:
            table.add_row(f"... and {len(keys) - room} more")
        filling = self._board.filling.draw(room - len(keys)) if self._board.filling else []
        lines = Text(self._board.summary()), Text(self._board.by_name(), "dim")
        return Group(*lines, table, *filling)


class NoProgress:
    """Nothing, for programs that only want the outcome."""

    def begin(self, board: Board) -> None:
        """Nothing."""

    def changed(self, key: str) -> None:
        """Nothing."""

    def stepped(self, key: str) -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""


def default_progress() -> Progress:
    """Live on a terminal, lines elsewhere."""
    return LiveProgress() if sys.stderr.isatty() else PlainProgress()


def clock(seconds: float) -> str:
    """Seconds as m:ss, h:mm:ss or days."""
    whole = round(seconds)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days} d {hour} h"
    return f"{hour}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"


def number(value: float) -> str:
    """A number as short as it stays readable."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def step_cells(
    step: int, total: int, numbers: Mapping[str, Any], seconds_left: float | None
) -> tuple[str, str, str, str, str]:
    """Step, loss, tokens/s, time left and the other numbers, as text."""
    others = {n: v for n, v in numbers.items() if n not in ("loss", "tokens_per_second")}
    return (
        f"{step:,}/{total:,}" if total else "",
        number(numbers["loss"]) if "loss" in numbers else "",
        number(numbers["tokens_per_second"]) if "tokens_per_second" in numbers else "",
        clock(seconds_left) if seconds_left is not None else "",
        "  ".join(f"{name} {number(value)}" for name, value in others.items()),
    )


def _row(board: Board, key: str, now: float) -> tuple[str, ...]:
    running = board.running.get(key) or Running(began=now)
    left = running.seconds_left(now)
    return (board.label(key), *step_cells(running.step, running.total, running.numbers, left))
