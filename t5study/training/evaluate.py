"""The evaluation stage: the chosen checkpoints' answers, scored (sections 2.3 and 3.1)."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.allocator import keep_freed_memory
from lab.parts import sampled
from lab.text_to_text.checkpoint import load
from lab.timing import Timing
from lab.vocabulary import Vocabulary
from t5study.model import Ensemble
from t5study.tasks.chosen import described, examples
from t5study.tasks.inspection import blind_notes
from t5study.training.answers import ask, constant, parts, score, too_long, write
from t5study.training.examples import require_whole_labels, unreachable_notes

log = logging.getLogger(__name__)


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """Publishes scores.json, constant.json and predictions.jsonl."""
    keep_freed_memory()
    most = config["max_length"]
    read = {config["split"]: config["tasks"]}
    require_whole_labels(read, Vocabulary(inputs["vocabulary"]), most, "evaluate.max_length")
    folders = [path for role, path in inputs.items() if role.startswith("member_")]
    scores, constants, lines, notes = {}, {}, [], []
    unreachable: dict[str, float] = {}
    drawn: dict[str, Any] = {}
    timing = Timing()
    for done, (name, description) in enumerate(config["tasks"].items()):
        files = [_chosen(folder, name, config["selection"]) for folder in folders]
        with timing.part("model"):
            loaded = [load(file, device=context.device) for file in files]
        models = [model.eval() for model, _ in loaded]
        vocabulary = Vocabulary(inputs["vocabulary"], sentinels=loaded[0][1]["sentinels"])
        model = models[0] if len(models) == 1 else Ensemble(models, average=config["average"])
        with timing.part("data"):
            questions = ask(
                described(name, description),
                config["split"],
                examples(name, config["split"], description),
                vocabulary,
                config["inputs_length"],
                config["examples"],
            )
        with timing.part("decoding"):
            outputs = write(
                model,
                questions,
                max_length=most,
                precision=config["precision"],
                beam_width=config["beam_width"],
                length_penalty=config["length_penalty"],
            )
            texts = [vocabulary.decode(tokens) for tokens in outputs]
        with timing.part("scoring"):
            scores[name] = score(questions, texts)
            constants[name] = constant(questions, config["train"].get(name))
        told = ", ".join(f"{metric} {value:.2f}" for metric, value in scores[name].items())
        log.info("%s: %s on %s examples", name, told, f"{len(questions.examples):,}")
        kept = parts(questions, texts)
        drawn[name] = sampled(kept)
        notes += blind_notes(questions.task, questions.examples)
        if not questions.task.labels:  # which are whole, or nothing runs
            unreachable[name] = too_long(questions, vocabulary, most)
        lines += [
            {
                "task": name,
                "id": index,
                "inputs": example["inputs"],
                "target": example["targets"],
                "prediction": text,
                "parts": part,
                **_cut(questions.cut[index], len(outputs[index]) >= config["max_length"]),
            }
            for index, (example, text, part) in enumerate(
                zip(questions.examples, texts, kept, strict=True)
            )
        ]
        context.progress(done + 1, len(config["tasks"]))
    notes += unreachable_notes(unreachable, most)
    if notes:
        context.record(notes=notes)
    context.record(scored=drawn, references_too_long=unreachable, seconds=timing.seconds)
    (out / "scores.json").write_text(json.dumps(scores, indent=1))
    (out / "constant.json").write_text(json.dumps(constants, indent=1))
    with (out / "predictions.jsonl").open("w", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _cut(input_cut: bool, prediction_cut: bool) -> dict[str, list[str]]:
    """What a line says of texts that did not fit into their lengths; nothing where all did."""
    cut = [what for what, so in (("input", input_cut), ("prediction", prediction_cut)) if so]
    return {"cut": cut} if cut else {}


def _chosen(folder: Path, task: str, rule: str | None) -> Path:
    """The checkpoint that answers a task; without a rule, what a pre-training ended with."""
    if rule is None:
        return folder / "model.pt"
    selection = json.loads((folder / "selection.json").read_text())
    # A task that is only evaluated has no validation of its own: the last checkpoint answers it.
    return folder / (selection[task][rule] if task in selection else "last.pt")
