"""A cleaned crawl: the same bytes however it was run, and nothing lost without a count."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from killing import first_worker_killed

from lab.corpora.__main__ import main
from lab.corpora.cleaning import clean_page
from lab.corpora.crawl import pipeline, report, run
from lab.corpora.crawl.language import language_verdict
from lab.corpora.crawl.lines import drop_duplicate_lines
from lab.corpora.crawl.lists import (
    domain_verdict,
    is_listed,
    normalize_url,
    read_domains,
    read_urls,
)
from lab.corpora.crawl.readers import JsonLines
from lab.corpora.crawl.run import RunError, UnfinishedError, clean_crawl
from lab.corpora.crawl.settings import CrawlSettings
from lab.corpora.crawl.shards import InputError, find_shards

SHARED = "This line stands on every page of the site."
ENGLISH = """The people of the village {n} were waiting for the rain to come.
Nobody there had seen a cloud since the month of {n} began.
Then child {n} of them all pointed at the hills and shouted loudly.
She was right about what she had seen on day {n} of the summer."""
GERMAN = """Die Leute im Dorf {n} warteten schon lange auf den ersten Regen.
Niemand dort hatte seit Beginn des Monats {n} eine Wolke gesehen.
Dann zeigte eines der Kinder auf die Berge und rief etwas."""


def page(number: int, text: str = ENGLISH) -> dict[str, str]:
    """One page with text of its own, a line that all pages share, and one that goes."""
    lines = text.format(n=number)
    return {
        "text": f"{lines}\n{SHARED}\nno end mark {number}",
        "url": f"https://www.example.org/{number}",
        "timestamp": "2019-04-25T12:57:54Z",
    }


def write_shard(path: Path, pages: Iterable[Mapping[str, Any]]) -> None:
    """Write pages as compressed JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(one) + "\n" for one in pages)


def clean(folder: Path, output: Path, workers: int = 1, **settings: Any) -> dict[str, Any]:
    """Clean all shards of a folder and return the report."""
    source, shards = find_shards(str(folder))
    return clean_crawl(CrawlSettings(**settings), source, shards, output, workers=workers)


def pages_of(output: Path) -> dict[str, str]:
    """The cleaned pages {url: text}."""
    tables = [pq.read_table(path) for path in sorted((output / "data").glob("*.parquet"))]
    rows = [row for table in tables for row in table.to_pylist()]
    return {row["url"]: row["text"] for row in rows}


def contents(output: Path) -> dict[str, bytes]:
    """The bytes of the cleaned files by name."""
    return {path.name: path.read_bytes() for path in sorted((output / "data").iterdir())}


@pytest.fixture
def crawl(tmp_path: Path) -> Path:
    """Four shards of six pages, one of them German, one URL twice, one page without text."""
    pages = [page(number) for number in range(24)]
    pages[5] = page(5, GERMAN)
    pages[20] = page(3)
    pages[11]["text"] = ""
    for shard in range(4):
        write_shard(tmp_path / "in" / f"{shard}.jsonl.gz", pages[shard * 6 : shard * 6 + 6])
    return tmp_path / "in"


def test_crawl_is_what_the_plain_rules_give(crawl: Path, tmp_path: Path) -> None:
    """The blocks between reader and writer do what the functions do in memory, in this order."""
    whole = clean(crawl, tmp_path / "out")
    raw = {number: page(number) for number in range(24) if number not in (5, 11, 20)}
    raw[5] = page(5, GERMAN)
    rules = {one["url"]: clean_page(one["text"]) or "" for one in raw.values()}
    unique = drop_duplicate_lines({normalize_url(url): text for url, text in rules.items()})
    english = {
        url: unique[normalize_url(url)]
        for url, text in rules.items()
        if language_verdict(text, "en", 0.99)[0] is None
    }
    assert pages_of(tmp_path / "out") == english
    counts = whole["counts"]
    assert counts["page-filtered-nocontent"] == 1
    assert counts["cleaned-pages"] - counts["unique-pages"] == 1
    assert counts["lines-no-endmark"] == 23
    assert counts["filtered-lines-global_duplicate"] == 21
    assert counts["page-filtered-ignoredlang-de"] == 1
    assert counts["written-pages"] == len(english) == 21


