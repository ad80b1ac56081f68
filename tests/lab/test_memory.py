"""Training memory from counts, for any model."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lab.memory import FULL, memory_of_counts, size

shapes = st.dictionaries(
    st.lists(st.integers(1, 300), min_size=1, max_size=3).map(tuple), st.integers(1, 5), min_size=1
)


@given(shapes, st.integers(0, 10**6))
def test_parameters_and_their_gradients_are_counted(found, activations):
    """Four bytes each; the second moments take no more than the parameters do."""
    memory = memory_of_counts(found, activations=activations)
    assert memory.parameters == FULL * sum(size(shape) * n for shape, n in found.items())
    assert memory.gradients == memory.parameters
    assert memory.optimizer > 0
    assert memory.total >= memory.parameters + memory.optimizer + activations


def test_large_matrices_have_factored_moments():
    """A row and a column in a matrix's place."""
    assert memory_of_counts({(200, 128): 1}, activations=0).optimizer == FULL * (200 + 128)
    assert memory_of_counts({(200, 127): 1}, activations=0).optimizer == FULL * 200 * 127


def test_rows_are_dealt_out_to_devices():
    """The first of three devices holds the larger part of ten rows."""
    memory = memory_of_counts({(10, 4): 2}, activations=7, devices=3)
    assert memory.parameters == FULL * 4 * 4 * 2
    assert memory.activations == 7


def test_micro_batches_keep_gradients_beside_activations():
    """A later one's activations meet the gradients of those before."""
    counts = {(64, 64): 1}
    once = memory_of_counts(counts, activations=10**6)
    added = memory_of_counts(counts, activations=10**6, accumulated=True)
    assert added.total == once.total + once.gradients
