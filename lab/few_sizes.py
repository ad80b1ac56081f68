"""Sizes of which there are few, so that products come in few shapes.

The library behind products in bfloat16 on a CPU compiles code for every shape that it meets and
keeps it, and what it keeps lies between the blocks of the heap: sizes that differ from update to
update cost time, and memory that only grows.
"""

from __future__ import annotations

A_DOUBLING = 8
"""Sizes from one power of two to the next, unless fewer are asked for."""
LANES = 8
"""Columns come in multiples of this."""


def few(count: int, *, a_doubling: int = A_DOUBLING, multiple: int = LANES) -> int:
    """The smallest of these sizes that is no less than `count`."""
    step = max(multiple, (1 << max(0, count - 1).bit_length()) // (2 * a_doubling))
    return max(1, -(-count // step)) * step


def few_within(count: int) -> int:
    """The largest of these sizes, of any multiple, that is no more than `count`; at least 1."""
    step = max(1, (1 << count.bit_length()) // (2 * A_DOUBLING))
    return max(1, count // step * step)
