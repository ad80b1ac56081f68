"""What a finished training left in its folder, for tests of several kinds."""

from __future__ import annotations

from pathlib import Path

import torch


def losses(folder: Path) -> list[float]:
    """The losses of its metrics.csv, step after step."""
    lines = (folder / "metrics.csv").read_text().splitlines()[1:]
    return [float(line.split(",")[1]) for line in lines]


def weights(path: Path) -> dict[str, torch.Tensor]:
    """A checkpoint's parameters by name."""
    content: dict[str, torch.Tensor] = torch.load(path, weights_only=False)["weights"]
    return content
