"""Writing with a cache is writing without one; beam search finds what enumeration finds."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from lab.errors import ModelError
from lab.text_to_text.config import ARCHITECTURES
from lab.text_to_text.generation import (
    beam_search,
    decode,
    greedy,
    length_penalty,
    stable_topk,
)
from t5study.model import Ensemble, build_model
from t5study.model.adapters import add_adapters

EOS = 1


def tiny(architecture: str, vocab_size: int = 23, seed: int = 0, **settings: Any) -> Any:
    torch.manual_seed(seed)
    dims = {"d_model": 16, "d_ff": 24, "d_kv": 4, "num_heads": 4, "num_layers": 2, **settings}
    return build_model(architecture, "nano", vocab_size=vocab_size, **dims).eval()


def inputs(lengths: tuple[int, ...] = (7, 3, 5, 1), vocab_size: int = 23) -> Tensor:
    """Rows of random ids that end in EOS, padded with 0."""
    torch.manual_seed(9)
    ids = torch.zeros(len(lengths), max(lengths), dtype=torch.int64)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.randint(2, vocab_size, (length,))
        ids[row, length - 1] = EOS
    return ids


def uncached_logits(model: Any, ids: Tensor, written: Tensor) -> Tensor:
    """Next-token logits (B, V) after `written` (B, T), by whole forward passes row by row."""
    results = []
    for row, output in zip(ids, written, strict=True):
        source = row[row != 0]
        start = torch.cat([torch.zeros(1, dtype=torch.int64), output])
        if hasattr(model, "stack"):
            whole = torch.cat([torch.zeros(1, dtype=torch.int64), source, output])
            prefix = (torch.arange(len(whole)) <= len(source)).long()
            logits = model(whole[None], causal_attention=prefix[None])
        else:
            logits = model(source[None], start[None])
        results.append(logits[0, -1])
    return torch.stack(results)


@torch.no_grad()
def steps(model: Any, ids: Tensor, written: Tensor) -> list[Tensor]:
    state = model.start(ids)
    tokens = torch.cat([torch.zeros(len(ids), 1, dtype=torch.int64), written], 1)
    logits = []
    for column in tokens.T:
        result, state = model.step(column, state)
        logits.append(result)
    return logits


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_cached_logits_equal_uncached(architecture):
    """Each step gives the logits of a whole forward pass, for rows of unequal lengths."""
    model, ids = tiny(architecture), inputs()
    written = torch.randint(2, 23, (4, 40))
    for length, logits in enumerate(steps(model, ids, written)):
        if length in (0, 1, 2, 31, 32, 40):
            with torch.no_grad():
                expected = uncached_logits(model, ids, written[:, :length])
            torch.testing.assert_close(logits, expected, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize(
    "settings", [{"feed_forward": "gated_gelu", "tie_embeddings": False}, {"adapter_width": 8}]
)
def test_cached_logits_equal_uncached_in_other_forms(settings):
    """Gated GELU, an own head and adapters are in the cached path too."""
    model, ids = tiny("encoder_decoder", **settings), inputs()
    written = torch.randint(2, 23, (4, 3))
    with torch.no_grad():
        expected = uncached_logits(model, ids, written)
    torch.testing.assert_close(steps(model, ids, written)[-1], expected, atol=2e-5, rtol=1e-4)


def test_cached_logits_under_autocast_are_near():
    """In bfloat16 a step stays within its rounding of the float32 logits."""
    model, ids = tiny("encoder_decoder"), inputs()
    written = torch.randint(2, 23, (4, 3))
    exact = steps(model, ids, written)[-1]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = steps(model, ids, written)[-1]
    assert rounded.dtype == torch.float32
    assert 0 < (rounded - exact).abs().max() < 0.1


@pytest.mark.parametrize("architecture", ["encoder_decoder", "prefix_lm"])
def test_reordered_state_goes_on_with_those_rows(architecture):
    """After reorder, each row's next logits are those of the row it came from."""
    model, ids = tiny(architecture), inputs()
    written = torch.randint(2, 23, (4, 2))
    index = torch.tensor([3, 0, 0, 2, 1])
    with torch.no_grad():
        state = model.start(ids)
        _, state = model.step(torch.zeros(4, dtype=torch.int64), state)
        _, state = model.step(written[:, 0], state)
        state.reorder(index)
        logits, state = model.step(written[index, 1], state)
        expected = uncached_logits(model, ids, written)[index]
    torch.testing.assert_close(logits, expected, atol=2e-5, rtol=1e-4)


