"""The columns of a suite's table: tasks, their plain mean, what pre-training itself does, cost."""

from __future__ import annotations

from lab.columns import Column, Measure
from lab.encoder.suite.columns import suite_columns
from studies.electra.resolved import Resolved


def _nats(words: str) -> Measure:
    return Measure(words=words, unit="nats", most=None, lower_is_better=True)


INTRINSIC: dict[str, tuple[str, Measure]] = {
    "generator_acc": ("G acc.", Measure(words="drawn pieces that the generator gets right")),
    "generator_loss": ("G loss", _nats("the generator's loss")),
    "unigram_loss": ("Unigram loss", _nats("loss by frequency alone")),
    "replaced": ("Replaced", Measure(words="pieces that a sample replaced, in percent")),
    "detector_auc": ("D AUC", Measure(words="area under the discriminator's ROC curve")),
    "detector_loss": ("D loss", _nats("the discriminator's loss")),
    "detector_constant": ("D const.", _nats("loss of answering the share of replaced pieces")),
    "mlm_acc": ("MLM acc.", Measure(words="drawn pieces that the encoder gets right")),
    "mlm_loss": ("MLM loss", _nats("the encoder's loss of pieces")),
}
"""A column's name and measure by what the stage `intrinsic` scores."""
COST = {
    "parameters": Measure(words="parameters of the encoder", unit="millions", most=None),
    "flops": Measure(words="FLOPs of pre-training", unit="FLOPs", most=None),
    "paper_flops": Measure(
        words="FLOPs of pre-training by the paper's count", unit="FLOPs", most=None
    ),
}


def columns(resolved: Resolved) -> list[Column]:
    """Those of the suite, their average, then what is asked for beside them."""
    config = resolved.config
    made = suite_columns(config.suite, resolved.units, "GLUE")
    if config.evaluate.intrinsic and resolved.given is None:
        made += _intrinsic()
    if config.evaluate.cost:
        made += _cost()
    return made


def _cost() -> list[Column]:
    named = {"Params (M)": "parameters", "FLOPs": "flops", "FLOPs (paper)": "paper_flops"}
    return [
        Column(
            name=name,
            terms=[[("cost", key)]],
            measures=COST,
            scientific=key != "parameters",
            competes=False,
        )
        for name, key in named.items()
    ]


def _intrinsic() -> list[Column]:
    """All of them: the rows of a table share its columns, and a row leaves empty what it lacks."""
    measures = {key: measure for key, (_, measure) in INTRINSIC.items()}
    return [
        Column(name=name, terms=[[("intrinsic", key)]], measures=measures, competes=False)
        for key, (name, _) in INTRINSIC.items()
    ]
