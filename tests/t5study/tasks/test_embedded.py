"""Embedded tasks: their texts and scores, and the data behind them where it has been fetched."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.corpora import available, needed
from lab.corpora.build import with_dependencies
from lab.corpora.embedded import held_out
from lab.datasets.embedded import acceptability, olmo, sentiment, wordnet
from lab.datasets.embedded.splits import letters
from lab.datasets.packaged import embedded
from t5study.tasks import TaskError, get_task, task_names

FETCH = "python -m lab.corpora fetch"

TEXTS = {
    "vader_sentiment": (
        "sentiment sentence: The plot is thin, but the cast is a joy.",
        "positive",
    ),
    "vader_rating": ("rating sentence: The plot is thin, but the cast is a joy.", "1.5"),
    "gloss_category": ("gloss definition: a small bird that sings at dusk", "animal"),
    "word_in_context": (
        "sense sentence1: They sat on the bank of the river. "
        "sentence2: The bank was closed on Sunday. word: bank",
        "False",
    ),
    "acceptability": ("acceptability sentence: The old harbour are a park today.", "wrong"),
    "boolq": (
        "boolq question: is the moon larger than the earth? "
        "passage: The Moon has about a quarter of the diameter of the Earth.",
        "False",
    ),
    "winogrande": (
        "winogrande choice1: ball choice2: vase "
        "sentence: The ball broke the vase because the _ was fragile.",
        "vase",
    ),
    "docstring_summary": (
        "summarize: Parameters x : array The values. Returns float The sum over all of x.",
        "Add up the values of an array.",
    ),
    "gettext_ende": ("translate English to German: That is good.", "Das ist gut."),
    "gettext_enfr": ("translate English to French: That is good.", "C'est bon."),
    "gettext_enro": ("translate English to Romanian: That is good.", "Este bine."),
}

TASKS = list(TEXTS)

# What the data's version stands for. A digest that differs says: raise the version of the data,
# or show that the rows mean the same and renew the digest.
CONTENT = {
    "vader": (1, "1eba373bc6ce25de"),
    "glosses": (1, "ddd7e1ad14ced1d9"),
    "usage": (1, "c90a1791517fa797"),
    "boolq": (1, "a4fa4f5f63c72d1d"),
    "acceptability": (1, "567b70cc83e55f10"),
    "winogrande": (1, "cb445bd1da7b1871"),
    "gettext": (1, "ebd52565ba1d564d"),
    "slices": (1, "57d0976b7836b99a"),
    "books": (1, "9def5bfe035317b1"),
    "docs": (1, "380debe293c2cd9c"),
    "dictionary": (1, "8669ddad6f2e66fb"),
    "encyclopedia": (1, "7aac11184033ac4e"),
    "everyday": (1, "b0dc7d611e2652e9"),
    "mixed": (1, "a41b0844b7cb5768"),
}


@pytest.fixture(scope="module")
def fetched():
    """Skip where reading the embedded data would mean a download."""
    if not available():
        pytest.skip(f"needs the embedded data; type: {FETCH}")


def test_at_least_six_kinds_of_task():
    """The embedded suite asks different things."""
    kinds = {get_task(name).kind for name in TASKS}
    assert kinds >= {"classification", "regression", "word_sense", "question_answering"}
    assert kinds >= {"coreference", "summarization", "translation"}
    assert set(TASKS) == {*embedded()} <= set(task_names())


@pytest.mark.parametrize("name", TASKS)
def test_example_becomes_text(name):
    """The example of each task has the text form that docs/data.md shows."""
    task = get_task(name)
    (made,) = task.preprocess(task.example)
    assert (made["inputs"], made["targets"]) == TEXTS[name]
    assert task.postprocess(made["targets"], made) == task.target(made)


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("text", ["", "\x00", "nan", "1e999", "日本語", "word " * 300])
def test_any_output_is_scored(name, text):
    """Garbage never raises and never scores above a right answer."""
    task = get_task(name)
    (made,) = task.preprocess(task.example)
    target = task.target(made)
    garbage = task.score([target] * 2, [task.postprocess(text, made), task.postprocess(text)])
    assert all(value < 100 for value in garbage.values())


@given(st.floats(-4, 4))
@settings(max_examples=100)
def test_rating_text_is_the_nearest_half(value):
    """A rating's text is within a quarter of it and reads back as a number of -4..4."""
    task = get_task("vader_rating")
    (made,) = task.preprocess({"sentence": "Fine.", "rating": value})
    assert abs(task.target(made) - value) <= 0.25
    assert not made["targets"].startswith("-0.0")


@pytest.mark.parametrize(("text", "value"), [("3.5", 3.5), ("-4.0", -4), ("4.5", 0), ("good", 0)])
def test_unreadable_rating_is_neutral(text, value):
    """What is no rating counts as 0."""
    assert get_task("vader_rating").postprocess(text) == value


def test_winogrande_answer_that_is_no_choice_is_wrong():
    """Only the two nouns themselves are answers."""
    task = get_task("winogrande")
    (made,) = task.preprocess(task.example)
    assert [task.postprocess(text, made) for text in ("ball", "vase", "the vase")] == [0, 1, -1]


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("winogrande", {"label": 2}, "'label' holds 2"),
        ("vader_rating", {"rating": "good"}, "'good'"),
        ("vader_rating", {"rating": 4.5}, "holds 4.5, expected a number of -4 to 4"),
    ],
)
def test_bad_label_is_named(name, wrong, said):
    """A label that the task does not know is one clear error."""
    task = get_task(name)
    with pytest.raises(TaskError, match=said):
        task.preprocess(dict(task.example) | wrong)


