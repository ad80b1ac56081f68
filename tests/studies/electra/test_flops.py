"""The paper's FLOPs recompute by the paper's own counting."""

from __future__ import annotations

import pytest

from studies.electra.flops import Shape, electra, training

SMALL = Shape(width=256, layers=12, length=128, vocabulary=30_522, embedding=128)
BASE = Shape(width=768, layers=12, length=512, vocabulary=30_522)


def test_small_models_need_a_generator_of_half_the_width() -> None:
    """Table 1 prints 1.4e18 and its halves; the quarter of Table 6 would give 1.3e18."""
    by_width = {
        width: electra(
            SMALL,
            Shape(width=width, layers=12, length=128, vocabulary=30_522, embedding=128),
            batch=128,
            updates=1e6,
        )
        for width in (64, 128)
    }
    assert by_width[128] == pytest.approx(1.42405033779e18, rel=1e-9)
    assert by_width[64] == pytest.approx(1.294e18, rel=1e-3)
    bert = training(BASE, batch=256, updates=1e6)
    fractions = (1, 0.5, 0.25, 0.125, 0.0625)
    speedups = [round(bert / (by_width[128] * share)) for share in fractions]
    assert speedups == [45, 90, 181, 361, 722]


@pytest.mark.parametrize(
    ("width", "printed"),
    [(768, 6.35e19), (512, 5.03e19), (384, 4.55e19), (256, 4.19e19), (128, 3.96e19), (64, 3.89e19)],
)
def test_base_models_by_the_generators_width(width: int, printed: float) -> None:
    """500,000 updates each, as in section 3.2."""
    made = Shape(width=width, layers=12, length=512, vocabulary=30_522, embedding=768)
    assert electra(BASE, made, batch=256, updates=500_000) == pytest.approx(printed, rel=2e-3)
