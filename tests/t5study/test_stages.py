"""What each stage of a cell reads: its key follows exactly that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweeps.constraints import instance
from sweeps.stage import Stage, adopt_all
from t5study.cells import cell
from t5study.config import Column, Schema, Suite, Unit
from t5study.strategies import STRATEGIES

Configured = Callable[..., Schema]
Complaints = Callable[[Schema], list[str]]


def keys(config: Schema) -> dict[str, set[str]]:
    """The keys of a cell's stages, by the stages' names."""
    stack: list[Stage] = list(adopt_all(cell(config)["scores"].values()))
    found: dict[str, set[str]] = {}
    while stack:
        stage = stack.pop()
        found.setdefault(stage.name, set()).add(stage.key)
        stack += stage.inputs.values()
    return found


def changed(one: Schema, other: Schema) -> set[str]:
    a, b = keys(one), keys(other)
    return {name for name in a.keys() | b.keys() if a.get(name) != b.get(name)}


def suite_of(*tasks: str) -> Suite:
    """A suite with a unit and a column of each task."""
    columns = [Column(name=name, terms=[[f"{name}.{METRICS[name]}"]]) for name in tasks]
    return Suite(name="mine", units={name: Unit(train=[name]) for name in tasks}, columns=columns)


METRICS = {"glue_stsb": "pearson", "glue_cola": "mcc"}
DOWNSTREAM = ["vocabulary", "corpus", "pretrain", "finetune", "evaluate"]


@pytest.mark.parametrize(
    ("setting", "value", "first"),
    [
        ("vocabulary__pieces", 3000, "vocabulary"),
        ("vocabulary__lines", 100, "vocabulary"),
        ("dataset__corpus", "docs", "corpus"),
        ("dataset__tokens", 1000, "pretrain"),
        ("dataset__repeats", 4, "pretrain"),
        ("corruption", 0.25, "pretrain"),
        ("objective__name", "bert", "pretrain"),
        ("objective__targets", "paper", "pretrain"),
        ("architecture__name", "shared", "pretrain"),
        ("size__name", "micro", "pretrain"),
        ("model__dropout_rate", 0.25, "pretrain"),
        ("model__dropout_form", "elementwise", "pretrain"),
        ("pretrain__steps", 7, "pretrain"),
        ("pretrain__seed", 9, "pretrain"),
        ("pretrain__ramp", 0.1, "pretrain"),
        ("precision", "32-true", "pretrain"),
        ("scaling__batch", 4.0, "pretrain"),
        ("finetune__learning_rate", 0.5, "finetune"),
        ("finetune__seed", 9, "finetune"),
        ("finetune__packing", True, "finetune"),
        ("finetune__optimizer", "fresh", "finetune"),
        ("finetuning__name", "gradual_unfreezing", "finetune"),
        ("evaluate__beam_width", 4, "evaluate"),
        ("evaluate__examples", 5, "evaluate"),
        ("evaluate__split", "validation", "evaluate"),
        ("selection", "last", "evaluate"),
    ],
)
def test_a_setting_changes_its_stage_and_what_follows(
    configured: Configured, setting: str, value: Any, first: str
):
    """Stages before the one that reads a setting keep their keys."""
    after = set(DOWNSTREAM[DOWNSTREAM.index(first) :])
    if first == "vocabulary":
        after = set(DOWNSTREAM)
    assert changed(configured(), configured(**{setting: value})) == after


@pytest.mark.parametrize(
    "unread",
    [
        {"span_length": 9.0},
        {"finetuning__adapter_dim": 9},
        {"architecture__loss_on_inputs": True},
        {"mixing__limit": 5},
        {"mixing__limits": {"boolq": 5.0}},
        {"mixing__name": "equal"},
        {"strategy__unsupervised_examples": 5},
        {"scaling__average": "probabilities"},
        {"evaluate__length_penalty": 0.9},
        {"roles__limits": {"k19": 3}},
        {"dataset__name": "c4"},
        {"data_dir": "/somewhere/else"},
    ],
)
def test_what_nothing_reads_changes_no_key(configured: Configured, unread: dict[str, Any]):
    """A setting of another objective, architecture or strategy is no part of a stage."""
    assert changed(configured(), configured(**unread)) == set()


def test_loss_on_inputs_is_read_by_a_single_stack(configured: Configured):
    """It stands in the key where a model writes its input."""
    alone = {"architecture__name": "language_model", "objective__name": "lm"}
    other = configured(**alone, architecture__loss_on_inputs=True)
    assert "pretrain" in changed(configured(**alone), other)


def test_task_settings_are_in_the_keys_of_what_reads_the_task(configured: Configured):
    """Another form of a task is another fine-tuning, of that task alone."""
    suite = suite_of("glue_stsb", "glue_cola")
    plain = configured(suite=suite, evaluate__split="validation")
    strict = configured(
        suite=suite, evaluate__split="validation", tasks={"glue_stsb": {"outputs": "1-5"}}
    )
    a, b = (cell(config)["scores"] for config in (plain, strict))
    (one, two, other, three) = adopt_all(
        [a["glue_cola"], b["glue_cola"], a["glue_stsb"], b["glue_stsb"]]
    )
    assert one.key == two.key
    assert other.key != three.key
    assert b["glue_stsb"].config["tasks"]["glue_stsb"]["settings"] == {"outputs": "1-5"}


def test_local_files_enter_by_their_content(configured: Configured, tmp_path: Path):
    """The same rows at two places are one key; other rows are another."""
    suite = suite_of("glue_cola")
    found = []
    for place, sentence in (("a", "One."), ("b", "One."), ("c", "Two.")):
        folder = tmp_path / place
        folder.mkdir()
        for split in ("train", "validation"):
            line = f'{{"sentence": "{sentence}", "label": 1, "idx": 0}}\n'
            (folder / f"{split}.jsonl").write_text(line)
        config = configured(suite=suite, evaluate__split="validation", data_dir=str(folder))
        found.append(keys(config)["finetune"])
    assert found[0] == found[1] != found[2]


def test_setting_of_a_task_that_no_unit_reads(configured: Configured, complaints: Complaints):
    """It is named, with the tasks there are."""
    (said,) = complaints(configured(tasks={"squad": {"padding": "none"}}))
    assert "tasks.squad" in said
    assert "boolq" in said


@given(st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_keys_do_not_depend_on_the_order_of_settings(composed: Schema, random: Any):
    """A configuration with its keys shuffled asks for the same stages."""

    def shuffled(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        names = list(value)
        random.shuffle(names)
        return {name: shuffled(value[name]) for name in names}

    other: Schema = instance(Schema, shuffled(asdict(composed)))
    assert changed(composed, other) == set()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_training_has_a_cost(configured: Configured, strategy: str):
    """A plan counts operations, tokens and memory of every stage that trains or scores."""
    stack = list(cell(configured(strategy__name=strategy))["scores"].values())
    while stack:
        stage = stack.pop()
        stack += stage.inputs.values()
        if stage.name in ("pretrain", "finetune"):
            assert min(stage.cost.flops, stage.cost.tokens, stage.cost.memory_bytes) > 0
            assert stage.cost.disk_bytes > 0
        if stage.name == "evaluate":
            assert stage.cost.flops > 0


@pytest.mark.parametrize(("steps", "batch"), [(4.0, 1.0), (2.0, 1.0), (1.0, 4.0)])
def test_scaling_multiplies_both_trainings(configured: Configured, steps: float, batch: float):
    """Section 3.6: steps and batches of pre-training and of every fine-tuning."""
    plain = cell(configured())["scores"]
    scaled = cell(configured(scaling__steps=steps, scaling__batch=batch))["scores"]
    for task, evaluate in plain.items():
        before, after = evaluate.inputs["member_0"], scaled[task].inputs["member_0"]
        pairs = [(before, after), (before.inputs["pretrain"], after.inputs["pretrain"])]
        for one, other in pairs:
            assert other.config["steps"] == steps * one.config["steps"]
            assert other.config["batch_size"] == batch * one.config["batch_size"]
            assert other.cost.flops == pytest.approx(steps * batch * one.cost.flops)


def test_longer_pretraining_leaves_finetuning_alone(configured: Configured):
    """Section 3.7 trains longer on text, not on tasks."""
    plain = cell(configured())["scores"]["boolq"].inputs["member_0"]
    longer = cell(configured(scaling__pretrain_steps=2.0, scaling__pretrain_batch=3.0))
    finetune = longer["scores"]["boolq"].inputs["member_0"]
    assert finetune.config == plain.config
    before, after = plain.inputs["pretrain"].config, finetune.inputs["pretrain"].config
    assert after["steps"] == 2 * before["steps"]
    assert after["batch_size"] == 3 * before["batch_size"]


def test_repeats_say_how_many_tokens_are_kept(configured: Configured):
    """Pre-training on 4 repeats reads a quarter of its tokens, from the corpus' beginning."""
    evaluate = cell(configured(dataset__repeats=4))["scores"]["boolq"]
    config = evaluate.inputs["member_0"].inputs["pretrain"].config
    read = config["steps"] * config["batch_size"] * (config["inputs_length"] - 1)
    assert config["corpus_tokens"] == round(read / 4)


