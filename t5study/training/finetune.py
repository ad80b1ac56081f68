"""The fine-tuning stage: one task or mixture, its best checkpoint for each task (3.1.2, 3.5)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

import lightning

from t5study.batching import FinetuneBatches
from t5study.mixing import mixing_rates
from t5study.tasks import get_task
from t5study.training.answers import answer, ask, score
from t5study.training.checkpoint import build, load, save
from t5study.training.finetuning import Method, get_method
from t5study.training.fit import Keeper, fit, write_history
from t5study.training.module import TextToText
from t5study.training.schedule import constant
from t5study.vocabulary import Vocabulary

LAST_MODEL = "last.pt"


class Unfreezer(lightning.Callback):
    """Marks what trains before each step."""

    def __init__(self, method: Method) -> None:
        self._method = method

    def on_train_batch_start(self, trainer: Any, module: Any, batch: Any, index: int) -> None:
        self._method.at(module.model, trainer.global_step)


class Validator:
    """Scores checkpoints on validation and keeps those that are some task's best so far."""

    def __init__(
        self,
        model: Any,
        vocabulary: Vocabulary,
        config: Mapping[str, Any],
        work: Path,
        extra: Mapping[str, Any],
    ) -> None:
        self.model, self.vocabulary, self.config, self.work = model, vocabulary, config, work
        self.extra = extra
        self.memory: dict[str, Any] = {"validation": {name: [] for name in config["validation"]}}
        self._questions = {
            name: ask(
                get_task(name),
                "validation",
                vocabulary,
                config["inputs_length"],
                config["validation_examples"],
            )
            for name in config["validation"]
        }

    def path(self, step: int) -> Path:
        """Where the checkpoint of a step lies while it can win."""
        return self.work / f"step_{step}.pt"

    def best(self, task: str) -> int:
        """The first step with the task's highest mean over its metrics."""
        history = self.memory["validation"][task]
        return max(history, key=lambda entry: (entry["mean"], -entry["step"]))["step"]

    def __call__(self, step: int) -> None:
        for name, questions in self._questions.items():
            texts = answer(
                self.model,
                questions,
                self.vocabulary,
                max_length=self.config["targets_length"],
                precision=self.config["precision"],
            )
            scores = score(questions, texts)
            entry = {"step": step, "mean": fmean(scores.values()), **scores}
            self.memory["validation"][name].append(entry)
        winners = {self.best(name) for name in self._questions}
        if step in winners:
            save(self.path(step), self.model, **self.extra)
        for path in self.work.glob("step_*.pt"):
            if path not in {self.path(winner) for winner in winners}:
                path.unlink()

    def carry(self, folder: Path) -> None:
        """Fetch the checkpoints that can still win from another work folder."""
        for path in folder.glob("step_*.pt"):
            shutil.copy2(path, self.work / path.name)


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """Fine-tune; publishes each task's best checkpoint, the last one and selection.json."""
    if "pretrain" in inputs:
        model, content = load(inputs["pretrain"] / "model.pt", device=context.device)
        sentinels, optimizer_state = content["sentinels"], content["optimizer"]
    else:
        model = build(config["model"], seed=config["seed"], device=context.device)
        sentinels, optimizer_state = config["sentinels"], None
    vocabulary = Vocabulary(inputs["vocabulary"], sentinels=sentinels)
    method_settings = dict(config["method"])
    method = get_method(method_settings.pop("name"), config["steps"], **method_settings)
    method.prepare(model)
    extra = {"sentinels": sentinels, "adapter_dim": config["method"].get("adapter_dim")}
    batches = _batches(config, vocabulary, model.config.architecture)
    module = TextToText(
        model,
        schedule=constant(config["learning_rate"]),
        z_loss=config["z_loss"],
        normalizer=config["normalizer"],
        optimizer_state=optimizer_state,
    )
    validator = Validator(model, vocabulary, config, context.work, extra)
    tokens = config["batch_size"] * (config["inputs_length"] + config["targets_length"])
    keeper = Keeper(
        context,
        config["steps"],
        tokens_per_step=tokens,
        every=config["checkpoint_every"],
        on_step=validator,
        memory=validator.memory,
    )
    fit(
        module,
        batches,
        steps=config["steps"],
        seed=config["seed"],
        precision=config["precision"],
        context=context,
        keeper=keeper,
        callbacks=[Unfreezer(method)],
        carry=validator.carry,
    )
    write_history(out / "metrics.csv", keeper.history)
    save(out / LAST_MODEL, model, **extra)
    selection = {}
    for name, history in validator.memory["validation"].items():
        best = validator.best(name)
        if not (out / f"step_{best}.pt").exists():
            shutil.copy2(validator.path(best), out / f"step_{best}.pt")
        selection[name] = {"best": f"step_{best}.pt", "last": LAST_MODEL, "validation": history}
    (out / "selection.json").write_text(json.dumps(selection, indent=1))


def _batches(config: Mapping[str, Any], vocabulary: Vocabulary, architecture: str) -> Any:
    examples = {}
    for name in config["tasks"]:
        task = get_task(name)
        texts = [e for raw in task.load("train") for e in task.preprocess(raw)]
        texts = texts[: config["train_examples"]]
        inputs = vocabulary.encode_batch([example["inputs"] for example in texts])
        targets = vocabulary.encode_batch([example["targets"] for example in texts])
        examples[name] = list(zip(inputs, targets, strict=True))
    rates = dict.fromkeys(examples, 1.0)
    if config["mixing"]:
        mixing = dict(config["mixing"])
        counts = {name: len(pairs) for name, pairs in examples.items()}
        rates = mixing_rates(
            counts, mixing["name"], limit=mixing["limit"], temperature=mixing["temperature"]
        )
    return FinetuneBatches(
        examples,
        rates,
        architecture=architecture,
        inputs_length=config["inputs_length"],
        targets_length=config["targets_length"],
        batch_size=config["batch_size"],
        packing=config["packing"],
        seed=config["seed"],
    )
