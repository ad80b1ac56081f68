"""Batches of tasks' examples."""

from __future__ import annotations

import numpy as np
import pytest

from lab.batching.batches import Batches
from lab.batching.layout import BatchError
from lab.corpora.tokenized import TokenizedCorpus, write_tokens
from t5study.batching import (
    CorpusRows,
    ExampleRows,
    FinetuneBatches,
    Pairs,
    PretrainBatches,
    padding_share,
)
from t5study.objectives import get_objective


def pairs(first, count, longest=12):
    """Examples told apart by the first id of their input."""
    rng = np.random.default_rng(first)
    return [
        (
            [first + i, *rng.integers(3, 10, rng.integers(0, longest)).tolist()],
            [first + i, *rng.integers(3, 10, rng.integers(0, 4)).tolist()],
        )
        for i in range(count)
    ]


TASKS = {"one": pairs(100, 40), "two": pairs(200, 10)}
RATES = {"one": 0.7, "two": 0.3}


def batches_of(tasks=TASKS, rates=RATES, **changes):
    """Batches of 16 rows of 24 and 12 tokens."""
    settings = {
        "architecture": "encoder_decoder",
        "inputs_length": 24,
        "targets_length": 12,
        "batch_size": 16,
        "seed": 3,
    }
    examples = {name: Pairs.of(one) for name, one in tasks.items()}
    return FinetuneBatches(examples, rates, **settings | changes)


def examples_of(batch):
    """The (inputs, targets) of a batch's segments, without EOS."""
    made = []
    for row in range(len(batch["encoder_segment_ids"])):
        for segment in range(1, batch["encoder_segment_ids"][row].max() + 1):
            sides = [
                batch[f"{side}_tokens"][row][batch[f"{ids}_segment_ids"][row] == segment]
                for side, ids in (("encoder_input", "encoder"), ("decoder_target", "decoder"))
            ]
            assert all(side[-1] == 1 for side in sides)
            made.append(tuple(side[:-1].tolist() for side in sides))
    return made


@pytest.mark.parametrize("architecture", ["encoder_decoder", "language_model", "prefix_lm"])
@pytest.mark.parametrize("packing", [False, True])
def test_a_batch_is_a_function_of_seed_and_index(architecture, packing):
    """In any order, from a fresh object, in any ranks' shares: the same rows."""
    settings = {"architecture": architecture, "packing": packing}
    forward = [batches_of(**settings)[i] for i in range(4)]
    fresh = batches_of(**settings)
    for i in (3, 0, 2, 1):
        assert {k: v.tolist() for k, v in fresh[i].items()} == {
            k: v.tolist() for k, v in forward[i].items()
        }
    for world in (2, 16):
        shares = [fresh.shard(rank, world)[1] for rank in range(world)]
        for name, array in forward[1].items():
            assert np.array_equal(np.concatenate([share[name] for share in shares]), array)


@pytest.mark.parametrize("packing", [False, True])
def test_an_epoch_holds_every_example_once(packing):
    """One task's epoch is the task, packed or not, and the next has another order."""
    batches = batches_of({"one": TASKS["one"]}, {"one": 1.0}, packing=packing, batch_size=1)
    rows = len(batches.sources["one"])
    assert rows == 40 or packing
    epochs = [
        [e for i in range(start, start + rows) for e in examples_of(batches[i])]
        for start in (0, rows)
    ]
    assert sorted(epochs[0]) == sorted(TASKS["one"]) == sorted(epochs[1])
    assert epochs[0] != epochs[1]
    assert batches.epochs(3 * rows) == pytest.approx(3)


@pytest.mark.parametrize("packing", [False, True])
def test_rates_are_shares_of_examples(packing):
    """A task with short examples fills its rows with more of them, and is drawn the less."""
    tasks = {"short": pairs(100, 90, longest=2), "long": pairs(200, 90, longest=20)}
    batches = batches_of(tasks, {"short": 0.8, "long": 0.2}, packing=packing)
    drawn = [inputs[0] for i in range(60) for inputs, _ in examples_of(batches[i])]
    assert np.mean(np.array(drawn) < 200) == pytest.approx(0.8, abs=0.03)


def test_packing_fills_rows():
    """Several examples share a row of full width; less of a batch is padding."""
    packed, loose = batches_of(packing=True)[0], batches_of()[0]
    assert packed["encoder_input_tokens"].shape == (16, 24)
    assert packed["encoder_segment_ids"].max() > 2
    assert padding_share(packed) < padding_share(loose) - 0.2


