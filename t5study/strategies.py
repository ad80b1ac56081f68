"""Training strategies (section 3.5.3): which training comes before a unit's fine-tuning."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lab.errors import StudyError, unknown
from lab.stage import Stage
from t5study.units import Mixture, UnitSettings

if TYPE_CHECKING:
    from t5study.stages import Stages

Strategy = Callable[["Stages", UnitSettings, int, int], Stage]
"""(stages, unit, seed of pre-training, seed of fine-tuning) -> what the unit's scores are from."""


def pretrain_finetune(
    stages: Stages, unit: UnitSettings, pretrain_seed: int, finetune_seed: int
) -> Stage:
    """Unsupervised pre-training, then fine-tuning on each unit: the baseline."""
    return stages.finetune(unit, finetune_seed, stages.pretrain(pretrain_seed))


def no_pretraining(
    stages: Stages, unit: UnitSettings, pretrain_seed: int, finetune_seed: int
) -> Stage:
    """Training on each unit from scratch (section 3.1.5)."""
    return stages.finetune(unit, finetune_seed, None)


def multitask(stages: Stages, unit: UnitSettings, pretrain_seed: int, finetune_seed: int) -> Stage:
    """One training on all tasks and the unsupervised one; each task's best checkpoint."""
    mixture = Mixture(units=stages.resolved.units, unsupervised=True, validate=True)
    return stages.pretrain(pretrain_seed, mixture)


def multitask_finetune(
    stages: Stages, unit: UnitSettings, pretrain_seed: int, finetune_seed: int
) -> Stage:
    """Multi-task pre-training, then fine-tuning on each unit."""
    mixture = Mixture(units=stages.resolved.units, unsupervised=True, validate=False)
    return stages.finetune(unit, finetune_seed, stages.pretrain(pretrain_seed, mixture))


def leave_one_out(
    stages: Stages, unit: UnitSettings, pretrain_seed: int, finetune_seed: int
) -> Stage:
    """Multi-task pre-training without the unit that is fine-tuned afterwards."""
    others = tuple(other for other in stages.resolved.units if other.name != unit.name)
    mixture = Mixture(units=others, unsupervised=True, validate=False)
    return stages.finetune(unit, finetune_seed, stages.pretrain(pretrain_seed, mixture))


def supervised_multitask(
    stages: Stages, unit: UnitSettings, pretrain_seed: int, finetune_seed: int
) -> Stage:
    """Pre-training on the tasks alone, then fine-tuning on each unit."""
    mixture = Mixture(units=stages.resolved.units, unsupervised=False, validate=False)
    return stages.finetune(unit, finetune_seed, stages.pretrain(pretrain_seed, mixture))


STRATEGIES: dict[str, Strategy] = {
    "pretrain_finetune": pretrain_finetune,
    "multitask": multitask,
    "multitask_finetune": multitask_finetune,
    "leave_one_out": leave_one_out,
    "supervised_multitask": supervised_multitask,
    "no_pretraining": no_pretraining,
}


def get(name: str) -> Strategy:
    """The strategy of this name. Raises StudyError; conf/t5study/strategy/ has the same names."""
    if name not in STRATEGIES:
        raise StudyError(unknown("strategy", name, STRATEGIES))
    return STRATEGIES[name]


def members(stages: Stages, strategy: Strategy, unit: UnitSettings) -> list[Stage]:
    """The models behind a unit's scores: one, or an ensemble's members with seeds of their own.

    Member i has the seeds of the cell plus i, so that it is shared with the baseline's seeds.
    """
    config = stages.resolved.config
    varied = config.scaling.members == "pretrained"
    return [
        strategy(
            stages,
            unit,
            config.pretrain.seed + (member if varied else 0),
            config.finetune.seed + member,
        )
        for member in range(config.scaling.ensemble)
    ]
