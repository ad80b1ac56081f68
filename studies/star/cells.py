"""From a cell's configuration to the stages that score it, and the columns of its table."""

from __future__ import annotations

from typing import Any

from lab.columns import Column, Measure
from lab.errors import unknown
from lab.text_to_text.config import SIZES
from studies.star.classes import RELATION_IDS, TYPES, VERBS
from studies.star.config import Schema
from studies.star.stages import TRAINED, Stages

MEASURES = {
    "acc": Measure(words="accuracy"),
    "one": Measure(words="questions of which exactly one option is taken"),
}
FREQUENT = {"label": "Most frequent answer of training", "file": "constant.json"}
GENERATED = (
    "Generated situations: how often actions happen, their order, length and overlap, what is in "
    "view, the relations and all noise are invented (conf/star/); no video is behind them."
)
GUESS = "Of several options that a reader takes, or of none, one is guessed: its chance is scored."


def cell(config: Schema) -> dict[str, Any]:
    """The stages that score a cell, by type of question, and the columns of its table."""
    stage = Stages(config).evaluate()
    return {
        "scores": dict.fromkeys(TYPES, stage),
        "columns": columns(config),
        "references": [FREQUENT],
        "selection": f"last checkpoint; scores on the {config.split} split",
        "footnotes": [GENERATED, GUESS],
    }


def columns(config: Schema) -> list[Column]:
    """A column a type of question, and their plain mean."""
    made = [
        Column(name=kind, terms=[[(kind, "acc")]], measures=MEASURES, paper=kind) for kind in TYPES
    ]
    every = [[(kind, "acc")] for kind in TYPES]
    words = f"mean over {len(TYPES)} types of question"
    made.append(
        Column(name="Mean", terms=every, measures=MEASURES, average=True, paper="Mean", words=words)
    )
    if config.reader.name == "executor":
        alone = [[(kind, "one")] for kind in TYPES]
        words = MEASURES["one"].words
        made.append(Column(name="One taken", terms=alone, measures=MEASURES, words=words))
    return made


def complaints(config: Schema) -> list[str]:
    """What is impossible about a configuration's values, in the command line's words."""
    found = []
    if config.model.size not in SIZES:
        found.append(f"model.size={config.model.size}: {unknown('size', config.model.size, SIZES)}")
    for verb, relation in config.world.contact.items():
        if verb not in VERBS.values():
            found.append(f"world.contact.{verb}: {unknown('verb', verb, VERBS.values())}")
        if relation not in RELATION_IDS:
            wrong = unknown("relation", relation, RELATION_IDS)
            found.append(f"world.contact.{verb}={relation}: {wrong}")
    for relation in config.world.spatial:
        if relation not in RELATION_IDS:
            found.append(f"world.spatial: {unknown('relation', relation, RELATION_IDS)}")
    if not config.world.spatial:
        found.append("world.spatial=[]: give one relation or more, such as [near].")
    if config.reader.name in TRAINED and config.reading.inputs_length < 48:
        found.append(
            f"reading.inputs_length={config.reading.inputs_length}: a question with its options "
            "takes up to 48 words. Give 48 or more."
        )
    return found
