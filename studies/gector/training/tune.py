"""The stage "tune": one stage of training, from an encoder or from the stage before (section 6).

Its `config` holds rate, batch_size, epoch_updates, epochs, cold (epochs, rate), patience, shares
(correct, errorful), smoothing, reading (tokens, per_word, longest), seed and precision; without
an earlier stage also kind (of the encoder), error_head and dropout, and `encoder`, its shape, where
no input has it.
Inputs are "vocabulary", "tags", "train", "validation", and "before", the earlier stage, or
"pretrain", what publishes an encoder.
"""

from __future__ import annotations

import json
import logging
import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning
import torch
from torch import Tensor

from lab.allocator import give_back_freed
from lab.batching.batches import Batches
from lab.batching.examples import ExampleRows
from lab.batching.layout import Examples
from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Encoder
from lab.encoder.vocabulary import open_vocabulary
from lab.errors import DataError, ModelError
from lab.timing import Timing
from lab.training.fit import Keeper, fit, write_history
from lab.training.module import Training
from lab.training.selection import Scores
from lab.training.team import Team
from studies.gector.costs import JUDGED_AT_ONCE
from studies.gector.encoders import build
from studies.gector.members import MODEL, VOCABULARY
from studies.gector.model import (
    REPORTS,
    Tagger,
    load_encoder,
    load_tagger,
    new_encoder,
    new_tagger,
    save_tagger,
    sentence_losses,
)
from studies.gector.reading import ColdStart, Shares, labels
from studies.gector.sentences import Read, Reader, SentenceLayout, fields_of
from studies.gector.tags.preprocess import Tagged
from studies.gector.tags.records import read_tagged
from studies.gector.tags.vocabulary import TagVocabulary
from studies.gector.training.patience import Patient
from studies.gector.training.tags import read_tags

log = logging.getLogger(__name__)


TASK = "validation"