def test_counts_add_up(crawl: Path, tmp_path: Path) -> None:
    """Lines read are those of the table's rows and those written."""
    whole = clean(crawl, tmp_path / "out")
    dropped = sum(row.lines or 0 for row in report.rows(whole))
    assert whole["counts"]["read-lines"] == dropped + whole["counts"]["written-lines"]


@pytest.mark.parametrize("deduplicate", ["lines", "spans", "none"])
def test_number_of_workers_changes_no_byte(crawl: Path, tmp_path: Path, deduplicate: str) -> None:
    """One worker and two write the same files."""
    one = clean(crawl, tmp_path / "one", workers=1, deduplicate=deduplicate)
    two = clean(crawl, tmp_path / "two", workers=2, deduplicate=deduplicate)
    assert contents(tmp_path / "one") == contents(tmp_path / "two") != {}
    assert one["counts"] == two["counts"]


@pytest.mark.parametrize("deduplicate", ["lines", "spans"])
def test_number_of_buckets_changes_no_byte(
    crawl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deduplicate: str
) -> None:
    """Duplicates are found the same in one piece and in five."""
    clean(crawl, tmp_path / "one", deduplicate=deduplicate)
    monkeypatch.setattr(pipeline, "_SHARDS_A_BUCKET", 1)
    clean(crawl, tmp_path / "five", deduplicate=deduplicate)
    tasks = tmp_path / "five" / "work" / "find-duplicates" / "completions"
    assert len(list(tasks.iterdir())) == 5
    assert contents(tmp_path / "one") == contents(tmp_path / "five")


@given(
    st.lists(
        st.lists(st.sampled_from(["a", "A ", "b.", "c c c.", "d. D. d."]), min_size=1, max_size=4),
        min_size=1,
        max_size=6,
    )
)
def test_one_page_keeps_each_line(pages: list[list[str]]) -> None:
    """Whatever the lines, each (in lower case) stays exactly once, if no page goes."""
    texts = {f"url/{at}": "\n".join(lines) for at, lines in enumerate(pages)}
    kept = drop_duplicate_lines(texts, min_num_sentences=0)
    lines = [line.strip().lower() for text in kept.values() for line in text.split("\n")]
    assert len(lines) == len(set(lines))
    assert set(lines) == {line.strip().lower() for page in pages for line in page}


def test_repeated_spans_go_and_the_first_stays(tmp_path: Path) -> None:
    """As published: of three sentences in a row that come again only the first are kept."""
    first, second = page(1), page(2)
    second["text"] = first["text"].replace(SHARED, "But the second page ends on its own.")
    second["text"] += "\nAnd it goes on for a while.\nIt even has a third line."
    write_shard(tmp_path / "in" / "0.jsonl.gz", [first, second])
    whole = clean(tmp_path / "in", tmp_path / "out", deduplicate="spans")
    one, two = pages_of(tmp_path / "out").values()
    assert one == clean_page(first["text"])
    assert two.split("\n") == [
        "But the second page ends on its own.",
        "And it goes on for a while.",
        "It even has a third line.",
    ]
    assert {row.counter: row.lines for row in report.rows(whole)}["filtered-repeated_span"] == 4


def test_unfiltered_keeps_every_line(crawl: Path, tmp_path: Path) -> None:
    """Without rules and deduplication only the language decides."""
    clean(crawl, tmp_path / "out", clean=False, deduplicate="none")
    kept = pages_of(tmp_path / "out")
    assert kept["https://www.example.org/0"] == page(0)["text"]
    assert "https://www.example.org/5" not in kept


