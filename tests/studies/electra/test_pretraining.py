"""The pre-training stage: what it publishes, learns, repeats and refuses."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import one_training
import pytest
import torch
from small_electra import ENCODER, LEARNING, configuration
from trained import losses, weights

from lab.encoder.checkpoint import load_encoder
from lab.encoder.pretraining.frequencies import unigram_logits
from lab.errors import ModelError, StudyError
from lab.training.checkpoint import read
from studies.electra.networks import load_networks
from studies.electra.objectives import objective_names

Train = Callable[..., Path]
EQUAL = {"kind": "encoder", "encoder": asdict(ENCODER)}


def history(folder: Path) -> list[dict[str, float]]:
    with (folder / "metrics.csv").open() as file:
        return [{name: float(x) for name, x in line.items()} for line in csv.DictReader(file)]


def alike(one: Path, other: Path, by: float = 0.0) -> bool:
    """Whether all networks of two folders are the same, to the bit or nearly."""
    first, second = weights(one / "networks.pt"), weights(other / "networks.pt")
    assert first.keys() == second.keys()
    return all(torch.allclose(first[n], second[n], rtol=0, atol=by) for n in first)


@pytest.mark.parametrize("name", objective_names())
def test_each_objective_trains_and_publishes(train: Train, name: str) -> None:
    """Its numbers in the log, and the main encoder by itself as it is among the networks."""
    out = train(configuration(name), name)
    lines = history(out)
    networks, settings = load_networks(out / "networks.pt")
    assert [line["step"] for line in lines] == [10, 20]
    assert list(lines[0]) == ["step", *networks.reports]
    assert ("generator_acc" in lines[0]) == (networks.generator is not None)
    assert settings == configuration(name)
    encoder = load_encoder(out / "encoder.pt").state_dict()
    held = networks.encoder.state_dict()
    assert encoder.keys() == held.keys()
    assert all(torch.equal(encoder[n], held[n]) for n in held)


@pytest.mark.parametrize("name", ["bert", "electra"])
def test_it_learns_what_follows_what(train: Train, name: str) -> None:
    """After some hundred updates masked pieces are known far better than by their frequency."""
    config = configuration(name, encoder=asdict(LEARNING), steps=500, rate=1e-3, batch_size=16)
    if config["generator"]:
        config["generator"] = {"kind": "encoder", "encoder": asdict(LEARNING)}
    lines = history(train(config, name))
    of = "mlm" if name == "bert" else "generator"
    assert lines[0][f"{of}_acc"] < 0.1
    assert lines[-1][f"{of}_acc"] > 0.3
    assert lines[-1]["loss"] < 0.7 * lines[0]["loss"]


@pytest.mark.parametrize("algorithm", ["joint", "adversarial"])
def test_interrupted_it_ends_with_the_same_bits(train: Train, algorithm: str) -> None:
    """With dropout and samples; each attempt in a work folder of its own."""
    config = configuration(algorithm=algorithm, keep=[5, 12])
    whole = train(config, "whole")
    broken = train(config, "broken", stops=(7, 6))
    assert losses(whole) == losses(broken)
    assert alike(whole, broken)
    for file in ("networks_5.pt", "networks_12.pt", "encoder_5.pt", "encoder_12.pt"):
        one, other = weights(whole / file), weights(broken / file)
        assert all(torch.equal(one[n], other[n]) for n in one)


def test_kept_networks_are_those_of_a_training_that_went_so_far(train: Train) -> None:
    """A constant rate apart: here it is a shorter training's, whose schedule is stretched."""
    whole = train(configuration(keep=[10]), "whole")
    first, last = weights(whole / "encoder_10.pt"), weights(whole / "encoder.pt")
    assert not torch.equal(first["embeddings.word"], last["embeddings.word"])
    kept, settings = load_networks(whole / "networks_10.pt")
    assert settings["steps"] == 20
    assert torch.equal(kept.encoder.embeddings.word, first["embeddings.word"])


def given(folder: Path, config: dict[str, Any], data: SimpleNamespace) -> Path:
    inputs = {"vocabulary": data.vocabulary, "lines": data.lines}
    return one_training.given(folder, "studies.electra.training.pretrain", config, inputs)


def test_killed_and_resumed_it_ends_with_the_same_bits(
    train: Train, tmp_path: Path, data: SimpleNamespace
) -> None:
    """kill -9 between two checkpoints."""
    config = configuration(keep=[8])
    whole = train(config, "whole")
    file = given(tmp_path / "killed", config, data)
    killed = one_training.start(file, DIES="13")
    said, _ = killed.communicate()
    assert killed.returncode == -9, said
    out = tmp_path / "killed" / "out" / "0"
    assert not (out / "networks.pt").exists()
    resumed = one_training.start(file)
    said, _ = resumed.communicate()
    assert resumed.returncode == 0, said
    assert alike(whole, out)
    assert (out / "metrics.csv").read_text() == (whole / "metrics.csv").read_text()
    one, other = weights(whole / "encoder_8.pt"), weights(out / "encoder_8.pt")
    assert all(torch.equal(one[n], other[n]) for n in one)


