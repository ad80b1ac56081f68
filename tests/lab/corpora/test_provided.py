"""Corpora that the user brings."""

from __future__ import annotations

import gzip
import json
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import pytest

from lab.corpora import corpus_names, described_corpus, get_corpus, is_own, packaged_names, provided
from lab.corpora.__main__ import main
from lab.errors import DataError


def test_missing_corpus_says_where_to_put_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It can be planned with, and names its folder when it is needed."""
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path))
    corpus = get_corpus("webtext_like")
    assert corpus.identity() == {"name": "webtext_like", "sha256": []}
    with pytest.raises(DataError, match=str(tmp_path / "corpora" / "webtext_like")):
        corpus.prepare()


def test_provided_documents_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Files by name, rows as they stand; the content is the identity."""
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path))
    corpus = get_corpus("wikipedia_tbc")
    folder = tmp_path / "corpora" / "wikipedia_tbc"
    folder.mkdir(parents=True)
    (folder / "b.jsonl").write_text('{"text": "three"}\n')
    (folder / "a.jsonl").write_text('{"text": "one"}\n{"text": "two"}\n')
    assert list(corpus.documents()) == ["one", "two", "three"]
    before = corpus.identity()
    (folder / "b.jsonl").write_text('{"text": "another"}\n')
    assert corpus.identity() != before


def text_in(folder: Path, *texts: str, name: str = "a.jsonl") -> Path:
    """A folder with these documents."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    if name.endswith(".gz"):
        (folder / name).write_bytes(gzip.compress(lines.encode()))
    else:
        (folder / name).write_text(lines)
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_folder_is_a_corpus_named_by_its_content(tmp_path: Path, cache: Path):
    """Its path is in no identity; a stage finds the files by their content, wherever they are."""
    here = text_in(tmp_path / "here", "one", "two")
    text_in(here, "three", name="c4-train.00001-of-00002.json.gz")
    there = tmp_path / "there"
    there.mkdir()
    for file in here.iterdir():
        (there / file.name).write_bytes(file.read_bytes())
    corpus = get_corpus(str(here))
    assert list(corpus.documents()) == ["one", "two", "three"]
    assert corpus.approximate_tokens > 0
    assert corpus.identity() == get_corpus(str(there)).identity()
    assert str(tmp_path) not in json.dumps(corpus.identity())
    assert list(described_corpus(corpus.identity()).documents()) == ["one", "two", "three"]


def test_a_file_that_changed_after_planning_is_refused(tmp_path: Path, cache: Path):
    """The stage's key promised another text."""
    folder = text_in(tmp_path / "text", "one")
    corpus = get_corpus(str(folder))
    identity = corpus.identity()
    corpus.prepare()
    text_in(folder, "two")
    with pytest.raises(DataError, match="has changed since the run was planned"):
        list(described_corpus(identity).documents())
    (folder / "a.jsonl").unlink()
    with pytest.raises(DataError, match="known on this machine"):
        list(described_corpus(identity).documents())


def test_the_output_of_a_cleaning_is_a_corpus(tmp_path: Path, cache: Path):
    """Its pages, and not its report; one that is not finished is refused."""
    text_in(tmp_path / "c4" / "data", "a page")
    (tmp_path / "c4" / "work").mkdir()
    with pytest.raises(DataError, match="not finished"):
        get_corpus(str(tmp_path / "c4"))
    (tmp_path / "c4" / "report.json").write_text("{}")
    assert list(get_corpus(str(tmp_path / "c4")).documents()) == ["a page"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("{0}/nowhere", r"no such folder\. Readable"),
        ("summaries.txt", r"no such file: looked for /.*/summaries\.txt\. Readable"),
        ("{0}", r"holds no text that can be read. Readable are \.txt"),
        ("wikipedia:2+bookz", "Unknown corpus 'bookz'. Did you mean 'books'"),
        ("books:0+docs", r"weights \[0.0, 1.0\]: give each corpus one above 0"),
        ("wikipedea", "Did you mean 'wikipedia'.*Or files of your own.*combination"),
    ],
)
def test_a_corpus_that_is_none_is_refused_when_planned(tmp_path: Path, name: str, said: str):
    """With what would do."""
    with pytest.raises(DataError, match=said):
        get_corpus(name.format(tmp_path))