def test_killed_run_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    """A run killed with -9 in the middle, started again, skips what is done and ends the same."""
    for shard in range(6):
        pages = [page(shard * 40 + at) for at in range(40)]
        write_shard(tmp_path / "in" / f"{shard}.jsonl.gz", pages)
    clean(tmp_path / "in", tmp_path / "whole")
    command = [sys.executable, "-m", "lab.corpora", "clean", "--workers", "2"]
    command += ["--input", str(tmp_path / "in"), "--output", str(tmp_path / "out")]
    killed = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    completions = tmp_path / "out" / "work" / "clean" / "completions"
    while not list(completions.glob("*")):
        assert killed.poll() is None
        time.sleep(0.002)
    os.kill(killed.pid, signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    done = {path.name: path.stat().st_mtime_ns for path in completions.iterdir()}
    assert not (tmp_path / "out" / "report.json").exists()

    clean(tmp_path / "in", tmp_path / "out")
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    again = {path.name: path.stat().st_mtime_ns for path in completions.iterdir()}
    assert {name: again[name] for name in done} == done


def test_killed_worker_ends_the_run(crawl: Path, tmp_path: Path) -> None:
    """A worker that dies takes its task along: the run says so rather than wait for ever."""
    killed = pytest.raises(UnfinishedError, match=r"worker process was killed.*command goes on")
    with first_worker_killed(), killed:
        clean(crawl, tmp_path / "out", workers=2)
    clean(crawl, tmp_path / "out")
    assert len(pages_of(tmp_path / "out")) == 21


def test_finished_run_is_not_run_again(crawl: Path, tmp_path: Path) -> None:
    """The same command on a whole corpus returns its report and writes nothing."""
    first = clean(crawl, tmp_path / "out")
    before = (tmp_path / "out" / "report.json").stat().st_mtime_ns
    assert clean(crawl, tmp_path / "out") == first
    assert (tmp_path / "out" / "report.json").stat().st_mtime_ns == before


def test_other_settings_are_refused(crawl: Path, tmp_path: Path) -> None:
    """A corpus is never mixed from two settings; the message names the difference."""
    clean(crawl, tmp_path / "out", language=None)
    with pytest.raises(RunError, match=r"language: None there, en here.*another --output"):
        clean(crawl, tmp_path / "out")


def test_output_belongs_to_one_command_at_a_time(crawl: Path, tmp_path: Path) -> None:
    """A second command on the same folder is refused while the first one lives."""
    (tmp_path / "out").mkdir()
    hold = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.lockf(f, fcntl.LOCK_EX);"
    hold += "print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", hold, str(tmp_path / "out" / ".lock")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as first:
        assert first.stdout.readline() == b"held\n"
        with pytest.raises(RunError, match="Another command is cleaning into"):
            clean(crawl, tmp_path / "out")
        first.stdin.close()
    clean(crawl, tmp_path / "out")


def test_foreign_folder_is_left_alone(crawl: Path, tmp_path: Path) -> None:
    """A folder that holds something else is no place for a corpus."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with pytest.raises(RunError, match=r"holds something else\. Give --output a new"):
        clean(crawl, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_long_step_says_how_far_it_is(
    crawl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog
) -> None:
    """Now and then a line says how many tasks are done."""
    monkeypatch.setattr(run, "_SECONDS_BETWEEN_LINES", 0.001)
    with caplog.at_level("INFO"):
        clean(crawl, tmp_path / "out")
    assert "clean: 4 tasks" in caplog.text
    assert "of 4 tasks done" in caplog.text


def truncate(path: Path) -> None:
    """Cut the end off a file."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 3 // 5])


def test_truncated_gzip_keeps_what_comes_before(tmp_path: Path) -> None:
    """The pages before the cut are kept, and the shard is named with what went wrong."""
    lines = [page(number) for number in range(400)]
    for at, one in enumerate(lines):
        one["text"] += f"\n{os.urandom(200).hex()} {at}"
    write_shard(tmp_path / "in" / "0.jsonl.gz", lines)
    truncate(tmp_path / "in" / "0.jsonl.gz")
    whole = clean(tmp_path / "in", tmp_path / "out", deduplicate="none", language=None)
    (problem,) = whole["problems"]
    assert problem["shard"] == "0.jsonl.gz"
    assert problem["problem"] == "damaged"
    assert "EOFError" in problem["detail"]
    assert 200 < problem["pages"] < 280
    assert len(pages_of(tmp_path / "out")) == problem["pages"]
    assert report.is_damaged(whole)


def test_invalid_utf8_and_invalid_json_cost_one_page_each(tmp_path: Path) -> None:
    """A line that cannot be decoded or parsed is counted; the lines after it are read."""
    good = [json.dumps(page(number)).encode() for number in range(3)]
    broken = [b'{"text": "caf\xe9 au lait"}', b'{"text": "cut', b'["no", "page"]', b""]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "0.jsonl").write_bytes(b"\n".join([good[0], *broken, *good[1:]]))
    counts = clean(tmp_path / "in", tmp_path / "out")["counts"]
    assert counts["page-unreadable-utf8"] == 1
    assert counts["page-unreadable-json"] == 1
    assert counts["page-filtered-nocontent"] == 1
    assert counts["read-pages"] == 3


