"""Install the wheels of a folder that this Python lacks into a folder, without a network.

    python benchmarks/missing_wheels.py WHEELS SITE

A package that is there already stays as it is. What the project requires and nobody has is named;
it is no failure: a machine for training cleans no crawled text.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PROJECT = Path(__file__).parents[1] / "pyproject.toml"


def named(requirement: str) -> str:
    """The name in a requirement or a wheel's file name, as packages are compared by."""
    name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def there(name: str) -> bool:
    """Whether this Python has a package."""
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def main() -> None:
    """Install, and say what was."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheels", type=Path, help="the folder of wheels")
    parser.add_argument("site", type=Path, help="where to; PYTHONPATH has to name it")
    options = parser.parse_args()
    wheels = {named(path.name.partition("-")[0]): path for path in options.wheels.glob("*.whl")}
    missing = {name: path for name, path in sorted(wheels.items()) if not there(name)}
    if missing:
        how = ["--no-index", "--no-deps", "--no-compile", "--quiet", "--target", options.site]
        command = [sys.executable, "-m", "pip", "install", *how, *missing.values()]
        subprocess.run([str(word) for word in command], check=True)
    print(f"installed: {', '.join(missing) or 'nothing'}")
    required = tomllib.loads(PROJECT.read_text("utf-8"))["project"]["dependencies"]
    lacking = [name for name in map(named, required) if not (there(name) or name in wheels)]
    print(f"required and not there: {', '.join(lacking) or 'nothing'}")


if __name__ == "__main__":
    main()
