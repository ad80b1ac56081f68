"""What stages read from outside of the store: told by the stages, carried to another cache."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import lab.carrying
import lab.preparation
from lab.cache import cache_folder
from lab.corpora.prepared import Prepared
from lab.errors import DataError
from t5study import carrying, preparation
from t5study.resolved import Resolved
from t5study.stages import Stages
from t5study.strategies import get, members

ROWS = {"train": [{"text": "one"}], "test": [{"text": "two"}]}


def write():
    """The rows of a data set that is made of nothing."""
    return ROWS


DATA = Prepared(name="toy", version=1, write=write, archives=())


def graph(config) -> dict[str, list]:
    """The stages of a cell by name."""
    found: dict[str, dict] = {}
    stages = Stages(Resolved(config))
    strategy = get(config.strategy.name)
    units = stages.resolved.units
    waiting = [stages.evaluate(unit, members(stages, strategy, unit)) for unit in units]
    while waiting:
        stage = waiting.pop()
        found.setdefault(stage.name, {})[id(stage)] = stage
        waiting += stage.inputs.values()
    return {name: list(each.values()) for name, each in found.items()}


def test_each_stage_says_which_data_it_reads(configured):
    """Text for the first stages, splits of tasks for the others, nothing twice."""
    config = configured()
    stages = graph(config)
    text = [*stages["vocabulary"], *stages["corpus"]]
    assert preparation.corpora_read([config], text) == ["mixed"]
    assert preparation.tasks_read(text) == set()
    assert preparation.corpora_read([config], stages["pretrain"]) == []
    assert preparation.tasks_read(stages["pretrain"]) == set()
    tuned = preparation.tasks_read(stages["finetune"])
    assert {("boolq", "train"), ("boolq", "validation")} <= tuned
    assert ("boolq", "test") not in tuned
    assert preparation.tasks_read(stages["evaluate"]) == {
        (name, split) for name in config.suite.units for split in ("test", "train")
    }


def test_mixture_of_pretraining_reads_its_tasks(configured):
    """Multi-task pre-training reads train and validation sets before any fine-tuning does."""
    stages = graph(configured(strategy__name="multitask"))
    read = preparation.tasks_read(stages["pretrain"])
    assert {("gettext_ende", "train"), ("gettext_ende", "validation")} <= read


def test_what_finished_stages_read_is_not_fetched(configured, monkeypatch):
    """With the corpus tokenized, its text is asked of nobody."""
    asked = []
    monkeypatch.setattr(lab.preparation, "available", lambda tasks, corpora: True)
    monkeypatch.setattr(lab.preparation, "prepare_all", lambda *given: asked.append(given[:2]))
    config = configured()
    stages = graph(config)
    preparation.prepare([config], [*stages["pretrain"], *stages["finetune"]], print)
    ((tasks, corpora),) = asked
    assert "boolq" in tasks
    assert corpora == set()


def test_other_version_than_planned_is_refused_once(configured, monkeypatch, tmp_path):
    """Keys that were worked out for the pinned content are not used for another."""
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path))
    content = ["pinned"]
    data = SimpleNamespace(name="toy", after=(), digest=lambda: content[0], ready=lambda: True)
    monkeypatch.setattr(lab.preparation, "needed", lambda tasks, corpora: [data])
    monkeypatch.setattr(lab.preparation, "available", lambda tasks, corpora: True)
    monkeypatch.setattr(lab.preparation, "prepare_all", lambda *_: content.__setitem__(0, "served"))
    config = configured()
    wanted = graph(config)["finetune"]
    with pytest.raises(DataError, match=r"made of: toy.*run the same command again"):
        preparation.prepare([config], wanted, print)
    preparation.prepare([config], wanted, print)


def test_data_is_carried_whole_to_another_cache(configured, monkeypatch, tmp_path):
    """Written data and notes of served versions are found where they are looked for."""
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "here"))
    monkeypatch.setattr(carrying, "prepare", lambda *given: None)
    monkeypatch.setattr(lab.carrying, "needed", lambda tasks, corpora: [DATA])
    note = cache_folder() / "served" / "toy-doc.json"
    note.parent.mkdir(parents=True)
    note.write_text("{}")
    config = configured()
    files = carrying.outside([config], graph(config)["finetune"])
    folder = f"data/{DATA.folder.name}"
    assert set(files) == {
        "served/toy-doc.json",
        *(f"{folder}/{name}" for name in ("manifest.json", "train.parquet", "test.parquet")),
    }
    box = tmp_path / "box"
    for name, path in files.items():
        (box / name).parent.mkdir(parents=True, exist_ok=True)
        (box / name).write_bytes(path.read_bytes())
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "there"))
    assert not DATA.ready()
    carrying.bring(box)
    assert DATA.ready()
    assert DATA.rows("test") == ROWS["test"]
    assert (cache_folder() / "served" / "toy-doc.json").read_text() == "{}"
    # What is there already stays as it is.
    (box / folder).mkdir(parents=True)
    (box / folder / "manifest.json").write_text("other")
    carrying.bring(box)
    assert DATA.manifest()["files"]["test"]["rows"] == 1
