"""The keys of every sweep file's stages, as one hash a sweep and preset.

A change of the code must not change them; a change of a stage's meaning does, and is written down:

    python tests/plan_keys.py > tests/t5study/plan_keys.json
    python tests/plan_keys.py electra > tests/studies/electra/plan_keys.json
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEFAULT = "t5study"
PRESETS = ("embedded", "smoke", "one_gpu", "paper")


def sweep_files(study: str = DEFAULT) -> list[str]:
    """The names of a study's sweep files."""
    return sorted(path.stem for path in (ROOT / "sweeps" / study).glob("*.yaml"))


def keys_hash(sweep: str, preset: str, study: str = DEFAULT) -> str:
    """A hash of the (name, key) of each stage that the sweep's plan lists.

    Nothing that was fetched before counts: data are named as they are pinned.
    """
    with tempfile.TemporaryDirectory() as empty:
        asked = [f"study={study}", f"sweep={sweep}", f"preset={preset}", f"store={empty}/store"]
        done = subprocess.run(
            [sys.executable, "run.py", *asked, "plan=true", "format=json"],
            cwd=ROOT,
            env={**os.environ, "T5STUDY_CACHE": f"{empty}/cache"},
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise SystemExit(f"{' '.join(asked)}: {done.stderr}")
    stages = sorted((stage["name"], stage["key"]) for stage in json.loads(done.stdout)["stages"])
    return hashlib.sha256(json.dumps(stages).encode()).hexdigest()[:16]


def all_hashes(study: str = DEFAULT) -> dict[str, dict[str, str]]:
    """The hash of each sweep file at each preset, two plans at a time."""
    asked = [(sweep, preset) for sweep in sweep_files(study) for preset in PRESETS]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda one: keys_hash(*one, study), asked))
    made: dict[str, dict[str, str]] = {}
    for (sweep, preset), digest in zip(asked, found, strict=True):
        made.setdefault(sweep, {})[preset] = digest
    return made


if __name__ == "__main__":
    print(json.dumps(all_hashes(*sys.argv[1:]), indent=1))
