"""What a task is stands in the keys of what reads it; where its code lies does not."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import t5study.tasks
from lab import named
from sweeps.verbs.explain import differences
from t5study.config import Schema
from t5study.tasks import get_task, task_names
from t5study.tasks.chosen import describe

SHOPS = """
from pathlib import Path

from lab import metrics
from lab.datasets.dataset import DataSet
from lab.datasets.fields import Text, label_of
from lab.datasets.source import Source
from t5study.tasks.labels import classification

DATA = DataSet(
    name="shops",
    kind="classification",
    about="Is it a good shop?",
    licence="ours",
    source=Source(folder=Path("FOLDER"), splits={"train": "train"}),
    fields={"text": Text("what"), "title": Text("of what"), "label": label_of(("bad", "good"))},
    answer="label",
    labels=("bad", "good"),
    measure=metrics.accuracy,
    metrics=("acc",),
    example={"text": "Broke at once.", "title": "Lamp", "label": "bad"},
)


def shops():
    return classification(DATA, prefix="shop", lengths=(64, 4))


TASKS = {"shops": shops}
"""

Written = Callable[..., dict[str, Any]]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    """How a task of one's own is described, in a file of the folder or in another package."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "train.csv").write_text("text,title,label\nGood.,Lamp,good\nBad.,Chair,bad\n")
    code = tmp_path / "code"
    about = code / "shops-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: shops\nVersion: 1.0\n")
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(code))

    def forget() -> None:
        for name in ("t5study.tasks.shops", "t5study.tasks.moved", "shops_package"):
            sys.modules.pop(name, None)
        for cache in (named.modules_of, named.installed, t5study.tasks._builders):
            cache.cache_clear()
        importlib.invalidate_caches()

    def write(
        *changes: tuple[str, str], file: str = "shops", package: bool = False
    ) -> dict[str, Any]:
        content = SHOPS.replace("FOLDER", str(data))
        for old, new in changes:
            assert old in content
            content = content.replace(old, new)
        folder = tmp_path / f"folder-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        entry = "[t5study.tasks]\nshops = shops_package:shops\n" if package else ""
        (about / "entry_points.txt").write_text(entry)
        (code / "shops_package.py" if package else folder / f"{file}.py").write_text(content)
        ours = t5study.tasks.__path__[:1]
        monkeypatch.setattr(t5study.tasks, "__path__", [*ours, str(folder)])
        forget()
        return describe("shops", "train", Schema())

    yield write
    monkeypatch.undo()
    forget()


@pytest.mark.parametrize(
    ("change", "field", "values"),
    [
        (('prefix="shop"', 'prefix="market"'), "examples[0].inputs", '"shop text: Broke'),
        (('labels=("bad", "good")', 'labels=("good", "bad")'), "labels[0]", '"bad" | "good"'),
        (('label_of(("bad", "good"))', 'label_of(("bad", "fine"))'), "classes[1]", '"good" | "fi'),
        (('"title": Text("of what"), ', ""), "fields", '["text", "title", "label"] | ["text",'),
        (('metrics=("acc",)', 'metrics=("right",)'), "metrics[0]", '"acc" | "right"'),
    ],
)
def test_another_definition_is_another_key_and_says_where(
    written: Written, change: tuple[str, str], field: str, values: str
):
    """A prompt, the labels' order, what is read and what is scored."""
    lines = list(differences(written(), written(change), "config.tasks.shops"))
    (line,) = [line for line in lines if line.startswith(f"config.tasks.shops.definition.{field}")]
    assert values in line


def test_moving_or_commenting_code_changes_nothing(written: Written):
    """Of a file of this package: what it makes of its example decides."""
    assert written() == written(file="moved") == written(("DATA = ", "# Ours.\nDATA = "))


def test_code_of_another_package_counts_as_it_stands(written: Written):
    """Nobody raises a version of ours for it: how answers are read may have changed."""
    plain = written(package=True)
    other = written(("def shops():", "def shops():  # read in another way"), package=True)
    (line,) = differences(plain, other, "config.tasks.shops")
    assert line.startswith("config.tasks.shops.source: ")
    assert "source" not in written()


def test_a_wrong_example_is_said_to_be_the_tasks_own(written: Written):
    """And not a row of the data."""
    with pytest.raises(t5study.tasks.TaskError, match=r"shops.*the example that it shows: .*title"):
        written(('"title": "Lamp", ', ""))


@pytest.mark.parametrize("name", task_names())
def test_every_task_has_a_definition(name: str):
    """Its example is read back as the right answer, by labels where it has some."""
    task = get_task(name)
    found = task.definition
    assert found["metrics"] == list(task.metrics)
    assert found["labels"] == list(task.labels or ())
    assert found["examples"]
    for one in found["examples"]:
        assert one["inputs"]
        if task.labels and isinstance(one["read_back"], int):
            assert task.labels[one["read_back"]] == one["targets"]
