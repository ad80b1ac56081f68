"""The stage: what it publishes, refuses and notes, and that a kill changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lab.encoder.checkpoint import load_encoder, save_encoder
from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Encoder
from lab.encoder.finetuning.kinds import kind_of
from lab.encoder.finetuning.model import load, start
from lab.errors import StudyError
from lab.training.checkpoint import read

HERE = Path(__file__).parent


def weights(path: Path) -> dict[str, torch.Tensor]:
    return read(path)["weights"]


def run_small_world(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(HERE / "small_world.py"), str(folder)],
        env={**os.environ, "PYTHONPATH": str(HERE.parents[3]), **environment},
        capture_output=True,
        text=True,
    )


def test_killed_and_resumed_it_ends_with_the_same_bits(world, tmp_path):
    """kill -9 between two checkpoints, with dropout: files are those of a whole run."""
    whole = run_small_world(tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    killed = run_small_world(tmp_path / "killed", DIES="23")
    assert killed.returncode == -9, killed.stderr
    assert (tmp_path / "killed/work/last.ckpt").exists()
    assert not (tmp_path / "killed/out/last.pt").exists()
    resumed = run_small_world(tmp_path / "killed")
    assert resumed.returncode == 0, resumed.stderr
    expected, out = tmp_path / "whole/out", tmp_path / "killed/out"
    files = sorted(path.name for path in expected.iterdir())
    assert files == sorted(path.name for path in out.iterdir())
    for name in files:
        if name.endswith(".pt"):
            one, other = weights(expected / name), weights(out / name)
            assert one.keys() == other.keys()
            assert all(torch.equal(one[key], other[key]) for key in one), name
        else:
            assert (out / name).read_text() == (expected / name).read_text()


def test_the_best_on_validation_is_kept_and_gives_the_encoder(world, tmp_path):
    """selection.json as other studies have it; the encoder published is that of the chosen step."""
    data = world.second_word(tmp_path / "data")
    config = world.settings(
        data,
        steps=60,
        selection="best",
        validation=data.describe("validation"),
        validation_examples=20,
        checkpoint_every=20,
    )
    out = world.learned(tmp_path / "finetune", config)
    selection = json.loads((out / "selection.json").read_text())["mine"]
    history = selection["validation"]
    assert [entry["step"] for entry in history] == [20, 40, 60]
    best = max(history, key=lambda entry: (entry["acc"], -entry["step"]))
    assert selection["best"] == f"step_{best['step']}.pt"
    assert 50 <= selection["constant"] < 80
    encoder = {f"encoder.{name}": value for name, value in weights(out / "encoder.pt").items()}
    chosen = weights(out / selection["best"])
    assert all(torch.equal(chosen[name], value) for name, value in encoder.items())
    scored, _ = world.scored(tmp_path / "evaluate", data, [out], selection="best")
    model = load(out / selection["best"], kind_of(data.data, {"vector": "first"}), device="cpu")
    assert model.head.labels.out.weight.shape == (2, 16)
    assert json.loads((scored / "scores.json").read_text())["mine"]["acc"] >= best["acc"] - 20


def test_it_begins_with_the_encoder_of_a_pretraining(world, tmp_path):
    """The last one, or one of so many updates; the head is new, and drawn by the seed."""
    data = world.second_word(tmp_path / "data")
    pretrain = tmp_path / "pretrain"
    pretrain.mkdir()
    shape = EncoderConfig(**world.encoder(80, dropout=0.3))
    kept = {}
    for seed, name in enumerate(("encoder.pt", "encoder_50.pt")):
        torch.manual_seed(seed)
        encoder = Encoder(shape)
        for parameter in encoder.parameters():
            torch.nn.init.normal_(parameter)
        save_encoder(pretrain / name, encoder)
        kept[name] = encoder.embeddings.word
    kind = kind_of(data.data, {"vector": "first"})
    inputs = {"pretrain": pretrain}
    last = start(world.settings(data, dropout=None), inputs, kind, "cpu")
    assert torch.equal(last.encoder.embeddings.word, kept["encoder.pt"])
    assert last.encoder.config == shape
    early = start(world.settings(data, checkpoint=50, dropout=0.0), inputs, kind, "cpu")
    assert torch.equal(early.encoder.embeddings.word, kept["encoder_50.pt"])
    assert early.encoder.config.dropout == early.encoder.attentions[0].weight_dropout == 0.0
    assert torch.equal(last.head.labels.out.weight, early.head.labels.out.weight)
    other = start(world.settings(data, seed=1, dropout=None), inputs, kind, "cpu")
    assert not torch.equal(last.head.labels.out.weight, other.head.labels.out.weight)


def test_another_finetuning_goes_on_from_its_encoder(world, tmp_path):
    """As RTE from MNLI: without a step of its own the encoder is the one given."""
    data = world.second_word(tmp_path / "data")
    first = world.learned(tmp_path / "first", world.settings(data, steps=10))
    config = world.settings(data, steps=1, rate=0.0)
    second = world.learned(tmp_path / "second", config, pretrain=first)
    one, other = (load_encoder(out / "encoder.pt").state_dict() for out in (first, second))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_summed_loss_is_a_batch_of_them(world, tmp_path):
    """Far below the clip, 16 times the gradient of the mean: AdamW forgets that but for epsilon."""
    data = world.second_word(tmp_path / "data")
    changes = {"steps": 3, "clip": 1e9}
    mean, total = (
        weights(
            world.learned(tmp_path / how, world.settings(data, reduction=how, **changes))
            / "last.pt"
        )
        for how in ("mean", "sum")
    )
    assert not torch.equal(mean["head.labels.out.weight"], total["head.labels.out.weight"])
    torch.testing.assert_close(
        mean["head.labels.out.weight"], total["head.labels.out.weight"], rtol=1e-2, atol=2e-4
    )


def test_inputs_that_are_cut_are_counted(world, tmp_path):
    """As a note in both stages, and at each line of the predictions."""
    data = world.second_word(tmp_path / "data")
    long = sum(len(one) > 3 for one in world.sentences(32))
    config = world.settings(data, steps=2, inputs_length=5)
    context = world.Context(tmp_path / "work")
    out = tmp_path / "out"
    out.mkdir()
    folder = world.vocabulary(tmp_path / "vocabulary")
    world.finetune.run(config, {"vocabulary": folder}, out, context)
    assert context.facts["inputs_cut"] == {"mine": long / 32}
    said = f"{round(100 * long / 32)}% of mine's inputs were cut to 5 pieces."
    assert context.facts["notes"] == [f"In fine-tuning {said}"]
    published, facts = world.scored(tmp_path / "evaluate", data, [out], inputs_length=5)
    assert facts["notes"] == [f"In evaluation {said}"]
    lines = [json.loads(line) for line in (published / "predictions.jsonl").open()]
    assert sum(line.get("cut") == ["input"] for line in lines) == long


def test_a_wrong_label_is_refused_before_training(world, tmp_path):
    """In the words of every study, with the place of the row."""
    rows = [{"text": "w1 w2", "label": "yes"}, {"text": "w3 w4", "label": "maybe"}]
    data = world.defined(tmp_path / "data", world.LABELS, rows)
    with pytest.raises(StudyError, match=r"rows\.csv.*Field 'label' holds 'maybe', expected no, y"):
        world.learned(tmp_path / "finetune", world.settings(data))


def test_a_pair_in_both_orders_needs_a_pair(world, tmp_path):
    """Single sentences have one order."""
    data = world.second_word(tmp_path / "data")
    with pytest.raises(StudyError, match=r"orders=2, but its rows are no pairs\. Give orders=1"):
        world.learned(tmp_path / "finetune", world.settings(data, orders=2))


def test_layers_that_are_one_have_one_rate(world, tmp_path):
    """A rate by layer would be several of one parameter."""
    data = world.second_word(tmp_path / "data")
    config = world.settings(data, encoder=world.encoder(80, sharing="all"), layer_decay=0.8)
    with pytest.raises(StudyError, match=r"layer_decay=0\.8: .* Give layer_decay=1\."):
        world.learned(tmp_path / "finetune", config)
