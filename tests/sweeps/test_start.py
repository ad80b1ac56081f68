"""From a command line to Hydra's multirun."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COUNTED = """
import runpy, sys
from hydra._internal.hydra import Hydra
from sweeps.asking.compose import Composer

made = []
def counted(owner, name):
    function = getattr(owner, name)
    def call(*given, **named):
        made.append(owner.__name__)
        return function(*given, **named)
    setattr(owner, name, call)

counted(Hydra, "compose_config")
counted(Composer, "__init__")
sys.argv = ["run.py", *sys.argv[1:]]
runpy.run_path("run.py", run_name="__main__")
print(sorted(made))
"""


def test_a_command_is_composed_by_hydra_once_and_its_files_are_read_by_one_composer(
    tmp_path: Path,
) -> None:
    """The look at the command line and the sweeper share what they read."""
    done = subprocess.run(
        [sys.executable, "-c", COUNTED, "preset=smoke", "plan=true", f"store={tmp_path}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "['Composer', 'Hydra']"


def test_hydras_own_options_are_hydras(tmp_path: Path) -> None:
    """A folder of further options that is not there is complained of, not left out."""
    done = subprocess.run(
        [sys.executable, "run.py", "--config-dir", f"{tmp_path}/none", "plan=true"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"Additional config directory '{tmp_path}/none' not found" in done.stderr
