"""Configurations that cannot run, and what is said about them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.vocabulary import train_vocabulary
from t5study.config import Column, Schema

Configured = Callable[..., Schema]
Complaints = Callable[[Schema], list[str]]
FINETUNED_ENSEMBLE = {"scaling__ensemble": 4, "scaling__members": "finetuned"}


def column(*terms: str, **given: Any) -> list[Column]:
    """The columns of a suite that has one, of these terms."""
    return [Column(name="Mine", terms=[list(terms)], **given)]


def test_baseline_is_possible(configured: Configured, complaints: Complaints):
    """Nothing is said about it."""
    assert complaints(configured()) == []


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("corruption", 1.0, "between 0 and 1"),
        ("objective__targets", "papr", "released and paper"),
        ("scaling__pretrain_steps", 0.0, "greater than 0"),
        (
            "mixing__name",
            "foo",
            "mixing.name=foo: accepted are equal, proportional and",
        ),
        ("mixing__limits", {"boolq": 0.0}, "mixing.limits.boolq=0: must be greater than 0"),
        ("mixing__limits", {"bolq": 9.0}, "mixing.limits.bolq: no unit of suite=embedded_all"),
        ("scaling__members", "all", "pretrained and finetuned"),
        ("finetuning__norms", "none", "all and own"),
        ("finetuning__name", "adapters", "finetuning.adapter_dim"),
        ("pretrain__ramp", 1.0, "share of the steps"),
        ("strategy__unsupervised_examples", -1.0, "greater than 0"),
        ("evaluate__examples", 0, "evaluate.examples=0: must be greater than 0."),
        ("evaluate__max_length", 0, "evaluate.max_length=0: must be greater than 0."),
        ("finetune__train_examples", -3, "finetune.train_examples=-3: must be greater than 0."),
        ("finetune__validation_examples", 0, "finetune.validation_examples=0: must be"),
        ("scaling__steps", float("inf"), "scaling.steps=inf: must be finite."),
        (
            "suite__units",
            {},
            "suite=embedded_all: no unit to train on. Add one to conf/t5study/suite/embedded_all",
        ),
        ("vocabulary__lines", 0, "vocabulary.lines=0: must be greater than 0."),
        ("dataset__corpus", "c5", "Did you mean"),
        ("scaling__pretrain_steps", 0.001, "pretrain.steps: the multiples under scaling leave"),
        ("scaling__pretrain_batch", 0.001, "pretrain.batch_size: the multiples under scaling"),
        ("suite__columns", None, "suite=embedded_all: the table has no columns."),
        ("suite__columns", None, "columns: [{name: Mine, terms: [[TASK.METRIC]]}]"),
        ("suite__columns", None, "Suites that need none: glue, superglue, paper."),
        (
            "suite__columns",
            column("boolq.accuracy"),
            "metric of boolq 'accuracy'. Did you mean 'acc'?",
        ),
        (
            "suite__columns",
            column("bolq.acc"),
            "bolq.acc: a term is TASK.METRIC. Unknown task 'bolq'",
        ),
        ("suite__columns", column("boolq"), "boolq: a term is TASK.METRIC."),
        ("vocabulary__file", "/nowhere/spiece.model", "cannot be read"),
    ],
)
def test_one_wrong_value(
    configured: Configured, complaints: Complaints, setting: str, value: Any, words: str
):
    """One complaint, which says what is accepted."""
    (complaint,) = complaints(configured(**{setting: value}))
    assert words in complaint


@pytest.mark.parametrize(
    "key",
    [
        *("steps", "batch_size", "learning_rate", "inputs_length", "targets_length"),
        *("checkpoint_every", "beam_width", "evaluate_examples"),
    ],
)
def test_units_own_settings_are_checked_like_the_common_ones(
    configured: Configured, complaints: Complaints, key: str
):
    """The unit is named, and nothing is said of multiples that nobody set."""
    config = configured()
    setattr(config.suite.units["boolq"], key, 0)
    assert complaints(config) == [f"suite.units.boolq.{key}=0: must be greater than 0."]


def test_units_without_an_update_are_named(configured: Configured, complaints: Complaints):
    """A hundredth of 40 updates is none; of 60, one."""
    assert [one.partition(":")[0] for one in complaints(configured(scaling__steps=0.01))] == [
        "suite.units.boolq.steps",
        "suite.units.winogrande.steps",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"finetuning__name": "none", "strategy__name": "no_pretraining"},
            "finetuning=none with strategy=no_pretraining: nothing would be trained.",
        ),
        (
            {"finetuning__name": "none", **FINETUNED_ENSEMBLE},
            "finetuning=none with scaling.members=finetuned: all members would be one.",
        ),
        (
            {"strategy__name": "multitask", **FINETUNED_ENSEMBLE},
            "strategy=multitask with scaling.members=finetuned: all members would be one.",
        ),
        *(
            (
                {
                    "strategy__name": "multitask",
                    "finetuning__name": name,
                    "finetuning__adapter_dim": 8,
                },
                f"strategy=multitask with finetuning={name}: nothing is fine-tuned. Accepted are "
                "finetuning=all and none, or strategies with fine-tuning: pretrain_finetune, "
                "multitask_finetune, leave_one_out, supervised_multitask, no_pretraining.",
            )
            for name in ("adapters", "gradual_unfreezing")
        ),
    ],
)
def test_nothing_left_to_train(
    configured: Configured, complaints: Complaints, changes: dict[str, Any], words: str
):
    """Leaving out fine-tuning is refused where nothing else makes a model, or several."""
    assert complaints(configured(**changes)) == [words]


def test_leaving_out_the_only_unit(configured: Configured, complaints: Complaints):
    """Nothing but text would be left to pre-train on."""
    config = configured(strategy__name="leave_one_out")
    assert complaints(config) == []
    config.suite.units = {"boolq": config.suite.units["boolq"]}
    assert complaints(config) == [
        "strategy=leave_one_out: suite=embedded_all has one unit alone, boolq; without it no task "
        "is left to pre-train on. Take a suite of several units, or strategy=pretrain_finetune."
    ]


def test_unit_with_an_unknown_split(configured: Configured, complaints: Complaints):
    """The unit is named."""
    config = configured()
    config.suite.units["boolq"].split = "dev"
    assert complaints(config) == [
        "suite.units.boolq.split=dev: accepted are train, validation and test."
    ]


def test_task_without_the_split_that_is_scored(configured: Configured, complaints: Complaints):
    """Said with the splits that it has, and with the override that works."""
    config = configured()
    unit = config.suite.units["boolq"]
    unit.train = unit.evaluate = ["squad"]
    assert complaints(config) == [
        "evaluate.split=test: the task squad has no such split, only train and validation. "
        "Type evaluate.split=validation."
    ]
    config.suite.units["boolq"].split = "test"
    assert complaints(config) == [
        "suite.units.boolq.split=test: the task squad has no such split, only train and "
        "validation. Type suite.units.boolq.split=validation."
    ]


def test_task_without_such_a_setting(configured: Configured, complaints: Complaints):
    """The nearest setting is named before anything runs."""
    config = configured(tasks={"boolq": {"lables": 1}})
    (complaint,) = complaints(config)
    assert "no setting 'lables'" in complaint


def test_objective_that_does_not_fit(configured: Configured, complaints: Complaints):
    """Said with the architectures that it fits."""
    assert complaints(configured(objective__name="lm")) == [
        "objective=lm cannot train architecture=encoder_decoder. It fits: language_model."
    ]


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A vocabulary of letters: a label takes a token for each, one for the space and EOS."""
    alphabet = "abcdefghijklmnopqrstuvwxyzFT"
    words = [f"{a}{b}" for a in alphabet for b in alphabet]
    folder: Path = tmp_path_factory.mktemp("letters")
    return str(train_vocabulary(iter([" ".join(words)]), 33, folder))


