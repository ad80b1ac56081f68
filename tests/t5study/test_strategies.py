"""What each strategy trains before a unit's scores, told by the stages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sweeps.stage import Stage, adopt_all
from t5study.cells import cell
from t5study.config import Schema

Configured = Callable[..., Schema]


def evaluations(config: Schema) -> dict[str, Stage]:
    scores = cell(config)["scores"]
    return dict(zip(scores, adopt_all(scores.values()), strict=True))


def members(stage: Stage) -> list[Stage]:
    return [one for role, one in stage.inputs.items() if role.startswith("member_")]


def mixed(stage: Stage) -> set[str]:
    """The tasks that a pre-training mixes in."""
    return set(stage.config["mixture"]["tasks"])


def test_baseline_shares_one_pretraining(configured: Configured):
    """Every unit is fine-tuned from the same model."""
    parents = {members(e)[0].inputs["pretrain"].key for e in evaluations(configured()).values()}
    assert len(parents) == 1


def test_no_pretraining_starts_from_a_fresh_model(configured: Configured):
    """Fine-tuning reads the vocabulary alone and knows the model's settings."""
    for evaluate in evaluations(configured(strategy__name="no_pretraining")).values():
        (finetune,) = members(evaluate)
        assert set(finetune.inputs) == {"vocabulary"}
        assert finetune.config["model"]["d_model"] == 64


def test_models_without_pretraining_are_one_whatever_the_objective(configured: Configured):
    """Its sentinels are in no example of a task, and the embedding has as many rows."""
    span, iid = (
        evaluations(configured(strategy__name="no_pretraining", objective__name=name))
        for name in ("span", "iid")
    )
    assert {task: stage.key for task, stage in span.items()} == {
        task: stage.key for task, stage in iid.items()
    }


def test_multitask_is_scored_from_one_training_as_long_as_both(configured: Configured):
    """Steps of pre-training and fine-tuning together; each task's own best checkpoint."""
    config = configured(strategy__name="multitask")
    found = evaluations(config)
    (key,) = {members(evaluate)[0].key for evaluate in found.values()}
    pretrain = members(found["boolq"])[0]
    assert pretrain.name == "pretrain"
    assert pretrain.config["steps"] == config.pretrain.steps + config.finetune.steps
    assert set(pretrain.config["mixture"]["validation"]) == set(found)
    assert key == pretrain.key


def test_multitask_pretraining_mixes_all_tasks_with_the_corpus(configured: Configured):
    """Then every unit is fine-tuned; nothing is chosen on validation before."""
    found = evaluations(configured(strategy__name="multitask_finetune"))
    (parent,) = {members(e)[0].inputs["pretrain"].key: e for e in found.values()}.values()
    pretrain = members(parent)[0].inputs["pretrain"]
    assert mixed(pretrain) == set(found)
    assert pretrain.config["mixture"]["validation"] == {}
    assert "corpus" in pretrain.inputs


def test_leave_one_out_has_a_pretraining_for_each_unit(configured: Configured):
    """Each without its own unit's tasks and with all others."""
    found = evaluations(configured(strategy__name="leave_one_out"))
    parents = {task: members(e)[0].inputs["pretrain"] for task, e in found.items()}
    assert len({parent.key for parent in parents.values()}) == len(found)
    for task, parent in parents.items():
        assert mixed(parent) == set(found) - {task}


def test_supervised_multitask_reads_no_corpus(configured: Configured):
    """No objective and no corpus enter its key."""
    found = evaluations(configured(strategy__name="supervised_multitask"))
    pretrain = members(found["boolq"])[0].inputs["pretrain"]
    assert set(pretrain.inputs) == {"vocabulary"}
    assert pretrain.config["objective"] is None
    other = configured(strategy__name="supervised_multitask", dataset__corpus="docs")
    assert members(evaluations(other)["boolq"])[0].inputs["pretrain"].key == pretrain.key


