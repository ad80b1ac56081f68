"""Pairs to tags and back, for any words."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.errors import DataError
from studies.gector.tags.alignment import LARGEST, aligned, effort, in_order, tags_of_pair
from studies.gector.tags.applying import apply_all_tags, apply_tags, apply_tags_as_released
from studies.gector.tags.preprocess import Tally, tagged
from studies.gector.tags.rounds import rounds, shortest_tags
from studies.gector.tags.tag import DELETE, KEEP, first, kind
from studies.gector.tags.transformations import RELEASED, Basic, Transformations
from studies.gector.tags.verbs import VerbForms, verb_forms
from studies.gector.tags.vocabulary import TagVocabulary

ALL = Transformations(
    VerbForms.of(["go_goes:VB_VBZ", "goes_go:VBZ_VB", "go_went:VB_VBD", "go_gone:VB_VBN"])
)
FEW = st.sampled_from(
    "a b ab a-b A go goes Go went s as cat cats CAT cD - -- $KEEP $MERGE_SPACE _ $APPEND_x".split()
)
ANY = st.text(min_size=1, max_size=6).map(lambda text: "".join(text.split())).filter(bool)
SENTENCES = st.lists(FEW | ANY, max_size=9)
PAIRS = st.tuples(SENTENCES, SENTENCES)


def plain(one: str, other: str) -> int:
    """Edit distance by its definition."""
    row = [*range(len(other) + 1)]
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


@settings(max_examples=400)
@given(PAIRS, st.sampled_from([ALL, Basic()]))
def test_all_tags_of_a_pair_make_its_target(pair, family) -> None:
    """Level by level in one go; basic tags alone too."""
    source, target = pair
    tags = tags_of_pair(source, target, family)
    assert len(tags) == len(source) + 1
    made = apply_all_tags(source, tags, ALL)
    assert made.tokens == target
    assert made.ignored == 0
    if isinstance(family, Basic):
        kinds = {kind(tag) for those in tags for tag in those}
        assert kinds <= {"KEEP", "DELETE", "APPEND", "REPLACE"}


@settings(max_examples=400)
@given(PAIRS)
def test_rounds_of_one_tag_a_token_end_at_the_target(pair) -> None:
    source, target = pair
    done = [*rounds(source, target, ALL, most=2 * (len(source) + len(target)))]
    assert (done[-1].sentence if done else source) == target


def test_rounds_leave_a_circle() -> None:
    """The longest common run hangs the front words on $START, one a round, and drops the last."""
    source, target = "c c c".split(), "c b g c g c c".split()
    tags = [first(those) for those in tags_of_pair(source, target, ALL)]
    assert apply_tags(source, tags, ALL).tokens == source
    done = [*rounds(source, target, ALL, most=9)]
    assert done[0].sentence == source
    assert done[-1].sentence == target


@given(PAIRS)
def test_shortest_tags_are_as_many_as_the_distance(pair) -> None:
    """And make the target; each round of them leaves fewer."""
    source, target = pair
    tags = shortest_tags(source, target)
    assert apply_all_tags(source, tags, ALL).tokens == target
    once = apply_tags(source, [first(those) for those in tags], ALL).tokens
    left = [
        sum(those != [KEEP] and len(those) for those in t)
        for t in (tags, shortest_tags(once, target))
    ]
    done = sum(those != [KEEP] for those in tags)
    assert left[1] <= left[0] - done


@given(SENTENCES)
def test_equal_sentences_are_kept(sentence) -> None:
    assert tags_of_pair(sentence, sentence, ALL) == [[KEEP]] * (len(sentence) + 1)


def brute(source, target, family) -> float:
    """The least cost of cutting the target into a run for each token, by trying every cut."""

    def cost(token, run) -> int:
        return 0 if family.find(token, run) else plain(token, "   ".join(run))

    if not source:
        return 0 if not target else float("inf")
    return min(
        cost(source[0], target[:cut]) + brute(source[1:], target[cut:], family)
        for cut in range(len(target) + 1)
    )


@given(st.lists(FEW, min_size=1, max_size=4), st.lists(FEW, min_size=1, max_size=5))
def test_no_cut_costs_less_than_the_alignment(source, target) -> None:
    runs = aligned(source, target, ALL)
    assert [word for start, end in runs for word in target[start:end]] == target
    costs = [
        0 if ALL.find(token, target[start:end]) else plain(token, "   ".join(target[start:end]))
        for token, (start, end) in zip(source, runs, strict=True)
    ]
    assert sum(costs) == brute(source, target, ALL)


@pytest.mark.parametrize(("tokens", "words"), [(3, 5), (5, 3), (1, 2), (2, 1)])
def test_too_large_blocks_go_in_order(tokens: int, words: int) -> None:
    runs = in_order(tokens, words)
    assert len(runs) == tokens
    assert [n for start, end in runs for n in range(start, end)] == [*range(words)]


def test_a_rewritten_line_of_any_length_has_tags() -> None:
    source, target = [f"a{n}" for n in range(3000)], [f"b{n}" for n in range(2000)]
    assert effort(source, target) > LARGEST
    tags = tags_of_pair(source, target, ALL)
    assert [those[0] for those in tags[1:3]] == ["$REPLACE_b0", "$REPLACE_b1"]
    assert tags[-1] == [DELETE]
    assert apply_all_tags(source, tags, ALL).tokens == target


@given(SENTENCES, st.data())
def test_any_tags_can_be_applied(sentence, data) -> None:
    """Whatever a model says; what cannot be done is counted and changes nothing."""
    choice = st.sampled_from([KEEP, DELETE, "$APPEND_x", "$REPLACE_y", "@@UNKNOWN@@", *RELEASED])
    tags = data.draw(st.lists(choice, max_size=len(sentence) + 1))
    made = apply_tags(sentence, tags, ALL)
    assert 0 <= made.ignored <= sum(tag != KEEP for tag in tags)
    assert all(word and not word.isspace() for word in made.tokens)
    if made.ignored == sum(tag not in (KEEP, "@@UNKNOWN@@") for tag in tags):
        assert made.tokens == sentence
    released = apply_tags_as_released(sentence, tags, ALL)
    assert isinstance(released.tokens, list)


@pytest.mark.parametrize(
    ("tokens", "tags", "made", "ignored"),
    [
        ("the cat", "$DELETE $KEEP $KEEP", "the cat", 1),
        ("the cat", "$KEEP $KEEP $MERGE_SPACE", "the cat", 1),
        ("the cat", "$KEEP $KEEP $TRANSFORM_VERB_VB_VBZ", "the cat", 1),
        ("the cat", "$KEEP $MERGE_HYPHEN $DELETE", "the", 1),
        ("a b c", "$KEEP $MERGE_SPACE $DELETE $KEEP", "ac", 0),
        ("a", "$MERGE_SPACE", "a", 1),
        ("s", "$KEEP $TRANSFORM_AGREEMENT_SINGULAR", "s", 1),
        ("-", "$KEEP $TRANSFORM_SPLIT_HYPHEN", "-", 1),
    ],
)
def test_what_cannot_be_done_is_counted(tokens, tags, made, ignored) -> None:
    found = apply_tags(tokens.split(), tags.split(), ALL)
    assert (" ".join(found.tokens), found.ignored) == (made, ignored)


def test_the_released_list_has_29_transformations() -> None:
    assert len(RELEASED) == len({*RELEASED}) == 29
    assert sum("VERB" in tag for tag in RELEASED) == 20


@pytest.mark.parametrize("line", ["go goes", "go_goes:VB", "go_goes:VB_VBX", "_go:VB_VBZ"])
def test_other_lines_are_no_verb_forms(line: str) -> None:
    with pytest.raises(DataError, match="Line 2 of the verb forms"):
        VerbForms.of(["be_been:VB_VBN", line])


def test_a_stream_of_pairs_is_tagged_and_counted() -> None:
    """One pair at a time; a blank side is left out, and what a round leaves is counted."""
    asked: list[int] = []

    def stream():
        for number, (source, target) in enumerate(
            [("I go school", "I go to the school"), ("", "x"), ("a b", "a b"), ("a cat", "a cats")]
        ):
            asked.append(number)
            yield source.split(), target.split()

    tally = Tally()
    made = tagged(stream(), ALL, tally)
    assert next(made).tags == [[KEEP], [KEEP], ["$APPEND_to", "$APPEND_the"], [KEEP]]
    assert asked == [0]
    assert len([*made]) == 2
    assert (tally.pairs, tally.blank, tally.unchanged, tally.later) == (4, 1, 1, 1)
    vocabulary = TagVocabulary.of(Counter({"$APPEND_to": 2}), size=3)
    assert tally.edits.total() == 3
    assert tally.outside(vocabulary) == 2


def test_verb_forms_of_a_file(tmp_path) -> None:
    file = tmp_path / "verbs.txt"
    file.write_text("\ufeffgo_goes:VB_VBZ\n\n", encoding="utf-8")
    assert verb_forms(file).encode == {("go", "goes"): "VB_VBZ"}
    with pytest.raises(DataError, match=r"verb\.txt: .*Did you mean .*verbs\.txt"):
        verb_forms(tmp_path / "verb.txt")
