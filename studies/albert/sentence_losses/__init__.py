"""The sentence losses of the study, a file each: its name is the file's."""

from __future__ import annotations

from lab.errors import StudyError, unknown
from lab.named import modules_of
from studies.albert.sentence_loss import SentenceLoss


def sentence_loss_names() -> list[str]:
    """The known sentence losses, sorted."""
    return sorted(_known())


def get_sentence_loss(name: str) -> SentenceLoss:
    """The sentence loss of this name. Raises StudyError."""
    known = _known()
    if name not in known:
        raise StudyError(unknown("sentence loss", name, known))
    return known[name]


def _known() -> dict[str, SentenceLoss]:
    return {m.__name__.rpartition(".")[2]: m.sentence_loss for m in modules_of(__name__)}
