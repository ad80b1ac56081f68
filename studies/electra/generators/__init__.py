"""What may replace pieces, a file each: its name is the file's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.encoder.encoder import Encoder
from lab.errors import StudyError, unknown
from lab.named import modules_of
from studies.electra.generator import Generator


def get_generator(settings: Mapping[str, Any], main: Encoder, tying: str) -> Generator:
    """The generator of this `kind`, with what it shares with the main encoder.

    Raises StudyError.
    """
    known = {m.__name__.rpartition(".")[2]: m.generator for m in modules_of(__name__)}
    if settings["kind"] not in known:
        raise StudyError(unknown("kind of generator", settings["kind"], known))
    made: Generator = known[settings["kind"]](settings, main, tying)
    return made
