"""The pre-training stage: on a corpus, on a mixture with tasks, or on tasks (3.1, 3.5.2, 3.5.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lab.corpora.tokenized import TokenizedCorpus
from lab.text_to_text.checkpoint import build, load, save
from lab.text_to_text.module import TextToText
from lab.timing import Timing
from lab.training.fit import Keeper, fit, write_history
from lab.training.optimizer_state import named_state
from lab.training.schedule import inverse_square_root
from lab.training.sharding import full
from lab.training.team import Team, team_of
from lab.vocabulary import Vocabulary
from t5study.batching import (
    Batches,
    CorpusRows,
    ExampleRows,
    Layout,
    Measured,
    Pairs,
    PretrainBatches,
)
from t5study.objectives import get_objective
from t5study.training.examples import (
    cut_notes,
    cut_targets,
    left_out,
    rates,
    require_whole_labels,
    training_pairs,
)
from t5study.training.validation import validator

UNSUPERVISED = "unsupervised"
MEASURED = 4
"""Batches whose padding and truncation are recorded."""
WORTH_NOTING = 0.05
"""A table says so where more of the targets than this share lose their end."""


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """Train from scratch, or go on from a model that is given.

    Publishes model.pt and metrics.csv, and selection.json of a mixture.
    """
    with team_of(context) as team:
        _train(config, inputs, out, context, team)


def _train(
    config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any, team: Team
) -> None:
    timing = Timing()
    vocabulary = Vocabulary(inputs["vocabulary"], sentinels=config["sentinels"])
    whole = TokenizedCorpus.open(inputs["corpus"]) if config["objective"] else None
    corpus = whole.first(config["corpus_tokens"]) if whole and config["corpus_tokens"] else whole
    length = config["targets_length"]
    mixture = config["mixture"]
    pairs: dict[str, Pairs] = {}
    facts: dict[str, Any] = {}
    with timing.part("data"):
        if mixture:
            read = {"train": mixture["tasks"], "validation": mixture["validation"]}
            require_whole_labels(read, vocabulary, length, "finetune.targets_length")
            limit = mixture["train_examples"]
            pairs, tallies = training_pairs(mixture["tasks"], vocabulary, limit)
            facts = {**left_out(tallies), "targets_cut": cut_targets(pairs, length)}
        batches = _batches(config, corpus, vocabulary, pairs)
    with timing.part("model"):
        optimizer_state = None
        if "pretrain" in inputs:
            model, content = load(inputs["pretrain"] / "model.pt", device=context.device)
            optimizer_state = content["optimizer"]
        else:
            model = build(config["model"], seed=config["seed"], device=context.device)
    module = TextToText(
        model,
        schedule=inverse_square_root(config["hold"], steps=config["steps"], ramp=config["ramp"]),
        z_loss=config["z_loss"],
        normalizer=config["normalizer"],
        optimizer_state=optimizer_state,
        team=team,
    )
    extra = {"sentinels": config["sentinels"]}
    judged, every = None, 0
    if mixture and mixture["validation"]:
        every = mixture["checkpoint_every"]
        if team.lead:
            copied = team.copy(model)
            with timing.part("data"):
                judged = validator(copied, vocabulary, mixture, context.work, extra)
    tokens = config["batch_size"] * (config["inputs_length"] + config["targets_length"])
    keeper = Keeper(
        context,
        config["steps"],
        tokens_per_step=tokens,
        team=team,
        validator=judged,
        every=every,
        timing=timing,
    )
    fit(
        module,
        batches,
        steps=config["steps"],
        seed=config["seed"],
        precision=config["precision"],
        context=context,
        keeper=keeper,
    )
    seen = {name: batches.epochs(config["steps"], name) for name in batches.sources}
    with timing.part("data"):
        sample = batches.measure(range(min(MEASURED, config["steps"])))
    notes = sample_notes(sample, config["targets_length"])
    notes += facts.pop("notes", [])
    notes += cut_notes(facts.get("targets_cut", {}), length, "pre-training")
    if corpus is not None and whole is not None:
        times = seen[UNSUPERVISED if mixture else "corpus"]
        notes += repeat_notes(times, len(corpus), len(whole), config["corpus_tokens"])
    context.record(
        tokens=tokens * config["steps"], repeats=seen, sample=asdict(sample), notes=notes, **facts
    )
    optimizer = named_state(module.optimizers(use_pl_optimizer=False), model)
    weights = {name: full(value) for name, value in model.state_dict().items()}
    if not team.lead:
        return
    with timing.part("checkpoints"):
        write_history(out / "metrics.csv", keeper.history)
        save(out / "model.pt", model, weights, optimizer=optimizer, **extra)
        if judged:
            judged.publish(out)
    context.record(seconds=timing.seconds)


def sample_notes(sample: Measured, targets_length: int) -> list[str]:
    """What a table says of a setting that cuts many targets short, or runs out of sentinels."""
    notes = []
    cut = sample.truncated["targets"] / sample.examples
    if cut > WORTH_NOTING:
        notes.append(
            f"In pre-training {cut:.0%} of the targets were cut to {targets_length} tokens."
        )
    if sample.overflowed:
        share = sample.overflowed / sample.examples
        notes.append(f"In pre-training {share:.2g} of the examples ran out of sentinels.")
    return notes


def repeat_notes(times: float, read: int, whole: int, wanted: float | None) -> list[str]:
    """What a table says of a pre-training that repeats its text (section 3.4.2), or reads less.

    `times` it went through the first `read` of `whole` tokens, where `wanted` were configured.
    """
    if wanted is None and times <= 1:
        return []
    part = f"the first {read:,} of its corpus' {whole:,} tokens"
    if read == whole:
        part = f"its corpus of {whole:,} tokens"
    short = f", of which {wanted:,.0f} were asked for" if wanted and wanted > whole else ""
    shown = f"{times:,.0f}" if times >= 100 else f"{times:.3g}"
    return [f"Pre-training went {shown} times through {part}{short}."]


def _batches(
    config: Mapping[str, Any],
    corpus: TokenizedCorpus | None,
    vocabulary: Vocabulary,
    pairs: Mapping[str, Pairs],
) -> Batches:
    architecture = config["model"]["architecture"]
    if corpus is not None:
        objective = get_objective(
            vocab_size=vocabulary.size,
            num_sentinels=max(config["sentinels"], 1),
            **config["objective"],
        )
    if corpus is not None and not config["mixture"]:
        return PretrainBatches(
            corpus,
            objective,
            architecture=architecture,
            inputs_length=config["inputs_length"],
            batch_size=config["batch_size"],
            seed=config["seed"],
            loss_on_inputs=config.get("loss_on_inputs", False),
        )
    mixture = config["mixture"]
    layout = Layout(
        architecture=architecture,
        inputs_length=config["inputs_length"],
        targets_length=config["targets_length"],
        loss_on_inputs=config.get("loss_on_inputs", False),
    )
    sources: dict[str, Any] = {
        name: ExampleRows(one, layout, packing=mixture["packing"], seed=config["seed"])
        for name, one in pairs.items()
    }
    counts = {name: source.examples for name, source in sources.items()}
    if corpus is not None:
        raw, _ = objective.lengths(config["inputs_length"])
        sources[UNSUPERVISED] = CorpusRows(corpus, objective, layout, raw)
        counts[UNSUPERVISED] = sources[UNSUPERVISED].examples
    size = mixture["unsupervised_examples"]
    return Batches(
        sources,
        rates(counts, mixture["mixing"], {} if size is None else {UNSUPERVISED: round(size)}),
        layout,
        batch_size=config["batch_size"],
        seed=config["seed"],
    )
