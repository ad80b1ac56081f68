"""What is impossible about a configuration beyond the bounds of single values.

The complaints use the words of the command line; each is one line.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Set
from typing import TYPE_CHECKING

from lab.errors import StudyError, nearest_path, unknown
from t5study.config import AMOUNT, FEW, SEED, Schema
from t5study.given_model import MIXED
from t5study.strategies import STRATEGIES

if TYPE_CHECKING:
    from t5study.resolved import Resolved
    from t5study.tasks import Task

WITHOUT_FINETUNING = ("all", "none")
"""What `finetuning` may be where nothing is fine-tuned."""


def complaints(config: Schema) -> list[str]:
    """What is impossible about the configuration's values; nothing is built of them."""
    return [*_values(config), *_without_finetuning(config), *_few_units(config), *_corpora(config)]


def of_cell(resolved: Resolved) -> list[str]:
    """What is impossible about the units, tasks and trainings that a configuration makes."""
    from t5study.tasks.chosen import chosen

    config, complaints = resolved.config, []
    complaints += [
        f"{key}.{name}: no unit of suite={config.suite.name} reads this task. "
        f"It has: {', '.join(sorted(resolved.tasks))}."
        for key, settings in (("tasks", config.tasks), ("mixing.limits", config.mixing.limits))
        for name in settings
        if name not in resolved.tasks
    ]
    tasks = {}
    for name in sorted(resolved.tasks):
        try:
            tasks[name], _ = chosen(name, config)
        except StudyError as error:
            complaints.append(str(error))
    wrong = resolved.tasks - tasks.keys()
    complaints += [*_columns(config, wrong), *_splits(resolved, tasks), *_sizes(resolved)]
    complaints += _labels(resolved, tasks)
    complaints += _objective(resolved) if resolved.given is None else _given(resolved)
    return complaints


def _values(config: Schema) -> Iterator[str]:
    if config.dataset.tokens and config.dataset.repeats:
        yield "dataset.tokens and dataset.repeats say the same thing twice: give one."
    if config.data_dir and not os.path.isdir(os.path.expanduser(config.data_dir)):
        near = nearest_path(config.data_dir)
        yield f"data_dir={config.data_dir}: no such folder.{near}"
    if config.finetuning.name == "adapters" and config.finetuning.adapter_dim is None:
        yield "finetuning=adapters: finetuning.adapter_dim must say the inner width."
    for group, seed in (("pretrain", config.pretrain.seed), ("finetune", config.finetune.seed)):
        last = seed + min(config.scaling.ensemble, FEW["most"]) - 1
        if seed <= SEED["most"] < last:
            yield f"{group}.seed={seed}: the ensemble's last member has the seed {last}, too large."


def _without_finetuning(config: Schema) -> Iterator[str]:
    """What is wrong where nothing is fine-tuned: by finetuning=none, or in multi-task training."""
    strategy, method = config.strategy.name, config.finetuning.name
    if strategy == "multitask":
        because = "strategy=multitask"
    elif method == "none":
        because = "finetuning=none"
    else:
        return
    if strategy == "no_pretraining":
        yield f"{because} with strategy=no_pretraining: nothing would be trained."
    if config.scaling.ensemble > 1 and config.scaling.members == "finetuned":
        yield f"{because} with scaling.members=finetuned: all members would be one."
    if strategy == "multitask" and method not in WITHOUT_FINETUNING:
        others = ", ".join(name for name in STRATEGIES if name != strategy)
        yield (
            f"{because} with finetuning={method}: nothing is fine-tuned. Accepted are "
            f"finetuning=all and none, or strategies with fine-tuning: {others}."
        )


def _few_units(config: Schema) -> Iterator[str]:
    """A suite without units, or whose only one is left out of its own pre-training."""
    suite = config.suite
    if not suite.units:
        yield (
            f"suite={suite.name}: no unit to train on. Add one to conf/t5study/suite/"
            f"{suite.name}.yaml: units: {{NAME: {{train: [TASK]}}}}, or give tasks=[TASK]."
        )
    elif config.strategy.name == "leave_one_out" and len(suite.units) == 1:
        yield (
            f"strategy=leave_one_out: suite={suite.name} has one unit alone, "
            f"{', '.join(suite.units)}; without it no task is left to pre-train on. "
            "Take a suite of several units, or strategy=pretrain_finetune."
        )


def _corpora(config: Schema) -> Iterator[str]:
    from lab.corpora import get_corpus

    if config.pretrain.from_ is not None:
        return
    names = [config.dataset.corpus]
    if not config.vocabulary.file:
        names.append(config.vocabulary.corpus or config.roles.vocabulary)
    for name in dict.fromkeys(names):
        try:
            get_corpus(name)
        except StudyError as error:
            yield str(error)


