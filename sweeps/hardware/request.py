"""What the stages of one name ask a cluster for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OF_RUN = frozenset({"max_requeues", "stages"})
"""Settings of `slurm` that no single stage has."""


def cluster_request(slurm: Mapping[str, Any], stage: str) -> dict[str, Any]:
    """The settings under `slurm.stages.<stage>` before the common ones."""
    own = slurm["stages"].get(stage) or {}
    return {key: own.get(key, value) for key, value in slurm.items() if key not in OF_RUN}