def test_a_file_without_text_says_which_columns_it_has(tmp_path: Path, cache: Path):
    """Not a KeyError."""
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.jsonl").write_text('{"content": "one", "id": 3}\n')
    with pytest.raises(DataError, match="columns content, id"):
        list(get_corpus(str(tmp_path / "x")).documents())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", b'{"text": "one"}\nnot json\n'),
        ("a.jsonl.gz", gzip.compress(b'{"text": "one"}\n' * 9999)[:-20]),
        ("a.parquet", b"PAR1xxxxPAR1"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, cache: Path, name: str, content: bytes):
    """Of many files, which, and what to do."""
    folder = text_in(tmp_path / "pages", "fine", name="0.jsonl")
    (folder / name).write_bytes(content)
    corpus = get_corpus(str(folder))
    with pytest.raises(DataError) as raised:
        list(corpus.documents())
    assert str(raised.value).startswith(f"file {folder / name} cannot be read: ")
    assert str(raised.value).endswith(". Mend or remove it, then type the command again.")


@pytest.mark.parametrize(
    "damage", [b"not json\n", b'{"text": 7}\n', b'{"text": "\xe9"}\n', b'{"text"']
)
def test_damage_that_a_look_at_the_first_rows_misses_is_named(
    tmp_path: Path, cache: Path, damage: bytes
):
    """Where the text is read: by whoever plans, and by a stage that knows the content alone."""
    folder = text_in(tmp_path / "pages", *["fine"] * 1500)
    file = folder / "a.jsonl"
    file.write_bytes(file.read_bytes() + damage)
    corpus = get_corpus(str(folder))
    corpus.prepare()
    for read in (corpus, described_corpus(corpus.identity())):
        with pytest.raises(DataError) as raised:
            list(read.documents())
        assert str(file) in str(raised.value)
        assert "row 1501" in str(raised.value)
        assert str(raised.value).endswith(", then type the command again.")


def test_damage_after_the_preparation_is_told_by_whoever_reads(tmp_path: Path, cache: Path):
    """It is named where the file is read again, and no other text goes by the old identity."""
    folder = text_in(tmp_path / "pages", *["fine"] * 3)
    corpus = get_corpus(str(folder))
    corpus.prepare()
    known = described_corpus(corpus.identity())
    file = folder / "a.jsonl"
    file.write_bytes(file.read_bytes()[:-4])
    with pytest.raises(DataError, match=r"a.jsonl cannot be read: row 3: .* Mend or remove it"):
        list(corpus.documents())
    with pytest.raises(DataError, match="has changed since the run was planned"):
        list(known.documents())


def test_corpora_are_combined_by_weight(tmp_path: Path, cache: Path):
    """Folders and names; the weights and contents are the identity, and enough to read it."""
    two, one = (text_in(tmp_path / n, *[n[0] * 100] * 50) for n in ("two", "one"))
    corpus = get_corpus(f"{two}:2+{one}")
    texts = list(corpus.documents())
    assert texts.count("t" * 100) == 2 * texts.count("o" * 100) == 50
    identity = corpus.identity()
    assert [part["weight"] for part in identity["parts"]] == [2, 1]
    assert str(tmp_path) not in json.dumps(identity)
    assert list(described_corpus(identity).documents()) == texts
    assert get_corpus(f"{two}:1+{one}").identity() != identity


def test_the_published_mixture_of_the_vocabulary():
    """Ten parts of English, one each of German, French and Romanian (section 2.2)."""
    parts = get_corpus("c4_with_translations").identity()["parts"]
    assert [(part["weight"], part["config"]) for part in parts] == [
        (10, "en"),
        (1, "de"),
        (1, "fr"),
        (1, "ro"),
    ]


def test_embedded_parts_of_a_combination_are_fetched():
    """They are what has to be at hand before a run."""
    assert packaged_names(["wikipedia:4+books:1", "docs", "c4"]) == {"books", "docs"}
    texts = islice(get_corpus("books:3+docs:1").documents(), 40)
    assert all(isinstance(text, str) for text in texts)


def test_list_names_every_corpus(capsys, monkeypatch: pytest.MonkeyPatch):
    """Also those of the hub, which are not embedded."""
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["list"]) == 0
    shown = capsys.readouterr().out.partition("Corpora by name")[2]
    assert all(f" {name} " in shown for name in corpus_names())


