"""C4's rules over real pages and mail, fetched from Debian and npm."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lab.corpora.crawl import report

pytestmark = [pytest.mark.apt, pytest.mark.slow]
BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "cleaning_real.py"


def test_real_pages_are_cleaned_and_accounted_for(tmp_path: Path) -> None:
    """Every rule's lines add up, English pages stay, and translated ones go."""
    for tool in ("apt-get", "dpkg", "npm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not here: apt-get install npm dpkg")
    found = tmp_path / "report.json"
    command = [sys.executable, BENCHMARK, "--folder", tmp_path, "--json", found]
    subprocess.run(command, check=True, capture_output=True)
    whole = json.loads(found.read_text("utf-8"))
    counts = whole["counts"]
    dropped = sum(row.lines or 0 for row in report.rows(whole))
    assert counts["read-lines"] == dropped + counts["written-lines"]
    assert counts["read-pages"] > 10_000
    assert 0.3 < counts["written-pages"] / counts["read-pages"] < 0.6
    assert counts["lines-no-endmark"] > counts["read-lines"] / 2
    judged = whole["languages"]
    assert judged["en-US"]["English kept"] == judged["en-US"]["English"] > 100
    for language in ("de-DE", "es-ES", "fr-FR", "it-IT", "nb-NO"):
        assert judged[language]["other kept"] < judged[language]["other"] / 20
