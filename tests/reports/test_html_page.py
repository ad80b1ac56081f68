"""The page of one table in a browser."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from reports.reading.collect import collect
from reports.render import render

BROWSER = shutil.which("chromium")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking"
).split()
pytestmark = [
    pytest.mark.apt,
    pytest.mark.skipif(BROWSER is None, reason="apt-get install chromium"),
]


def test_the_page_opens_from_disk_and_bold_is_heavier(full, tmp_path: Path) -> None:
    """What the browser computed, read back from the page it built."""
    probe = (
        "<script>document.body.dataset.seen = JSON.stringify({"
        "rows: document.querySelectorAll('tbody tr').length,"
        "bold: [...document.querySelectorAll('td.number b')].map(b => "
        "getComputedStyle(b).fontWeight + ' ' + b.textContent)})</script>"
    )
    page = tmp_path / "toy.html"
    drawn = render(collect(full.record(), "toy"), "html")
    page.write_text(drawn.replace("</body>", f"{probe}</body>"), encoding="utf-8")
    command = [str(BROWSER), *FLAGS, "--dump-dom", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert "&quot;rows&quot;:6" in done.stdout
    assert "&quot;700 71.00&quot;,&quot;700 66.0&quot;,&quot;700 68.50&quot;" in done.stdout
