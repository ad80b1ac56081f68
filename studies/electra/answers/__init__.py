"""What main encoders of this study answer, a file each: its name is the file's."""

from __future__ import annotations

from lab.encoder.config import EncoderConfig
from lab.errors import StudyError, unknown
from lab.named import modules_of
from studies.electra.answer import Answer


def get_answer(name: str, config: EncoderConfig) -> Answer:
    """The head that gives this kind of answer. Raises StudyError."""
    known = {m.__name__.rpartition(".")[2]: m.answer for m in modules_of(__name__)}
    if name not in known:
        raise StudyError(unknown("answer", name, known))
    made: Answer = known[name](config)
    return made
