"""The stage "rewrite": one stage of training of the text-to-text model, on the tagger's pairs.

Its `config` holds correct (the share of right sentences that is read), batch_size, updates, hold,
longest, seed and precision; without an earlier stage also `model`, its settings. Inputs are
"vocabulary", "pairs", and "before", the earlier stage.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.batching.batches import Batches
from lab.batching.examples import ExampleRows
from lab.encoder.vocabulary import Pieces, open_vocabulary
from lab.errors import DataError
from lab.text_to_text.checkpoint import build, load, save
from lab.text_to_text.layout import Layout, Pairs
from lab.text_to_text.module import TextToText
from lab.timing import Timing
from lab.training.fit import Keeper, fit, write_history
from lab.training.schedule import inverse_square_root
from lab.training.team import Team
from studies.gector.rewriter import MODEL, VOCABULARY, read_by_rewriter
from studies.gector.training.pairs import read_pairs


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """Publishes rewriter.pt, the vocabulary and metrics.csv. Raises DataError without pairs."""
    timing = Timing()
    with timing.part("data"):
        pieces = open_vocabulary(inputs["vocabulary"])
        pairs = _pairs(inputs["pairs"], config, pieces, context.threads)
    layout = Layout(
        architecture="encoder_decoder",
        inputs_length=config["longest"],
        targets_length=config["longest"],
    )
    rows = ExampleRows(pairs, layout, packing=False, seed=config["seed"])
    batches = Batches.of_one(
        "pairs", rows, layout, batch_size=config["batch_size"], seed=config["seed"]
    )
    with timing.part("model"):
        if "before" in inputs:
            model, _ = load(inputs["before"] / MODEL, device=context.device)
        else:
            model = build(config["model"], seed=config["seed"], device=context.device)
    steps, team = config["updates"], Team()
    module = TextToText(
        model,
        schedule=inverse_square_root(config["hold"], steps=steps),
        normalizer="tokens",
        team=team,
    )
    tokens = sum(float(field.lengths.mean()) for field in pairs.fields)
    keeper = Keeper(
        context, steps, tokens_per_step=config["batch_size"] * tokens, team=team, timing=timing
    )
    fit(
        module,
        batches,
        steps=steps,
        seed=config["seed"],
        precision=config["precision"],
        context=context,
        keeper=keeper,
    )
    save(out / MODEL, model)
    shutil.copytree(inputs["vocabulary"], out / VOCABULARY)
    write_history(out / "metrics.csv", keeper.history)
    context.record(
        sentences=len(pairs), repeats={"pairs": batches.epochs(steps)}, seconds=timing.seconds
    )


def _pairs(folder: Path, config: Mapping[str, Any], pieces: Pieces, threads: int) -> Pairs:
    """The pairs as ids: those with a mistake, and a share of the right sentences."""
    draws = random.Random(config["seed"])
    kept = [
        (row["source"], row["target"])
        for row in read_pairs(folder)
        if row["source"] != row["target"] or draws.random() < config["correct"]
    ]
    if not kept:
        raise DataError("The pairs of this stage have no mistake: there is nothing to learn.")
    read = read_by_rewriter([source.split() for source, _ in kept])
    written = [target for _, target in kept]
    sides = (pieces.encode_arrays(texts, threads) for texts in (read, written))
    return Pairs.of(zip(*sides, strict=True))
