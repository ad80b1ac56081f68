"""A crawl cleaned by a real SLURM: the same bytes as on one machine."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from lab.corpora.crawl.run import clean_crawl, finished_report, submit_crawl
from lab.corpora.crawl.settings import CrawlSettings
from lab.corpora.crawl.shards import find_shards

pytestmark = [pytest.mark.apt, pytest.mark.slow]


def require_slurm() -> None:
    """Skip where no SLURM answers."""
    if shutil.which("sinfo") is None or subprocess.run(["sinfo", "-h"], check=False).returncode:
        pytest.skip("no SLURM answers; `make test-all` starts one (apt install slurmctld slurmd)")


def test_slurm_gives_the_bytes_of_a_local_run(tmp_path: Path) -> None:
    """Steps wait for each other, a second call submits nothing, and the result is the same."""
    require_slurm()
    (tmp_path / "in").mkdir()
    for shard in range(3):
        with gzip.open(tmp_path / "in" / f"{shard}.jsonl.gz", "wt") as file:
            for at in range(5):
                lines = [f"Line {n} of page {shard * 5 + at} has eight words." for n in range(3)]
                text = "\n".join([*lines, "This line stands on every single page."])
                file.write(json.dumps({"text": text, "url": f"http://a.org/{shard}/{at}"}) + "\n")
    folder, shards = find_shards(str(tmp_path / "in"))
    settings = CrawlSettings()
    slurm = {"partition": "main", "time": "0:10:00", "mem_per_cpu_gb": 1, "qos": None}

    def submit() -> str:
        return submit_crawl(settings, folder, shards, tmp_path / "out", workers=2, slurm=slurm)

    assert submit().startswith("Submitted; job ")
    assert "is still in SLURM's queue" in submit()
    deadline = time.monotonic() + 300
    while (whole := finished_report(settings, shards, tmp_path / "out")) is None:
        assert time.monotonic() < deadline
        time.sleep(1)
    local = clean_crawl(settings, folder, shards, tmp_path / "local")
    assert whole["counts"] == local["counts"]
    made = {path.name: path.read_bytes() for path in (tmp_path / "out" / "data").iterdir()}
    assert made == {path.name: path.read_bytes() for path in (tmp_path / "local/data").iterdir()}