NOT_A_TEXT = (7, True, ["a"], {"text": "a"})


@pytest.mark.parametrize("nothing", ["null", "NaN", None])
def test_null_documents_are_counted_and_left_out(
    tmp_path: Path, cache: Path, caplog: pytest.LogCaptureFixture, nothing: str | None
):
    """One of many is no fault of the file; None: the row has no such column."""
    folder = text_in(tmp_path / "pages", "one", "two")
    lines = (folder / "a.jsonl").read_text().splitlines()
    row = "{}" if nothing is None else f'{{"text": {nothing}}}'
    (folder / "a.jsonl").write_text("\n".join([lines[0], row, row, lines[1]]) + "\n")
    assert list(get_corpus(str(folder)).documents()) == ["one", "", "", "two"]
    assert "2 documents are null and left out" in caplog.text


def test_the_corpus_stage_counts_what_it_left_out(tmp_path: Path, cache: Path):
    """A footnote of the table says so."""
    from lab.corpora.tokenized import TokenizedCorpus, run
    from lab.vocabulary import train_vocabulary

    folder = text_in(tmp_path / "pages", *["the cat sees a dog"] * 40, "")
    with (folder / "a.jsonl").open("a") as file:
        file.write('{"text": null}\n')
    corpus = get_corpus(str(folder))
    corpus.prepare()
    train_vocabulary(["the cat sees a dog and a house"] * 9, 17, tmp_path / "vocabulary")
    facts: dict = {}
    context = SimpleNamespace(
        threads=1, progress=lambda *_: None, should_stop=lambda: False, record=facts.update
    )
    inputs = {"vocabulary": tmp_path / "vocabulary"}
    run({"corpus": corpus.identity()}, inputs, tmp_path / "out", context)
    assert TokenizedCorpus.open(tmp_path / "out").documents == 40
    assert facts["notes"] == ["Of the corpus' documents 2 are null or empty and left out."]


@pytest.mark.parametrize("value", NOT_A_TEXT)
def test_a_document_that_is_no_text_is_named_before_a_run(
    tmp_path: Path, cache: Path, value: object
):
    """File, row, found and expected."""
    folder = text_in(tmp_path / "pages", "one")
    with (folder / "a.jsonl").open("a") as file:
        file.write(json.dumps({"text": value}) + "\n")
    with pytest.raises(DataError) as raised:
        get_corpus(str(folder)).prepare()
    for part in (str(folder / "a.jsonl"), "row 2", f"'text' holds {value!r}", "expected text"):
        assert part in str(raised.value)


@pytest.mark.parametrize("name", ["a [v1]", "b*", "c?d", "e::f", "{g,h}", "i %20 j", "gzip::k"])
def test_a_folder_of_any_name_is_read(tmp_path: Path, cache: Path, name: str):
    """No library takes it for a pattern, nor reads a neighbour in its place."""
    text_in(tmp_path / "a v", "of the neighbour", "another")
    folder = text_in(tmp_path / name, "one", name=f"{name}.jsonl")
    text_in(folder, "two", name=f"{name} packed.json.gz")
    assert sorted(get_corpus(str(folder)).documents()) == ["one", "two"]


@pytest.mark.parametrize("ending", ["txt", "txt.gz"])
def test_blank_lines_stand_between_the_documents_of_a_text_file(
    tmp_path: Path, cache: Path, ending: str
):
    """Whatever its line ends, and with a byte order mark or none."""
    content = "\ufeffOne line\r\nand another\r\n \r\n\r\n\r\nTwo\r\n".encode()
    file = tmp_path / f"My Book.{ending}"
    file.write_bytes(gzip.compress(content) if ending.endswith("gz") else content)
    corpus = get_corpus(str(file))
    assert list(corpus.documents()) == ["One line\nand another", "Two"]
    assert list(described_corpus(corpus.identity()).documents()) == list(corpus.documents())
    assert str(tmp_path) not in json.dumps(corpus.identity())


