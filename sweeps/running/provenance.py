"""Where a result came from: commit, versions, machine. Beside a stage's identity, never in it."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import os
import platform
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from sweeps.running.ranks import Ranks, provenance_of
from sweeps.stage import split_run


def provenance(
    run: str, *, device: str, threads: int, ranks: Ranks | None = None
) -> dict[str, Any]:
    """What a finished stage says about how it was made; cheap after the first call."""
    commit, dirty = git_state(_source_folder(split_run(run)[0]))
    return {
        "git_commit": commit,
        "git_dirty": dirty,
        "python": platform.python_version(),
        "packages": imported_packages(),
        "host": socket.gethostname(),
        "platform": _platform(),
        "device": device,
        "device_name": device_name(device),
        "threads": threads,
        **provenance_of(ranks),
    }


@functools.cache
def git_state(folder: Path) -> tuple[str | None, bool | None]:
    """Commit of the work tree around `folder` and whether it has changes; None outside of one."""
    if "site-packages" in folder.parts:
        return None, None
    commit = _output("git", "-C", str(folder), "rev-parse", "HEAD")
    if not commit:
        return None, None
    changes = _output("git", "-C", str(folder), "status", "--porcelain", "--untracked-files=no")
    return commit, bool(changes)


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
    listed = _output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0]
    names = (listed or "").splitlines()
    if visible.isdecimal() and int(visible) < len(names):
        return names[int(visible)].strip()
    return names[0].strip() if names else device


@functools.cache
def _source_folder(module: str) -> Path:
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        spec = None
    origin = spec.origin if spec is not None else None
    return Path(origin).resolve().parent if origin and os.path.exists(origin) else Path.cwd()


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


def _output(*command: str) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