def test_page_of_50_megabytes_is_dropped_by_the_limit(tmp_path: Path) -> None:
    """A huge page costs itself only."""
    huge = page(0) | {"text": "This line has seven words in it.\n" * 1_500_000}
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "0.jsonl").write_text(f"{json.dumps(huge)}\n{json.dumps(page(1))}\n")
    whole = clean(tmp_path / "in", tmp_path / "out")
    assert whole["counts"]["filtered-page-contenttoolong"] == 1
    assert list(pages_of(tmp_path / "out")) == ["https://www.example.org/1"]


def test_empty_shards_are_reported(crawl: Path, tmp_path: Path) -> None:
    """A shard of no bytes and one of no pages are no errors, and are named."""
    (crawl / "4.jsonl.gz").touch()
    write_shard(crawl / "5.jsonl.gz", [])
    whole = clean(crawl, tmp_path / "out")
    assert [note["shard"] for note in whole["problems"]] == ["4.jsonl.gz", "5.jsonl.gz"]
    assert whole["counts"]["shards-empty"] == 2
    assert not report.is_damaged(whole)


def change_while_reading(
    monkeypatch: pytest.MonkeyPatch, name: str, change: Callable[[Path], None]
) -> None:
    """Have a shard change after its first page is read."""
    read = JsonLines.read_file

    def read_file(self: JsonLines, filepath: str) -> Iterable[Any]:
        for at, document in enumerate(read(self, filepath)):
            if at == 1 and filepath == name:
                change(Path(self.data_folder.resolve_paths(filepath)))
            yield document

    monkeypatch.setattr(JsonLines, "read_file", read_file)


