"""Lists that cleaning reads: as Windows writes them, in other encodings, with addresses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.corpora.cleaning import read_badwords
from lab.corpora.crawl.lists import domain_verdict, read_domains, read_text, read_urls, url_key

WINDOWS = b"\xef\xbb\xbffrobnicate\r\nzorkword\r\n\r\n"


def test_byte_order_mark_belongs_to_no_word(tmp_path: Path):
    """Nor does a line end of Windows."""
    (tmp_path / "words.txt").write_bytes(WINDOWS)
    assert read_badwords(read_text(tmp_path / "words.txt")) == ("frobnicate", "zorkword")


@pytest.mark.parametrize("content", [b"caf\xe9\n", b"a\n\nna\xefve\n", b"\xff\xfea\x00\n"])
def test_other_encodings_are_named_by_file_and_line(tmp_path: Path, content: bytes):
    """A list that is read wrong would drop nothing."""
    (tmp_path / "words.txt").write_bytes(content)
    line = content[: content.index(next(b for b in content if b > 127))].count(b"\n") + 1
    for read in (read_text, read_domains, read_urls):
        with pytest.raises(ValueError, match=rf"words.txt, line {line}: found the byte .*UTF-8"):
            read(tmp_path / "words.txt")


@pytest.mark.parametrize(
    "line",
    [
        "https://www.example.org/",
        "http://example.org/some/page?x=1",
        "example.org/",
        "EXAMPLE.org.",
        "*.example.org",
        ".example.org",
        "https://user@example.org:8080/a",
    ],
)
@pytest.mark.parametrize("form", ["lines", "json"])
def test_an_address_is_read_as_its_host(tmp_path: Path, line: str, form: str):
    """Every page of the site is of the list."""
    text = json.dumps({line: True}) if form == "json" else f"# a comment\r\n{line}\r\n"
    (tmp_path / "domains").write_bytes(b"\xef\xbb\xbf" + text.encode())
    domains = read_domains(tmp_path / "domains")
    assert set(domains) == {"example.org"}
    assert domain_verdict("http://example.org/0", domains) is None
    assert domain_verdict("https://news.example.org/0", domains) is None
    assert domain_verdict("https://example.com/0", domains) is not None


@pytest.mark.parametrize("line", ["пример.рф", "xn--e1afmkfd.xn--p1ai", "https://www.пример.рф/a"])
@pytest.mark.parametrize("host", ["пример.рф", "xn--e1afmkfd.xn--p1ai", "новости.пример.рф"])
def test_a_domain_of_other_letters_is_one_in_either_spelling(tmp_path: Path, line: str, host: str):
    """As people write it and as computers ask for it."""
    (tmp_path / "domains").write_text(f"{line}\n", "utf-8")
    domains = read_domains(tmp_path / "domains")
    assert domain_verdict(f"http://{host}/0", domains) is None
    assert domain_verdict("http://other.рф/0", domains) is not None


@pytest.mark.parametrize("line", ["example.org, example.com", "two words", "a@b c", "http://", ";"])
def test_a_line_that_can_never_match_is_refused(tmp_path: Path, line: str):
    """By file and line."""
    (tmp_path / "domains").write_text(f"example.org\n{line}\n")
    with pytest.raises(ValueError, match=r"domains, line 2: .* is no domain, such as example.org"):
        read_domains(tmp_path / "domains")


@pytest.mark.parametrize("text", ["[1]", "{", '{"example.org": false}', '{"example.org": null}'])
def test_wrong_json_is_named(tmp_path: Path, text: str):
    """With the file."""
    (tmp_path / "domains").write_text(text)
    with pytest.raises(ValueError, match="domains"):
        read_domains(tmp_path / "domains")


def test_urls_as_windows_writes_them(tmp_path: Path):
    """The first line is one like the others."""
    (tmp_path / "urls").write_bytes(b"\xef\xbb\xbfhttp://a.org/1\r\nhttp://a.org/2\r\n")
    keys = read_urls(tmp_path / "urls")
    assert sorted(keys.tolist()) == sorted(url_key(f"http://a.org/{i}") for i in (1, 2))
