"""The columns of a suite's table: tasks, their mean, what pre-training itself does, parameters."""

from __future__ import annotations

from lab.columns import Column, Measure
from lab.encoder.suite.columns import suite_columns
from studies.albert.resolved import Resolved


def _accuracy(words: str) -> Measure:
    return Measure(words=words)


def _nats(words: str) -> Measure:
    return Measure(words=words, unit="nats", most=None, lower_is_better=True)


INTRINSIC: dict[str, tuple[str, Measure]] = {
    "mlm_acc": ("MLM", _accuracy("accuracy of masked pieces")),
    "nsp_acc": ("NSP", _accuracy("accuracy of next sentence prediction")),
    "sop_acc": ("SOP", _accuracy("accuracy of sentence order prediction")),
    "mlm_loss": ("MLM loss", _nats("loss of masked pieces")),
    "unigram_loss": ("Unigram loss", _nats("loss by frequency alone")),
    "nsp_loss": ("NSP loss", _nats("loss of next sentence prediction")),
    "sop_loss": ("SOP loss", _nats("loss of sentence order prediction")),
}
"""A column's name and measure by what the stage `intrinsic` scores."""
PAPER = {"mlm_acc": "intrinsic_mlm", "nsp_acc": "intrinsic_nsp", "sop_acc": "intrinsic_sop"}
"""The columns of Table 5."""
PARAMETERS = Measure(words="parameters with the pooler", unit="millions", most=None)


def columns(resolved: Resolved) -> list[Column]:
    """Those of the suite, their average, then what is asked for beside them."""
    config = resolved.config
    made = suite_columns(config.suite, resolved.units, "avg")
    if config.evaluate.intrinsic:
        measures = {key: measure for key, (_, measure) in INTRINSIC.items()}
        made += [
            Column(
                name=name,
                terms=[[("intrinsic", key)]],
                measures=measures,
                paper=PAPER.get(key),
                competes=False,
            )
            for key, (name, _) in INTRINSIC.items()
        ]
    if config.evaluate.cost:
        made.append(
            Column(
                name="Params (M)",
                terms=[[("cost", "parameters")]],
                measures={"parameters": PARAMETERS},
                paper="parameters_millions",
                competes=False,
            )
        )
    return made
