"""The stage "evaluate": what several fine-tunings of one pre-training score on a data set.

Its `config` holds data (the description of the split that is scored), split, train (that of the
training set, or None), examples, inputs_length, selection, summary, head, precision.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any

from lab.allocator import keep_freed_memory
from lab.datasets.chosen import described
from lab.datasets.segments import segments_of
from lab.encoder.finetuning.answers import Questions, read
from lab.encoder.finetuning.kinds import kind_of
from lab.encoder.finetuning.model import load
from lab.encoder.finetuning.rows import cut_note, scored_rows, share_cut
from lab.encoder.vocabulary import open_vocabulary
from lab.parts import sampled
from lab.timing import Timing
from lab.training.selection import LAST_MODEL

log = logging.getLogger(__name__)

SUMMARIES: Mapping[str, Callable[[Sequence[float]], float]] = {"median": median, "mean": fmean}
"""What one score is made of those of several fine-tunings by."""
ENSEMBLE = "ensemble"
"""The summary that is one score of all fine-tunings' answers together."""
SEEING = 90.0
"""What a metric gives the right answers, at least, where it can tell them from others."""
LOOKED_AT = 10_000
"""Training rows of which a constant answer is taken; labels are all tried anyway."""
SEPARATOR = " [SEP] "


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """Publishes scores.json, members.json, constant.json and predictions.jsonl.

    The predictions are those of the member in the middle: by the mean over the metrics as many are
    better as are worse, of an even number one more; of an ensemble its own.
    """
    keep_freed_memory()
    timing = Timing()
    with timing.part("data"):
        data = described(config["data"], config["split"])
        kind = kind_of(data, config["head"])
        rows = scored_rows(data, config["split"], config["examples"])
        pieces = open_vocabulary(inputs["vocabulary"])
        questions = Questions.of(data, kind, rows, pieces, config["inputs_length"], context.threads)
    folders = [path for role, path in inputs.items() if role.startswith("member_")]
    reads, answered = [], []
    for done, folder in enumerate(folders, start=1):
        with timing.part("model"):
            model = load(_chosen(folder, config["selection"]), kind, device=context.device)
        with timing.part("answering"):
            reads.append(read(model.eval(), questions, config["precision"]))
            answered.append(kind.predictions(reads[-1], questions.inputs))
        context.progress(done, len(folders))
    with timing.part("scoring"):
        members = [questions.score(predictions) for predictions in answered]
        known = described(config["train"], "train").rows("train") if config["train"] else ()
        constants = questions.constant(islice(known, LOOKED_AT))
        middle = sorted(range(len(members)), key=lambda one: data.mean(members[one]))
        chosen = middle[(len(members) - 1) // 2]
        alone = config["summary"] != ENSEMBLE
        if alone:
            scores = summed_up(members, config["summary"])
        else:
            # Its answers are shown in place of those of a member.
            answered = [kind.predictions(kind.together(reads), questions.inputs)]
            scores, chosen = questions.score(answered[0]), 0
        parts = [questions.parts(predictions) for predictions in answered]
    told = ", ".join(f"{metric} {scores[metric]:.2f}" for metric in data.metrics)
    log.info("%s: %s on %s examples", data.name, told, f"{len(rows):,}")
    cut = share_cut(questions.inputs)
    notes = cut_note(data.name, cut, config["inputs_length"], "evaluation")
    context.record(notes=[*notes, *_blind(questions)], seconds=timing.seconds)
    context.record(scored={data.name: sampled(parts[chosen])})
    _write(out / "scores.json", {data.name: scores})
    _write(out / "members.json", {data.name: members})
    _write(out / "constant.json", {data.name: constants})

    def of_members(index: int) -> dict[str, Any]:
        return {"members": [one[index] for one in parts], "summary": config["summary"]}

    texts = segments_of(data)
    with (out / "predictions.jsonl").open("w", encoding="utf-8") as file:
        for index, row in enumerate(rows):
            line = {
                "task": data.name,
                "id": index,
                "inputs": SEPARATOR.join(texts(row)),
                "target": kind.shown(kind.right(row)),
                "prediction": kind.shown(answered[chosen][index]),
                "parts": parts[chosen][index],
                **(of_members(index) if alone and len(members) > 1 else {}),
                **({"cut": ["input"]} if questions.inputs.cut[index] else {}),
            }
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def summed_up(members: Sequence[Mapping[str, float]], summary: str) -> dict[str, float]:
    """Each metric's summary over the members, and its mean and deviation (n - 1) beside it."""
    scores = {}
    for metric in members[0]:
        values = [one[metric] for one in members]
        scores[metric] = SUMMARIES[summary](values)
        scores[f"{metric}_mean"] = fmean(values)
        if len(values) > 1:
            scores[f"{metric}_deviation"] = stdev(values)
    return scores


def _chosen(folder: Path, rule: str) -> Path:
    """The model that answers for a fine-tuning, chosen on its one validation set or the last."""
    if rule == "last":
        return folder / LAST_MODEL
    (chosen,) = json.loads((folder / "selection.json").read_text()).values()
    return folder / str(chosen[rule])


def _blind(questions: Questions) -> list[str]:
    """What is said of metrics that cannot tell the right answers to these rows from others."""
    return [
        f"{questions.data.name}'s {metric} says little: the right answers to its "
        f"{len(questions.rows):,} examples score {value:.1f}."
        for metric, value in questions.ceiling().items()
        if value < SEEING
    ]


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1))
