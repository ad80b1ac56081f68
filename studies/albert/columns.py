"""The columns of a suite's table: tasks, their mean, what pre-training itself does, parameters."""

from __future__ import annotations

from dataclasses import replace

from lab.columns import Column, Measure
from lab.encoder.suite.columns import suite_columns
from studies.albert.resolved import Resolved
from studies.albert.tasks import INTRINSIC as INTRINSIC_TASK
from studies.albert.tasks import LAYERS, task_after


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


APART = ("nsp_acc", "sop_acc", "nsp_loss", "sop_loss", "unigram_loss")
"""What is so whether or not pieces were learned."""
LAYER = {
    "distance": Measure(words="L2 distance between a layer's input and output", most=None),
    "angle": Measure(words="angle between them", unit="degrees", most=180.0),
}


def _of_pretraining(resolved: Resolved, *, alone: bool) -> list[Column]:
    """Where nothing is fine-tuned, accuracies of pre-training are what rows compete in: `alone`."""
    evaluate, made = resolved.config.evaluate, []
    if evaluate.intrinsic:
        made += _intrinsic(competing=alone)
    if evaluate.curve:
        made += _curve(resolved)
    if evaluate.layers:
        made += [one for name in LAYER for one in _of_layers(name, resolved.encoder.layers)]
    return made


def columns(resolved: Resolved) -> list[Column]:
    """Those of the suite, their average, then what is asked for beside them."""
    config = resolved.config
    made = suite_columns(config.suite, resolved.units, "avg")
    if resolved.given is None:
        made += _of_pretraining(resolved, alone=not made)
    if config.evaluate.cost:
        made.append(
            Column(
                name="Params (M)",
                terms=[[("cost", "parameters")]],
                measures={"parameters": PARAMETERS},
                paper="parameters_millions",
                competes=False,
                despite_divergence=True,
            )
        )
    return made


def _intrinsic(*, competing: bool) -> list[Column]:
    measures = {key: measure for key, (_, measure) in INTRINSIC.items()}
    return [
        Column(
            name=name,
            terms=[[(INTRINSIC_TASK, key)]],
            measures=measures,
            paper=PAPER.get(key),
            competes=competing and key in PAPER,
            despite_divergence=key in APART,
        )
        for key, (name, _) in INTRINSIC.items()
    ]


def _curve(resolved: Resolved) -> list[Column]:
    """Accuracy of pieces after each count of updates at which networks were kept, and at last."""
    measures = {"mlm_acc": INTRINSIC["mlm_acc"][1]}
    after = [(updates, task_after(updates)) for updates in resolved.kept]
    return [
        Column(
            name=f"MLM at {updates:,}",
            terms=[[(task, "mlm_acc")]],
            measures=measures,
            words="accuracy of masked pieces after so many updates",
            competes=False,
        )
        for updates, task in (*after, (resolved.steps, INTRINSIC_TASK))
    ]


def _of_layers(name: str, layers: int) -> list[Column]:
    """One quantity of Figure 1 at each layer, its least, and its mean change between layers."""
    measure = LAYER[name]
    keys = {f"{name}_{layer}": f"{name.capitalize()} {layer}" for layer in range(1, layers + 1)}
    keys[f"{name}_least"] = f"Least {name}"
    made = [_of_layer(key, shown, measure) for key, shown in keys.items()]
    if layers > 1:
        step = replace(
            measure,
            words=f"mean change of the {name} from a layer to the next",
            lower_is_better=True,
        )
        made.append(_of_layer(f"{name}_step", f"{name.capitalize()} step", step))
    return made


def _of_layer(key: str, name: str, measure: Measure) -> Column:
    return Column(name=name, terms=[[(LAYERS, key)]], measures={key: measure}, competes=False)
