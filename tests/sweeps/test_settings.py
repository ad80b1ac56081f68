"""What is wrong with a run's own settings, before any cell is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from omegaconf import OmegaConf

from sweeps.constraints import bounded
from sweeps.settings import OF_STAGES, RunSettings, complaints, operational


def settings() -> dict[str, Any]:
    """A run's, as they are without any override."""
    plain = OmegaConf.structured(RunSettings(study="toy", store="store"))
    run = OmegaConf.to_container(plain, resolve=True)
    assert isinstance(run, dict)
    return {str(key): value for key, value in run.items()}


def said(**stages: Any) -> list[str]:
    """The complaints about what single stages ask a cluster for."""
    run = settings()
    run["slurm"]["stages"] = stages
    return complaints(run)


@pytest.mark.parametrize(
    ("key", "given", "complaint"),
    [
        ("tasks", 0, "tasks=0: accepted is a whole number of at least 1."),
        ("tasks", "x", "tasks=x: accepted is a whole number of at least 1."),
        ("nodes", 0, "nodes=0: accepted is a whole number of at least 1."),
        ("gpus", -1, "gpus=-1: accepted is a whole number of at least 0."),
        ("memory_gb", 0, "memory_gb=0: accepted is a whole number of at least 1."),
        ("memory_gb", 10**30, f"memory_gb={10**30}: must be 10,000,000 or less."),
        ("time_minutes", None, "time_minutes=None: accepted is a whole number of at least 1."),
        ("setup", "module load a", "setup=module load a: accepted is a list of shell lines, in "),
        ("tme_minutes", 5, "tme_minutes: no such setting. Did you mean 'time_minutes'? Known: "),
        ("max_requeues", 5, "max_requeues: no such setting. Known: "),
    ],
)
def test_a_stage_s_setting_is_checked_as_the_common_one(key: str, given: Any, complaint: str):
    """Its type too, which no schema knows."""
    (line,) = said(train={key: given})
    assert line.startswith(f"slurm.stages.train.{complaint}")
    assert "no such" not in line or line.endswith(f"Known: {', '.join(OF_STAGES)}.")


def test_all_of_all_stages_are_told():
    assert len(said(train={"tasks": 0, "gpus": "a"}, score={"nodes": 1.5})) == 3


def test_what_is_right_is_not_complained_of():
    """Null stands where the common setting may be null."""
    right = {"tasks": None, "memory_gb": None, "partition": None, "setup": ["module load a"]}
    assert said(train={**right, "gpus": 0, "time_minutes": 5}, score={}) == []


def test_every_number_has_an_upper_end():
    """What no machine has is refused, not tried."""
    numbers = [
        path
        for path, _ in leaves(OmegaConf.to_container(OmegaConf.structured(RunSettings)))
        if path in {tuple(path) for path, bounds in bounded(RunSettings) if "choices" not in bounds}
    ]
    assert ("seed",) in numbers
    assert ("slurm", "gpus") in numbers
    for path in numbers:
        run = settings()
        inner = run
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = 10**30
        (line,) = complaints(run)
        assert line.startswith(f"{'.'.join(path)}=")
        assert line.partition(": must be ")[2].endswith(("or less.", "seconds."))


def test_what_a_cell_reads_is_not_operational():
    """Seeds and the study say what is asked; everything else of a run how."""
    assert not any(map(operational, ("seed", "seeds.baseline", "objective")))
    assert all(map(operational, ("store", "slurm.gpus", "search.score", "hydra/launcher")))


def leaves(values: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value
