"""How long a stage takes on a named device: by what was measured there, else by a stated share.

`devices.json` beside this file holds the devices; `python benchmarks/calibrate.py` writes the
measured ones.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from sweeps.stage import Stage

FILE = Path(__file__).with_name("devices.json")
CORE = "cpu-core"
"""The device of a process without a GPU, for each of its threads."""

Point = tuple[float, float]
"""FLOPs a token, and FLOP/s that a stage of such a model achieved."""


@dataclass(frozen=True, kw_only=True)
class Device:
    """One kind of device that a plan can count the hours of."""

    name: str
    peak_flops: float
    """FLOP/s at most: dense 16-bit matrix products by the maker's sheet, or as measured."""
    memory_bytes: float
    share_of_peak: float
    """What training achieves of the peak, where nothing was measured."""
    basis: str
    """Where the figures are from, for a reader."""
    start_seconds: float = 0.0
    """Stated: from the start of a stage's process to its first update on the device."""
    points: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)
    """Measured, by the stage's name, smallest model first."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Measured: what a stage of this name takes besides its FLOPs."""
    written: Mapping[str, float] = field(default_factory=dict)
    """Measured: planned bytes that a stage of this name writes a second, where it computes none."""
    core: Device | None = None
    """What runs the stages that compute nothing, on a machine with this device."""

    @property
    def measured(self) -> bool:
        """Whether any stage was measured on it."""
        return bool(self.points or self.seconds)

    def knows(self, stage: Stage) -> bool:
        """Whether anything says how long a stage takes."""
        return stage.cost.flops > 0 or self._timed(stage) or self._on_core(stage)

    def _timed(self, stage: Stage) -> bool:
        """Whether what it takes besides its FLOPs was measured."""
        return stage.name in self.seconds or stage.name in self.written

    def _on_core(self, stage: Stage) -> bool:
        """Whether it computes nothing, on a core beside this device whose pace at it is known."""
        return not stage.cost.flops and self.core is not None and stage.name in self.core.written

    def time(
        self, stage: Stage, share: float | None = None, *, devices: float = 1, alone: bool = False
    ) -> float:
        """Seconds of a stage; a `share` of the peak overrides what was measured.

        `devices` is how many times the pace of one device its processes have together. `alone`
        says that the stage has a process of its own, as on a cluster, whose start is counted then;
        on a device where no such stage was measured it is always counted.
        """
        if not self.knows(stage):
            return 0.0
        if self.core and self._on_core(stage):
            return self.core.time(stage, alone=alone)
        flops = float(stage.cost.flops)
        beside = self.seconds.get(stage.name, 0.0)
        if stage.name in self.written:
            beside += stage.cost.disk_bytes / self.written[stage.name]
        if alone or not self._timed(stage):
            beside += self.start_seconds
        if share is not None:
            return beside + flops / (self.peak_flops * share * devices)
        return beside + (flops / (self._pace(stage) * devices) if flops else 0.0)

    def _pace(self, stage: Stage) -> float:
        """FLOP/s, on a line through the two measured models around this one, in logarithms.

        Small models are slow for their size; outside of what was measured the nearest one counts.
        """
        points = self.points.get(stage.name)
        if not points or not stage.cost.tokens:
            return self.peak_flops * self.share_of_peak
        wanted = stage.cost.flops / stage.cost.tokens
        below = [point for point in points if point[0] <= wanted]
        above = [point for point in points if point[0] > wanted]
        if not below or not above:
            return (below[-1] if below else above[0])[1]
        (x0, y0), (x1, y1) = below[-1], above[0]
        along = math.log(wanted / x0) / math.log(x1 / x0)
        return y0 * (y1 / y0) ** along


@cache
def devices(file: Path = FILE) -> dict[str, Device]:
    """The known devices by name."""
    found = {
        name: Device(
            name=name,
            **{
                **{key: value for key, value in entry.items() if key != "measured"},
                **_measured(entry.get("measured", {})),
            },
        )
        for name, entry in json.loads(file.read_text()).items()
    }
    core = found.get(CORE)
    return {name: one if one is core else replace(one, core=core) for name, one in found.items()}


def _measured(entry: Mapping[str, Any]) -> dict[str, Any]:
    points = {
        name: tuple(sorted((x, y) for x, y in pairs))
        for name, pairs in entry.get("points", {}).items()
    }
    beside = {name: entry.get(name, {}) for name in ("seconds", "written")}
    return {"points": points, **beside}
