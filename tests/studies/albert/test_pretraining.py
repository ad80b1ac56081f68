"""The pre-training and intrinsic stages: what they publish, by any sharing and sentence loss."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import one_training
import pytest
import torch
from small_albert import ENCODER, configuration
from stage_context import Context
from trained import losses, weights

from lab.encoder.checkpoint import load_encoder
from lab.encoder.config import SHARING
from lab.encoder.lines import Lines
from lab.errors import StudyError
from lab.training.optimizers import get_optimizer
from studies.albert.batches import masked_pairs
from studies.albert.masking import Masking
from studies.albert.networks import Networks, load_networks, loss
from studies.albert.pairs import PairRows
from studies.albert.sentence_losses import get_sentence_loss, sentence_loss_names
from studies.albert.training import intrinsic

Train = Callable[..., Path]


@pytest.mark.parametrize("name", sentence_loss_names())
@pytest.mark.parametrize("sharing", sorted(SHARING))
def test_32_rows_are_learned_by_heart(data: SimpleNamespace, name: str, sharing: str) -> None:
    """By two layers: pieces from the level of guessing, and labels where there is a loss."""
    task = get_sentence_loss(name)
    rows = PairRows(Lines.open(data.lines), task, longest=32, short=0.0)
    rng = np.random.default_rng(0)
    batch = masked_pairs(
        rows.read(np.arange(32)),
        Masking(),
        rng,
        pieces=data.pieces,
        begins=data.pieces.starts_word(),
    )
    tensors = {key: torch.from_numpy(one) for key, one in batch.items()}
    torch.manual_seed(1)
    shape = replace(ENCODER, width=32, embedding=16, feed_forward=64, dropout=0.0, sharing=sharing)
    networks = Networks(shape, sentences=task.trained)
    optimizer = get_optimizer("adamw", networks.parameters(), lr=3e-3)
    found: list[dict[str, float]] = []
    while len(found) < 300 and not (found and found[-1]["loss"] < 1.0):
        optimizer.zero_grad()
        trained, reported = loss(networks, tensors)
        trained.backward()
        optimizer.step()
        found.append(dict(zip(networks.reports, reported.tolist(), strict=True)))
    first, last = found[0], found[-1]
    assert first["mlm_loss"] > 3.0
    assert last["mlm_loss"] < 1.0
    if task.trained:
        assert last["sentence_acc"] > 0.9
        assert last["loss"] == pytest.approx(last["mlm_loss"] + last["sentence_loss"], rel=1e-5)
    else:
        assert last["loss"] == last["mlm_loss"]


def test_a_run_publishes_its_networks_and_history(train: Train) -> None:
    config = configuration(keep=[5])
    out = train(config, "run")
    networks, settings = load_networks(out / "networks.pt")
    assert settings == config
    encoder = load_encoder(out / "encoder.pt")
    assert encoder.config == ENCODER
    for name, value in encoder.state_dict().items():
        torch.testing.assert_close(value, networks.encoder.state_dict()[name], rtol=0, atol=0)
    earlier = load_encoder(out / "encoder_5.pt")
    assert not torch.equal(earlier.embeddings.word, encoder.embeddings.word)
    history = list(csv.DictReader((out / "metrics.csv").open()))
    names = ["loss", "mlm_loss", "mlm_acc", "sentence_loss", "sentence_acc"]
    assert set(names) < set(history[-1])
    assert int(history[-1]["step"]) == 12


def test_layers_that_share_weigh_as_one(train: Train) -> None:
    """A shared parameter is one tensor, of the network and of its file."""
    sizes = {}
    for sharing in ("all", "none"):
        shape = asdict(replace(ENCODER, layers=4, width=32, feed_forward=128, sharing=sharing))
        out = train(configuration(encoder=shape, steps=1), sharing)
        weights = load_encoder(out / "encoder.pt").state_dict()
        layers = {name for name in weights if name.startswith("attentions")}
        assert len({name.split(".")[1] for name in layers}) == {"all": 1, "none": 4}[sharing]
        sizes[sharing] = (out / "encoder.pt").stat().st_size
        numbers = sum(value.numel() for value in weights.values())
        assert sizes[sharing] - 4 * numbers < 20_000
    assert sizes["none"] - sizes["all"] > 3 * 4 * (12 * 32**2)


def test_shared_layers_train_alike_when_they_are_computed_again(train: Train) -> None:
    out = train(configuration(), "plain")
    thrifty = train(configuration(), "thrifty", activation_checkpointing=True)
    plain, again = (load_encoder(one / "encoder.pt").state_dict() for one in (out, thrifty))
    for name, value in plain.items():
        torch.testing.assert_close(value, again[name], rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
@pytest.mark.parametrize(
    ("sharing", "recompute"),
    [("all", False), ("attention", True)],
)
def test_two_processes_train_shared_layers_as_one(
    train: Train,
    tmp_path: Path,
    data: SimpleNamespace,
    strategy: str,
    sharing: str,
    recompute: bool,
) -> None:
    """Over gloo, with LAMB's ratios over whole matrices; what layers share stays one tensor."""
    shape = asdict(replace(ENCODER, layers=4, sharing=sharing, dropout=0.0))
    config = configuration(encoder=shape)
    alone = train(config, "alone")
    inputs = {"vocabulary": data.vocabulary, "lines": data.lines}
    stage = "studies.albert.training.pretrain"
    file = one_training.given(
        tmp_path / "two", stage, config, inputs, activation_checkpointing=recompute
    )
    two = one_training.by_two(file, strategy)
    assert losses(alone) == pytest.approx(losses(two), rel=1e-5)
    one, other = weights(alone / "networks.pt"), weights(two / "networks.pt")
    assert one.keys() == other.keys()
    assert len({name for name in other if name.endswith("inward.weight")}) == 1
    for name, value in one.items():
        torch.testing.assert_close(other[name], value, rtol=1e-4, atol=1e-5, msg=name)


