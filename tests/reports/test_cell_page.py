"""A cell's page: validation over checkpoints, what was answered, dates; also in a real browser."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from reports.site import write_site
from reports.site.answers import confusion_element, read_answers

SELECTION = {
    "mood": {
        "best": "step_20.pt",
        "best_together": "step_10.pt",
        "last": "last.pt",
        "validation": [
            {"step": 10, "mean": 50.0, "acc": 50.0},
            {"step": 20, "mean": 75.5, "acc": 75.5},
            {"step": 30, "mean": 60.0, "acc": 60.0},
        ],
        "constant": 55.25,
    }
}


def line(id: int, target: str, prediction: str, **more: Any) -> dict[str, Any]:
    right = 100.0 * (target == prediction)
    parts = {"acc": {"mean": [right, 1]}}
    return {
        "task": "mood",
        "id": id,
        "inputs": f"film {id}",
        "target": target,
        "prediction": prediction,
        "parts": parts,
        **more,
    }


LINES = [
    *(line(i, "good", "good") for i in range(12)),
    *(line(i, "bad", "good") for i in range(12, 20)),
    *(line(i, "bad", "bad") for i in range(20, 25)),
    line(25, "bad", "badly", cut=["input", "prediction"]),
]


@pytest.fixture
def site(full: Any, tmp_path: Path) -> Path:
    """The toy sweep's pages, the baseline's first run with a selection and answers."""
    store = full.record()
    cell = full.rows[0]["cells"][0]
    evaluated = cell["scores"]["mood"]
    trained = full.stages[evaluated]["inputs"]["member_0"]
    full.write(f"pretrain/{trained}/selection.json", SELECTION)
    text = "".join(json.dumps(one) + "\n" for one in LINES)
    full.write(f"evaluate/{evaluated}/predictions.jsonl", text)
    return write_site(store, tmp_path / "site").parent


def test_checkpoints_on_validation_and_the_chosen_one(site: Path) -> None:
    """Every checkpoint with its scores; the rule of the run in bold, the others plain."""
    text = (site / "toy/0-seed0.html").read_text()
    assert "Chosen by the rule <code>best</code>: step 20, 75.50 on validation." in text
    assert "The best constant answer has 55.25 (dashed)." in text
    assert "<td>20</td><td>75.50</td><td>75.50</td><td><b>best</b></td>" in text
    assert "<td>10</td><td>50.00</td><td>50.00</td><td>best_together</td>" in text
    assert "<td>30</td><td>60.00</td><td>60.00</td><td>last</td>" in text
    assert text.count("<circle") == 1
    assert "Checkpoints on validation" not in (site / "toy/1-seed0.html").read_text()


def test_answers_are_counted_by_kind(site: Path) -> None:
    """Right and wrong by the metric, cut as the evaluation says."""
    text = (site / "toy/0-seed0.html").read_text()
    assert "26 answers: 17 right, 9 wrong; 1 cut to the lengths asked for." in text
    assert 'data-kinds="wrong cut"' in text
    assert "wrong, input cut, prediction cut" in text


def test_labels_taken_for_others_are_counted(site: Path) -> None:
    """References in rows, answers in columns, what is no label in a column of its own."""
    text = (site / "toy/0-seed0.html").read_text()
    assert '<th scope="col">answered another text</th>' in text
    table = text.partition("Confusion of labels")[2].partition("</table>")[0]
    rows = [re.findall(r">(\w+)<", row) for row in table.split("<tbody>")[1].split("</tr>")[:2]]
    assert rows == [["bad", "5", "8", "1", "14"], ["good", "0", "12", "0", "12"]]


@pytest.mark.parametrize(
    ("parts", "right"),
    [
        ({"bleu": {"bleu": [3, 3]}}, None),
        ({"rouge1": {"mean": [50.0, 1]}}, None),
        ({"mcc": {"matthews": [1, 1]}}, True),
        ({"mcc": {"matthews": [1, 0]}}, False),
        ({"f1": {"f1": [1, 0, 0, 0, 0, 0]}}, True),
        ({"f1": {"f1": [0, 1, 0, 0, 0, 1]}}, False),
        ({"em": {"mean": [100.0, 1]}, "f1": {"mean": [100.0, 1]}}, True),
        ({}, False),
        (None, False),
    ],
)
def test_right_is_what_the_metric_says(builder: Any, parts: Any, right: bool | None) -> None:
    """Of a metric of degrees no answer is right or wrong; without parts the texts decide."""
    content = {"task": "t", "target": "a", "prediction": "b", "inputs": "x"}
    content |= {} if parts is None else {"parts": parts}
    path = builder.write("evaluate/k/predictions.jsonl", json.dumps(content) + "\n[1]\nbroken\n")
    (answer,) = read_answers(path.parent, "t")
    assert answer.right is right
    assert answer.cut == ()
    assert confusion_element([answer] * 9) == ""


def test_stages_have_their_dates(site: Path) -> None:
    """When each began and ended, and when the run did."""
    text = (site / "toy/0-seed0.html").read_text()
    assert "<td><time>2026-01-01 00:00</time></td><td><time>2026-01-01 00:01</time></td>" in text
    assert "Its stages ran from 2026-01-01 00:00 to 2026-01-01 00:01 UTC." in text
    assert "UTC" not in (site / "toy/3-seed0.html").read_text()


def seen(page: Path, script: str, width: int = 1000) -> Any:
    """What a script finds on a page that Chromium has opened from disk in a window so wide."""
    frame = page.with_name("frame.html")
    copy = page.with_name("copy.html")
    probe = f"<script>addEventListener('load', () => {{ {script} }});</script></body>"
    copy.write_text(page.read_text().replace("</body>", probe))
    # A window of Chromium has a least width; a frame in it has any.
    frame.write_text(
        f'<iframe id="f" src="{copy.name}" style="width:{width}px;height:700px"></iframe>'
        "<script>addEventListener('message', e => { document.body.dataset.seen = e.data; });"
        "</script>"
    )
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    done = subprocess.run(
        [*command, "--virtual-time-budget=3000", frame.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found = re.search(r'data-seen="([^"]*)"', done.stdout)
    assert found, done.stderr[-500:]
    return json.loads(html.unescape(found[1]))


browser = pytest.mark.skipif(not shutil.which("chromium"), reason="needs: apt-get install chromium")
SEND = "parent.postMessage(JSON.stringify({}), '*');"
ROWS = "[...document.querySelectorAll('.answers tbody tr')].filter(r => !r.hidden)"


@pytest.mark.apt
@browser
def test_answers_are_paged_through_in_a_browser(site: Path) -> None:
    """Ten a page; the buttons choose a kind, and say how many there are of it."""
    page = site / "toy/0-seed0.html"
    bar = "[...document.querySelectorAll('.answers button')]"
    script = f"""
        const rows = () => {ROWS}.map(r => r.cells[0].textContent);
        const press = (text) => {bar}.find(b => b.textContent.startsWith(text)).click();
        const where = () => document.querySelector('.bar span').textContent;
        const out = {{buttons: {bar}.map(b => b.textContent), first: rows(), at: where()}};
        press('next'); press('next');
        out.last = rows(); out.end = where();
        out.stops = {bar}.find(b => b.textContent.startsWith('next')).disabled;
        press('Wrong'); out.wrong = rows(); out.of = where();
        press('Cut'); out.cut = rows();
        {SEND.format("out")}
    """
    found = seen(page, script)
    assert found["buttons"] == ["All 26", "Right 17", "Wrong 9", "Cut 1", "‹ previous", "next ›"]
    assert found["first"] == [f"film {i}" for i in range(10)]
    assert found["at"] == "1–10 of 26"
    assert found["last"] == [f"film {i}" for i in range(20, 26)]
    assert (found["end"], found["stops"]) == ("21–26 of 26", True)
    assert found["wrong"] == [*(f"film {i}" for i in range(12, 20)), "film 25"]
    assert (found["of"], found["cut"]) == ("1–9 of 9", ["film 25"])


@pytest.mark.apt
@browser
@pytest.mark.parametrize("name", ["toy/0-seed0.html", "toy.html", "index.html"])
def test_a_narrow_screen_shows_every_page_without_scrolling_aside(site: Path, name: str) -> None:
    """At the width of a telephone the page is as wide as the screen, its letters full size."""
    script = SEND.format(
        "{wide: document.documentElement.scrollWidth, screen: innerWidth, "
        "size: getComputedStyle(document.body).fontSize}"
    )
    found = seen(site / name, script, width=360)
    assert found["screen"] == 360
    assert found["wide"] <= 360
    assert found["size"] == "15px"


@pytest.mark.apt
@browser
def test_where_lower_is_better_the_first_click_sorts_the_lowest_up(
    builder: Any, tmp_path: Path
) -> None:
    """The best stands first after one click, whichever way the column counts."""
    builder.column("Bits", ["mood.bits"], lower_is_better=True, most=None)
    for i, bits in enumerate((2.0, 1.0, 3.0)):
        builder.row(f"row {i}", [{"mood": {"bits": bits}}], baseline=i == 0)
    site = write_site(builder.record(), tmp_path / "site").parent
    script = f"""
        const read = () => [...document.querySelector('table.scores').tBodies[0].rows]
          .map(r => r.cells[1].textContent.trim().slice(0, 4));
        const head = document.querySelectorAll('table.scores thead th')[1];
        head.click(); const one = read(); head.click();
        {SEND.format("[one, read()]")}
    """
    once, twice = seen(site / "toy.html", script)
    assert once == ["1.00", "2.00", "3.00"]
    assert twice == ["3.00", "2.00", "1.00"]
