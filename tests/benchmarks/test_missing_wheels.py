"""benchmarks/missing_wheels.py: what is installed from a folder of wheels, and what it names."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def wheel(folder: Path, name: str, version: str) -> None:
    """A package of one module, which holds its version."""
    about = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"VERSION = '{version}'\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
    }
    record = "".join(f"{file},,\n" for file in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for file, text in {**files, f"{about}/RECORD": record}.items():
            archive.writestr(file, text)


def test_what_is_missing_or_too_old_is_installed(tmp_path: Path) -> None:
    """A package that is there stays; what nobody has is named with what asks for it."""
    old, wheels, site = (tmp_path / name for name in ("old", "wheels", "site"))
    for folder in (old, wheels):
        folder.mkdir()
    for name in ("nobody_has_this", "numpy", "warcio"):
        wheel(wheels, name, "99.0")
    wheel(old, "warcio", "0.1")
    wheel(old, "filelock", "0.1")
    for path in old.glob("*.whl"):
        zipfile.ZipFile(path).extractall(old)
    paths = os.pathsep.join(map(str, (site, old)))
    command = [sys.executable, ROOT / "benchmarks/missing_wheels.py", wheels, site]
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": paths},
        check=True,
        capture_output=True,
        text=True,
    )
    installed, *missing, machine = done.stdout.splitlines()
    assert installed == "installed: nobody-has-this, warcio"
    assert (site / "warcio.py").read_text() == "VERSION = '99.0'\n"
    assert not (site / "numpy.py").exists()
    assert "missing: filelock>=3.12: this project asks for it, and 0.1 is there" in missing
    assert not any("warcio" in line for line in missing)
    assert machine.endswith("no GPU") or "CUDA" in machine
