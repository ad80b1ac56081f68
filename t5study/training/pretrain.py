"""The pre-training stage (sections 3.1.2 and 3.1.4)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from t5study.batching import PretrainBatches
from t5study.corpora.tokenized import TokenizedCorpus
from t5study.objectives import get_objective
from t5study.training.checkpoint import build, save
from t5study.training.fit import Keeper, fit, write_history
from t5study.training.module import TextToText, named_state
from t5study.training.schedule import inverse_square_root
from t5study.vocabulary import Vocabulary


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """Train from scratch on the corpus; publishes model.pt and metrics.csv."""
    vocabulary = Vocabulary(inputs["vocabulary"], sentinels=config["sentinels"])
    corpus = TokenizedCorpus.open(inputs["corpus"])
    if config["corpus_tokens"]:
        corpus = corpus.first(config["corpus_tokens"])
    batches = PretrainBatches(
        corpus,
        get_objective(
            vocab_size=vocabulary.size,
            num_sentinels=max(config["sentinels"], 1),
            **config["objective"],
        ),
        architecture=config["model"]["architecture"],
        inputs_length=config["inputs_length"],
        batch_size=config["batch_size"],
        seed=config["seed"],
    )
    module = TextToText(
        build(config["model"], seed=config["seed"], device=context.device),
        schedule=inverse_square_root(config["hold"], steps=config["steps"], ramp=config["ramp"]),
        z_loss=config["z_loss"],
        normalizer=config["normalizer"],
    )
    tokens = config["batch_size"] * (config["inputs_length"] + config["targets_length"])
    keeper = Keeper(context, config["steps"], tokens_per_step=tokens)
    fit(
        module,
        batches,
        steps=config["steps"],
        seed=config["seed"],
        precision=config["precision"],
        context=context,
        keeper=keeper,
    )
    context.record(tokens=tokens * config["steps"], repeats=batches.epochs(config["steps"]))
    write_history(out / "metrics.csv", keeper.history)
    optimizer = module.optimizers(use_pl_optimizer=False)
    save(
        out / "model.pt",
        module.model,
        optimizer=named_state(optimizer, module.model),
        sentinels=config["sentinels"],
    )
