"""Where a result came from: commit, versions, machine. Beside a stage's identity, never in it."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import platform
import socket
import sys
from pathlib import Path
from typing import Any

from sweeps.running.code import code_state, output
from sweeps.running.ranks import Ranks, provenance_of


def provenance(
    run: str, *, device: str, threads: int, ranks: Ranks | None = None
) -> dict[str, Any]:
    """What a finished stage says about how it was made; cheap after the first call."""
    return {
        **code_state(run),
        "python": platform.python_version(),
        "packages": imported_packages(),
        "host": socket.gethostname(),
        "platform": _platform(),
        "device": device,
        "device_name": device_name(device),
        "threads": threads,
        **provenance_of(ranks),
    }


def imported_packages() -> dict[str, str]:
    """Version of every installed distribution of which a module is imported now, by name."""
    top_level = {name.partition(".")[0] for name in list(sys.modules)}
    names = {name for module in top_level for name in _distributions().get(module, ())}
    return {name: _version(name) for name in sorted(names, key=str.lower)}


@functools.cache
def device_name(device: str) -> str:
    """The processor's or the accelerator's own name."""
    if device == "cpu":
        return _processor()
    listed = output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0]
    names = (listed or "").splitlines()
    if visible.isdecimal() and int(visible) < len(names):
        return names[int(visible)].strip()
    return names[0].strip() if names else device


@functools.cache
def _distributions() -> dict[str, list[str]]:
    return {
        name: list(found) for name, found in importlib.metadata.packages_distributions().items()
    }


@functools.cache
def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


@functools.cache
def _platform() -> str:
    return platform.platform()


@functools.cache
def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()
