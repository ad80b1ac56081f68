"""Scorers by hand-made cases and by what holds for any sentences."""

from __future__ import annotations

import importlib.util
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.errors import DataError
from studies.gector.m2 import read_m2
from studies.gector.scoring import Example, best, get_scorer, score, scorer_names
from studies.gector.scoring.counts import Counts, f_score
from studies.gector.scoring.edits import Edit, apply_edits, fewest_edits
from studies.gector.scoring.max_match import best_path, lattice

OWN, M2 = get_scorer("token_edits"), get_scorer("max_match")
SENTENCES = st.lists(st.sampled_from("a b c d e".split()), max_size=7)


def example(source: str, output: str, *annotators: list[tuple[int, int, str]]) -> Example:
    golds = [[(Edit(*edit),) for edit in edits] for edits in annotators]
    return Example(source.split(), output.split(), golds)


def test_the_three_scorers_are_found_by_name() -> None:
    assert scorer_names() == ["errant", "max_match", "token_edits"]
    with pytest.raises(DataError, match="Unknown scorer 'm2'"):
        get_scorer("m2")


@given(SENTENCES, SENTENCES)
def test_edits_make_the_target(source, target) -> None:
    """They do not touch each other, and equal sentences have none."""
    edits = OWN.edits(source, target)
    assert apply_edits(source, edits) == target
    assert all(one.end < other.start for one, other in pairwise(edits))
    assert (edits == []) == (source == target)


@given(SENTENCES, SENTENCES)
def test_the_right_output_is_all_right(source, target) -> None:
    gold = [(edit,) for edit in OWN.edits(source, target)]
    for scorer in (OWN, M2):
        assert scorer.counts(source, target, gold) == Counts(len(gold), 0, 0)
        assert scorer.counts(source, source, gold) == Counts(0, 0, len(gold))


@settings(max_examples=200)
@given(SENTENCES, SENTENCES, SENTENCES)
def test_max_match_finds_no_fewer_than_the_diff(source, output, target) -> None:
    gold = [(edit,) for edit in OWN.edits(source, target)]
    own, matched = OWN.counts(source, output, gold), M2.counts(source, output, gold)
    assert matched.tp >= own.tp
    assert matched.tp + matched.fn == len(gold)
    path = best_path(source, output, gold)
    assert path.steps <= len(source) + len(output)


def test_neighbouring_edits_are_one_for_us_and_two_where_the_gold_has_two() -> None:
    """The example of section 3: a preposition replaced and an article put in beside it."""
    source, output = "The cat sat at mat .", "A cat sat on the mat ."
    case = example(source, output, [(3, 4, "on"), (4, 4, "the")])
    assert OWN.edits(case.source, case.output) == [Edit(0, 1, "A"), Edit(3, 4, "on the")]
    assert score([case], OWN).counts == Counts(0, 2, 2)
    assert score([case], M2).counts == Counts(2, 1, 0)
    whole = example(source, output, [(0, 2, "A cat"), (3, 5, "on the mat")])
    assert score([whole], M2).counts == Counts(2, 0, 0)


def test_an_edit_has_at_most_two_unchanged_words() -> None:
    for words, right in ((2, 1), (3, 0)):
        middle = " ".join("mnop"[:words])
        source, output = f"a {middle} b", f"x {middle} y"
        counts = M2.counts(source.split(), output.split(), [(Edit(0, words + 2, f"x {middle} y"),)])
        assert counts.tp == right


def test_edits_without_a_gold_one_are_joined() -> None:
    """Two changes with two words between them are one wrong edit, with three they are two."""
    for words, wrong in ((2, 1), (3, 2)):
        middle = " ".join("mnop"[:words])
        counts = M2.counts(f"a {middle} b".split(), f"x {middle} y".split(), [])
        assert counts == Counts(0, wrong, 0)


def test_one_gold_insertion_is_found_once() -> None:
    counts = M2.counts("a b".split(), "a the the b".split(), [(Edit(1, 1, "the"),)])
    assert counts.tp == 1
    assert counts.fp >= 1


def test_several_ways_count_as_right() -> None:
    gold = [(Edit(1, 1, "the"), Edit(1, 1, "a"))]
    for output in ("see the cat", "see a cat"):
        for scorer in (OWN, M2):
            assert scorer.counts("see cat".split(), output.split(), gold) == Counts(1, 0, 0)


def test_the_lattice_holds_both_costs_of_a_replacement() -> None:
    cells = lattice(["a"], ["b"])
    assert {before for before, _ in cells[1, 1]} == {(0, 0), (0, 1), (1, 0)}


def test_the_annotator_that_is_best_so_far_counts() -> None:
    """By the score of all sentences up to here, not of this one."""
    first, second = Counts(2, 2, 0), Counts(1, 0, 2)
    assert first.f(0.5) < second.f(0.5)
    assert best([first, second], Counts(0, 0, 0), fewest_edits) == second
    assert best([first, second], Counts(0, 9, 9), fewest_edits) == first
    with pytest.raises(DataError, match="no annotator"):
        best([], Counts(0, 0, 0), fewest_edits)


def test_right_sentences_count_their_false_edits() -> None:
    examples = [
        example("a b c", "a x c", []),
        example("a b", "a b", []),
        example("a b", "a c", [(1, 2, "c")]),
    ]
    found = score(examples, OWN)
    assert (found.right_sentences, found.spoiled, found.false_edits) == (2, 1, 1)
    assert (found.counts, found.precision, found.recall) == (Counts(1, 1, 0), 0.5, 1.0)
    assert found.f == pytest.approx(f_score(0.5, 1.0, 0.5))


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_f_lies_between_precision_and_recall(tp: int, fp: int, fn: int) -> None:
    counts = Counts(tp, fp, fn)
    low, high = sorted([counts.precision, counts.recall])
    assert low - 1e-12 <= counts.f(0.5) <= high + 1e-12


