"""Users' files: any bytes go in, and what is not corrected comes out as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import DataError
from studies.gector.parallel import read_parallel
from studies.gector.text import Line, Outcome, correct_file, corrected_lines, read_lines

ODD = (
    "\ufeffHe go home .\r\n\r\n\t I  like\u3000it.\x00\x0b\x0c\x1c\x85\u2028 \n"
    "👩‍👩‍👧 ok\u200b, cafe\u0301\n" + "x" * 100_000 + "\n" + "a " * 20_000 + "\nno end"
).encode() + b" \xff\xfe\n\n"


def same(sentences: list[list[str]]) -> list[list[str]]:
    return sentences


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@given(st.lists(st.text(max_size=30).map(lambda text: text.replace("\n", " "))))
def test_uncorrected_lines_are_themselves(lines: list[str]) -> None:
    assert corrected_lines(lines, same) == lines


@given(
    st.text(max_size=30),
    st.lists(st.text("ab.,-'", min_size=1, max_size=4), max_size=6),
)
def test_no_word_of_a_correction_is_lost(text: str, words: list[str]) -> None:
    """Whatever the line was: the new words stand in it in order, and nothing else but gaps."""
    line = Line.of(text)
    made = line.corrected(words)
    at = 0
    for word in words:
        at = made.index(word, at) + len(word)
    assert len(made) <= len("".join(words)) + len("".join(line.gaps)) + len(words)


def test_odd_bytes_come_through(tmp_path: Path) -> None:
    """Marks of order, CRLF, controls, emoji, very long lines, no UTF-8, no text at all."""
    for content in (ODD, b"", b"\n", b"\r\n\r\n", b"\xef\xbb\xbf", b"\xff", b"no end"):
        source = write(tmp_path / "in.txt", content)
        outcome = correct_file(source, tmp_path / "out.txt", same)
        assert (tmp_path / "out.txt").read_bytes() == content
        assert outcome == Outcome(content.count(b"\n") + (content[-1:] not in (b"\n", b"")), 0)


def test_what_a_model_sees_can_be_written(tmp_path: Path) -> None:
    """No token is a control character, a byte order mark or a broken byte."""
    seen: list[str] = []

    def note(sentences: list[list[str]]) -> list[list[str]]:
        seen.extend(token for sentence in sentences for token in sentence)
        return sentences

    correct_file(write(tmp_path / "in.txt", ODD), tmp_path / "out.txt", note)
    assert seen[:4] == ["He", "go", "home", "."]
    assert {"like", "it", "👩", "cafe\u0301"} <= {*seen}
    assert all(token.encode().decode().isprintable() for token in seen)


@pytest.mark.parametrize(
    ("line", "words", "made"),
    [
        ("  He go  home.\r\n", "He goes home .", "  He goes  home.\r\n"),
        ("cat sat\n", "The cat sat .", "The cat sat.\n"),
        ("Well, I go\n", "I go", "I go\n"),
        ("see (a)", "see a )", "see a)"),
        ("go to big.", "go to .", "go to."),
        ("(cat)", "( the cat )", "(the cat)"),
        ("a well known man", "a well-known man", "a well-known man"),
        ("a well-known man", "a well known man", "a well known man"),
        ("So , it is\tso", "It is so", "It is\tso"),
        ("all gone\n", "", "\n"),
        ("\t\n", "new", "new\t\n"),
    ],
)
def test_gaps_of_corrections(line: str, words: str, made: str) -> None:
    assert Line.of(line).corrected(words.split()) == made


def test_a_file_may_be_corrected_in_its_place(tmp_path: Path) -> None:
    file = write(tmp_path / "in.txt", b"i go\n\nhe go\n" * 2000)

    def capital(sentences: list[list[str]]) -> list[list[str]]:
        return [["I" if token == "i" else token for token in one] for one in sentences]

    assert correct_file(file, file, capital) == Outcome(6000, 2000)
    assert file.read_bytes() == b"I go\n\nhe go\n" * 2000


def test_missing_files_are_named_with_the_nearest(tmp_path: Path) -> None:
    write(tmp_path / "text.txt", b"a")
    with pytest.raises(DataError, match=r"test\.txt: No such file.*Did you mean .*text\.txt"):
        list(read_lines(tmp_path / "test.txt"))
    with pytest.raises(DataError, match="nowhere"):
        correct_file(tmp_path / "text.txt", tmp_path / "nowhere" / "out.txt", same)


def test_parallel_text(tmp_path: Path) -> None:
    wrong = write(tmp_path / "wrong.txt", b"\xef\xbb\xbfHe go home.\r\n\r\nbad \xff byte\n")
    right = write(tmp_path / "right.txt", b"He goes home.\n\nbad byte")
    pairs = list(read_parallel(wrong, right))
    assert pairs[0] == (["He", "go", "home", "."], ["He", "goes", "home", "."])
    assert pairs[1] == ([], [])
    assert len(pairs) == 3


def test_parallel_text_of_unequal_length(tmp_path: Path) -> None:
    wrong, right = write(tmp_path / "a", b"x\ny\n"), write(tmp_path / "b", b"x\n")
    with pytest.raises(DataError, match=r"b has 1 lines and .*a has more"):
        list(read_parallel(wrong, right))
