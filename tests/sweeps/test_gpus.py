"""GPUs that are asked for and cannot be used: told before anything runs, with what to type."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from sweeps.hardware import gpus
from sweeps.hardware.gpus import idle_gpus, torch_is_for_cpus, unusable_gpus, visible_gpus

ROOT = Path(__file__).resolve().parents[2]
STUDY = """
import json
from types import SimpleNamespace as Stage
def cell(config):
    train = Stage(name="train", version=1, config={"lr": config["lr"]}, inputs={},
                  run="gpu_study.train", cost=Stage(device=config["device_of_stage"]))
    return {"scores": {"game": train},
            "columns": [{"name": "Game", "terms": [[["game", "acc"]]], "decimals": 1}]}
def train(config, inputs, out, context):
    (out / "scores.json").write_text(json.dumps({"game": {"acc": 50 + 10 * config["lr"]}}))
"""
CONFIG = """
defaults: [run_settings, _self_, override hydra/launcher: local, override hydra/sweeper: study]
study: gpu_study
lr: 0.1
device_of_stage: any
workers: 1
hydra: {mode: MULTIRUN, output_subdir: null}
"""


class Machine:
    """A machine with device files, an nvidia-smi and a torch of the test's choice."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.patch, self.devices, self.programs = monkeypatch, folder / "dev", folder / "bin"
        self.devices.mkdir()
        self.programs.mkdir()
        monkeypatch.setattr(gpus, "_DEVICES", self.devices)
        monkeypatch.setenv("PATH", str(self.programs))
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        self.torch(for_cpus=False)

    def torch(self, *, for_cpus: bool) -> None:
        self.patch.setattr(gpus, "torch_is_for_cpus", lambda: for_cpus)

    def has(self, *names: str) -> None:
        for name in names:
            (self.devices / name).touch()

    def lists(self, count: int, status: int = 0) -> None:
        lines = "".join(f"echo 'GPU {n}: NVIDIA (UUID: GPU-{n})'\n" for n in range(count))
        (self.programs / "nvidia-smi").write_text(f"#!/bin/sh\n{lines}exit {status}\n")
        (self.programs / "nvidia-smi").chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


@pytest.mark.parametrize("named", ["0", "0,1", "3", "GPU-5ebe9f43", "MIG-c7384736"])
def test_a_gpu_that_no_machine_has(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    """What the variable says is quoted, and what to type for the CPU."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    said = unusable_gpus()
    assert said is not None
    assert said.startswith(f"CUDA_VISIBLE_DEVICES={named}: no GPU can be used")
    assert "this machine shows none" in said
    assert "type `CUDA_VISIBLE_DEVICES= ` before the command" in said


@pytest.mark.parametrize("named", ["", "-1", "NoDevFiles", "none", " "])
def test_no_gpu_is_asked_for(machine: Machine, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    """As a job without GPUs finds it, and as one hides them: the CPU, without a word."""
    machine.has("nvidia0")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert unusable_gpus() is None
    assert visible_gpus() == []


def test_a_torch_that_was_built_for_cpus(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for by name: refused. Only there: the CPU, and it is said."""
    machine.has("nvidia0", "nvidia1", "nvidiactl")
    machine.torch(for_cpus=True)
    assert visible_gpus() == []
    assert "has 2 GPUs, and the installed torch is a build for CPUs" in str(idle_gpus())
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert "the installed torch is a build for CPUs" in str(unusable_gpus())
    assert idle_gpus() is None


@pytest.mark.parametrize("how", ["files", "nvidia-smi"])
def test_a_number_beyond_the_last_gpu(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Those that are there can be used; the one that is not is named."""
    machine.has("nvidia4", "nvidia7") if how == "files" else machine.lists(2)
    assert visible_gpus() == ["0", "1"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    assert unusable_gpus() is None
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1,4,7")
    assert "GPU 4, 7 cannot be used, because this machine has 2 GPUs, numbers 0 to 1" in str(
        unusable_gpus()
    )


@pytest.mark.parametrize("file", ["dxg", "kfd", "nvmap"])
def test_machines_that_do_not_count_their_gpus(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    """WSL, ROCm, Jetson: the variable is believed."""
    machine.has(file)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,5")
    assert unusable_gpus() is None
    assert visible_gpus() == ["0", "5"]


def test_a_driver_that_does_not_answer(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """nvidia-smi without a driver, as many images carry it, lists nothing."""
    machine.lists(0, status=9)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert "shows none" in str(unusable_gpus())


@pytest.mark.parametrize(
    ("version", "for_cpus"),
    [
        ("from typing import Optional\ncuda: Optional[str] = None\nhip: Optional[str] = None\n", 1),
        ("cuda: Optional[str] = '12.8'\nhip: Optional[str] = None\n", 0),
        ("cuda = None\nhip = '6.3'\n", 0),
        ("cuda = None\n", 1),
        ("__version__ = '2.13.0'\n", 0),
        ("this is no Python", 0),
    ],
)
def test_what_torch_was_built_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, for_cpus: int
) -> None:
    """Read from its version file, which is not run."""
    (tmp_path / "version.py").write_text(version)
    spec = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: spec)
    assert torch_is_for_cpus.__wrapped__() == bool(for_cpus)


def study(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the study on a machine that is asked for a GPU."""
    (folder / "conf").mkdir(exist_ok=True)
    (folder / "conf/config.yaml").write_text(CONFIG)
    (folder / "gpu_study.py").write_text(STUDY)
    (folder / "nvidia-smi").write_text("#!/bin/sh\nexit 9\n")
    (folder / "nvidia-smi").chmod(0o755)
    command = [sys.executable, str(ROOT / "run.py"), "--config-path", str(folder / "conf")]
    path = os.pathsep.join([str(folder), os.environ["PATH"]])
    environment = {"PYTHONPATH": str(folder), "PATH": path, "COLUMNS": "300"}
    return subprocess.run(
        [*command, *arguments],
        cwd=folder,
        env={**os.environ, **environment, "CUDA_VISIBLE_DEVICES": "0"},
        capture_output=True,
        text=True,
    )


@pytest.mark.skipif(bool(list(Path("/dev").glob("nvidia[0-9]*"))), reason="needs no GPU: hide it")
def test_a_run_is_refused_before_its_first_stage(tmp_path: Path) -> None:
    """Status 2 and one line; nothing ran. A study that needs no GPU is not asked."""
    refused = study(tmp_path)
    assert refused.returncode == 2, refused.stdout + refused.stderr
    assert "CUDA_VISIBLE_DEVICES=0: no GPU can be used" in refused.stderr
    assert not (tmp_path / "store").exists()
    assert study(tmp_path, "device_of_stage=cpu").returncode == 0