def test_a_missing_errant_is_said_before_anything_is_scored() -> None:
    if importlib.util.find_spec("errant"):
        found = score([example("He go .", "He goes .", [(1, 2, "goes")])], get_scorer("errant"))
        assert found.counts == Counts(1, 0, 0)
        return
    with pytest.raises(DataError, match=r"needs errant.*pip install errant.*token_edits"):
        score([], get_scorer("errant"))


FILE = """S The cat sat at mat .
A 3 4|||Prep|||on|||REQUIRED|||-NONE-|||0
A 4 4|||ArtOrDet|||the||a|||REQUIRED|||-NONE-|||0

S The dog .
A 1 2|||NN|||dogs|||REQUIRED|||-NONE-|||0
A -1 -1|||noop|||-NONE-|||REQUIRED|||-NONE-|||1

S Big cats is an fast animal .
A 2 3|||SVA|||are|||REQUIRED|||-NONE-|||0
A 3 4|||ArtOrDet|||-NONE-|||REQUIRED|||-NONE-|||0
A 5 6|||NN|||animals|||REQUIRED|||-NONE-|||0
A 0 1|||UNK|||Big|||REQUIRED|||-NONE-|||0

S
S Fine .
"""


def test_m2_files_are_read_and_scored(tmp_path: Path) -> None:
    """Other ways, deletions, sentences that an annotator finds right, errors not judged."""
    file = tmp_path / "gold.m2"
    file.write_text("\ufeff" + FILE.replace("\n", "\r\n"), encoding="utf-8")
    read = list(read_m2(file))
    assert [" ".join(one.target()) for one in read] == [
        "The cat sat on the mat .",
        "The dogs .",
        "Big cats are fast animals .",
        "",
        "Fine .",
    ]
    assert read[0].annotators()[0][1] == (Edit(4, 4, "the"), Edit(4, 4, "a"))
    assert read[1].annotators()[1] == []
    outputs = ["A cat sat on the mat .", "The dog .", "Big cats are fast animal .", "", "Fine ."]
    examples = [
        Example(one.tokens, output.split(), one.annotators())
        for one, output in zip(read, outputs, strict=True)
    ]
    found = score(examples, M2)
    assert found.counts == Counts(4, 1, 1)
    assert found.f == pytest.approx(0.8)
    assert (found.right_sentences, found.spoiled) == (3, 0)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("A 0 1|||x|||y|||R|||-NONE-|||0", "line 1 is 'A 0 1"),
        ("S a\nA 0|||x|||y|||R|||-NONE-|||0", "line 2 is 'A 0"),
        ("S a\nA 0 1|||x", "line 2 is 'A 0 1"),
        ("S a\nA 0 2|||x|||y|||R|||-NONE-|||0", "line 2: an edit of the tokens 0 to 2"),
        ("S a\nB", "line 2 is 'B'. An M2 file has"),
    ],
)
def test_other_files_are_no_m2(tmp_path: Path, lines: str, told: str) -> None:
    (tmp_path / "gold.m2").write_text(lines)
    with pytest.raises(DataError, match=told):
        list(read_m2(tmp_path / "gold.m2"))


def test_overlapping_edits_have_no_target(tmp_path: Path) -> None:
    lines = "S a b c\nA 0 2|||x|||y|||R|||-NONE-|||0\nA 1 3|||x|||z|||R|||-NONE-|||0"
    (tmp_path / "gold.m2").write_text(lines)
    with pytest.raises(DataError, match=r"annotator 0 has two edits in one place, \(0, 2\)"):
        next(read_m2(tmp_path / "gold.m2")).target()


def best_by_trying(source, output, gold) -> tuple[int, int, int]:
    """(matches, steps, edits) of the best way through the lattice, by trying every way."""
    cells = lattice(source, output)
    after: dict = {}
    for cell, steps in cells.items():
        for before, same in steps:
            after.setdefault(before, []).append((cell, same))
    last = (len(source), len(output))
    tried = []

    def edits_from(cell, here, unchanged, steps, changed):
        if changed:
            yield here, steps
        for further, same in after.get(here, []):
            if unchanged + same <= 2:
                yield from edits_from(
                    cell, further, unchanged + same, steps + 1, changed or not same
                )

    def walk(cell, matched, steps, edits):
        if cell == last:
            tried.append((-len(matched), steps, edits))
        for further, same in after.get(cell, []):
            if same:
                walk(further, matched, steps + 1, edits)
        for further, taken in {*edits_from(cell, cell, 0, 0, False)}:
            edit = Edit(cell[0], further[0], " ".join(output[cell[1] : further[1]]))
            walk(further, matched, steps + taken, edits + 1)
            for number, ways in enumerate(gold):
                if edit in ways and number not in matched:
                    walk(further, matched | {number}, steps, edits)

    walk((0, 0), frozenset(), 0, 0)
    matches, steps, edits = min(tried)
    return -matches, steps, edits


SHORT = st.lists(st.sampled_from("a b c".split()), max_size=4)


@settings(max_examples=150, deadline=None)
@given(SHORT, SHORT, SHORT)
def test_no_way_through_the_lattice_is_better(source, output, target) -> None:
    gold = [(edit,) for edit in OWN.edits(source, target)]
    path = best_path(source, output, gold)
    found = len({*path.matches}), path.steps, path.edits
    assert found == best_by_trying(source, output, gold)
