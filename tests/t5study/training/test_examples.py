"""How often each task of a mixture is drawn, as a stage's configuration says it."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from datasets import Dataset

from lab.datasets.source import TaskError
from lab.errors import StudyError
from lab.vocabulary import Vocabulary
from t5study.batching import Pairs
from t5study.config import Schema
from t5study.tasks import get_task
from t5study.tasks.chosen import describe, examples
from t5study.tasks.task import Tally
from t5study.training import evaluate, finetune, pretrain
from t5study.training.answers import ask
from t5study.training.examples import (
    KEPT,
    cut_notes,
    cut_targets,
    left_out,
    rates,
    training_pairs,
)

COUNTS = {"small": 10, "large": 1000, "unsupervised": 100_000}


def test_single_task_is_always_drawn():
    """Without mixing there is nothing to work out."""
    assert rates({"one": 7}, None) == {"one": 1.0}


def test_limit_holds_for_real_sizes():
    """K caps the tasks and the unsupervised data alike."""
    found = rates(COUNTS, {"name": "proportional", "limit": 40})
    assert found == pytest.approx({"small": 1 / 9, "large": 4 / 9, "unsupervised": 4 / 9})


def test_tasks_own_limit_goes_before_the_common_one():
    """Section 3.7 caps two translations and leaves all other tasks as they are."""
    two = {"name": "proportional", "limit": None, "limits": {"large": 30}}
    found = rates({"small": 10, "large": 1000, "other": 60}, two)
    assert found == pytest.approx({"small": 0.1, "large": 0.3, "other": 0.6})
    both = {"name": "temperature", "limit": 40, "limits": {"large": 160}, "temperature": 2.0}
    found = rates({"small": 40, "large": 1000, "other": 90}, both)
    assert found == pytest.approx({"small": 0.25, "large": 0.5, "other": 0.25})


def test_artificial_size_stands_as_it_is_given():
    """Section 3.7: the unsupervised data counts with its own size, beyond the tasks' limit."""
    found = rates(COUNTS, {"name": "proportional", "limit": 40}, {"unsupervised": 50})
    assert found == pytest.approx({"small": 0.1, "large": 0.4, "unsupervised": 0.5})


def test_temperature_without_a_limit():
    """Square roots of the sizes at a temperature of 2."""
    found = rates({"a": 1, "b": 9}, {"name": "temperature", "limit": None, "temperature": 2.0})
    assert found == pytest.approx({"a": 0.25, "b": 0.75})


def test_rte_of_both_suites_counts_half():
    """Before the limit."""
    counts = {"glue_rte": 100, "super_glue_rte": 100, "other": 100}
    found = rates(counts, {"name": "proportional", "limit": None})
    assert found == pytest.approx({"glue_rte": 0.25, "super_glue_rte": 0.25, "other": 0.5})


@pytest.mark.parametrize("limit", [None, 0, 1, 7, 8])
def test_training_pairs_are_the_examples_in_order(
    data: SimpleNamespace, toy_task: Any, monkeypatch: pytest.MonkeyPatch, limit: int | None
) -> None:
    """Encoded a few at a time, each example's two sides are those of its texts."""
    monkeypatch.setattr("t5study.training.examples.ENCODED_AT_ONCE", 4)
    vocabulary = Vocabulary(data.vocabulary)
    description = {"settings": {}, "data": {}}
    texts = list(islice(examples("toy_color", "train", description), limit))
    found, _ = training_pairs({"toy_color": description}, vocabulary, limit)
    pairs = found["toy_color"]
    assert len(pairs) == len(texts)
    assert limit is None or len(pairs) == limit
    for side in ("inputs", "targets"):
        ragged = getattr(pairs, side)
        expected = vocabulary.encode_batch([text[side] for text in texts])
        assert ragged.lengths.tolist() == [len(one) for one in expected]
        assert ragged.tokens.tolist() == [token for one in expected for token in one]


class Words:
    """Stands in for a vocabulary."""

    eos = 1
    sha256 = "words"

    def encode_batch(self, texts: list[str]) -> list[list[int]]:
        return [[3] for _ in texts]

    encode_arrays = encode_batch


def asked_of(name: str, rows: list[dict[str, Any]], drawn: str, limit: int | None) -> list[Any]:
    task = get_task(name)
    texts = [text for row in rows for text in task.preprocess(row)]
    return ask(task, "validation", texts, Words(), 8, limit, drawn=drawn).targets  # type: ignore[arg-type]


