"""SuperGLUE's formats, groups of answers, and what the paper and its code do differently."""

from __future__ import annotations

import pytest

from t5study.tasks import TaskError, get_task
from t5study.tasks.superglue import join_highlights

MULTIRC = {
    "paragraph": "<b>Sent 1: </b>Ann sang.<br><b>Sent 2: </b>Bo left.",
    "question": "Who <b>sang</b>?",
    "answer": "Ann",
    "label": 1,
    "idx": {"paragraph": 5, "question": 1, "answer": 3},
}
RECORD = {
    "passage": "One\n@highlight\nTwo.\n@highlight\nThree",
    "query": "It was @placeholder.",
    "entities": ["A", "B", "C"],
    "answers": ["A", "C"],
    "idx": {"passage": 1, "query": 2},
}


RTE = ("rte hypothesis: {} premise: {}", "entailment not_entailment")


@pytest.mark.parametrize(
    ("name", "fields", "inputs", "labels"),
    [
        (
            "cb",
            "hypothesis premise",
            "cb hypothesis: {} premise: {}",
            "entailment contradiction neutral",
        ),
        ("rte", "hypothesis premise", *RTE),
        ("axg", "hypothesis premise", *RTE),
        ("axb", "sentence2 sentence1", *RTE),
        ("boolq", "passage question", "boolq passage: {} question: {}", "False True"),
    ],
)
def test_format(name, fields, inputs, labels):
    """The input names its fields, the target is the label's word."""
    task, words = get_task(f"super_glue_{name}"), labels.split()
    raw = {field: f"<{field}>" for field in fields.split()}
    for index, word in enumerate(words):
        (made,) = task.preprocess(raw | {"label": index})
        assert made == {"inputs": inputs.format(*raw.values()), "targets": word}
        assert task.target(made) == task.postprocess(word) == index


def test_copa_label_words_of_the_paper():
    """The paper's appendix answers False and True."""
    task = get_task("super_glue_copa", labels="boolean")
    (made,) = task.preprocess({**task.example, "label": 1})
    assert made["targets"] == "True"
    assert task.postprocess("choice1") == -1


def test_wic_with_part_of_speech():
    """The paper's appendix begins with the part of speech, which the data must then have."""
    task = get_task("super_glue_wic", pos=True)
    raw = {"word": "w", "sentence1": "a", "sentence2": "b", "label": 0}
    assert task.preprocess(raw | {"pos": "N"})[0]["inputs"] == (
        "wic pos: N sentence1: a sentence2: b word: w"
    )
    with pytest.raises(TaskError, match="no field 'pos'"):
        task.preprocess(raw)


def test_multirc_text_and_index():
    """Tags go, breaks become spaces, and the question's number is kept for scoring."""
    task = get_task("super_glue_multirc")
    (made,) = task.preprocess(MULTIRC)
    number, digest = made.pop("group")
    assert (number, len(digest)) == (1, 16)
    assert made == {
        "inputs": "multirc question: Who sang? answer: Ann "
        "paragraph: Sent 1: Ann sang. Sent 2: Bo left.",
        "targets": "True",
        "idx/paragraph": 5,
        "idx/question": 1,
        "idx/answer": 3,
    }
    assert task.target(made) == {"group": 1, "value": 1}
    assert task.target(made | {"group": [1, digest]}) == {"group": [1, digest], "value": 1}
    assert task.postprocess("maybe") == {"value": -1}


def test_multirc_tags_as_the_paper_prints_them():
    """The paper's example keeps its markup."""
    (made,) = get_task("super_glue_multirc", tags="kept").preprocess(MULTIRC)
    assert made["inputs"].endswith(f"paragraph: {MULTIRC['paragraph']}")


ANSWERS = [(0, 1, 1), (0, 0, 0), (1, 1, 0), (1, 1, 1), (2, 0, -1)]


