"""What holds for every task of the paper, whatever text and outputs it meets."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from t5study.tasks import get_task
from t5study.tasks.pronouns import DETERMINERS

# fmt: off
GLUE = ("cola", "sst2", "mrpc", "stsb", "qqp", "mnli", "qnli", "rte", "wnli", "ax")
SUPERGLUE = ("boolq", "cb", "copa", "multirc", "record", "rte", "wic", "wsc", "axb", "axg")
OTHERS = ("dpr", "squad", "cnn_dailymail", "wmt14_ende", "wmt15_enfr", "wmt16_enro")
STRANGE = ("", " ", "\x00", "\ud800", "é" * 500, "日本語", "𝔘\u202e", "nan", "1e999")
# fmt: on
PAPER = [*(f"glue_{n}" for n in GLUE), *(f"super_glue_{n}" for n in SUPERGLUE), *OTHERS]
SIGNED = {"mcc", "pearson", "spearman"}
TEXT = st.text(max_size=12)
QUICK = settings(max_examples=10, deadline=None)


@st.composite
def raw_example(draw, name):
    """Draw a raw example of a task with any texts and any label."""
    task = get_task(name)
    raw = dict(task.example)
    raw |= {key: draw(TEXT) for key, value in raw.items() if isinstance(value, str)}
    if name == "super_glue_wsc":
        # The passage must hold its pronoun.
        raw |= {key: task.example[key] for key in ("text", "span2_text")}
    if name == "glue_stsb":
        raw["label"] = draw(st.floats(0, 5))
    elif "label" in raw:
        raw["label"] = draw(st.integers(0, len(task.labels or "01") - 1))
    if name == "dpr":
        raw["candidates"] = draw(st.lists(TEXT, min_size=2, max_size=2))
    if name == "squad":
        raw["answers"] = {"text": draw(st.lists(TEXT, min_size=1, max_size=3))}
    if name == "super_glue_record":
        raw["answers"] = draw(st.lists(TEXT, min_size=1, max_size=3))
    if name == "super_glue_multirc":
        raw["idx"] = {"paragraph": 0, "question": draw(st.integers(0, 3)), "answer": 0}
    if name.startswith("wmt"):
        raw["translation"] = {code: draw(TEXT) for code in task.example["translation"]}
    return raw


@st.composite
def scored(draw, name):
    """Draw targets and predictions, right ones and garbage; one answer for each query."""
    task = get_task(name)
    targets, predictions = [], []
    for query, raw in enumerate(draw(st.lists(raw_example(name), min_size=1, max_size=5))):
        if name == "super_glue_record":
            raw["idx"] = {"passage": 0, "query": query}
        right, garbage = draw(st.booleans()), draw(TEXT)
        # Examples that differ only in the answer to learn are answered alike.
        examples = task.preprocess(raw)
        text = examples[0]["targets"] if right else garbage
        for made in examples:
            targets.append(task.target(made))
            predictions.append(task.postprocess(text, made))
    return targets, predictions


def is_right(name, target, prediction):
    """Whether a prediction gives the answer that the target holds."""
    if name == "super_glue_multirc":
        return prediction["value"] == target["value"]
    if name == "super_glue_record":
        return prediction["value"] in target["value"]
    if name == "squad":
        return prediction in target
    return prediction == target


@pytest.mark.parametrize("name", PAPER)
def test_postprocess_recovers_the_label_from_the_target_text(name):
    """The text that is learned, written out, is the right answer."""
    task = get_task(name)

    @QUICK
    @given(raw_example(name))
    def check(raw):
        for made in task.preprocess(raw):
            referent = made["targets"].strip().lower().split(" ")
            if name in ("glue_wnli", "super_glue_wsc"):
                # The text names the noun: right where the noun is; a bare determiner names none.
                if set(referent) <= DETERMINERS | {""}:
                    continue
                made["label"] = 1
            prediction = task.postprocess(made["targets"], made)
            assert is_right(name, task.target(made), prediction)

    check()


@pytest.mark.parametrize("name", PAPER)
def test_scores_lie_in_their_range(name):
    """Every metric is 0..100, a correlation -100..100."""
    task = get_task(name)

    @QUICK
    @given(scored(name))
    def check(pairs):
        scores = task.score(*pairs)
        assert tuple(scores) == task.metrics
        for metric, value in scores.items():
            assert (-100 if metric in SIGNED else 0) <= value <= 100

    check()


@pytest.mark.parametrize("name", PAPER)
def test_order_of_examples_does_not_matter(name):
    """A permutation of the examples leaves every metric as it is."""
    task = get_task(name)

    @QUICK
    @given(scored(name), st.randoms(use_true_random=False))
    def check(pairs, chance: random.Random):
        mixed = list(zip(*pairs, strict=True))
        chance.shuffle(mixed)
        targets, predictions = (list(side) for side in zip(*mixed, strict=True))
        assert task.score(targets, predictions) == pytest.approx(task.score(*pairs), abs=1e-6)

    check()


@pytest.mark.parametrize("output", STRANGE)
@pytest.mark.parametrize("name", PAPER)
def test_strange_output_is_scored(name, output):
    """Empty, broken and foreign outputs are predictions like any other."""
    task = get_task(name)
    made = task.preprocess(task.example)
    targets = [task.target(example) for example in made]
    scores = task.score(targets, [task.postprocess(output, example) for example in made])
    assert all(value <= 0.0 for value in scores.values())
