"""The GPUs of this machine: which are asked for, which are there, which torch can use."""

from __future__ import annotations

import ast
import functools
import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

VARIABLE = "CUDA_VISIBLE_DEVICES"
_DEVICES = Path("/dev")
_NONE = frozenset({"", "-1", "nodevfiles", "none", "void"})
"""What stands in the variable where no GPU is meant; the words are those of SLURM and NVIDIA."""
_UNCOUNTED = ("dxg", "kfd", "nvmap", "nvhost-gpu")
"""Device files of WSL, ROCm and Jetson, which do not say how many GPUs there are."""
_SECONDS = 20.0


def visible_gpus() -> list[str]:
    """Identifiers for CUDA_VISIBLE_DEVICES of the GPUs this process may use.

    The variable is taken at its word; `unusable_gpus` says whether it can be.
    """
    if VARIABLE in os.environ:
        return _named()
    return [] if torch_is_for_cpus() else [str(index) for index in range(_count() or 0)]


def unusable_gpus() -> str | None:
    """Why no stage could use a GPU that CUDA_VISIBLE_DEVICES names, and what to type; else None."""
    named, count = _named(), _count()
    if not named:
        return None
    given = f"{VARIABLE}={os.environ[VARIABLE]}"
    run_here = f"To run on the CPU, type `{VARIABLE}= ` before the command"
    if count == 0:
        return (
            f"{given}: no GPU can be used, because this machine shows none (no /dev/nvidia*, and "
            f"nvidia-smi lists none). {run_here}, or run where there is one."
        )
    if torch_is_for_cpus():
        return (
            f"{given}: no GPU can be used, because the installed torch is a build for CPUs. "
            f"{run_here}, or install a build for this GPU (pytorch.org/get-started)."
        )
    beyond = [name for name in named if count and name.isdecimal() and int(name) >= count]
    if count and beyond:
        has = "GPU, number 0" if count == 1 else f"GPUs, numbers 0 to {count - 1}"
        return (
            f"{given}: GPU {', '.join(beyond)} cannot be used, because this machine has {count} "
            f"{has}. Name GPUs that are there, or unset {VARIABLE} to use all."
        )
    return None


def idle_gpus() -> str | None:
    """What to say where this machine has GPUs that the installed torch cannot use."""
    if VARIABLE in os.environ or not torch_is_for_cpus() or not (count := _count()):
        return None
    return (
        f"This machine has {count} GPU{'s' if count > 1 else ''}, and the installed torch is a "
        "build for CPUs: this run uses the CPU. Install a build for GPUs (pytorch.org/get-started) "
        "to use them."
    )


@functools.cache
def torch_is_for_cpus() -> bool:
    """Whether the installed torch was built without CUDA and ROCm; False where nobody can tell.

    Its version file is read and not run: this package stays free of torch.
    """
    try:
        spec = importlib.util.find_spec("torch")
        source = Path(str(spec and spec.origin)).with_name("version.py").read_text("utf-8")
        built = dict(_constants(ast.parse(source)))
    except (OSError, ValueError, ImportError, SyntaxError):
        return False
    return "cuda" in built and not built["cuda"] and not built.get("hip")


def _constants(module: ast.Module) -> list[tuple[str, object]]:
    """Names at the top of a module that are given a constant."""
    found: list[tuple[str, object]] = []
    for node in module.body:
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        value = getattr(node, "value", None)
        if isinstance(value, ast.Constant):
            found += [(one.id, value.value) for one in targets if isinstance(one, ast.Name)]
    return found


def _named() -> list[str]:
    """What CUDA_VISIBLE_DEVICES names."""
    names = (name.strip() for name in os.environ.get(VARIABLE, "").split(","))
    return [name for name in names if name.lower() not in _NONE]


def _count() -> int | None:
    """How many GPUs this machine shows; None where there is one and nobody says how many."""
    # CUDA counts the GPUs it is given from 0, whatever numbers a container left them.
    files = list(_DEVICES.glob("nvidia[0-9]*"))
    if files:
        return len(files)
    listed = _listed()
    if not listed and any((_DEVICES / name).exists() for name in _UNCOUNTED):
        return None
    return listed


def _listed() -> int:
    """How many GPUs nvidia-smi lists."""
    if shutil.which("nvidia-smi") is None:
        return 0
    try:
        listed = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, text=True, timeout=_SECONDS, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    return sum(line.startswith("GPU ") for line in listed.splitlines())
