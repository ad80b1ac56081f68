"""Learning rates as functions of the step, counted from 0."""

from __future__ import annotations

from collections.abc import Callable

Schedule = Callable[[int], float]


def inverse_square_root(hold: int, *, steps: int = 0, ramp: float = 0.0) -> Schedule:
    """1 / sqrt(max(step, hold)) (section 3.1.2), with a linear ramp to 0 over the last share.

    `ramp` is the share of `steps` that the final ramp takes; 0 leaves it out.
    """
    start = round(steps * (1.0 - ramp))

    def rate(step: int) -> float:
        value = max(step, hold) ** -0.5
        if ramp and step > start:
            value *= max(0.0, (steps - step) / (steps - start))
        return float(value)

    return rate


def constant(value: float) -> Schedule:
    """The same rate at every step: fine-tuning's 0.001 (section 3.1.2)."""
    return lambda step: value


def linear_decay(steps: int, warmup: int, *, through_warmup: bool = True) -> Schedule:
    """From 0 up over the warm-up and down to 0 at the last of `steps`, as a share of the peak.

    The decay counts from the first step. With `through_warmup` both act during the warm-up (Clark
    et al. 2020), so that the peak is missed by warmup / steps; else the warm-up goes up to the
    peak alone, and the rate drops where the decay takes over (Devlin et al. 2019).
    """

    def rate(step: int) -> float:
        left = max(0.0, 1.0 - step / steps)
        if step >= warmup:
            return left
        return step / warmup * (left if through_warmup else 1.0)

    return rate


def square_root_rate(batch: int, *, rate: float, at: int) -> float:
    """The peak of LAMB for a batch, by what it is at another one (You et al. 2020, section 4.3)."""
    return float(rate * (batch / at) ** 0.5)


def proportional_warmup(batch: int, *, share: float, at: int) -> float:
    """The share of LAMB's updates that warm up, by what it is at another batch; with the above."""
    return min(1.0, share * batch / at)
