"""Masking and detection, for any rows and draws."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lab.encoder.pretraining import detection as shared
from lab.encoder.pretraining import drawing
from lab.encoder.pretraining.masking import candidates, shown, write
from lab.encoder.pretraining.pieces import total
from studies.electra import detection

CLS, SEP, MASK = 1, 2, 3
seeds = st.integers(0, 2**32 - 1)


def rows(seed: int, count: int = 4, length: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Pieces and which are real: [CLS] words [SEP] padding, of several lengths."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(4, 50, size=(count, length))
    lengths = rng.integers(3, length + 1, size=count)
    ids[:, 0] = CLS
    ids[np.arange(count), lengths - 1] = SEP
    real = np.arange(length) < lengths[:, None]
    return np.where(real, ids, 0), real


def drawn(seed: int, *, replacement: bool) -> tuple[np.ndarray, ...]:
    ids, real = rows(seed)
    allowed = candidates(ids, real, (CLS, SEP, MASK))
    counts = drawing.how_many(real.sum(1), 0.3, 20)
    rng = np.random.default_rng(seed)
    positions, used = drawing.draw(allowed, counts, rng, replacement=replacement)
    return ids, allowed, counts, positions, used


@given(seeds, st.booleans())
def test_only_what_may_be_drawn_is_drawn_and_as_often_as_asked(
    seed: int, replacement: bool
) -> None:
    _, allowed, counts, positions, used = drawn(seed, replacement=replacement)
    for row in range(len(allowed)):
        chosen = positions[row][used[row]]
        assert allowed[row][chosen].all()
        most = allowed[row].sum()
        assert len(chosen) == (counts[row] if replacement and most else min(counts[row], most))
        assert replacement or len(set(chosen)) == len(chosen)
        assert (positions[row][~used[row]] == 0).all()


def test_each_candidate_is_drawn_as_often_as_another() -> None:
    """Either way; with replacement so many positions are different as the formula says."""
    allowed = np.zeros((4000, 12), dtype=bool)
    allowed[:, 2:10] = True
    counts = np.full(4000, 3)
    for replacement in (False, True):
        positions, _ = drawing.draw(
            allowed, counts, np.random.default_rng(0), replacement=replacement
        )
        shares = np.bincount(positions.ravel(), minlength=12) / positions.size
        assert shares[2:10] == pytest.approx(1 / 8, abs=0.01)
        different = np.mean([len(set(row)) for row in positions])
        expected = drawing.distinct_positions(8, 3) if replacement else 3
        assert different == pytest.approx(expected, abs=0.03)


def test_a_row_without_candidates_draws_nothing() -> None:
    allowed = np.array([[False, False, False], [False, True, False]])
    for replacement in (False, True):
        positions, used = drawing.draw(
            allowed, np.array([1, 1]), np.random.default_rng(0), replacement=replacement
        )
        assert positions.tolist() == [[0], [1]]
        assert used.tolist() == [[False], [True]]


@given(seeds)
def test_writing_changes_the_drawn_positions_alone(seed: int) -> None:
    ids, _, _, positions, used = drawn(seed, replacement=False)
    changed = write(ids, positions, MASK)
    for row in range(len(ids)):
        where = positions[row][used[row]]
        assert (changed[row][where] == MASK).all()
        assert (np.delete(changed[row], where) == np.delete(ids[row], where)).all()


def test_what_is_shown_at_drawn_positions() -> None:
    """BERT's shares; a random piece may be any, the right one too."""
    targets = np.full((100, 1000), 7)
    seen = shown(
        targets,
        np.random.default_rng(0),
        mask=MASK,
        vocabulary=50,
        masked=0.8,
        random=0.1,
    )
    shares = np.bincount(seen.ravel(), minlength=50) / seen.size
    assert shares[MASK] == pytest.approx(0.8 + 0.1 / 50, abs=0.005)
    assert shares[7] == pytest.approx(0.1 + 0.1 / 50, abs=0.005)
    assert shares[20] == pytest.approx(0.1 / 50, abs=0.0005)


