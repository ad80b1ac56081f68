"""Classification from rows on disk to scores."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
import torch
from torch import nn

from lab.encoder.checkpoint import pooler_weights, save_encoder
from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Encoder
from lab.encoder.finetuning.heads import LabelHead, mean_of_row
from lab.encoder.heads import Pooler
from lab.encoder.initialization import initialize
from lab.training import checkpoint


def test_an_encoder_learns_labels_by_heart(world, tmp_path):
    """32 sentences; the label is a property of the second word."""
    data = world.second_word(tmp_path / "data")
    member = world.learned(tmp_path / "finetune", world.settings(data))
    out, facts = world.scored(tmp_path / "evaluate", data, [member])
    scores = json.loads((out / "scores.json").read_text())
    assert scores == {"mine": {"acc": 100.0, "acc_mean": 100.0}}
    lines = [json.loads(line) for line in (out / "predictions.jsonl").read_text().splitlines()]
    assert len(lines) == 32
    assert {line["target"] for line in lines} == {"no", "yes"}
    assert all(line["prediction"] == line["target"] for line in lines)
    assert all(line["parts"] == {"acc": {"mean": [100.0, 1]}} for line in lines)
    constant = json.loads((out / "constant.json").read_text())["mine"]["acc"]
    yes = sum(line["target"] == "yes" for line in lines)
    assert constant == pytest.approx(100 * max(yes, 32 - yes) / 32)
    assert facts["notes"] == []


def test_a_pair_is_read_as_two_segments(world, tmp_path):
    """Whether two sentences are the same cannot be seen in one of them."""
    texts = [" ".join(one) for one in world.sentences(16)]
    rows = [{"a": one, "b": one, "label": "yes"} for one in texts]
    rows += [{"a": one, "b": other, "label": "no"} for one, other in pairwise(texts)]
    data = world.defined(tmp_path / "data", world.LABELS.replace("[text]", "[a, b]"), rows)
    member = world.learned(tmp_path / "finetune", world.settings(data, steps=300))
    out, _ = world.scored(tmp_path / "evaluate", data, [member])
    assert json.loads((out / "scores.json").read_text())["mine"]["acc"] == 100.0
    first = json.loads((out / "predictions.jsonl").read_text().splitlines()[0])
    assert first["inputs"] == f"{texts[0]} [SEP] {texts[0]}"


def test_a_label_may_be_read_off_the_mean_of_a_row(world, tmp_path):
    """The same sentences learned so; evaluation reads as fine-tuning did."""
    head = {"dropout": 0.0, "kernel": "glorot", "vector": "mean", "spans": "joint"}
    data = world.second_word(tmp_path / "data")
    member = world.learned(tmp_path / "finetune", world.settings(data, head=head, steps=250))
    out, _ = world.scored(tmp_path / "evaluate", data, [member], head=head)
    assert json.loads((out / "scores.json").read_text())["mine"]["acc"] == 100.0


def test_the_mean_of_a_row_leaves_padding_out():
    """Whatever stands there, and however much of it."""
    real = torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1]])
    vectors = torch.arange(16.0).view(2, 4, 2)
    found = mean_of_row(vectors, {"real": real})
    assert found.tolist() == [[1.0, 2.0], [11.0, 12.0]]
    vectors[0, 2:] = 1e9
    assert torch.equal(mean_of_row(vectors, {"real": real}), found)


def pretrained(folder, pieces):
    """What a pre-training publishes: an encoder, and among all networks a pooler."""
    folder.mkdir()
    torch.manual_seed(7)
    made = nn.ModuleDict()
    made["encoder"], made["pooler"] = Encoder(pieces), Pooler(pieces)
    initialize(made, pieces.initializer_range)
    nn.init.normal_(made["pooler"].dense.weight)
    save_encoder(folder / "encoder.pt", made["encoder"])
    checkpoint.save(folder / "networks.pt", made, {})
    return made["pooler"].state_dict()


def test_a_pooled_vector_is_read_through_the_pooler_of_the_pre_training(world, tmp_path):
    """And a fine-tuning passes its own on; of an encoder without one it is drawn."""
    head = {"dropout": 0.0, "kernel": "glorot", "vector": "pooled", "spans": "joint"}
    data = world.second_word(tmp_path / "data")
    shape = EncoderConfig(**world.encoder(80))
    given = pretrained(tmp_path / "pretrain", shape)
    config = world.settings(data, head=head, steps=2, rate=0.0)
    first = world.learned(tmp_path / "a", config, pretrain=tmp_path / "pretrain")
    second = world.learned(tmp_path / "b", config, pretrain=first)
    for folder in (first, second):
        found = checkpoint.read(folder / "last.pt")["weights"]
        assert torch.equal(found["head.pooler.dense.weight"], given["dense.weight"])
        kept = pooler_weights(folder, "networks.pt")
        assert torch.equal(kept["dense.bias"], given["dense.bias"])
    (tmp_path / "pretrain" / "networks.pt").unlink()
    drawn = world.learned(tmp_path / "c", config, pretrain=tmp_path / "pretrain")
    weight = checkpoint.read(drawn / "last.pt")["weights"]["head.pooler.dense.weight"]
    assert weight.abs().max() < given["dense.weight"].abs().max()


def test_a_label_may_be_read_off_the_pooled_vector(world, tmp_path):
    """tanh of a dense layer on the first position, then the labels' own; learned and scored so."""
    head = {"dropout": 0.0, "kernel": "glorot", "vector": "pooled", "spans": "joint"}
    data = world.second_word(tmp_path / "data")
    member = world.learned(tmp_path / "finetune", world.settings(data, head=head))
    out, _ = world.scored(tmp_path / "evaluate", data, [member], head=head)
    assert json.loads((out / "scores.json").read_text())["mine"]["acc"] == 100.0
    made = LabelHead(EncoderConfig(**world.encoder(80)), 3, "pooled").eval()
    vectors = torch.randn(2, 1, 16)
    pooled = torch.tanh(made.pooler.dense(vectors[:, 0]))
    torch.testing.assert_close(made.outputs(vectors, {}), made.labels.out(pooled))