def test_without_a_sentence_loss_its_head_stays(train: Train) -> None:
    one, more = (
        load_networks(train(configuration("none", steps=n), f"{n}") / "networks.pt")[0]
        for n in (1, 6)
    )
    assert torch.equal(one.sentence.weight, more.sentence.weight)
    assert torch.equal(one.pooler.dense.weight, more.pooler.dense.weight)
    assert not torch.equal(one.encoder.embeddings.word, more.encoder.embeddings.word)


def test_a_deeper_encoder_starts_from_a_shallower_one(train: Train) -> None:
    """As they share all weights (appendix A.1); one that does not is refused."""
    first = train(configuration(), "shallow")
    deep = configuration(encoder=asdict(replace(ENCODER, layers=3)), steps=1, rate=0.0)
    started, _ = load_networks(train(deep, "deep", start=first) / "networks.pt")
    assert started.encoder.config.layers == 3
    earlier, _ = load_networks(first / "networks.pt")
    for name, value in earlier.state_dict().items():
        torch.testing.assert_close(started.state_dict()[name], value, rtol=0, atol=0)
    apart = configuration(encoder=asdict(replace(ENCODER, sharing="none")))
    with pytest.raises(StudyError, match="sharing=all, take those of any depth"):
        train(apart, "apart", start=first)


@pytest.mark.parametrize("name", sentence_loss_names())
def test_every_network_is_judged_on_all_tasks(
    train: Train, data: SimpleNamespace, name: str
) -> None:
    pretrained = train(configuration(name, steps=2), "run")
    out = pretrained.parent / "scores"
    out.mkdir()
    context = Context(pretrained.parent / "judge")
    config: dict[str, Any] = {
        "examples": 40,
        "seed": 1,
        "precision": "32-true",
        "checkpoint": None,
    }
    inputs = {"pretrain": pretrained, "vocabulary": data.vocabulary, "lines": data.lines}
    intrinsic.run(config, inputs, out, context)
    scores = json.loads((out / "scores.json").read_text())["intrinsic"]
    assert scores.keys() == {
        "unigram_loss",
        *(f"{task}_{number}" for task in ("mlm", "nsp", "sop") for number in ("acc", "loss")),
    }
    assert all(0.0 <= scores[f"{task}_acc"] <= 100.0 for task in ("mlm", "nsp", "sop"))
    assert context.facts["diverged"].startswith("the encoder has 3.")
