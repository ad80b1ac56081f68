"""What every test shares: one thread, no network, a read-only cache; a cluster on demand."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

LOCAL = Path(__file__).parent / "slurm/local_slurm.sh"

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
os.environ.setdefault("WANDB_MODE", "disabled")

# A landing is judged by what it brings: the same examples each time, however busy the machine is.
# `pytest --hypothesis-profile=default` looks for new ones.
settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A SLURM of one node, taken down afterwards; its environment is this process's."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.skip("a SLURM of one's own needs root on Debian: sudo tests/slurm/local_slurm.sh up")
    home = tmp_path_factory.mktemp("slurm")
    changed = {
        "SLURM_HOME": str(home),
        "SLURM_CPUS": "2",
        "SLURM_CONF": str(home / "etc/slurm.conf"),
        # Beside another cluster on this machine.
        "SLURM_CTLD_PORT": str(_free_port()),
        "SLURM_D_PORT": str(_free_port()),
        "PATH": f"{LOCAL.parent}{os.pathsep}{os.environ['PATH']}",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in changed.items():
            patch.setenv(name, value)
        up = subprocess.run([LOCAL, "up"], capture_output=True, text=True, timeout=300)
        try:
            assert up.returncode == 0, up.stdout + up.stderr
            yield home
        finally:
            subprocess.run([LOCAL, "down", "--purge"], capture_output=True, timeout=60)
