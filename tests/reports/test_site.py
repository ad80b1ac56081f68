"""The site opens from disk: every number leads to its cell, every link leads somewhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from reports.commands.cli import main
from reports.errors import ReportError
from reports.site import write_site

PREDICTION = {"task": "mood", "id": 0, "inputs": "a <b>fine</b> film", "target": "good"}


class Links(HTMLParser):
    """The addresses that a page names."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("href", "src") and value]


def links(page: Path) -> Iterator[Path]:
    parser = Links()
    parser.feed(page.read_text())
    return ((page.parent / link).resolve() for link in parser.found)


@pytest.fixture
def site(full: Any, tmp_path: Path) -> Path:
    store = full.record()
    for path in full.path.glob("pretrain/*"):
        (path / "metrics.csv").write_text("step,loss\n0,4.0\n10,3.0\n")
    for path in full.path.glob("evaluate/*"):
        lines = [json.dumps(PREDICTION | {"prediction": f"answer {i}"}) for i in range(9)]
        (path / "predictions.jsonl").write_text("\n".join(lines) + "\n")
        (path / "log.txt").write_text("x" * 30_000 + "the end & more\n")
    return write_site(store, tmp_path / "site").parent


def test_every_link_leads_somewhere_on_disk(site: Path) -> None:
    """No page of the site names a file that is not there, nor one outside of it."""
    pages = sorted(site.rglob("*.html"))
    assert len(pages) == 2 + 7
    for page in pages:
        for target in links(page):
            assert target.is_file(), (page, target)
            assert target.is_relative_to(site)


def test_each_number_leads_to_its_cell(site: Path) -> None:
    """A score of the table links to the page of its row's first run."""
    text = (site / "toy.html").read_text()
    assert re.search(r'<a href="toy/0-seed0\.html"><b>71\.00', text)
    assert re.search(r'<a href="toy/2-seed0\.html">69\.50', text)


def test_cell_page_tells_what_differs_from_the_baseline(site: Path) -> None:
    """Only the settings that differ, both values; the whole configuration behind a fold."""
    text = (site / "toy/2-seed0.html").read_text()
    assert (
        "<tr><td><code>label</code></td><td><code>15% of tokens</code></td>"
        "<td><code>two seeds</code></td></tr>" in text
    )
    assert "All 2 settings" in text


def test_cell_page_shows_stages_cost_commit_and_curve(full: Any, site: Path) -> None:
    """Keys, the commit, time and FLOPs together, and the losses as a picture."""
    text = (site / "toy/0-seed1.html").read_text()
    assert full.key("pretrain", "15% of tokens", 1) in text
    assert full.key("evaluate", "15% of tokens", 1) in text
    assert "0123456789ab" in text
    empty = "<td></td>" * 4
    assert f"<td>all together</td>{empty}<td>2.0 min</td><td>2e+12</td><td></td>" in text
    assert "<td>60.0 s</td><td>1e+12</td><td>1.67e+10</td>" in text
    assert text.count("<polyline") == 1
    assert "torch" in text


def test_predictions_stand_beside_references_and_are_escaped(site: Path) -> None:
    """As text and never as markup."""
    text = (site / "toy/0-seed0.html").read_text()
    assert "a &lt;b&gt;fine&lt;/b&gt; film" in text
    assert text.count(">good</td>") == 9
    assert "answer 8" in text


def test_logs_show_their_end(site: Path) -> None:
    """A long log is cut at its front."""
    text = (site / "toy/0-seed0.html").read_text()
    assert "the end &amp; more" in text
    assert "[...]" in text
    assert len(text) < 40_000


def test_hole_says_why(site: Path) -> None:
    """The page behind a hole names the failed stage and its error."""
    text = (site / "toy/3-seed0.html").read_text()
    assert "loss is nan at step 12" in text
    assert "attempt 1 failed" in text


def test_front_page_counts_what_is_there(site: Path) -> None:
    """Three of the four rows have their three scores."""
    text = (site / "index.html").read_text()
    assert '<a href="toy.html">toy</a>' in text
    assert "<td>9/12</td>" in text


def test_unknown_sweep_names_the_known(full: Any, tmp_path: Path) -> None:
    """A misspelled sweep writes nothing."""
    store = full.record()
    with pytest.raises(ReportError, match="Did you mean 'toy'"):
        write_site(store, tmp_path / "site", ["tony"])
    assert not (tmp_path / "site").exists()


def test_command_writes_below_the_store(full: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m reports site` prints the page to open."""
    store = full.record()
    assert main(["site", "--store", str(store)]) == 0
    assert capsys.readouterr().out.strip() == str(store / "reports/site/index.html")
    assert (store / "reports/site/toy.html").is_file()


@pytest.mark.apt
@pytest.mark.skipif(not shutil.which("chromium"), reason="needs: apt-get install chromium")
def test_headings_sort_in_a_browser(site: Path) -> None:
    """In Chromium a click sorts from the best down, a second one turns it; a hole stays last."""
    page = site / "toy.html"
    for clicks, expected in ((1, [72.5, 71.0, 69.5, None]), (2, [69.5, 71.0, 72.5, None])):
        click = 'document.querySelectorAll("table.scores thead th")[1].click();' * clicks
        script = f"<script>addEventListener('load', () => {{ {click} }});</script></body>"
        copy = site / f"clicked{clicks}.html"
        copy.write_text(page.read_text().replace("</body>", script))
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
        done = subprocess.run(
            [*command, "--virtual-time-budget=2000", copy.as_uri()],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        body = done.stdout.partition("<tbody>")[2].partition("</tbody>")[0]
        first = [row.partition("</th>")[2] for row in body.split("</tr>")[:4]]
        found = [re.match(r'<td class="number"(?: data-value="([\d.]+)")?', row) for row in first]
        assert [m and m[1] and float(m[1]) for m in found] == expected


def test_two_studies_pages_stand_apart_and_every_link_leads_somewhere(
    full: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`table05` and `other/table05` of one store: records, drawn tables, pages, figures."""
    full.record("table05")
    store = full.record("other/table05", study="other", title="The other one")
    folder = write_site(store, tmp_path / "site").parent
    assert "The other one" in (folder / "other/table05.html").read_text()
    assert "The other one" not in (folder / "table05.html").read_text()
    count = 0
    for path in folder.rglob("*.html"):
        for href in re.findall(r'(?:href|src)="([^"#]+)"', path.read_text()):
            assert (path.parent / href).resolve().is_file(), (path, href)
            count += 1
    assert count > 40
    for id in ("table05", "other/table05"):
        assert main([id, "--store", str(store)]) == 1
        capsys.readouterr()
        assert (store / f"reports/{id}.md").is_file()
        assert main(["verify", str(store / f"reports/{id}.tex")]) == 0
        assert main(["figures", id, "dots", "--store", str(store)]) == 0
        assert (store / f"reports/{id}_dots.svg").is_file()
    assert "A toy sweep" in (store / "reports/table05.md").read_text()
    assert "The other one" in (store / "reports/other/table05.md").read_text()


def test_last_is_the_newest_over_all_studies(full: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever its folder; an unknown name is answered with names of every study."""
    full.record("table05", order=5, title="First")
    store = full.record("other/table05", order=6, study="other", title="Second")
    assert main(["last", "--store", str(store)]) == 1
    assert "Second" in capsys.readouterr().out
    full.record("table05", order=7, title="Third")
    assert main(["last", "--store", str(store)]) == 1
    assert "Third" in capsys.readouterr().out
    assert main(["other/table5", "--store", str(store)]) == 2
    assert "Did you mean 'other/table05'?" in capsys.readouterr().err