def test_unpacked_rows_are_as_wide_as_the_longest():
    """Rounded up to 8, and no wider than the limit."""
    short = {"one": [([5, 6], [7])] * 20}
    batch = batches_of(short, {"one": 1.0})[0]
    assert batch["encoder_input_tokens"].shape == (16, 8)
    assert batch["decoder_target_tokens"].shape == (16, 8)
    long = {"one": [(list(range(3, 90)), list(range(3, 90)))] * 20}
    batch = batches_of(long, {"one": 1.0})[0]
    assert batch["encoder_input_tokens"].shape == (16, 24)
    assert batch["encoder_input_tokens"][0].tolist() == [*range(3, 26), 1]
    assert batch["decoder_target_tokens"][0].tolist() == [*range(3, 14), 1]


def test_ranks_agree_on_the_width():
    """A rank whose rows are short pads them as the longest of the whole batch."""
    mixed = {"one": [([5], [6])] * 31 + [(list(range(3, 23)), [6])]}
    batches = batches_of(mixed, {"one": 1.0}, batch_size=32)
    widths = {batches.shard(rank, 32)[0]["encoder_input_tokens"].shape for rank in range(32)}
    assert widths == {(1, 24)}


def test_truncated_examples_are_counted():
    """Each side that was cut counts."""
    tasks = {"one": [([5] * 40, [6]), ([5], [6] * 40), ([5] * 23, [6] * 11), ([5], [6])]}
    measured = batches_of(tasks, {"one": 1.0}).measure(range(4))
    assert measured.examples == 64
    assert measured.truncated == {"inputs": 16, "targets": 16}


def test_unsupervised_text_and_tasks_in_one_mixture(tmp_path):
    """Multi-task training draws a corpus under an objective beside tasks."""
    write_tokens([list(range(300, 600))] * 4, tmp_path, pieces=600)
    objective = get_objective("span", vocab_size=700)
    pretrain = PretrainBatches(
        TokenizedCorpus.open(tmp_path),
        objective,
        architecture="encoder_decoder",
        inputs_length=24,
        batch_size=16,
        seed=0,
    )
    layout = pretrain.layout
    sources = {
        "text": CorpusRows(
            TokenizedCorpus.open(tmp_path), objective, layout, objective.lengths(24)[0]
        ),
        "one": ExampleRows(Pairs.of(TASKS["one"]), layout, packing=False, seed=0),
    }
    batches = Batches(sources, {"text": 0.5, "one": 0.5}, layout, batch_size=16, seed=0)
    first = np.concatenate([batches[i]["encoder_input_tokens"][:, 0] for i in range(60)])
    assert set(np.unique(first // 100)) == {1, 3, 4, 5}
    assert np.mean(first >= 300) == pytest.approx(0.5, abs=0.06)
    half = batches.shard(1, 2)[5]
    assert all(np.array_equal(batches[5][name][8:], array) for name, array in half.items())


@pytest.mark.parametrize(
    ("tasks", "rates", "said"),
    [
        ({"one": []}, {"one": 1.0}, "without a single example"),
        (TASKS, {"three": 1.0}, "three"),
        (TASKS, {"one": 0.0}, "a rate above 0"),
    ],
)
def test_mixtures_of_nothing(tasks, rates, said):
    """No examples, no known task, no rate."""
    with pytest.raises(BatchError, match=said):
        batches_of(tasks, rates)


def test_a_task_with_rate_zero_is_left_out():
    """It is never drawn."""
    batches = batches_of(TASKS, {"one": 1.0, "two": 0.0})
    assert list(batches.sources) == ["one"]


def test_batches_are_counted_from_zero():
    """There is no batch before the first."""
    with pytest.raises(IndexError, match="batch -1"):
        batches_of()[-1]


@pytest.mark.parametrize("packing", [False, True])
def test_packed_batches_have_fixed_widths(packing):
    """Packed rows are always full; single examples make a batch as wide as the longest."""
    batches = batches_of(TASKS, dict.fromkeys(TASKS, 1.0), packing=packing, batch_size=1)
    assert batches.fixed_widths is packing
    shapes = {tuple(a.shape for a in batches[index].values()) for index in range(20)}
    assert len(shapes) == 1 if packing else len(shapes) > 1