def test_shard_that_changes_under_way_is_read_anew(
    crawl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is made of a half old, half new shard; the next run reads it, and only it."""
    new = [page(number) for number in range(100, 110)]
    with monkeypatch.context() as patched:
        change_while_reading(patched, "2.jsonl.gz", lambda path: write_shard(path, new))
        with pytest.raises(UnfinishedError, match=r"1 of 4 shards changed.*2\.jsonl\.gz"):
            clean(crawl, tmp_path / "out")
    done = tmp_path / "out" / "work" / "clean" / "completions"
    assert sorted(path.name for path in done.iterdir()) == ["00000", "00001", "00003"]
    assert not (tmp_path / "out" / "data").exists()

    clean(crawl, tmp_path / "out")
    clean(crawl, tmp_path / "fresh")
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")
    assert "https://www.example.org/105" in pages_of(tmp_path / "out")


def test_shards_that_changed_between_runs_are_read_anew(
    crawl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an unfinished run had made of the old shards, and what came of it, is forgotten."""
    with monkeypatch.context() as patched:
        patched.setattr(report, "write", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            clean(crawl, tmp_path / "out")
    write_shard(crawl / "1.jsonl.gz", [page(number) for number in range(200, 203)])
    clean(crawl, tmp_path / "out")
    clean(crawl, tmp_path / "fresh")
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


def wet_record(kind: str, url: str, content: bytes) -> bytes:
    """One record of a WET file."""
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\n"
        f"WARC-Date: 2019-04-25T12:57:54Z\r\nWARC-Record-ID: <urn:uuid:{len(content)}>\r\n"
        f"Content-Type: text/plain\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content + b"\r\n\r\n"


def test_wet_files_are_read(tmp_path: Path) -> None:
    """Text records become pages; other records, bad bytes and a cut end are told apart."""
    texts = [page(number)["text"].replace("\n", "\n\n").encode() for number in range(4)]
    records = [
        wet_record("warcinfo", "", b"software: none"),
        wet_record("conversion", "http://a.org/0", texts[0]),
        wet_record("conversion", "http://a.org/1", texts[1].replace(b"rain", b"r\xe9in")),
        wet_record("conversion", "http://a.org/2", texts[2]),
        wet_record("conversion", "http://a.org/3", texts[3])[:-60],
    ]
    (tmp_path / "in").mkdir()
    with gzip.open(tmp_path / "in" / "0.warc.wet.gz", "wb") as file:
        file.writelines(records)
    whole = clean(tmp_path / "in", tmp_path / "out", deduplicate="none")
    assert list(pages_of(tmp_path / "out")) == ["http://a.org/0", "http://a.org/2"]
    assert whole["counts"]["page-unreadable-utf8"] == 1
    assert whole["counts"]["page-unreadable-cutoff"] == 1
    assert whole["problems"][0]["problem"] == "damaged"


def test_parquet_is_read_and_a_broken_file_named(tmp_path: Path) -> None:
    """Parquet shards need only a text column; one that is no Parquet is damaged."""
    (tmp_path / "in").mkdir()
    rows = [{"text": page(number)["text"]} for number in range(3)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "in" / "0.parquet")
    (tmp_path / "in" / "1.parquet").write_bytes(b"PAR1 but no more than that")
    whole = clean(tmp_path / "in", tmp_path / "out", deduplicate="none")
    assert whole["counts"]["written-pages"] == 3
    assert [note["shard"] for note in whole["problems"]] == ["1.parquet"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "No files at"),
        (["a.jsonl", "README"], r"1 of 2 files .* no known format, the first is 'README'"),
        (["a.jsonl", "b.parquet"], "mixes jsonl and parquet files"),
    ],
)
def test_input_that_cannot_be_read_is_refused(
    tmp_path: Path, names: list[str], message: str
) -> None:
    """Files are never passed over silently: the user chooses them with --glob."""
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=message):
        find_shards(str(tmp_path))


def test_one_file_is_an_input_too(crawl: Path) -> None:
    """The path of a file names a crawl of one shard."""
    folder, shards = find_shards(str(crawl / "1.jsonl.gz"))
    assert (Path(folder), [shard.path for shard in shards]) == (crawl, ["1.jsonl.gz"])


@pytest.mark.parametrize(
    ("url", "verdict"),
    [
        ("https://www.news.example/a?b", None),
        ("https://news.example:80/", None),
        ("http://local.paper.example.co.uk/x", None),
        ("http://sport.paper.example.co.uk/x", "filtered-url-invalidsubdomain"),
        ("http://news.example.evil.org/", "filtered-url-invaliddomain"),
        ("http://othernews.example/", "filtered-url-invaliddomain"),
        ("", "filtered-url-invaliddomain"),
    ],
)
def test_domains_of_a_list(tmp_path: Path, url: str, verdict: str | None) -> None:
    """RealNews' file allows all subdomains of a domain, or those it lists."""
    listed = tmp_path / "domains.json"
    listed.write_text('{"news.example": true, "paper.example.co.uk": ["local", "www"]}')
    assert domain_verdict(url, read_domains(listed)) == verdict


