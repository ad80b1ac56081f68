"""Every objective learns, and each loss reaches what it should and nothing else."""

from __future__ import annotations

from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from lab.encoder.config import EncoderConfig
from lab.errors import StudyError
from lab.training.optimizers import get_optimizer
from studies.electra.batches import masked_batch
from studies.electra.generators.encoder import MaskedGenerator
from studies.electra.model import generator
from studies.electra.networks import Networks, loss
from studies.electra.objectives import get_objective, objective_names

CONFIG = EncoderConfig(
    vocabulary=24,
    width=32,
    layers=2,
    heads=2,
    feed_forward=64,
    embedding=16,
    positions=16,
    dropout=0.0,
    attention_dropout=0.0,
)
GENERATOR = replace(generator(CONFIG, 0.5), heads=1)
PIECES = SimpleNamespace(pad=0, cls=1, sep=2, mask=3, special=frozenset(range(4)), size=24)


def text(seed: int, count: int = 32, length: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Rows in which each piece says which one follows, so that there is something to learn."""
    rng = np.random.default_rng(seed)
    start = rng.integers(20, size=(count, 1))
    ids = 4 + (start + 3 * np.arange(length)) % 20
    lengths = rng.integers(length - 3, length + 1, size=count)
    ids[:, 0] = PIECES.cls
    ids[np.arange(count), lengths - 1] = PIECES.sep
    real = np.arange(length) < lengths[:, None]
    return np.where(real, ids, 0), real


def batch(name: str, seed: int, *, text_seed: int = 0) -> dict[str, Tensor]:
    ids, real = text(text_seed)
    made = masked_batch(
        ids,
        real,
        get_objective(name),
        np.random.default_rng(seed),
        pieces=PIECES,
        longest=ids.shape[1],
    )
    return {key: torch.from_numpy(value) for key, value in made.items()}


def networks(name: str, seed: int = 0, tying: str = "embeddings") -> Networks:
    torch.manual_seed(seed)
    shape = CONFIG if tying == "all" else GENERATOR
    made = {"kind": "encoder", "encoder": asdict(shape)}
    return Networks(get_objective(name), CONFIG, made, tying=tying)


def test_the_rows_of_the_papers_table_are_there() -> None:
    paper = {"bert", "replace_mlm", "all_tokens_mlm", "electra_15", "electra"}
    assert paper <= set(objective_names())
    with pytest.raises(StudyError, match=r"Unknown objective 'elektra'\. Did you mean 'electra'"):
        get_objective("elektra")


@pytest.mark.parametrize(
    "name",
    [
        "bert",
        "bert_85",
        "replace_mlm",
        "all_tokens_mlm",
        "electra_15",
        "electra_15_other",
        "electra",
    ],
)
def test_each_objective_fits_32_rows(name: str) -> None:
    """Of the same rows with the same positions drawn nearly nothing of the loss is left."""
    model, rows = networks(name), batch(name, 0)
    made = get_optimizer("adamw", model.parameters(), lr=3e-3)
    losses = []
    for _ in range(250):
        made.zero_grad()
        now, _ = loss(model, rows)
        now.backward()
        made.step()
        losses.append(now.item())
    assert np.mean(losses[-20:]) < 0.25 * np.mean(losses[:20])


def test_no_gradient_reaches_the_generator_from_the_detector() -> None:
    """What is not shared moves by its own loss alone, whatever the detector's weighs."""

    def gradients(weight: float) -> dict[str, Tensor]:
        model = networks("electra", tying="none")
        model.objective = replace(model.objective, weight=weight)
        torch.manual_seed(1)
        loss(model, batch("electra", 0))[0].backward()
        return {n: p.grad for n, p in model.named_parameters() if p.grad is not None}

    light, heavy = gradients(0.0), gradients(50.0)
    for name, value in light.items():
        if name.startswith("generator."):
            assert torch.equal(value, heavy[name]), name
    assert any(heavy[n].any() for n in heavy if n.startswith("encoder."))
    assert not any(light[n].any() for n in light if n.startswith("encoder."))


def test_tied_tables_are_moved_by_both_losses() -> None:
    for tying, shared in (("embeddings", True), ("none", False), ("all", True)):
        model = networks("electra", tying=tying)
        assert isinstance(model.generator, MaskedGenerator)
        made = model.generator.encoder
        assert (made.embeddings.word is model.encoder.embeddings.word) == shared
        assert (made is model.encoder) == (tying == "all")


def test_padding_changes_nothing() -> None:
    """Wider rows of padding, the same draws: the same loss."""
    model = networks("electra").eval()
    made = batch("electra", 3)
    wider = dict(made)
    for name in ("tokens", "real", "types"):
        wider[name] = torch.nn.functional.pad(made[name], (0, 4))
    losses = []
    for rows in (made, wider):
        torch.manual_seed(2)
        losses.append(loss(model, rows)[0])
    torch.testing.assert_close(*losses)


def test_parts_of_a_batch_add_up_to_it() -> None:
    """So that micro-batches and processes train on the same loss."""
    model = networks("bert").eval()
    made = batch("bert", 4)
    whole, _ = loss(model, made)
    parts = [{name: value[at] for name, value in made.items()} for at in (slice(20), slice(20, 32))]
    torch.testing.assert_close(whole, sum(loss(model, part)[0] for part in parts))


def test_one_seed_repeats_and_two_differ() -> None:
    def end(seed: int) -> Tensor:
        model = networks("electra", seed)
        made = get_optimizer("adamw", model.parameters(), lr=1e-3)
        for step in range(3):
            made.zero_grad()
            loss(model, batch("electra", step))[0].backward()
            made.step()
        return model.encoder.embeddings.word.detach()

    assert torch.equal(end(0), end(0))
    assert not torch.equal(end(0), end(1))


def test_bert_is_shown_random_pieces_and_the_generator_none() -> None:
    """At drawn positions: a piece that is neither [MASK] nor the right one."""
    strange = {}
    for name in ("bert", "electra"):
        made = [batch(name, seed) for seed in range(20)]
        share = [
            ((b["seen"] != PIECES.mask) & (b["seen"] != b["tokens"].gather(1, b["drawn"])))[
                b["used"]
            ]
            .float()
            .mean()
            .item()
            for b in made
        ]
        strange[name] = np.mean(share)
    assert strange["bert"] == pytest.approx(0.1 * 23 / 24, abs=0.03)
    assert strange["electra"] == 0.0