def test_start_ignores_dropout_and_keeps_the_mode():
    """A model in training mode writes as in evaluation and stays in training mode."""
    model, ids = tiny("encoder_decoder", dropout_rate=0.5), inputs()
    expected = steps(model, ids, torch.zeros(4, 0, dtype=torch.int64))[0]
    model.train()
    found = steps(model, ids, torch.zeros(4, 0, dtype=torch.int64))[0]
    assert torch.equal(found, expected)
    assert model.training


def enumerate_best(model: Any, row: Tensor, vocab_size: int, longest: int, alpha: float):
    """Every output that ends within `longest` tokens, best first by its normalized score."""
    found = []
    middle = [token for token in range(vocab_size) if token != EOS]
    for length in range(1, longest + 1):
        for body in itertools.product(middle, repeat=length - 1):
            output = torch.tensor([*body, EOS])
            score = 0.0
            with torch.no_grad():
                start = torch.cat([torch.zeros(1, dtype=torch.int64), output[:-1]])
                logits = model(row[None], start[None])[0].log_softmax(-1)
            score = float(logits.gather(1, output[:, None]).sum())
            found.append((score / length_penalty(length, alpha), output.tolist()))
    return sorted(found, reverse=True)


@pytest.mark.parametrize("alpha", [0.0, 0.6, 2.0])
def test_a_wide_beam_finds_the_best_output_of_all(alpha):
    """With room for every continuation, beam search equals enumeration."""
    model, vocab_size, longest = tiny("encoder_decoder", vocab_size=4, seed=3), 4, 4
    ids = inputs((4, 2, 3), vocab_size=4)
    written = beam_search(model, ids, longest, width=40, alpha=alpha)
    for row, output in zip(ids, written, strict=True):
        best = enumerate_best(model, row[row != 0], vocab_size, longest, alpha)
        expected = best[0][1]
        assert output[: len(expected)].tolist() == expected
        assert not output[len(expected) :].any()


