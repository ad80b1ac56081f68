"""Training strategies (section 3.5.3): which training comes before a unit's fine-tuning."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from t5study.stages import Stage, Stages, UnitSettings

Strategy = Callable[["Stages", "UnitSettings", int, int], "Stage"]
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


STRATEGIES: dict[str, Strategy] = {
    "pretrain_finetune": pretrain_finetune,
    "no_pretraining": no_pretraining,
}


def get(name: str) -> Strategy:
    """The strategy of this name; conf/strategy/ holds the same names."""
    return STRATEGIES[name]


def members(stages: Stages, strategy: Strategy, unit: UnitSettings) -> list[Stage]:
    """The models behind a unit's scores: one, or an ensemble's members with seeds of their own.

    Member i has the seeds of the cell plus i, so that it is shared with the baseline's seeds.
    """
    scaling = stages.config["scaling"]
    pretrain_seed = stages.config["pretrain"]["seed"]
    finetune_seed = stages.config["finetune"]["seed"]
    own = scaling["members"] == "pretrained"
    return [
        strategy(stages, unit, pretrain_seed + (i if own else 0), finetune_seed + i)
        for i in range(scaling["ensemble"])
    ]