def test_a_limited_validation_has_the_labels_of_the_whole() -> None:
    """Sorted by label, the first ten would be one label; without a limit all are asked."""
    rows = [{"sentence": "a", "label": int(i >= 60), "idx": i} for i in range(100)]
    assert asked_of("glue_sst2", rows, "first", 10) == [0] * 10
    assert asked_of("glue_sst2", rows, "stratified", 10) == [0] * 6 + [1] * 4
    assert len(asked_of("glue_sst2", rows, "stratified", None)) == 100


def test_without_labels_the_first_examples_are_asked() -> None:
    """A similarity is no label."""
    rows = [{"sentence1": "a", "sentence2": "b", "label": i / 20, "idx": i} for i in range(100)]
    assert asked_of("glue_stsb", rows, "stratified", 7) == asked_of("glue_stsb", rows, "first", 7)


def on_the_hub(monkeypatch: pytest.MonkeyPatch, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Have the hub give these rows; returns how a configuration describes glue_sst2's."""
    monkeypatch.setattr("datasets.load_dataset", lambda *_, **__: Dataset.from_list(rows))
    KEPT.clear()
    return describe("glue_sst2", "train", Schema())


SENTENCES = [
    {"sentence": f"Text {i}.", "label": -1 if i % 3 == 0 else 1, "idx": i} for i in range(10)
]


@pytest.mark.parametrize(("limit", "rows", "lacking"), [(None, 10, 4), (2, 3, 1), (6, 9, 3)])
def test_rows_of_the_hub_without_an_answer_are_counted_where_they_are_read(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    limit: int | None,
    rows: int,
    lacking: int,
) -> None:
    """In the log, for stage.json and for a footnote; of those that were read, as all are not."""
    description = on_the_hub(monkeypatch, SENTENCES)
    found, tallies = training_pairs({"glue_sst2": description}, Words(), limit)
    assert len(found["glue_sst2"]) == rows - lacking
    facts = left_out(tallies)
    note = f"Of glue_sst2's {rows} training rows {lacking} have no answer and are left out."
    assert facts == {
        "left_out": {"glue_sst2": {"rows": rows, "left_out": lacking}},
        "notes": [note],
    }
    assert caplog.text.count(note) == 1
    assert left_out({"glue_sst2": Tally(rows=10)}) == {}


def test_a_training_set_is_read_once_for_the_stages_of_a_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As long as task, vocabulary and limit are the same, and it is not too large to be kept."""
    description = on_the_hub(monkeypatch, SENTENCES)
    read: list[str] = []

    def counted(name: str, *given: Any) -> Any:
        read.append(name)
        return examples(name, *given)

    monkeypatch.setattr("t5study.training.examples.chosen.examples", counted)

    def learned(vocabulary: Words, limit: int | None = None) -> tuple[int, int]:
        found, tallies = training_pairs({"glue_sst2": description}, vocabulary, limit)
        return len(found["glue_sst2"]), tallies["glue_sst2"].left_out

    assert learned(Words()) == learned(Words()) == (6, 4)
    assert len(read) == 1
    assert learned(Words(), 2) == (2, 1)
    other = Words()
    other.sha256 = "other words"
    learned(other)
    assert len(read) == 3
    other.sha256 = "long words"
    other.encode_arrays = lambda texts: [np.zeros(1 << 21, np.int32) for _ in texts]
    assert learned(other) == learned(other) == (6, 4)
    assert len(read) == 5


def test_a_hub_split_without_one_answer_trains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says so, rather than an empty batch."""
    description = on_the_hub(monkeypatch, [SENTENCES[0]] * 3)
    with pytest.raises(TaskError, match="none of the 3 rows of its train split has an answer"):
        training_pairs({"glue_sst2": description}, Words())


def test_a_row_of_the_hub_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the stage too: data set, row, field, found, expected, in one line."""
    description = on_the_hub(monkeypatch, [SENTENCES[1], {**SENTENCES[1], "label": 7}])
    with pytest.raises(TaskError) as raised:
        training_pairs({"glue_sst2": description}, Words())
    assert str(raised.value) == (
        "Task 'glue_sst2': hub data set nyu-mll/glue, row 2: Field 'label' holds 7, expected "
        "0 (negative), 1 (positive) or -1 (withheld)."
    )


def test_stages_record_what_is_left_out(
    data: SimpleNamespace,
    context: Any,
    finetune_config: dict[str, Any],
    pretrain_config: dict[str, Any],
    toy_task: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Fine-tuning and pre-training on a mixture."""
    description = on_the_hub(monkeypatch, SENTENCES)
    tasks = {"glue_sst2": description}
    less = {"tasks": tasks, "steps": 1, "checkpoint_every": 1}
    less |= {"model": pretrain_config["model"], "sentinels": 20, "targets_length": 12}
    inputs = {"vocabulary": data.vocabulary, "corpus": data.corpus}
    (tmp_path / "tuned").mkdir()
    finetune.run(finetune_config | less, inputs, tmp_path / "tuned", context)
    counts = {"glue_sst2": {"rows": 10, "left_out": 4}}
    note = "Of glue_sst2's 10 training rows 4 have no answer and are left out."
    assert context.facts["left_out"] == counts
    assert context.facts["notes"] == [note]
    context.facts.clear()
    mixture = {"tasks": tasks, "validation": {}, "mixing": {"name": "equal"}, "packing": False}
    mixture |= {"train_examples": None, "unsupervised_examples": None}
    (tmp_path / "mixed").mkdir()
    pretrain.run(
        pretrain_config | {"mixture": mixture, "steps": 1}, inputs, tmp_path / "mixed", context
    )
    assert context.facts["left_out"] == counts
    assert note in context.facts["notes"]


def test_share_of_targets_that_are_cut():
    """A target of as many tokens as there is room for has no room for EOS."""
    targets = [[5], [5, 6], [5, 6, 7], [5, 6, 7, 8]]
    pairs = {"some": Pairs.of(([9], one) for one in targets), "none": Pairs.of([([9], [5])])}
    shares = cut_targets(pairs, 3)
    assert shares == {"some": 0.5, "none": 0.0}
    assert cut_notes(shares, 3, "fine-tuning") == [
        "In fine-tuning 50% of some's targets were cut to 3 tokens."
    ]


@pytest.mark.parametrize(("share", "said"), [(0.00001, "0.01%"), (0.015, "1.50%"), (1.0, "100%")])
def test_a_small_share_is_not_rounded_to_nothing(share: float, said: str):
    """It is a footnote because it is not nothing."""
    assert said in cut_notes({"one": share}, 3, "fine-tuning")[0]


def test_fine_tuning_records_what_it_cuts(
    data: SimpleNamespace,
    finetune_config: dict[str, Any],
    pretrain_config: dict[str, Any],
    toy_task: Any,
    context: Any,
    tmp_path: Path,
):
    """Free text: the share of all examples, in stage.json and below the table."""
    short = toy_task.preprocess
    long = {"targets": "water and wine"}
    toy_task.preprocess = lambda raw: [one | (long if raw["label"] else {}) for one in short(raw)]
    folders = {"vocabulary": data.vocabulary}
    model = {"model": pretrain_config["model"], "sentinels": 20}
    out = tmp_path / "out"
    out.mkdir()
    finetune.run(
        {**finetune_config, **model, "steps": 1, "checkpoint_every": 1, "targets_length": 2},
        folders,
        out,
        context,
    )
    share = sum(raw["label"] for raw in toy_task.load("train")) / 40
    assert context.facts["targets_cut"] == {"toy_color": share}
    assert context.facts["notes"] == [
        f"In fine-tuning {share:.0%} of toy_color's targets were cut to 2 tokens."
    ]


@pytest.mark.parametrize("stage", ["finetune", "evaluate"])
def test_labels_that_do_not_fit_stop_a_stage_at_once(
    data: SimpleNamespace,
    finetune_config: dict[str, Any],
    pretrain_config: dict[str, Any],
    toy_task: Any,
    context: Any,
    tmp_path: Path,
    stage: str,
):
    """Before there is a model: no update is made, and no answer decoded."""
    toy_task.labels = ("zebra", "wine")
    run = {"finetune": finetune.run, "evaluate": evaluate.run}[stage]
    config = finetune_config | {"max_length": 2, "split": "test"}
    with pytest.raises(StudyError, match=r"(targets|max)_length=\d: the label '.*' of toy_color"):
        run(config, {"vocabulary": data.vocabulary}, tmp_path, context)