@given(seeds)
def test_samples_stand_at_used_slots_alone(seed: int) -> None:
    ids, _, _, positions, used = drawn(seed, replacement=False)
    samples = np.random.default_rng(seed).integers(4, 8, size=positions.shape)
    corrupted = shared.placed(
        torch.tensor(ids), torch.tensor(positions), torch.tensor(used), torch.tensor(samples)
    )
    expected = ids.copy()
    for row, slot in zip(*used.nonzero(), strict=True):
        at = positions[row, slot]
        expected[row, at] = samples[row, slot]
    assert corrupted.tolist() == expected.tolist()


@pytest.mark.parametrize("form", ["sample", "draw"])
def test_samples_follow_the_softmax_and_no_gradient_goes_through(form: str) -> None:
    """By a number a piece, or by one number alone."""
    logits = torch.tensor([1.0, 0.0, -1.0, 2.0], requires_grad=True)
    torch.manual_seed(0)
    numbers = (20_000, 4) if form == "sample" else (20_000,)
    uniform = torch.rand(numbers, dtype=torch.float64)
    given = logits if form == "sample" else logits.expand(20_000, 4)
    pieces = getattr(shared, form)(given, uniform, temperature=2.0)
    shares = torch.bincount(pieces, minlength=4) / len(pieces)
    torch.testing.assert_close(shares, (logits.detach() / 2).softmax(-1), atol=0.01, rtol=0)
    assert not pieces.requires_grad


def test_numbers_at_the_ends_draw_possible_pieces() -> None:
    logits = torch.tensor([-math.inf, 0.0, 0.0, -math.inf]).expand(3, 4)
    pieces = shared.draw(logits, torch.tensor([0.0, 0.5, 1.0 - 2.0**-24]))
    assert pieces.tolist() == [1, 2, 2]
    # What rounds up to 1 is no other than the last possible piece either.
    assert shared.draw(logits, torch.ones(3)).tolist() == [2, 2, 2]


def test_a_constant_answer_is_the_loss_to_beat() -> None:
    """The loss of the share's logit over labels of that share."""
    replaced = torch.zeros(10, 10)
    replaced[0, :6] = 1
    logits = torch.full((10, 10), math.log(0.06 / 0.94))
    losses = shared.detection_losses(logits, replaced)
    assert losses.mean().item() == pytest.approx(detection.constant_answer(0.06))


def test_of_several_values_for_a_position_the_first_stands() -> None:
    """As draws with replacement have them; unused slots write nothing."""
    pieces = torch.tensor([[1, 5, 6, 7]])
    positions, values = torch.tensor([[2, 3, 2, 0]]), torch.tensor([[8, 9, 10, 11]])
    used = torch.tensor([[True, True, True, False]])
    assert shared.placed(pieces, positions, used, values).tolist() == [[1, 5, 8, 9]]


@given(seeds)
def test_a_gate_mixes_copies_with_the_softmax(seed: int) -> None:
    """All pieces' probabilities are the mixture of section 3.4, and add up to 1."""
    rng = np.random.default_rng(seed)
    chances = torch.tensor(rng.normal(size=7)).log_softmax(-1)
    gate, read = torch.tensor(rng.normal(scale=5)), int(rng.integers(7))
    is_read = torch.arange(7) == read
    found = (-detection.gated_losses(chances, gate.expand(7), is_read)).exp()
    copy = gate.sigmoid()
    torch.testing.assert_close(found, (1 - copy) * chances.exp() + copy * is_read.double())
    assert found.sum().item() == pytest.approx(1.0)


def test_what_does_not_count_may_be_infinite() -> None:
    losses = torch.tensor([[1.0, torch.inf], [2.0, 4.0]], requires_grad=True)
    counted = torch.tensor([[True, False], [True, False]])
    summed = total(losses, counted)
    summed.backward()
    assert summed.item() == 3.0
    assert losses.grad is not None
    assert losses.grad.tolist() == [[1.0, 0.0], [1.0, 0.0]]
