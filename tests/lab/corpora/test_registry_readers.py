"""What is read out of the registry's packages, on small invented members."""

from __future__ import annotations

import gzip
import struct

import pytest

from lab.corpora.held_out import HeldOut
from lab.corpora.registry import addresses, faq, gcide, kernel
from lab.datasets.registry import help_pages, messages
from lab.errors import DataError

DICTIONARY = r"""
00-database-short
   A dictionary

Lark \Lark\ (l[aum]rk), n. [Perh fr. AS. l[=a]c play, sport. Cf.
   {Lake}, v. i.]
   A frolic; a jolly time. [Colloq.] --Dickens.
   [1913 Webster]

Lark \Lark\, n. [OE. larke.] (Zool.)
   1. Any one numerous species of singing birds of the genus
      {Alauda} (family {Alaudid[ae]}).
      [1913 Webster]

   2. A caf['e] where larks are [R.]
      served.
      [WordNet 1.5 +PJC]

            No lark more blithe than he.           --Bickerstaff.
      [1913 Webster]

Larking \Lark"ing\, p. pr. & vb. n.
   Merrymaking done in the early morning. -- Lark"ing*ly, adv.
   [1913 Webster]
"""


@pytest.fixture
def members(monkeypatch):
    """Serve invented members in place of a package's; nothing but one sentence is held out."""
    served: list[tuple[str, bytes]] = []
    held = HeldOut(["Any one numerous species of singing birds of a kind"])
    for module in (gcide, kernel, faq, addresses, help_pages, messages):
        monkeypatch.setattr(module, "read_members", lambda archive, pattern=None: iter(served))
        if hasattr(module, "everything_held_out"):
            monkeypatch.setattr(module, "everything_held_out", lambda: held)
    return served


def lines(made) -> list[str]:
    """The paragraphs of written documents."""
    return [line for row in made["documents"] for line in row["text"].split("\n")]


def test_dictionary_entries_lose_what_is_not_prose():
    """Pronunciation, etymology, sources and numbers go; letters get their accents."""
    assert list(gcide.entries(DICTIONARY)) == [
        ["Lark, n. A frolic; a jolly time. [Colloq.] --Dickens."],
        [
            "Lark, n. (Zool.) 1. Any one numerous species of singing birds of the genus Alauda "
            "(family Alaudidæ).",
            "A café where larks are [R.] served.",
            "No lark more blithe than he. --Bickerstaff.",
        ],
        [
            "Larking, p. pr. & vb. n. Merrymaking done in the early morning. -- Larkingly, adv.",
        ],
    ]


def test_dictionary_leaves_out_what_is_evaluated(members):
    """A sense that holds eight words of a held-out text goes, the entry's others stay."""
    repeated = DICTIONARY + "\n\n".join(f"W{n} \\W\\, n.\n   Filler number {n}." for n in range(9))
    members.append(("gcide.dict.dz", gzip.compress(repeated.encode())))
    found = lines(gcide.write())
    assert "A café where larks are [R.] served." in found
    assert not any("singing birds" in line for line in found)


def test_kernel_documents_are_prose_without_tables(members):
    """Code, tables and diagrams go; what two files share is kept once."""
    shared = "A paragraph of words that stands in two files of the documentation alike."
    text = f"""
Title of the page
=================

{shared}

Some prose about :c:func:`schedule` that explains it, as follows::

    int code(void);

+------+------+
| a 1  | 2 3  |
+------+------+

0x0001 0x0002 0x0003 0x0004 0x0005

{"More words of prose that fill the page until it is long enough to be kept. " * 3}
"""
    members.append(("one.rst.gz", gzip.compress(text.encode())))
    members.append(
        ("two.rst.gz", gzip.compress(f"{shared}\n\n{'Other words here. ' * 20}".encode()))
    )
    found = lines(kernel.write())
    assert "Some prose about schedule that explains it, as follows:" in found
    assert found.count(shared) == 1
    assert not any("0x0001" in line or "code" in line or "|" in line for line in found)


def test_pages_of_essays_are_their_blocks():
    """Text of a web page's body by paragraphs, entities and inner markup resolved."""
    page = (
        "<html><head><title>A title that is no text</title></head><body class='x'><h1>A heading "
        "of four words</h1>\n<p>One  <i>two</i> three\nfour &amp; five.</p><ul><li>too short</li>"
        "</ul><blockquote>six seven eight nine</blockquote></body></html>"
    )
    assert faq.paragraphs(page) == [
        "A heading of four words",
        "One two three four & five.",
        "six seven eight nine",
    ]


def test_addresses_are_cut_after_sentences(members):
    """A speech of one line becomes pages of whole sentences."""
    sentences = [f"This is sentence number {n} of the address." for n in range(200)]
    members.append(("data/1900_nobody.txt", " ".join(sentences).encode()))
    made = addresses.write()["documents"]
    assert len(made) >= 3
    assert " ".join(row["text"] for row in made).split() == " ".join(sentences).split()
    assert all(row["text"].endswith("address.") for row in made)


