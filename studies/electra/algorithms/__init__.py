"""How generators are trained, a file each: its name is the file's."""

from __future__ import annotations

from lab.errors import StudyError, unknown
from lab.named import modules_of
from studies.electra.algorithm import Algorithm
from studies.electra.generator import Generator


def get_algorithm(name: str, generator: Generator) -> Algorithm:
    """The algorithm of this name for a generator. Raises StudyError."""
    known = {m.__name__.rpartition(".")[2]: m.algorithm for m in modules_of(__name__)}
    if name not in known:
        raise StudyError(unknown("algorithm", name, known))
    made: Algorithm = known[name](generator)
    return made