class Scripted(torch.nn.Module):
    """A stand-in whose next-token probabilities depend on the written tokens alone."""

    def __init__(self, table: dict[tuple[int, ...], list[float]], vocab_size: int) -> None:
        super().__init__()
        self.table = table
        self.vocab_size = vocab_size
        self.asked: list[int] = []

    def start(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Any:
        class State:
            rows: list[tuple[int, ...]] = [()] * len(input_ids)

            def reorder(self, index: Tensor) -> None:
                self.rows = [self.rows[i] for i in index.tolist()]

            def widen(self, width: int) -> None:
                self.rows = [row for row in self.rows for _ in range(width)]

        return State()

    def step(self, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
        self.asked.append(len(tokens))
        first = all(row == () for row in state.rows)
        if not (first and bool((tokens == 0).all())):
            state.rows = [(*row, t) for row, t in zip(state.rows, tokens.tolist(), strict=True)]
        even = [1 / self.vocab_size] * self.vocab_size
        return torch.tensor([self.table.get(row, even) for row in state.rows]).log(), state


def test_beam_search_looks_past_the_likeliest_first_token():
    """Greedy takes 2 and ends badly; a beam of two finds the better whole."""
    table = {
        (): [0.0, 0.1, 0.5, 0.4],
        (2,): [0.0, 0.2, 0.4, 0.4],
        (3,): [0.0, 0.9, 0.05, 0.05],
    }
    ids = torch.ones(1, 1, dtype=torch.int64)
    assert greedy(Scripted(table, 4), ids, 2).tolist() == [[2, 2]]
    assert beam_search(Scripted(table, 4), ids, 2, width=2, alpha=0.0).tolist() == [[3, 1]]


def test_a_larger_alpha_prefers_longer_outputs():
    """The same scores, divided by more for longer outputs, change the winner."""
    table = {
        (): [0.0, 0.5, 0.5, 0.0],
        (2,): [0.0, 0.0, 1.0, 0.0],
        (2, 2): [0.0, 0.8, 0.2, 0.0],
    }
    ids = torch.ones(1, 1, dtype=torch.int64)
    search = lambda alpha: beam_search(Scripted(table, 4), ids, 3, width=2, alpha=alpha)  # noqa: E731
    assert search(0.0).tolist() == [[1]]
    assert search(2.0).tolist() == [[2, 2, 1]]


def test_an_output_that_never_ends_is_returned_only_if_none_ends():
    """Without any EOS the likeliest unended output of full length comes back."""
    table = {(): [0.0, 0.0, 0.3, 0.7], (3,): [0.0, 0.0, 0.9, 0.1], (2,): [0.0, 0.0, 0.5, 0.5]}
    ids = torch.ones(1, 1, dtype=torch.int64)
    assert beam_search(Scripted(table, 4), ids, 2, width=2).tolist() == [[3, 2]]


def test_ties_go_to_the_lower_id():
    """Equal scores are kept in the order of their index, at the cut too."""
    scores = torch.tensor([[0.0, 2.0, 1.0, 2.0, 1.0, 1.0, 0.0]])
    values, index = stable_topk(scores, 3)
    assert values.tolist() == [[2.0, 2.0, 1.0]]
    assert index.tolist() == [[1, 3, 2]]
    _, index = stable_topk(torch.zeros(1, 1000), 4)
    assert index.tolist() == [[0, 1, 2, 3]]


def test_finished_rows_leave_the_batch():
    """Steps after most rows have ended are taken with the rest alone."""
    model = Scripted({(): [0.0, 1.0, 0.0]}, 3)
    model.table[(2,)] = [0.0, 0.0, 1.0]
    long_row = Scripted(model.table, 3)

    def start(ids: Tensor, mask: Tensor | None = None) -> Any:
        state = Scripted.start(model, ids)
        state.rows = [(2,), (), (), ()]
        return state

    long_row.start = start  # type: ignore[method-assign]
    long_row.table = {(2, 0): [0.0, 0.0, 1.0], (2, 0, 2): [0.0, 1.0, 0.0], (0,): [0.0, 1.0, 0.0]}
    written = greedy(long_row, torch.ones(4, 1, dtype=torch.int64), 5)
    assert written.tolist() == [[2, 1], [1, 0], [1, 0], [1, 0]]
    assert long_row.asked == [4, 1]


@pytest.mark.parametrize("width", [1, 2])
def test_rows_are_of_few_sizes(width):
    """Of outputs that end at all times, the rest goes on beside as many as round it up."""

    class Ending(Scripted):
        """Row n ends after n tokens."""

        def start(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Any:
            state = super().start(input_ids)
            state.rows = [(number,) for number in range(len(input_ids))]
            return state

        def step(self, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
            rows = [(*row, t) for row, t in zip(state.rows, tokens.tolist(), strict=True)]
            goes_on = {row: len(row) - 2 < row[0] for row in rows}
            self.table = {r: [0.0, 0.01, 0.99] if goes_on[r] else [0.0, 0.99, 0.01] for r in rows}
            return super().step(tokens, state)

    model = Ending({}, 3)
    ids = torch.ones(20, 1, dtype=torch.int64)
    written = beam_search(model, ids, 30, width=width)
    assert [row.tolist().index(EOS) for row in written] == list(range(20))
    assert {size // width for size in model.asked[1:]} <= {20, 16, 12, 8, 6, 4, 3, 2, 1}
    assert len(model.asked) >= 20


@pytest.mark.parametrize("architecture", ["encoder_decoder", "language_model"])
def test_beam_of_one_equals_greedy(architecture):
    """Width 1 writes what greedy writes."""
    model, ids = tiny(architecture), inputs()
    assert torch.equal(beam_search(model, ids, 12, width=1), greedy(model, ids, 12))


@pytest.mark.parametrize("architecture", ["encoder_decoder", "prefix_lm"])
@pytest.mark.parametrize("width", [1, 3])
def test_decode_keeps_the_order_of_its_inputs(architecture, width):
    """Sorted, padded and batched, each input's output is what it gets alone."""
    model = tiny(architecture, seed=5)
    rows = [row[row != 0].tolist() for row in inputs((7, 3, 9, 1, 4, 6, 2))]
    progress: list[tuple[int, int]] = []
    together = decode(
        model,
        rows,
        10,
        width=width,
        batch_tokens=20,
        after_batch=lambda done, total: progress.append((done, total)),
    )
    assert together == [decode(model, [row], 10, width=width)[0] for row in rows]
    assert progress[-1] == (7, 7)
    assert len(progress) > 2


def test_decode_drops_eos_and_what_follows():
    """The outputs are ids up to the end of sequence."""
    model = Scripted({(): [0.0, 0.0, 1.0], (2,): [0.0, 1.0, 0.0]}, 3)
    model.register_parameter("device", torch.nn.Parameter(torch.zeros(1)))
    assert decode(model, [[2, 1], [1], []], 5) == [[2], [2], [2]]


@pytest.mark.parametrize("average", ["logits", "probabilities"])
@pytest.mark.parametrize("architecture", ["encoder_decoder", "language_model"])
def test_ensemble_of_one_equals_the_model(architecture, average):
    """One member's average is the member, for greedy and beam search."""
    model, ids = tiny(architecture), inputs()
    ensemble = Ensemble([model], average)
    assert torch.equal(greedy(ensemble, ids, 8), greedy(model, ids, 8))
    assert torch.equal(beam_search(ensemble, ids, 8), beam_search(model, ids, 8))


def test_ensembles_average_logits_or_probabilities():
    """Both averages are those of the members' own logits, and they differ."""
    members, ids = [tiny("encoder_decoder", seed=seed) for seed in (0, 1)], inputs()
    nothing = torch.zeros(4, 0, dtype=torch.int64)
    own = torch.stack([steps(model, ids, nothing)[0] for model in members])
    logits = steps(Ensemble(members, "logits"), ids, nothing)[0]
    probabilities = steps(Ensemble(members, "probabilities"), ids, nothing)[0]
    torch.testing.assert_close(logits, own.mean(0))
    torch.testing.assert_close(probabilities.exp(), own.softmax(-1).mean(0))
    assert not torch.allclose(logits.softmax(-1), probabilities.softmax(-1), atol=1e-3)


def test_ensembles_refuse_what_cannot_be_averaged():
    """Another average and unequal vocabularies are named."""
    with pytest.raises(ModelError, match="Did you mean 'logits'"):
        Ensemble([tiny("half")], "logit")
    with pytest.raises(ModelError, match=r"\[23, 24\]"):
        Ensemble([tiny("half"), tiny("half", vocab_size=24)])


def test_generation_works_after_adapters_are_added():
    """A state made after add_adapters goes through them."""
    model, ids = tiny("shared"), inputs()
    before = steps(model, ids, torch.zeros(4, 0, dtype=torch.int64))[0]
    add_adapters(model, 8)
    after = steps(model, ids, torch.zeros(4, 0, dtype=torch.int64))[0]
    assert not torch.equal(before, after)