def page(*paragraphs: tuple[str, str]) -> bytes:
    """A page of help with these (id, text)."""
    body = "".join(
        f'<p id="par_id{name}" class="x" dir="auto">{text}</p>' for name, text in paragraphs
    )
    return f"<html><p class='logo'>Logo</p>{body}</html>".encode()


def test_help_shows_one_variant_of_what_is_hidden():
    """Of what a page says differently for each system, the default is read."""
    content = (
        'Choose <span class="switchinline"><span hidden="true" id="MACx" class="MAC"><span '
        'class="emph">Preferences</span></span><span hidden="true" id="defaultx"><span '
        'class="emph">Tools - Options</span></span></span> &amp; go on.'
    )
    ((name, text),) = help_pages.paragraphs(page(("1", content)).decode())
    assert (name, text) == ("par_id1", "Choose Tools - Options & go on.")


def test_help_is_matched_by_page_and_id(monkeypatch):
    """Pairs are of one paragraph; short, untranslated and repeated ones are left out."""
    english = {
        ("a", "1"): "One two three four five six.",
        ("a", "2"): "Too short.",
        ("a", "3"): "This one is in English in both.",
        ("b", "1"): "ONE two three four five six",
        ("b", "2"): "Six words that only English has.",
    }
    german = {
        ("a", "1"): "Eins zwei drei.",
        ("a", "2"): "Zu kurz.",
        ("a", "3"): "This one is in English, in both!",
        ("b", "1"): "Eins zwei.",
    }
    assert help_pages.pairs(english, german, "de") == [
        {
            "page": "a",
            "translation": {"en": "One two three four five six.", "de": "Eins zwei drei."},
        }
    ]


def test_help_pages_are_in_one_part_in_both_languages(monkeypatch):
    """No page and no English text is in two parts, whatever the language."""
    monkeypatch.setattr(help_pages, "SIZES", {"validation": 5, "test": 10})
    served = {
        "libreoffice-help-en-us": "The text {} of page {} is in English.",
        "libreoffice-help-de": "Der Text {} von Seite {}.",
        "libreoffice-help-fr": "Le texte {} de la page {}.",
    }

    def read_members(archive):
        text = served[archive.name]
        for number in range(20):
            # French lacks a paragraph of each page.
            numbers = range(3 if archive.name.endswith("fr") else 4)
            found = [(str(n), text.format(n, number)) for n in numbers]
            yield f"usr/share/help/xx/text/page{number}.html", page(*found)

    monkeypatch.setattr(help_pages, "read_members", read_members)
    files = help_pages.write()
    assert {stem: len(rows) for stem, rows in files.items()} == {
        "ende-validation": 8,
        "ende-test": 16,
        "ende-train": 56,
        "enfr-validation": 6,
        "enfr-test": 12,
        "enfr-train": 42,
    }
    for part in ("validation", "test", "train"):
        pages = [{row["page"] for row in files[f"en{code}-{part}"]} for code in ("de", "fr")]
        assert pages[0] == pages[1]
    row = files["enfr-train"][0]["translation"]
    assert row["en"].replace("The text", "Le texte").split()[2] == row["fr"].split()[2]


def catalogue(*entries: tuple[str, str]) -> bytes:
    """A compiled gettext catalogue."""
    strings = [text.encode() for pair in zip(*entries, strict=True) for text in pair]
    start = 28 + 16 * len(entries)
    table, data = b"", b""
    for text in strings:
        table += struct.pack("<2I", len(text), start + len(data))
        data += text + b"\0"
    count = len(entries)
    head = struct.pack("<7I", messages.MAGIC, 0, count, 28, 28 + 8 * count, 0, start)
    return head + table + data


def test_messages_are_read_from_compiled_catalogues(members, monkeypatch):
    """Contexts, plurals and marks of keys go; a message in two catalogues is kept once."""
    monkeypatch.setattr(messages, "SIZES", {"validation": 1, "test": 1})
    entries = [
        ("menu\x04~Open the file that is chosen here", "Deschide ~fișierul ales aici"),
        ("Close the _window that is open now", "Închide _fereastra deschisă acum"),
        ("The name my_file_name is not valid here", "Numele my_file_name nu este valid"),
        ("one file\x00many files of the same kind", "un fișier\x00multe"),
        ("Short message", "Mesaj scurt"),
        ("", "Project-Id-Version: x"),
    ]
    members.append(("a.mo", catalogue(*entries)))
    members.append(("b.mo", catalogue(("Open the file that is chosen here", "Altfel"))))
    made = messages.write()
    assert {stem: len(rows) for stem, rows in made.items()} == {
        "enro-train": 1,
        "enro-validation": 1,
        "enro-test": 1,
    }
    found = {r["translation"]["en"]: r["translation"]["ro"] for rows in made.values() for r in rows}
    assert found == {
        "Open the file that is chosen here": "Deschide fișierul ales aici",
        "Close the window that is open now": "Închide fereastra deschisă acum",
        "The name my_file_name is not valid here": "Numele my_file_name nu este valid",
    }


def test_other_files_are_no_catalogues():
    """Big-endian or damaged catalogues are one clear error."""
    with pytest.raises(DataError, match="compiled gettext catalogues"):
        list(messages.messages(b"\x95\x04\x12\xde" + bytes(24)))
