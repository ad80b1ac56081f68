"""What is impossible about a configuration, said in the words of the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.errors import StudyError, unknown
from t5study.mixing import SETTINGS as MIXING_SETTINGS
from t5study.strategies import STRATEGIES

if TYPE_CHECKING:
    from t5study.stage import UnitSettings
    from t5study.stages import Stages
    from t5study.tasks import Task

SPLITS = ("train", "validation", "test")
CHOICES: dict[str, tuple[str, ...]] = {
    "selection": ("best", "best_together", "last"),
    "precision": ("32-true", "bf16-mixed", "16-mixed", "64-true"),
    "objective.targets": ("released", "paper"),
    "model.dropout_form": ("elementwise", "broadcast"),
    "model.feed_forward": ("relu", "gated_gelu"),
    "pretrain.normalizer": ("padded", "tokens"),
    "finetune.normalizer": ("padded", "tokens"),
    "evaluate.split": SPLITS,
    "mixing.name": tuple(MIXING_SETTINGS),
    "finetuning.norms": ("all", "own"),
    "scaling.members": ("pretrained", "finetuned"),
    "scaling.average": ("logits", "probabilities"),
}
POSITIVE = (
    *("span_length", "mixing.temperature", "mixing.limit", "finetuning.adapter_dim"),
    *("scaling.steps", "scaling.batch", "scaling.ensemble"),
    *("vocabulary.pieces", "vocabulary.lines"),
    *("scaling.pretrain_steps", "scaling.pretrain_batch", "strategy.unsupervised_examples"),
    *("pretrain.steps", "pretrain.batch_size", "pretrain.inputs_length", "pretrain.hold"),
    *("finetune.steps", "finetune.batch_size", "finetune.learning_rate"),
    *("finetune.inputs_length", "finetune.targets_length", "finetune.checkpoint_every"),
    *("finetune.train_examples", "finetune.validation_examples"),
    *("evaluate.examples", "evaluate.beam_width", "evaluate.max_length"),
    *("dataset.tokens", "dataset.repeats", "training.micro_batch_size"),
)
OF_UNITS = (
    *("steps", "batch_size", "learning_rate", "inputs_length", "targets_length"),
    *("checkpoint_every", "beam_width", "evaluate_examples"),
)
"""What is positive of each unit of a suite."""


def look_up(config: Any, dotted: str) -> Any:
    """The value of a dotted key."""
    for part in dotted.split("."):
        config = config[part]
    return config


def complaints(config: Mapping[str, Any]) -> list[str]:
    """Every complaint about a resolved configuration; none where it can run."""
    said = _values(config) + _corpora(config)
    # The parts below are built from the values above: with a wrong one they could only echo it.
    return said or _parts(config)


def _corpora(config: Mapping[str, Any]) -> list[str]:
    from lab.corpora import get_corpus

    read = [config["dataset"]["corpus"]]
    if not config["vocabulary"]["file"]:
        read.append(config["vocabulary"]["corpus"])
    said = []
    for name in dict.fromkeys(read):
        try:
            get_corpus(name)
        except StudyError as error:
            said.append(str(error))
    return said


def _parts(config: Mapping[str, Any]) -> list[str]:
    from t5study.objectives import get_objective
    from t5study.stages import Stages
    from t5study.tasks.chosen import chosen

    said: list[str] = []
    try:
        stages = Stages(config)
    except (StudyError, ValueError) as error:
        return str(error).splitlines()
    said += [
        f"{key}.{name}: no unit of suite={config['suite']['name']} reads this task. "
        f"It has: {', '.join(sorted(stages.tasks))}."
        for key in ("tasks", "mixing.limits")
        for name in look_up(config, key)
        if name not in stages.tasks
    ]
    tasks = {}
    for name in sorted(stages.tasks):
        try:
            tasks[name], _ = chosen(name, config)
        except StudyError as error:
            said.append(str(error))
    said += _columns(config["suite"])
    said += _splits(stages, tasks)
    said += _rounded_away(config, stages.units)
    objective = get_objective(
        vocab_size=stages.token_ids, num_sentinels=max(stages.sentinels, 1), **stages.objective
    )
    architecture = config["architecture"]["name"]
    if architecture not in objective.architectures:
        said.append(
            f"objective={objective.name} cannot train architecture={architecture}. "
            f"It fits: {', '.join(objective.architectures)}."
        )
    return said


def _splits(stages: Stages, tasks: Mapping[str, Task]) -> list[str]:
    """Units scored on a split that is none, or that one of their tasks lacks."""
    said = []
    for unit in stages.units:
        own = stages.config["suite"]["units"][unit.name]["split"]
        key = "evaluate.split" if own is None else f"suite.units.{unit.name}.split"
        if unit.split not in SPLITS:
            said.append(f"{key}={unit.split}: accepted are {', '.join(SPLITS)}.")
            continue
        for name in unit.evaluate:
            if name in tasks and unit.split not in (known := tasks[name].splits):
                said.append(
                    f"{key}={unit.split}: the task {name} has no such split, only "
                    f"{' and '.join(known)}. Type {key}={known[-1]}."
                )
    return said


def _columns(suite: Mapping[str, Any]) -> list[str]:
    """Columns of what no task is scored by, which would stay empty."""
    from t5study.tasks import get_task
    from t5study.tasks.suites import SUITES

    if suite["columns"] is None:
        if suite["name"] in SUITES:
            return []
        name = suite["name"]
        return [
            f"suite={name}: the table has no columns. Add them to conf/t5study/suite/{name}.yaml: "
            "columns: [{name: Mine, terms: [[TASK.METRIC]]}]. "
            f"Suites that need none: {', '.join(SUITES)}."
        ]
    said = []
    for column in suite["columns"]:
        for term in [term for group in column["terms"] for term in group]:
            name, _, metric = term.rpartition(".")
            where = f"suite.columns, {column['name']}, {term}:"
            try:
                task = get_task(name)
            except StudyError as error:
                said.append(f"{where} a term is TASK.METRIC. {error}")
            else:
                if metric not in task.metrics:
                    said.append(f"{where} {unknown(f'metric of {name}', metric, task.metrics)}")
    return said


def _rounded_away(config: Any, units: Iterable[UnitSettings]) -> list[str]:
    """Trainings of which the multiples in `scaling` leave no update, or no sequence in a batch."""
    scaling, pretrain = config["scaling"], config["pretrain"]
    steps = pretrain["steps"] * scaling["pretrain_steps"] * scaling["steps"]
    batch = pretrain["batch_size"] * scaling["pretrain_batch"] * scaling["batch"]
    trainings = [("pretrain", round(steps), round(batch))]
    trainings += [(f"suite.units.{u.name}", u.steps, u.batch_size) for u in units]
    return [
        f"{name}.{what}: the multiples under scaling leave nothing of it. Raise scaling.{key}."
        for name, *sizes in trainings
        for key, what, size in zip(("steps", "batch"), ("steps", "batch_size"), sizes, strict=True)
        if size < 1
    ]


def _values(config: Any) -> list[str]:
    said = []
    for key in ("corruption", "model.dropout_rate"):
        value = look_up(config, key)
        low_ok = value > 0 or (key == "model.dropout_rate" and value == 0)
        if not (low_ok and value < 1):
            said.append(f"{key}={value:g}: a rate lies between 0 and 1.")
    for key, accepted in CHOICES.items():
        value = look_up(config, key)
        if value not in accepted:
            said.append(f"{key}={value}: accepted are {', '.join(accepted)}.")
    limits = [f"mixing.limits.{name}" for name in config["mixing"]["limits"]]
    units = [f"suite.units.{name}.{key}" for name in config["suite"]["units"] for key in OF_UNITS]
    for key in (*POSITIVE, *limits, *units):
        value = look_up(config, key)
        if value is not None and not 0 < value < inf:
            wanted = "finite" if value == inf else "greater than 0"
            said.append(f"{key}={value:g}: must be {wanted}.")
    for part in ("pretrain", "finetune"):
        seed = config[part]["seed"]
        if seed < 0 and seed != config["seed"]:
            said.append(f"{part}.seed={seed}: must be 0 or more.")
    ramp = config["pretrain"]["ramp"]
    if not 0 <= ramp < 1:
        said.append(f"pretrain.ramp={ramp:g}: a share of the steps, from 0 to below 1.")
    if config["dataset"]["tokens"] and config["dataset"]["repeats"]:
        said.append("dataset.tokens and dataset.repeats say the same thing twice: give one.")
    if config["data_dir"] and not Path(config["data_dir"]).is_dir():
        said.append(f"data_dir={config['data_dir']}: no such folder.")
    said += _without_finetuning(config) + _few_units(config)
    if config["finetuning"]["name"] == "adapters" and not config["finetuning"]["adapter_dim"]:
        said.append("finetuning=adapters: finetuning.adapter_dim must say the inner width.")
    return said


def _without_finetuning(config: Any) -> list[str]:
    """What is wrong where nothing is fine-tuned: by finetuning=none, or in multi-task training."""
    strategy = config["strategy"]["name"]
    if strategy == "multitask":
        because = "strategy=multitask"
    elif config["finetuning"]["name"] == "none":
        because = "finetuning=none"
    else:
        return []
    said = []
    if strategy == "no_pretraining":
        said.append(f"{because} with strategy=no_pretraining: nothing would be trained.")
    if config["scaling"]["ensemble"] > 1 and config["scaling"]["members"] == "finetuned":
        said.append(f"{because} with scaling.members=finetuned: all members would be one.")
    method = config["finetuning"]["name"]
    if strategy == "multitask" and method not in ("all", "none"):
        others = ", ".join(name for name in STRATEGIES if name != strategy)
        said.append(
            f"{because} with finetuning={method}: nothing is fine-tuned. Accepted are "
            f"finetuning=all and none, or strategies with fine-tuning: {others}."
        )
    return said


def _few_units(config: Any) -> list[str]:
    """A suite without units, or whose only one is left out of its own pre-training."""
    suite = config["suite"]
    if not suite["units"]:
        return [
            f"suite={suite['name']}: no unit to train on. Add one to conf/t5study/suite/"
            f"{suite['name']}.yaml: units: {{NAME: {{train: [TASK]}}}}."
        ]
    if config["strategy"]["name"] != "leave_one_out" or len(suite["units"]) > 1:
        return []
    return [
        f"strategy=leave_one_out: suite={suite['name']} has one unit alone, "
        f"{', '.join(suite['units'])}; without it no task is left to pre-train on. "
        "Take a suite of several units, or strategy=pretrain_finetune."
    ]
