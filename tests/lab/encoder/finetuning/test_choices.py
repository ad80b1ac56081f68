"""Multiple choice: RACE's rows, all options of a question in one row of a batch, and its loss."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from lab.datasets import get_dataset
from lab.datasets.chosen import Chosen
from lab.datasets.source import TaskError
from lab.encoder.config import EncoderConfig
from lab.encoder.encoder import Encoder
from lab.encoder.finetuning.heads import ChoiceHead
from lab.encoder.finetuning.kinds import kind_of
from lab.encoder.finetuning.kinds.choice import cut
from lab.encoder.finetuning.layout import InputBatches
from lab.encoder.finetuning.model import Finetuned
from lab.encoder.finetuning.rows import made_inputs
from lab.encoder.initialization import initialize
from lab.encoder.vocabulary import open_vocabulary

HEAD = {"dropout": 0.0, "kernel": "glorot", "vector": "pooled", "spans": "joint"}


def questions(world, folder, count=24):
    """RACE from files: the right option is the passage's second word, asked for with a blank."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    rows = []
    for words in world.sentences(count, length=5):
        others = [word for word in world.WORDS if word not in words]
        options = [*rng.choice(others, 3, replace=False).tolist(), words[1]]
        order = rng.permutation(4)
        rows.append(
            {
                "article": " ".join(words),
                "question": "is _ .",
                "options": [options[at] for at in order],
                "answer": "ABCD"[int(order.argmax())],
            }
        )
    for split in ("train", "validation", "test"):
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{split}.jsonl").write_text(text)
    chosen = Chosen("race", {"data_dir": str(folder)})
    for split in ("train", "validation", "test"):
        chosen.prepare(split)
    return chosen


def test_options_are_learned_by_heart(world, tmp_path):
    """From files of a user to a score, by the pooled vector; four labels are no constant answer."""
    data = questions(world, tmp_path / "data")
    config = world.settings(data, steps=250, head=HEAD, inputs_length=16)
    member = world.learned(tmp_path / "finetune", config)
    out, _ = world.scored(tmp_path / "evaluate", data, [member], head=HEAD, inputs_length=16)
    assert json.loads((out / "scores.json").read_text())["race"]["acc"] > 90.0
    assert json.loads((out / "constant.json").read_text())["race"]["acc"] < 50.0
    line = json.loads((out / "predictions.jsonl").open().readline())
    assert line["target"] in "ABCD"
    assert line["inputs"].endswith(" [SEP] is _ .")


def made(world, tmp_path, length):
    """A question of RACE as inputs, and what makes batches of it."""
    pieces = open_vocabulary(world.vocabulary(tmp_path))
    data = get_dataset("race")
    fields = {
        "article": "w1 w2 w3 w4 w5 w6",
        "question": "w7 _ w8",
        "options": ["w10", "w11 w12", "w13", "w14 w15 w16"],
        "answer": "D",
    }
    rows = [data.row(data.read(fields)), data.row(data.read({**fields, "question": "w9"}))]
    kind = kind_of(data, HEAD)
    return pieces, data, rows, kind, made_inputs(data, kind, rows, pieces, length)


def test_an_input_is_a_passage_and_a_question_with_its_option(world, tmp_path):
    """Four side by side, each of as many positions; a question without a blank is before them."""
    pieces, _, _, _, inputs = made(world, tmp_path, 32)
    batch = InputBatches(inputs, pieces, 32).of(np.array([1, 0]))
    assert batch["label"].tolist() == [3, 3]
    assert inputs.cut.tolist() == [False, False]
    tokens = batch["tokens"].reshape(2, 4, -1)
    assert tokens.shape == (2, 4, 16)
    passage = pieces.encode_arrays(["w1 w2 w3 w4 w5 w6"])[0].tolist()
    for row, option, ending in ((1, 1, "w7 w11 w12 w8"), (0, 2, "w9 w13")):
        second = pieces.encode_arrays([ending])[0].tolist()
        whole = [pieces.cls, *passage, pieces.sep, *second, pieces.sep]
        assert tokens[row, option].tolist() == whole + [pieces.pad] * (16 - len(whole))
        real = batch["real"].reshape(2, 4, -1)[row, option]
        assert real.sum() == len(whole)
        assert batch["types"].reshape(2, 4, -1)[row, option].sum() == len(second) + 1


def test_endings_lose_their_beginning_and_passages_their_end(world, tmp_path):
    """Of a short input the ending has half at most; as released at 512."""
    pieces, _, _, _, inputs = made(world, tmp_path, 9)
    assert inputs.cut.tolist() == [True, True]
    last = pieces.encode_arrays(["w15 w16 w8"])[0].tolist()
    first = pieces.encode_arrays(["w1 w2 w3"])[0].tolist()
    assert inputs.second.tokens[: inputs.second.lengths[:4].sum()][-3:].tolist() == last
    assert inputs.first.tokens[:3].tolist() == first
    assert [cut(600, 20, 512), cut(100, 150, 512)] == [(489, 20), (100, 128)]


def test_choices_are_scored_apart_and_compared_together(world, tmp_path):
    """A row's logits are those of its inputs alone; the loss is over the options of a question."""
    pieces, _, _, kind, inputs = made(world, tmp_path, 32)
    torch.manual_seed(0)
    shape = EncoderConfig(**world.encoder(pieces.size, dropout=0.0, attention_dropout=0.0))
    for vector in ("pooled", "mean"):
        model = Finetuned(Encoder(shape), ChoiceHead(shape, 4, vector)).eval()
        initialize(model, None)
        arrays = InputBatches(inputs, pieces, 32).of(np.arange(2))
        batch = {name: torch.from_numpy(array) for name, array in arrays.items()}
        found = model.head.read(model(batch), batch)["logits"]
        assert found.shape == (2, 4)
        alone = {n: batch[n].view(8, -1)[5:6] for n in ("tokens", "types", "real")}
        one = Finetuned(model.encoder, ChoiceHead(shape, 1, vector)).eval()
        one.head.load_state_dict(model.head.state_dict())
        torch.testing.assert_close(one.head.read(one(alone), alone)["logits"][0, 0], found[1, 1])
        loss = model.head.loss(model(batch), batch)
        expected = -F.log_softmax(found, -1)[:, 3].sum()
        torch.testing.assert_close(loss, expected)
        kept = {"logits": found.detach().numpy()}
        assert kind.predictions(kept, inputs) == found.argmax(-1).tolist()


def test_rows_with_another_number_of_options_are_named(world, tmp_path):
    data = get_dataset("race")
    row = data.row(data.read({**data.example, "options": ["one", "two", "three"]}))
    pieces = open_vocabulary(world.vocabulary(tmp_path))
    with pytest.raises(TaskError, match=r"'race'.*'options' holds 3 texts, expected 4"):
        made_inputs(data, kind_of(data, HEAD), [row], pieces, 32)