def test_labels_that_do_not_fit_a_known_vocabulary(
    configured: Configured, complaints: Complaints, letters: str
):
    """Told before anything runs, with what to type; the length that follows from them fits."""
    config = configured(vocabulary__file=letters)
    assert complaints(config) == []
    config.suite.units["boolq"].targets_length = 4
    (complaint,) = complaints(config)
    assert complaint == (
        "suite.units.boolq.targets_length=4: the label 'False' of boolq takes 7 tokens of the "
        "vocabulary, EOS included, and could never be answered right. "
        "Type suite.units.boolq.targets_length=7."
    )


def test_answers_too_short_for_labels(configured: Configured, complaints: Complaints, letters: str):
    """What is decoded is a length of its own, and so is that of a unit with free text."""
    config = configured(vocabulary__file=letters, evaluate__max_length=6)
    found = complaints(config)
    assert {one.partition("=")[0] for one in found} == {"evaluate.max_length"}
    assert "'False' of boolq takes 7 tokens" in " ".join(found)
    mixed = configured(vocabulary__file=letters, finetune__targets_length=5)
    mixed.suite.units["winogrande"].train = ["winogrande", "boolq"]
    mixed.suite.units["winogrande"].targets_length = None
    (complaint,) = complaints(mixed)
    assert complaint.startswith("finetune.targets_length=5: the label 'False' of boolq")


def test_what_lies_beside_a_misspelt_path_is_named(
    configured: Configured, complaints: Complaints, tmp_path: Path
):
    """A folder of data, a vocabulary's file; nothing where nothing is near."""
    (tmp_path / "data").mkdir()
    (tmp_path / "spiece.model").write_text("")
    (folder,) = complaints(configured(data_dir=f"{tmp_path}/dta"))
    near = f"Did you mean '{tmp_path}/data'?"
    assert folder == f"data_dir={tmp_path}/dta: no such folder. {near}"
    (file,) = complaints(configured(vocabulary__file=f"{tmp_path}/spice.model"))
    assert f"Did you mean '{tmp_path}/spiece.model'? Give a SentencePiece" in file
    (far,) = complaints(configured(data_dir=f"{tmp_path}/xyz"))
    assert far == f"data_dir={tmp_path}/xyz: no such folder."