def test_one_seed_repeats_and_two_differ(train: Train) -> None:
    first, again, other = (
        train(configuration(seed=seed), name) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert alike(first, again)
    assert not alike(first, other)


def test_micro_batches_are_the_batch(train: Train) -> None:
    """Rows of unlike lengths; of a masked language model, since samples depend on their order."""
    shape = asdict(ENCODER) | {"dropout": 0.0, "attention_dropout": 0.0}
    config = configuration("bert", encoder=shape)
    whole, parts = train(config, "whole"), train(config, "parts", micro_batch_size=3)
    assert alike(whole, parts, 1e-5)
    assert losses(whole) == pytest.approx(losses(parts), abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
@pytest.mark.parametrize("name", ["bert", "electra"])
def test_two_processes_train_as_one(
    train: Train, tmp_path: Path, data: SimpleNamespace, strategy: str, name: str
) -> None:
    """Over gloo. Samples of two processes are others than those of one, so that of ELECTRA it is
    the loss of the first steps, at a rate of nearly nothing, that is compared."""
    shape = asdict(ENCODER) | {"dropout": 0.0, "attention_dropout": 0.0}
    config = configuration(name, encoder=shape, keep=[10])
    if name == "electra":
        config |= {"rate": 1e-9, "generator": {"kind": "encoder", "encoder": shape}}
    alone = train(config, "alone")
    two = one_training.by_two(given(tmp_path / "two", config, data), strategy)
    assert alike(alone, two, 1e-5)
    assert losses(alone) == pytest.approx(losses(two), rel=1e-5 if name == "bert" else 0.03)
    assert (two / "encoder_10.pt").exists()


def test_two_stages_share_the_first(train: Train) -> None:
    """The detector moves off the masked language model; the generator stays as it was."""
    first = train(configuration("bert"), "first")
    second = train(
        configuration(algorithm="two_stage", tying="none", generator=EQUAL),
        "second",
        masked=first,
    )
    masked, both = weights(first / "networks.pt"), weights(second / "networks.pt")
    for name in masked:
        made = f"generator.{name}".replace("generator.answer.", "generator.")
        assert torch.equal(masked[name], both[made]), name
    assert not torch.equal(masked["encoder.embeddings.word"], both["encoder.embeddings.word"])
    lines = history(second)
    objective = configuration()["objective"]
    for line in lines:
        assert line["loss"] == pytest.approx(objective["weight"] * line["detector_loss"], rel=1e-4)


def test_two_stages_begin_at_the_first_ones_weights(train: Train) -> None:
    first = train(configuration("bert"), "first")
    second = train(
        configuration(algorithm="two_stage", tying="none", generator=EQUAL, rate=0.0),
        "second",
        masked=first,
    )
    one, other = weights(first / "encoder.pt"), weights(second / "encoder.pt")
    assert all(torch.equal(one[n], other[n]) for n in one)


def test_what_does_not_fit_together_is_said(train: Train) -> None:
    first = train(configuration("bert"), "first")
    with pytest.raises(StudyError, match="its input `masked`"):
        train(configuration(algorithm="two_stage", tying="none", generator=EQUAL), "alone")
    with pytest.raises(StudyError, match="algorithm=joint and the inputs"):
        train(configuration(), "joint", masked=first)
    with pytest.raises(StudyError, match="Give tying=none; it starts as a copy"):
        train(configuration(algorithm="two_stage", generator=EQUAL), "tied", masked=first)
    wider = {"kind": "encoder", "encoder": asdict(ENCODER) | {"feed_forward": 64}}
    with pytest.raises(ModelError, match="Give both stages one shape"):
        train(
            configuration(algorithm="two_stage", tying="none", generator=wider),
            "wider",
            masked=first,
        )
    with pytest.raises(StudyError, match=r"Unknown algorithm 'jont'\. Did you mean 'joint'"):
        train(configuration(algorithm="jont"), "unknown")
    with pytest.raises(StudyError, match="Unknown kind of generator 'unigrams'"):
        train(configuration(generator={"kind": "unigrams"}), "kind")


def test_unigrams_are_the_training_texts(train: Train, data: SimpleNamespace) -> None:
    """Published with the networks, special pieces left out."""
    from lab.encoder.lines import Lines

    out = train(configuration(generator={"kind": "unigram"}), "unigram")
    held = read(out / "networks.pt")["weights"]["generator.logits"]
    lines = Lines.open(data.lines)
    assert torch.equal(held, torch.from_numpy(unigram_logits(lines, data.pieces)))
    tokens = lines.corpus.read(0, len(lines.corpus))
    piece = int(tokens[0])
    share = ((tokens == piece).sum() + 1) / (len(tokens) + data.pieces.size - 4)
    assert held[piece].exp().item() == pytest.approx(share, rel=1e-4)
    assert held[sorted(data.pieces.special)].tolist() == [-torch.inf] * 4


def test_uniform_draws_no_special_piece(train: Train, data: SimpleNamespace) -> None:
    out = train(configuration(generator={"kind": "uniform"}), "uniform")
    held = read(out / "networks.pt")["weights"]["generator.logits"]
    words = [one for one in range(data.pieces.size) if one not in data.pieces.special]
    assert held[words].tolist() == [0.0] * len(words)
    assert held[sorted(data.pieces.special)].tolist() == [-torch.inf] * 4
    assert history(out)[-1]["generator_loss"] == pytest.approx(
        torch.tensor(len(words)).log().item(), rel=1e-4
    )
