"""Training a text-to-text model on pairs of lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lab.batching.batches import Batches
from lab.batching.examples import ExampleRows
from lab.errors import StudyError
from lab.text_to_text.checkpoint import build, save
from lab.text_to_text.layout import Layout, Pairs
from lab.text_to_text.module import TextToText
from lab.training.fit import Keeper, fit, write_history
from lab.training.schedule import inverse_square_root
from lab.training.team import team_of
from studies.star.model.texts import Pair
from studies.star.model.words import WORDS

MODEL = "model.pt"


def learn(pairs: Iterable[Pair], config: Mapping[str, Any], out: Path, context: Any) -> Path:
    """Train on (read, written) lines and write model.pt and metrics.csv; where the model is.

    Raises StudyError where there is nothing to learn from.
    """
    encoded = [(WORDS.encode(read), WORDS.encode(written)) for read, written in pairs]
    if not encoded:
        raise StudyError("no question to train on: generate more videos (world.videos).")
    layout = Layout(
        architecture="encoder_decoder",
        inputs_length=config["inputs_length"],
        targets_length=config["targets_length"],
    )
    rows = ExampleRows(Pairs.of(encoded), layout, packing=False, seed=config["seed"])
    batches = Batches.of_one(
        "pairs", rows, layout, batch_size=config["batch_size"], seed=config["seed"]
    )
    with team_of(context) as team:
        model = build(config["model"], seed=config["seed"], device=context.device)
        module = TextToText(
            model,
            schedule=inverse_square_root(config["hold"], steps=config["steps"]),
            normalizer="tokens",
            team=team,
        )
        tokens = config["batch_size"] * (config["inputs_length"] + config["targets_length"])
        keeper = Keeper(context, config["steps"], tokens_per_step=tokens, team=team)
        fit(
            module,
            batches,
            steps=config["steps"],
            seed=config["seed"],
            precision=config["precision"],
            context=context,
            keeper=keeper,
        )
        if team.lead:
            save(out / MODEL, team.copy(model))
            write_history(out / "metrics.csv", keeper.history)
    return out / MODEL