@pytest.mark.parametrize(("f1a", "value"), [("all", 400 / 6), ("question", 500 / 9)])
def test_multirc_scores(f1a, value):
    """F1 is over all answers, or averaged over questions; EM needs a whole question right."""
    targets = [{"group": g, "value": t} for g, t, _ in ANSWERS]
    predictions = [{"value": p} for _, _, p in ANSWERS]
    scores = get_task("super_glue_multirc", f1a=f1a).score(targets, predictions)
    assert scores == {"f1a": pytest.approx(value), "em": pytest.approx(100 / 3)}


def test_record_makes_an_example_for_each_answer():
    """Each answer is learned; all of them count in scoring."""
    task = get_task("super_glue_record")
    made = task.preprocess(RECORD)
    assert [example["targets"] for example in made] == ["A", "C"]
    assert {example["inputs"] for example in made} == {
        "record query: It was @placeholder. entities: A, B, C passage: One. Two. Three"
    }
    target = task.target(made[1])
    assert target["value"] == ["A", "C"]
    assert target["group"][:2] == [1, 2]
    assert target == task.target(made[0])
    assert task.postprocess("C", made[0]) == {"value": "C"}


def test_record_without_answers():
    """A test query has one example with the target <unk>."""
    task = get_task("super_glue_record")
    (made,) = task.preprocess({**RECORD, "answers": []})
    assert made["targets"] == "<unk>"
    assert task.target(made)["value"] == []
    assert task.score([task.target(made)], [{"value": "A"}]) == {"f1": 0.0, "em": 0.0}


@pytest.mark.parametrize(
    ("passage", "text"),
    [
        ("a\n@highlight\nb", "a. b"),
        ("a.\n@highlight\nb", "a. b"),
        ("a?\n@highlight\nb!\n@highlight\nc", "a? b! c"),
        ('"a"\n@highlight\nb', '"a" b'),
        ("it's 'a'\n@highlight\nb", "it's 'a' b"),
        ("a;\n@highlight\nb", "a;. b"),
        ("a @highlight b", "a @highlight b"),
    ],
)
def test_highlights_become_sentences(passage, text):
    """A highlight ends the sentence before it, unless that has its end mark."""
    assert join_highlights(passage) == text


@pytest.mark.parametrize(("scored", "value"), [("query", 50.0), ("answer", 200 / 3)])
def test_record_scores_a_query_once_or_once_an_answer(scored, value):
    """A query with two answers weighs one or two."""
    targets = [{"group": g, "value": ["x"]} for g in ((0, 0), (0, 0), (0, 1))]
    predictions = [{"value": text} for text in ("x", "x", "y")]
    scores = get_task("super_glue_record", scored=scored).score(targets, predictions)
    assert scores == {"f1": pytest.approx(value), "em": pytest.approx(value)}


def test_cb_f1_with_stray_outputs():
    """A stray output is a miss of the true class and a false positive of none."""
    scores = get_task("super_glue_cb").score([0, 1, 2, 2], [0, 1, 2, -1])
    assert scores == {"f1": pytest.approx(100 * (1 + 1 + 2 / 3) / 3), "acc": 75.0}


@pytest.mark.parametrize(
    ("name", "raw", "missing"),
    [("super_glue_multirc", MULTIRC, "idx/question"), ("super_glue_record", RECORD, "idx/passage")],
)
def test_an_index_is_needed_to_score_not_to_train(name, raw, missing):
    """Without one the texts are the same; the target says what it lacks."""
    task = get_task(name)
    bare = {key: value for key, value in raw.items() if key != "idx"}
    texts = [(made["inputs"], made["targets"]) for made in task.preprocess(raw)]
    for given in (bare, bare | {"idx": 7}):
        made = task.preprocess(given)
        assert [(one["inputs"], one["targets"]) for one in made] == texts
        with pytest.raises(TaskError, match=f"'{name}': a preprocessed example has no '{missing}'"):
            task.target(made[0])
