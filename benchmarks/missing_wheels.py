"""Install the wheels of a folder that this Python lacks into a folder, without a network.

    python benchmarks/missing_wheels.py WHEELS SITE

A package that is there stays as it is, unless it is older than the project requires. What the
project, or what it requires in turn, asks for and is not there is named with what asks for it; it
is no failure: a machine for training cleans no crawled text.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

from pip._vendor.packaging.requirements import Requirement

PROJECT = Path(__file__).parents[1] / "pyproject.toml"


def named(name: str) -> str:
    """A package's name as packages are compared by."""
    return re.sub(r"[-_.]+", "-", name).lower()


def fits(one: Requirement) -> bool:
    """Whether this Python has what is required."""
    try:
        return one.specifier.contains(version(one.name), prereleases=True)
    except PackageNotFoundError:
        return False


def unmet(required: Iterable[Requirement]) -> dict[str, str]:
    """What is missing of what is required, here or in turn: what asks for it, and what is there."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    waiting = [(one, "this project") for one in required]
    while waiting:
        one, asks = waiting.pop()
        if not fits(one):
            has = f", and {version(one.name)} is there" if there(one.name) else ""
            found.setdefault(str(one), f"{asks} asks for it{has}")
        elif named(one.name) not in seen:
            seen.add(named(one.name))
            for text in distribution(one.name).requires or ():
                needs = Requirement(text)
                if needs.marker is None or needs.marker.evaluate({"extra": ""}):
                    waiting.append((needs, one.name))
    return found


def there(name: str) -> bool:
    """Whether this Python has a package, of any version."""
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def machine() -> str:
    """What the figures are of."""
    import torch

    gpu = "no GPU"
    if torch.cuda.is_available():
        about = torch.cuda.get_device_properties(0)
        gpu = f"{about.name}, {about.total_memory / 2**30:.0f} GiB, CUDA {torch.version.cuda}"
    python = f"Python {platform.python_version()}, torch {torch.__version__}"
    return f"{platform.platform()}, {os.cpu_count()} cores, {python}, {gpu}"


def main() -> None:
    """Install, and say what was."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheels", type=Path, help="the folder of wheels")
    parser.add_argument("site", type=Path, help="where to; PYTHONPATH has to name it")
    options = parser.parse_args()
    texts = tomllib.loads(PROJECT.read_text("utf-8"))["project"]["dependencies"]
    required = [Requirement(text) for text in texts]
    bounds = {named(one.name): one for one in required}
    wheels = {named(path.name.partition("-")[0]): path for path in options.wheels.glob("*.whl")}
    missing = {
        name: path
        for name, path in sorted(wheels.items())
        if not fits(bounds.get(name, Requirement(name)))
    }
    if missing:
        how = ["--no-index", "--no-deps", "--no-compile", "--quiet", "--target", options.site]
        command = [sys.executable, "-m", "pip", "install", *how, *missing.values()]
        subprocess.run([str(word) for word in command], check=True)
        importlib.invalidate_caches()
    print(f"installed: {', '.join(missing) or 'nothing'}")
    for one, why in sorted(unmet(required).items()):
        print(f"missing: {one}: {why}")
    print(machine())


if __name__ == "__main__":
    main()