@pytest.mark.parametrize(
    "strategy",
    ["pretrain_finetune", "multitask_finetune", "leave_one_out", "supervised_multitask"],
)
def test_without_finetuning_the_pretrained_model_is_scored(configured: Configured, strategy: str):
    """The member is what fine-tuning would have begun from, and no rule chooses a checkpoint."""
    tuned = evaluations(configured(strategy__name=strategy))
    changes = {"strategy__name": strategy, "finetuning__name": "none"}
    for task, evaluate in evaluations(configured(**changes)).items():
        (member,) = members(evaluate)
        assert member.key == members(tuned[task])[0].inputs["pretrain"].key
        assert evaluate.config["selection"] is None
        last = evaluations(configured(**changes, selection="last"))[task]
        assert last.key == evaluate.key
    assert cell(configured(**changes))["selection"].startswith("last checkpoint")


def test_multitask_has_no_finetuning_to_leave_out(configured: Configured):
    """Its scores are from the training itself, whatever the fine-tuning."""
    one, other = (
        evaluations(configured(strategy__name="multitask", finetuning__name=name))["boolq"]
        for name in ("all", "none")
    )
    assert one.key == other.key
    assert one.config["selection"] == "best"


@pytest.mark.parametrize("strategy", ["multitask", "leave_one_out", "supervised_multitask"])
def test_mixing_is_in_a_mixture_alone(configured: Configured, strategy: str):
    """K changes multi-task training, through the key of its pre-training."""
    keys = [
        evaluations(configured(strategy__name=strategy, mixing__limit=limit))["boolq"].key
        for limit in (10, 20)
    ]
    assert keys[0] != keys[1]


def test_limits_of_tasks_are_in_the_keys_of_mixtures_that_hold_them(configured: Configured):
    """Leave-one-out pre-trains without boolq for boolq alone: its limit is no part of that key."""
    plain, capped = (
        evaluations(configured(strategy__name="leave_one_out", mixing__limits=limits))
        for limits in ({}, {"boolq": 10.0})
    )
    same = {task for task in plain if plain[task].key == capped[task].key}
    assert same == {"boolq"}
    pretrain = members(capped["winogrande"])[0].inputs["pretrain"]
    assert pretrain.config["mixture"]["mixing"]["limits"] == {"boolq": 10.0}
    without = members(plain["winogrande"])[0].inputs["pretrain"].config["mixture"]["mixing"]
    assert "limits" not in without
    equal = {"strategy__name": "multitask", "mixing__name": "equal"}
    one, other = (
        evaluations(configured(**equal, mixing__limits=limits))["boolq"].key
        for limits in ({}, {"boolq": 10.0})
    )
    assert one == other


def test_ensemble_shares_its_members_with_the_baselines_seeds(configured: Configured):
    """Member i is what seed i of the baseline trained: nothing is trained twice."""
    ensemble = evaluations(configured(scaling__ensemble=4, pretrain__seed=0, finetune__seed=0))
    for task, evaluate in ensemble.items():
        alone = [
            members(evaluations(configured(pretrain__seed=seed, finetune__seed=seed))[task])[0].key
            for seed in range(4)
        ]
        assert [member.key for member in members(evaluate)] == alone


def test_ensemble_of_finetunings_has_one_pretraining(configured: Configured):
    """Four fine-tunings with seeds of their own, of which the first is the baseline's."""
    changes = {"scaling__ensemble": 4, "scaling__members": "finetuned"}
    evaluate = evaluations(configured(**changes))["boolq"]
    found = members(evaluate)
    assert len({member.key for member in found}) == 4
    assert len({member.inputs["pretrain"].key for member in found}) == 1
    assert found[0].key == members(evaluations(configured())["boolq"])[0].key


def test_what_an_ensemble_averages_is_in_its_key(configured: Configured):
    """Logits or probabilities."""
    one, other = (
        evaluations(configured(scaling__ensemble=2, scaling__average=average))["boolq"].key
        for average in ("logits", "probabilities")
    )
    assert one != other