def run(config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any) -> None:
    """Publishes tagger.pt of the best epoch, the vocabulary, epochs.json and metrics.csv.

    Raises DataError where the shares leave no sentence to learn.
    """
    timing = Timing()
    tags = read_tags(inputs["tags"])
    reader = Reader(
        pieces=open_vocabulary(inputs["vocabulary"]), threads=context.threads, **config["reading"]
    )
    layout = SentenceLayout(pad=reader.pieces.pad, longest=reader.longest, tokens=reader.tokens)
    with timing.part("data"):
        learned, classes = _sentences(inputs["train"], config, tags, reader)
        judged, right = _sentences(inputs["validation"], config, tags, reader)
    examples = Examples(fields_of(learned, classes))
    rows = ExampleRows(examples, layout, packing=False, seed=config["seed"])
    batches = Batches.of_one(
        "sentences", rows, layout, batch_size=config["batch_size"], seed=config["seed"]
    )
    with timing.part("model"):
        model = _start(config, inputs, tags)
        _check(model, reader)
        model = model.to(context.device)
    # A pass over the sentences, where nothing else is called an epoch.
    epoch = config["epoch_updates"] or max(1, -(-len(learned) // config["batch_size"]))
    cold = ColdStart(**config["cold"], then=config["rate"])
    module = _training(model, config, cold, epoch)

    def stop() -> None:
        module.trainer.should_stop = True

    validator = Patient(
        model,
        lambda model: _judged(model, layout, judged, right, config),
        [TASK],
        save=save_tagger,
        work=context.work,
        patience=config["patience"],
        stop=stop,
    )
    steps = config["epochs"] * epoch
    keeper = Keeper(
        context,
        steps,
        tokens_per_step=config["batch_size"] * float(examples.fields[0].lengths.mean()),
        team=Team(),
        validator=validator,
        every=epoch,
        timing=timing,
    )
    fit(
        module,
        batches,
        steps=steps,
        seed=config["seed"],
        precision=config["precision"],
        context=context,
        keeper=keeper,
        callbacks=[Cold(cold, epoch)],
        partial=True,
    )
    best = validator.best(TASK)
    shutil.copy2(context.work / f"step_{best}.pt", out / MODEL)
    shutil.copytree(inputs["vocabulary"], out / VOCABULARY)
    history = validator.memory["validation"][TASK]
    (out / "epochs.json").write_text(
        json.dumps({"epoch_updates": epoch, "best": best, "epochs": history}, indent=1)
    )
    write_history(out / "metrics.csv", keeper.history)
    context.record(
        sentences=len(learned),
        repeats={"sentences": batches.epochs(history[-1]["step"])},
        seconds=timing.seconds,
    )


class Cold(lightning.Callback):
    """Lets the encoder stand still in the first epochs."""

    def __init__(self, cold: ColdStart, epoch: int) -> None:
        self._cold, self._epoch = cold, epoch

    def on_train_batch_start(
        self, trainer: lightning.Trainer, module: Any, batch: Any, index: int
    ) -> None:
        """A function of the update alone, so that a training that goes on agrees."""
        cold = self._cold.is_cold(trainer.global_step // self._epoch)
        module.model.encoder.requires_grad_(not cold)


def _training(model: Tagger, config: Mapping[str, Any], cold: ColdStart, epoch: int) -> Training:
    """Adam over all parameters with the same moments in cold and in warm epochs, as released."""

    def loss(model: Tagger, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        parts = sentence_losses(model, batch, config["smoothing"])
        summed = torch.stack(parts) * len(batch["words"])
        return summed[0], summed.detach()

    return Training(
        model,
        loss,
        lambda batch: batch["words"][:, 0].sum(),
        optimizer=lambda _: torch.optim.Adam(model.parameters(), lr=config["rate"]),
        schedule=lambda step: cold.rate_of(step // epoch) / config["rate"],
        reports=REPORTS,
    )


def _start(config: Mapping[str, Any], inputs: Mapping[str, Path], tags: TagVocabulary) -> Tagger:
    """The tagger of the stage before, or new heads on an encoder."""
    if "before" in inputs:
        return load_tagger(inputs["before"] / MODEL)
    if "pretrain" in inputs:
        encoder = load_encoder(inputs["pretrain"] / "encoder.pt", config["kind"])
    else:
        encoder = new_encoder(config["kind"], EncoderConfig(**config["encoder"]), config["seed"])
    if config["dropout"] is not None:
        encoder = _with_dropout(encoder, config["kind"], config["dropout"])
    return new_tagger(
        encoder,
        tags.tags,
        error_head=config["error_head"],
        kind=config["kind"],
        seed=config["seed"],
    )


def _check(model: Tagger, reader: Reader) -> None:
    """Raises ModelError where the encoder has not all pieces or places that sentences have."""
    encoder = model.encoder.config
    if reader.pieces.size > encoder.vocabulary:
        raise ModelError(
            f"The vocabulary has {reader.pieces.size:,} pieces and the encoder knows "
            f"{encoder.vocabulary:,}. Give the encoder's own by vocabulary.file."
        )
    if reader.longest > encoder.positions:
        raise ModelError(
            f"reading.longest={reader.longest}: the encoder has {encoder.positions} positions. "
            "Give at most as many."
        )


def _with_dropout(encoder: Encoder, kind: str, share: float) -> Encoder:
    made = build(kind, replace(encoder.config, dropout=share, attention_dropout=share))
    made.load_state_dict(encoder.state_dict())
    return made


def _sentences(
    folder: Path, config: Mapping[str, Any], tags: TagVocabulary, reader: Reader
) -> tuple[list[Read], list[list[int]]]:
    """The sentences of which the stage reads its shares, cut, and their tokens' classes.

    The validation set goes through the same shares, as released.
    """
    shares, draws = Shares(**config["shares"]), random.Random(config["seed"])
    kept = []
    for sentence in read_tagged(folder):
        cut = labels(sentence.tags, reader.tokens)
        if shares.keeps(cut.detection, draws.random()):
            kept.append(Tagged(sentence.source, [[tag] for tag in cut.tags]))
    if not kept:
        raise DataError(
            f"The shares {dict(config['shares'])} leave no sentence. Give pairs with mistakes, or "
            "a share of right sentences above 0."
        )
    read = reader.read([sentence.source for sentence in kept])
    classes = [tags.encode([tag for (tag,) in one.tags]) for one in kept]
    return read, [those[: len(one.at)] for one, those in zip(read, classes, strict=True)]


@torch.no_grad()
def _judged(
    model: Tagger,
    layout: SentenceLayout,
    sentences: Sequence[Read],
    classes: Sequence[Sequence[int]],
    config: Mapping[str, Any],
) -> Scores:
    """Minus the loss over the validation set: the higher the better."""
    device = next(model.parameters()).device
    total = 0.0
    # Its batches are larger than those of training, before it and after it.
    give_back_freed()
    for start in range(0, len(sentences), JUDGED_AT_ONCE):
        end = start + JUDGED_AT_ONCE
        arrays = layout.batch(sentences[start:end], classes[start:end])
        batch = {name: torch.from_numpy(array).to(device) for name, array in arrays.items()}
        mixed = config["precision"] == "bf16-mixed"
        with torch.autocast(device.type, torch.bfloat16, enabled=mixed):
            found = sentence_losses(model, batch, 0.0).total
        total += float(found) * len(batch["words"])
    give_back_freed()
    return {TASK: {"minus_loss": -total / len(sentences)}}
