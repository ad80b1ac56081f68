"""From a cell's configuration to the stages that score it, and the columns of its table."""

from __future__ import annotations

from typing import Any

from studies.gector.columns import SPEED, columns
from studies.gector.config import Schema
from studies.gector.stages import Stages

SEEN = "Seen: other sentences of rules that training has; unseen: rules that it has not."
SPOILED = "Spoiled: share of the right sentences among a set's that come out changed."
SCORER = (
    "Scores are of token_edits, this project's own measure: not to be set beside digits of M2 or "
    "ERRANT."
)
NOTHING = "A tagger that changes nothing has P 100, R 0 and F0.5 0."
REFERENCES = [
    {"label": "Nothing changed", "file": "nothing.json"},
    {"label": "Look-up of misspellings", "file": "look_up.json"},
]
FASTEST = (
    "Sentences a second: the fastest of {} measurements; of one thread on a CPU by the processor's "
    "time."
)
FULL = "Real pairs are examples of checkers' rules, nearly all with one mistake; no learner essays."


def cell(config: Schema) -> dict[str, Any]:
    """The stages that score a cell, by set, and the columns of its table."""
    stages = Stages(config)
    sets = config.evaluate.sets
    if config.evaluate.coverage:
        return {
            "scores": {f"{name}_coverage": stages.coverage for name in sets},
            "columns": columns(config),
            "selection": f"tags counted on {config.tags.share:.0%} of the pairs of stage "
            f"{' and '.join(config.tags.counted)}; nothing is trained",
            "footnotes": [SEEN, FULL],
        }
    scores = {name: stages.evaluate(name) for name in sets}
    footnotes = [SEEN, SPOILED, SCORER, NOTHING, FULL]
    if config.speed.measured:
        scores[SPEED] = stages.speed
        footnotes.append(FASTEST.format(config.speed.repeats))
    return {
        "scores": scores,
        "columns": columns(config),
        "selection": "best epoch on validation of each stage of training",
        "references": REFERENCES,
        "footnotes": footnotes,
        "remarks": [_remark(config)],
    }


def _remark(config: Schema) -> str:
    trained = ", ".join(config.stages.run)
    if config.system.name == "rewriter":
        writes = f"beam {config.rewriter.beam}" if config.rewriter.beam > 1 else "greedy"
        return f"Stages {trained} of training; text-to-text, {config.rewriter.size}, {writes}."
    encoder = config.encoder
    where = encoder.folder or f"{encoder.kind}, drawn at random"
    if encoder.objective:
        where = f"{encoder.kind}, pre-trained on {config.pretrain.corpus} ({encoder.objective})"
    return (
        f"Stages {trained} of training; {config.tags.size:,} tags ({config.tags.name}); encoder "
        f"{where}; {config.inference.iterations} rounds, tweaks {config.inference.name}."
    )
