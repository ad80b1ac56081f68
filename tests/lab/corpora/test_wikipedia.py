"""Articles out of a Wikipedia dump."""

from __future__ import annotations

import bz2
from collections import Counter
from html import escape
from pathlib import Path

import pytest
from killing import first_worker_killed

from lab.corpora import get_corpus
from lab.corpora.__main__ import main
from lab.corpora.wikipedia import CUT_OFF, extract, plain_text, read_dump
from lab.errors import DataError

ADA = """{{Infobox person|name=A {{nested|x}}}}
'''Ada Lovelace''' (born [[1815]] in [[London|the city of London]]){{cn|date=May}} was a
''mathematician''.<ref name="a">{{cite web|url=http://x.org|title=A title}}</ref>
She wrote&nbsp;notes.<ref name="b" />
[[File:Ada.jpg|thumb|A [[portrait]] of her]]

== Life ==
* one item
* [http://example.org a link]
{| class="wikitable"
! a head
|-
| b || c
|}

=== Early ===
She lived.<!-- hidden -->

== References ==
{{reflist}}
Some reference text.

== See also ==
* [[Charles Babbage]]

== External links ==
* [http://x.org Another]

[[Category:People]]
"""
ADA_TEXT = """Ada Lovelace (born 1815 in the city of London) was a
mathematician.
She wrote\u00a0notes.

Life
one item
a link

Early
She lived.

See also
Charles Babbage"""


def dump(*pages: tuple[str, int, str, bool]) -> bytes:
    """A dump of (title, namespace, wikitext, whether it redirects)."""
    parts = ['<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11">']
    parts.append("<siteinfo><sitename>Wikipedia</sitename></siteinfo>")
    for title, namespace, text, redirects in pages:
        redirect = '<redirect title="X" />' if redirects else ""
        parts.append(
            f"<page><title>{escape(title)}</title><ns>{namespace}</ns><id>1</id>{redirect}"
            f"<revision><id>2</id><text bytes='1'>{escape(text)}</text></revision></page>"
        )
    return "\n".join([*parts, "</mediawiki>"]).encode()


PAGES = (
    ("Ada", 0, ADA, False),
    ("Talk:Ada", 1, "No article.", False),
    ("A. Lovelace", 0, "#REDIRECT [[Ada]]", True),
    ("Blank", 0, "{{stub}}", False),
    ("Ünïcode & more", 0, "Tea is a drink.", False),
)


def test_markup_and_reference_sections_go():
    """Words of links and headings stay; templates, tables, notes, files and categories go."""
    assert plain_text(ADA) == ADA_TEXT


@pytest.mark.parametrize("workers", [1, 2])
def test_a_dump_becomes_a_corpus(tmp_path: Path, workers: int, capsys, monkeypatch):
    """Articles in order, all else counted; a run can train on the folder."""
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "pages-articles.xml.bz2"
    file.write_bytes(bz2.compress(dump(*PAGES)))
    output = tmp_path / "wiki"
    command = ["wikipedia", "--input", str(file), "--output", str(output)]
    assert main([*command, "--workers", str(workers)]) == 0
    said = capsys.readouterr().out
    for line in ("articles: 2", "redirects: 1", "other pages: 1", "empty: 1"):
        assert line in said
    assert list(get_corpus(str(output)).documents()) == [ADA_TEXT, "Tea is a drink."]


def test_a_killed_worker_ends_the_run(tmp_path: Path, capsys):
    """It takes its articles along: the run says so, and leaves nothing that looks whole."""
    (tmp_path / "a.xml").write_bytes(dump(*PAGES))
    command = ["wikipedia", "--input", str(tmp_path / "a.xml"), "--output", str(tmp_path / "out")]
    with first_worker_killed():
        assert main([*command, "--workers", "2"]) == 1
    said = capsys.readouterr().err
    assert "A worker process was killed" in said
    assert "Give fewer --workers. Nothing of this run is left." in said
    assert [path.name for path in tmp_path.iterdir()] == ["a.xml"]


def test_a_dump_that_ends_early_gives_what_it_has(tmp_path: Path, capsys):
    """And says so, also by its exit status."""
    whole = bz2.compress(dump(*PAGES))
    (tmp_path / "cut.xml").write_bytes(dump(*PAGES)[:-60])
    counts: Counter[str] = Counter()
    titles = [title for title, _ in read_dump(tmp_path / "cut.xml", counts)]
    assert titles == ["Ada", "Blank"]
    assert any(name.startswith(CUT_OFF) for name in counts)
    (tmp_path / "cut.xml.bz2").write_bytes(whole[:-20])
    command = ["wikipedia", "--input", str(tmp_path / "cut.xml"), "--output", str(tmp_path / "out")]
    assert main(command) == 1
    assert CUT_OFF in capsys.readouterr().out
    with pytest.raises(DataError, match="holds no article"):
        extract(tmp_path / "cut.xml.bz2", tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_mistakes_are_told(tmp_path: Path, capsys):
    """No dump; a folder that is there; one that cannot be made."""
    assert main(["wikipedia", "--input", "nowhere.xml", "--output", str(tmp_path / "x")]) == 2
    assert "nowhere.xml: no such file" in capsys.readouterr().err
    (tmp_path / "a.xml").write_bytes(dump(*PAGES))
    assert main(["wikipedia", "--input", str(tmp_path / "a.xml"), "--output", str(tmp_path)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert main(["wikipedia", "--input", str(tmp_path / "a.xml"), "--output", "/proc/x"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: /proc/x cannot be written: ")
    assert line.endswith("Give --output a new folder.")