def test_list_of_domains_as_lines(tmp_path: Path) -> None:
    """One domain a line does as well; a JSON value of another kind is refused by name."""
    listed = tmp_path / "domains"
    listed.write_text("# news\nNews.example\n\n")
    assert read_domains(listed) == {"news.example": True}
    listed.write_text('{"news.example": "www"}')
    with pytest.raises(ValueError, match=r"'news.example' has 'www'; give true"):
        read_domains(listed)


def test_urls_of_a_list_match_in_any_spelling(tmp_path: Path) -> None:
    """Scheme, www, tracking and a last slash make no difference."""
    listed = tmp_path / "urls.txt"
    listed.write_text("https://www.example.org/a/?utm_source=x\n\nhttp://b.org\n")
    keys = read_urls(listed)
    assert is_listed("http://example.org/a", keys)
    assert is_listed("https://b.org/", keys)
    assert not is_listed("http://example.org/ab", keys)


def test_lists_filter_a_crawl(crawl: Path, tmp_path: Path) -> None:
    """Pages off the lists are counted and dropped."""
    domains, urls = tmp_path / "domains", tmp_path / "urls"
    domains.write_text("example.org\n")
    urls.write_text("".join(f"http://example.org/{n}\n" for n in (0, 7, 8)))
    whole = clean(crawl, tmp_path / "out", domains=domains, urls=urls)
    assert len(pages_of(tmp_path / "out")) == 3
    assert whole["counts"]["filtered-url-notwebtextlike"] == 20


def test_language_does_not_depend_on_what_came_before() -> None:
    """langdetect draws at random; a page's draws are its own."""
    text = page(1, "Das ist ein kurzer text, with words of both {n} languages in it.")["text"]
    first = language_verdict(text, "en", 0.99)
    for other in (ENGLISH, GERMAN):
        language_verdict(other, "en", 0.99)
    assert language_verdict(text, "en", 0.99) == first


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (ENGLISH, (None, "en")),
        (GERMAN, ("page-filtered-ignoredlang", "de")),
        ("1 2 3.", ("langdetect-exception", "")),
    ],
)
def test_language_verdicts(text: str, verdict: tuple[str | None, str]) -> None:
    """English stays, German goes, and a page without letters has no language."""
    assert language_verdict(text, "en", 0.99) == verdict


def test_command_prints_every_rule(crawl: Path, tmp_path: Path, capsys) -> None:
    """The table has a row a rule with its counts, and says that no bad-word list was given."""
    arguments = ["clean", "--input", str(crawl), "--output", str(tmp_path / "out")]
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    for row in report.rows(report.load(tmp_path / "out")):
        assert row.rule in shown
    assert "No bad-word list was given" in shown
    assert "Pages in other languages: de 1." in shown


def test_command_exits_1_where_input_was_lost(tmp_path: Path, capsys) -> None:
    """A damaged shard is named under the table."""
    write_shard(tmp_path / "in" / "0.jsonl.gz", [page(number) for number in range(9)])
    truncate(tmp_path / "in" / "0.jsonl.gz")
    arguments = ["clean", "--input", str(tmp_path / "in"), "--output", str(tmp_path / "out")]
    assert main([*arguments, "--deduplicate", "none"]) == 1
    assert "Damaged: 0.jsonl.gz (EOFError" in capsys.readouterr().out


def test_command_lists_all_mistakes(crawl: Path, tmp_path: Path, capsys) -> None:
    """Wrong options come out together, with exit status 2, before anything is written."""
    arguments = ["clean", "--input", str(crawl), "--output", str(tmp_path / "out")]
    arguments += ["--badwords", "nowhere.txt", "--workers", "0", "--language", "english"]
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert "--badwords nowhere.txt: no such file" in said
    assert "--workers 0: give 1 or more" in said
    assert "--language english: give 'any' or one of af, ar" in said
    assert not (tmp_path / "out").exists()
