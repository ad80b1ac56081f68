"""Networks as they are at some steps of a training, kept and published beside the last ones."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import lightning

from lab.encoder.checkpoint import save_encoder
from lab.encoder.pretraining.networks import EncoderNetworks, names
from lab.errors import StudyError
from lab.files import replacing
from lab.training import checkpoint
from lab.training.sharding import full
from lab.training.team import Team


class Kept(lightning.Callback):
    """Writes the networks after each of `steps`, into the work folder."""

    def __init__(
        self, steps: Collection[int], settings: Mapping[str, Any], work: Path, team: Team
    ) -> None:
        self._steps, self._settings = sorted(steps), settings
        self._work, self._team = work, team

    def on_train_batch_end(
        self, trainer: lightning.Trainer, module: Any, outputs: Any, batch: Any, index: int
    ) -> None:
        if trainer.global_step in self._steps:
            write(self._work, module.model, self._settings, self._team, trainer.global_step)

    def publish(self, out: Path, earlier: Collection[Path]) -> None:
        """Copy what was written, here or by `earlier` attempts. Raises StudyError for a gap."""
        for step in self._steps:
            for name in names(step):
                found = [folder / name for folder in (self._work, *earlier)]
                there = next((path for path in found if path.is_file()), None)
                if there is None:
                    raise StudyError(f"{name} is gone from {', '.join(map(str, found))}.")
                shutil.copy2(there, out / name)


def write(
    folder: Path,
    networks: EncoderNetworks,
    settings: Mapping[str, Any],
    team: Team,
    step: int | None = None,
) -> None:
    """Write the main encoder by itself, and all networks with the stage's settings.

    Every process calls it, and the lead writes.
    """
    weights = {name: full(value) for name, value in networks.state_dict().items()}
    if not team.lead:
        return
    own = {
        name.removeprefix("encoder."): value
        for name, value in weights.items()
        if name.startswith("encoder.")
    }
    encoder, everything = names(step)
    with replacing(folder / encoder) as part:
        save_encoder(part, networks.encoder, own)
    with replacing(folder / everything) as part:
        checkpoint.save(part, networks, settings, weights)
