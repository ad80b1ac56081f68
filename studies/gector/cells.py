"""From a cell's configuration to the stages that score it, and the columns of its table."""

from __future__ import annotations

from typing import Any

from studies.gector.columns import columns
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
    return {
        "scores": {name: stages.evaluate(name) for name in sets},
        "columns": columns(config),
        "selection": "best epoch on validation of each stage of training",
        "references": REFERENCES,
        "footnotes": [SEEN, SPOILED, SCORER, NOTHING, FULL],
        "remarks": [_remark(config)],
    }


def _remark(config: Schema) -> str:
    trained = ", ".join(config.stages.run)
    where = config.encoder.folder or "drawn at random"
    return (
        f"Stages {trained} of training; {config.tags.size:,} tags ({config.tags.name}); encoder "
        f"{where}; {config.inference.iterations} rounds, tweaks {config.inference.name}."
    )
