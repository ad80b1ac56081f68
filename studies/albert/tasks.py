"""What stages beside the suite score their networks under, as columns name it."""

from __future__ import annotations

LAYERS = "layers"
INTRINSIC = "intrinsic"


def task_after(updates: int | None) -> str:
    """Of the intrinsic stage: on the last networks, or on those kept after so many updates."""
    return INTRINSIC if updates is None else f"{INTRINSIC}_{updates}"
