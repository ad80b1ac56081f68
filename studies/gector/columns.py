"""The columns of a table: P, R and F0.5 of each set, what right sentences lose, or coverage."""

from __future__ import annotations

from lab.columns import Column, Measure
from studies.gector.config import Schema

OURS = "by token_edits, no M2 or ERRANT"
MEASURES = {
    "p": Measure(words=f"precision, {OURS}"),
    "r": Measure(words=f"recall, {OURS}"),
    "f05": Measure(words=f"F0.5, {OURS}"),
    "edits": Measure(words="edits made", unit="edits", most=None),
    "exact": Measure(words="sentences that come out as they should"),
    "spoiled": Measure(words="right sentences that are changed", lower_is_better=True),
    "coverage": Measure(words="edits that the list of tags can make"),
}
SCORES = {"p": "P", "r": "R", "f05": "F0.5"}
TITLES = {"seen": "Seen", "unseen": "Unseen", "synthetic": "Synth.", "validation": "Valid."}
SPEED = "speed"
"""The task that sentences a second stand under."""
WITH_RIGHT = ("seen", "unseen", "validation")
"""Sets with right sentences among theirs."""


def columns(config: Schema) -> list[Column]:
    """Those of the sets that are scored, seen rules and unseen ones apart."""
    made = []
    for name in config.evaluate.sets:
        title = TITLES[name]
        if config.evaluate.coverage:
            terms = [[(f"{name}_coverage", "coverage")]]
            made.append(Column(name=f"{title} coverage", terms=terms, measures=MEASURES))
            continue
        for key, label in SCORES.items():
            made.append(Column(name=f"{title} {label}", terms=[[(name, key)]], measures=MEASURES))
        if name in WITH_RIGHT:
            terms = [[(name, "spoiled")]]
            made.append(Column(name=f"{title} spoiled", terms=terms, measures=MEASURES))
        else:
            terms = [[(name, "edits")]]
            made.append(
                Column(
                    name=f"{title} edits",
                    terms=terms,
                    measures=MEASURES,
                    decimals=0,
                    competes=False,
                )
            )
    if config.speed.measured and not config.evaluate.coverage:
        for key in config.speed.sentences:
            size = key.removeprefix("at_")
            rate = Measure(words=f"sentences a second, {size} at once", unit="sentences", most=None)
            terms = [[(SPEED, key)]]
            made.append(
                Column(name=f"Sent./s, {size}", terms=terms, measures={key: rate}, decimals=1)
            )
    return made