def _columns(config: Schema, wrong: Set[str]) -> Iterator[str]:
    """Columns of what no task is scored by, which would stay empty."""
    from t5study.tasks.suites import SUITES

    suite = config.suite
    if suite.columns is None:
        if suite.name not in SUITES:
            yield (
                f"suite={suite.name}: the table has no columns. Add them to "
                f"conf/t5study/suite/{suite.name}.yaml: "
                "columns: [{name: Mine, terms: [[TASK.METRIC]]}]. "
                f"Suites that need none: {', '.join(SUITES)}."
            )
        return
    if not suite.columns:
        yield (
            "suite.columns=[]: the table has no columns. Accepted is a list such as "
            "[{name: Mine, terms: [[TASK.METRIC]]}]."
        )
    names = [column.name for column in suite.columns]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield f"suite.columns: {names.count(name)} columns are named {name}. Give each its own."
    for column in suite.columns:
        if not column.terms or not all(column.terms):
            yield (
                f"suite.columns, {column.name}, terms: {column.terms}: a group is empty. Accepted "
                "are groups of TASK.METRIC, such as [[boolq.acc]]."
            )
        for term in [term for group in column.terms for term in group]:
            # What is wrong with a task that a unit reads is said once.
            told = term.rpartition(".")[0] in wrong
            if not told and (complaint := _term(term, config)):
                yield f"suite.columns, {column.name}, {term}: {complaint}"


def _term(term: str, config: Schema) -> str | None:
    from t5study.tasks.chosen import chosen

    name, _, metric = term.rpartition(".")
    try:
        task, _ = chosen(name, config)
    except StudyError as error:
        return f"a term is TASK.METRIC. {error}"
    return None if metric in task.metrics else unknown(f"metric of {name}", metric, task.metrics)


def _splits(resolved: Resolved, tasks: Mapping[str, Task]) -> Iterator[str]:
    """Units scored on a split that one of their tasks lacks."""
    for unit in resolved.units:
        of_unit = resolved.config.suite.units[unit.name].split
        key = "evaluate.split" if of_unit is None else f"suite.units.{unit.name}.split"
        for name in unit.evaluate:
            if name in tasks and unit.split not in (known := tasks[name].splits):
                yield (
                    f"{key}={unit.split}: the task {name} has no such split, only "
                    f"{' and '.join(known)}. Type {key}={known[-1]}."
                )


def _labels(resolved: Resolved, tasks: Mapping[str, Task]) -> Iterator[str]:
    """Labels that the targets have no room for, where the vocabulary is known beforehand."""
    from lab.vocabulary import FILE, Vocabulary, readable_vocabulary
    from t5study.tasks.label_lengths import cut_labels

    config, vocabulary = resolved.config, None
    if resolved.given is not None:
        vocabulary = Vocabulary(resolved.given.files[FILE], sentinels=0)
    elif config.vocabulary.file:
        vocabulary = readable_vocabulary(config.vocabulary.file)
    if vocabulary is None:
        return
    for unit in resolved.units:
        of_unit = [tasks[n] for n in dict.fromkeys((*unit.train, *unit.evaluate)) if n in tasks]
        common = config.suite.units[unit.name].targets_length is None
        key = "finetune.targets_length" if common else f"suite.units.{unit.name}.targets_length"
        yield from cut_labels(of_unit, vocabulary, unit.targets_length, key)
        if most := config.evaluate.max_length:
            scored = [tasks[name] for name in unit.evaluate if name in tasks]
            yield from cut_labels(scored, vocabulary, most, "evaluate.max_length")


def _sizes(resolved: Resolved) -> Iterator[str]:
    """Trainings of which the multiples in `scaling` leave nothing, or make more than can be."""
    scaling, pretrain = resolved.config.scaling, resolved.config.pretrain
    steps = pretrain.steps * scaling.pretrain_steps * scaling.steps
    batch = pretrain.batch_size * scaling.pretrain_batch * scaling.batch
    trainings = [("pretrain", round(steps), round(batch))]
    trainings += [(f"suite.units.{u.name}", u.steps, u.batch_size) for u in resolved.units]
    for name, steps, batch in trainings:
        for multiple, key, size in (("steps", "steps", steps), ("batch", "batch_size", batch)):
            if size < 1:
                yield (
                    f"{name}.{key}: the multiples under scaling leave nothing of it. "
                    f"Raise scaling.{multiple}."
                )
            elif size > AMOUNT["most"]:
                yield (
                    f"{name}.{key}: the multiples under scaling make it {size:g}; at most "
                    f"{AMOUNT['most']:,} are accepted. Lower scaling.{multiple}."
                )


def _given(resolved: Resolved) -> Iterator[str]:
    """What cannot be done with a model that is given."""
    config, model = resolved.config, resolved.model
    strategy, accepted = config.strategy.name, ("pretrain_finetune", MIXED, "no_pretraining")
    if strategy not in accepted:
        yield (
            f"strategy={strategy} with pretrain.from={config.pretrain.from_}: it mixes tasks with "
            "the text and the objective of pre-training, which are those of the given model and "
            f"not known. Accepted are strategy={', '.join(accepted)}."
        )
    uneven = model.layout.encoder and model.num_layers != model.num_decoder_layers
    if config.finetuning.name == "gradual_unfreezing" and uneven:
        yield (
            "finetuning=gradual_unfreezing: blocks of encoder and decoder unfreeze in pairs, and "
            f"pretrain.from={config.pretrain.from_} has {model.num_layers} and "
            f"{model.num_decoder_layers} of them. Accepted are all and adapters."
        )


def _objective(resolved: Resolved) -> Iterator[str]:
    """An objective that the architecture cannot learn."""
    objective = resolved.objective
    architecture = resolved.config.architecture.name
    if architecture not in objective.architectures:
        yield (
            f"objective={objective.name} cannot train architecture={architecture}. "
            f"It fits: {', '.join(objective.architectures)}."
        )