@pytest.mark.parametrize("name", TASKS)
def test_identity_needs_no_data(name, tmp_path, monkeypatch):
    """A task names its data exactly, split by split, before anything is fetched."""
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "none"))
    task = get_task(name)
    train, validation = task.identity("train"), task.identity("validation")
    assert train != validation
    assert "archives" in train or "packages" in train
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("name", TASKS)
def test_splits_have_the_sizes_that_the_task_says(fetched, name):
    """What `list` prints is what is there."""
    task = get_task(name)
    files = embedded()[name].manifest()["files"]
    rows = {split: files[stem]["rows"] for split, stem in task.source.splits.items()}
    if name == "docstring_summary":  # with other versions installed there are others
        assert rows["train"] > 4000
        assert rows["validation"] >= 500
    else:
        assert rows == task.sizes


@pytest.mark.parametrize("name", TASKS)
def test_splits_share_no_input(fetched, name):
    """No input of one split stands in another, whatever its case and punctuation."""
    task = get_task(name)
    inputs = {s: {letters(made["inputs"]) for made in task.examples(s)} for s in task.splits}
    assert not inputs["train"] & inputs["validation"]
    assert not inputs["train"] & inputs["test"]
    assert not inputs["validation"] & inputs["test"]


@pytest.mark.parametrize(
    ("data", "shared"),
    [
        (wordnet.USAGE, lambda row: {row["word"]}),
        (wordnet.USAGE, lambda row: {letters(row["sentence1"]), letters(row["sentence2"])}),
        (olmo.BOOLQ, lambda row: {letters(row["passage"])}),
    ],
    ids=["word", "usage", "passage"],
)
def test_splits_share_nothing_that_gives_an_answer_away(fetched, data, shared):
    """Words, their uses and passages belong to one split."""
    parts = [
        set().union(*(shared(row) for row in data.rows(split)))
        for split in ("train", "validation", "test")
    ]
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]


def test_twin_sentences_are_not_split(fetched):
    """WinoGrande's validation shares no pair of options with train."""
    parts = {
        s: {olmo.options(row) for row in olmo.WINOGRANDE.rows(s)} for s in ("train", "validation")
    }
    assert not parts["train"] & parts["validation"]


def test_sst2_validation_is_not_in_the_sentiment_data(fetched):
    """No sentence of SST-2's validation set stands in the rated sentences."""
    rated = [
        letters(row["sentence"])
        for split in ("train", "validation", "test")
        for row in sentiment.DATA.rows(f"rating-{split}")
    ]
    everything = "|".join(rated)
    whole = set(rated)
    for row in olmo.SLICES.rows("glue_sst2"):
        text = letters(row["sentence"])
        assert text not in whole
        assert len(text) < 12 or text not in everything


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("split", ["validation", "test"])
def test_gold_answers_score_100(fetched, name, split):
    """The targets themselves are perfect predictions, and no constant answer is."""
    task = get_task(name)
    made = list(task.examples(split))
    targets = [task.target(example) for example in made]
    gold = [task.postprocess(example["targets"], example) for example in made]
    assert task.score(targets, gold) == pytest.approx(dict.fromkeys(task.metrics, 100.0))
    assert task.mean(task.constant_score(targets, targets)) < 70


def test_sentences_to_accept_are_in_no_corpus(fetched):
    """As they were written, all of validation and test are what the corpora leave out."""
    rows = [row for part in ("validation", "test") for row in acceptability.DATA.rows(part)]
    right = [row["sentence"] for row in rows if row["label"]]
    assert 2 * len(right) == len(rows)
    assert held_out([olmo.BOOLQ]).found_in(right).all()


@given(st.lists(st.sampled_from("the is are old park parks London, seems".split()), max_size=12))
def test_one_thing_is_wrong_in_a_sentence(words):
    """A verb's number, or the places of two neighbours; the same sentence always in one way."""
    sentence = " ".join(words)
    wrong = acceptability.corrupted(sentence)
    if wrong is None:
        assert not set(words) & acceptability.OTHER_NUMBER.keys()
        return
    changed = [i for i, word in enumerate(wrong.split()) if word != words[i]]
    if len(changed) == 1:
        assert acceptability.OTHER_NUMBER[words[changed[0]]] == wrong.split()[changed[0]]
    else:
        first, second = changed
        assert second == first + 1
        assert wrong.split()[first : second + 1] == words[first : second + 1][::-1]
    assert acceptability.corrupted(sentence) == wrong


def test_labels_of_word_in_context_are_even(fetched):
    """Neither label is the better guess, for all words together or for one."""
    rows = wordnet.USAGE.rows("validation")
    assert sum(row["label"] for row in rows) / len(rows) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("name", CONTENT)
def test_content_is_what_its_version_says(fetched, name):
    """Changed rows under an old version would reuse stages that were trained on others."""
    known = {data.name: data for data in with_dependencies([*needed(), olmo.SLICES])}
    files = known[name].manifest()["files"]
    hashes = {stem: about["sha256"] for stem, about in files.items()}
    digest = hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()[:16]
    assert (known[name].version, digest) == CONTENT[name]