def test_a_file_without_a_slash_is_a_corpus(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
):
    """As it is typed beside it; a name of ours goes before a folder of that name."""
    monkeypatch.chdir(tmp_path)
    Path("my.txt").write_text("One\n\ntwo\n")
    text_in(Path("pages"), "three")
    text_in(Path("books"), "of the folder")
    assert list(get_corpus("my.txt").documents()) == ["One", "two"]
    assert list(get_corpus("pages").documents()) == ["three"]
    assert get_corpus("books").identity()["name"] == "books"
    assert [is_own(n) for n in ("my.txt", "pages", "books", "books:2+my.txt", "books+docs")] == [
        *(True, True, False, True, False)
    ]


def test_a_pattern_takes_files_of_several_forms_in_the_order_of_their_names(
    tmp_path: Path, cache: Path
):
    """Each is read in its own way, also where only the contents are known."""
    (tmp_path / "b.txt").write_text("two\n\nthree")
    (tmp_path / "a.csv").write_text('text,id\n"one, quoted",1\n')
    (tmp_path / "c.tsv").write_text("id\ttext\n1\tfour\n")
    (tmp_path / "readme.md").write_text("not text of a known form")
    for name in (tmp_path, tmp_path / "[abc].*sv", tmp_path / "*"):
        assert get_corpus(str(name)).files()
    corpus = get_corpus(str(tmp_path / "*"))
    assert list(corpus.documents()) == ["one, quoted", "two", "three", "four"]
    assert list(described_corpus(corpus.identity()).documents()) == list(corpus.documents())


def test_a_column_of_another_name_is_named_behind_the_file(tmp_path: Path, cache: Path):
    """It is part of the identity; a refusal says which there are."""
    file = tmp_path / "reviews.csv"
    file.write_text("review,label\nGood.,1\nBad.,0\n")
    with pytest.raises(DataError, match=rf"columns review, label\. Say.*corpus={file}:review$"):
        get_corpus(str(file))
    named, other = get_corpus(f"{file}:review"), get_corpus(f"{file}:label")
    assert list(named.documents()) == ["Good.", "Bad."]
    assert list(described_corpus(named.identity()).documents()) == ["Good.", "Bad."]
    assert named.identity() != other.identity()
    (tmp_path / "my.txt").write_text("One")
    with pytest.raises(DataError, match="has no columns: leave :review out"):
        get_corpus(f"{tmp_path}/my.txt:review")


@pytest.mark.parametrize(
    ("column", "said"),
    [("", "'text'"), (":summaries", "'summaries', .* Did you mean 'summary'")],
)
def test_a_column_that_is_not_there_is_refused_when_planned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, column: str, said: str
):
    """With what to type from here: the nearest column, else that of the longest texts."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "my.csv").write_text("package,summary\nvim,An editor of texts\n")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(DataError, match=rf"{said}.*: dataset.corpus=../data/my.csv:summary$"):
        get_corpus(f"../data/my.csv{column}")


def test_a_large_file_is_opened_for_a_run_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A plan is quick; a header is read of any size."""
    monkeypatch.setattr(provided, "SMALL", 10)
    (tmp_path / "my.jsonl").write_text('{"review": "Good."}\n')
    (tmp_path / "my.csv").write_text("review,label\nGood.,1\n")
    planned = get_corpus(f"{tmp_path}/my.jsonl")
    with pytest.raises(DataError, match="no text in its column 'text'"):
        planned.prepare()
    with pytest.raises(DataError, match="no text in its column 'text'"):
        get_corpus(f"{tmp_path}/my.csv")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("my.docx", b"x", r"holds no text that can be read\. Readable are \.txt"),
        ("my.txt", b" \n\n", "holds no text. Give another"),
        ("my.txt", "Größe\n".encode("latin-1"), r"line 1: found the byte 0xf6 .*iconv -f LATIN1"),
        ("my.txt.gz", b"no gzip", "cannot be read: .*Mend or remove it"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_can(
    tmp_path: Path, cache: Path, name: str, content: bytes, said: str
):
    """Before anything runs."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=said):
        get_corpus(str(tmp_path / name)).prepare()


def test_the_nearest_file_is_named_beside_a_misspelt_one(tmp_path: Path):
    (tmp_path / "stories.txt").write_text("One")
    with pytest.raises(DataError, match=r"no such file\. Did you mean '.*/stories.txt'"):
        get_corpus(str(tmp_path / "storys.txt"))