@pytest.mark.parametrize(
    ("objective", "architecture", "rows", "version"),
    [
        ("iid", "encoder_decoder", 1.0, 1),
        ("deshuffling", "encoder_decoder", 1.0, 2),
        ("prefix_lm", "prefix_lm", 1.0, 2),
        ("prefix_lm", "encoder_decoder", 0.5, 2),
    ],
)
def test_a_batch_holds_as_many_texts_with_every_objective(
    configured: Configured, objective: str, architecture: str, rows: float, version: int
):
    """Two prefixes and their rests share a row of an encoder and a decoder: half as many rows."""
    config = configured(objective__name=objective, architecture__name=architecture)
    pretrain = cell(config)["scores"]["boolq"].inputs["member_0"].inputs["pretrain"]
    assert pretrain.config["batch_size"] == rows * config.pretrain.batch_size
    assert pretrain.version == version


def test_half_has_half_of_the_blocks(configured: Configured):
    """Section 3.2: both stacks of `half` are half as deep."""
    evaluate = cell(configured(architecture__name="half"))["scores"]["boolq"]
    model = evaluate.inputs["member_0"].inputs["pretrain"].config["model"]
    assert (model["num_layers"], model["num_decoder_layers"]) == (1, 1)


def test_given_vocabulary_enters_by_its_content(configured: Configured, tmp_path: Path):
    """Its sha256 and pieces stand in the key, whatever the path; the embedding has its size."""
    from lab.vocabulary import train_vocabulary

    letters = "abcdefghijklmnopqrstuvwxyz"
    words = [f"{a}{b}{c}" for a in letters for b in letters[:8] for c in letters[:3]]
    files = [train_vocabulary(iter([" ".join(words)] * 3), 60, tmp_path / n) for n in "xy"]
    assert changed(*(configured(vocabulary__file=str(file)) for file in files)) == set()
    evaluate = cell(configured(vocabulary__file=str(files[0])))["scores"]["boolq"]
    assert set(evaluate.inputs["vocabulary"].config) == {"file"}
    assert evaluate.inputs["vocabulary"].config["file"]["pieces"] == 60
    model = evaluate.inputs["member_0"].inputs["pretrain"].config["model"]
    assert model["vocab_size"] == 128


def lengths_of(config: Schema) -> dict[str, tuple[int, int]]:
    """By task that is scored: the targets length of training, and of answers."""
    return {
        task: (stage.inputs["member_0"].config["targets_length"], stage.config["max_length"])
        for task, stage in cell(config)["scores"].items()
    }


def test_labels_decide_the_targets_length(configured: Configured):
    """Where all tasks answer with labels: "True" and "False" take seven tokens at most."""
    found = lengths_of(configured(finetune__targets_length=3))
    assert found["boolq"] == (7, 7)
    assert found["gloss_category"] == (len("communication") + 2,) * 2
    assert found["docstring_summary"] == (24, 24)


def test_what_a_unit_sets_goes_before_its_labels(configured: Configured):
    """And units with free text have the common length where they set none."""
    config = configured(finetune__targets_length=11)
    config.suite.units["boolq"].targets_length = 9
    config.suite.units["gettext_ende"].targets_length = None
    config.suite.units["winogrande"] = Unit(train=["winogrande", "boolq"], evaluate=["winogrande"])
    found = lengths_of(config)
    assert [found[name][0] for name in ("boolq", "gettext_ende", "winogrande")] == [9, 11, 11]
