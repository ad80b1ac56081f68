"""Pre-training corpora, found by name, and the data that everything embedded is made from."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from lab.corpora.part import GROUP, identity_of
from lab.errors import DataError, unknown
from lab.named import installed, modules_of

if TYPE_CHECKING:
    from lab.corpora.archives import Progress
    from lab.corpora.corpus import Corpus
    from lab.corpora.hub import HubCorpus
    from lab.corpora.prepared import Prepared
    from lab.corpora.provided import ProvidedCorpus
    from lab.corpora.weighted import WeightedCorpus

    AnyCorpus: TypeAlias = Corpus | HubCorpus | ProvidedCorpus | WeightedCorpus

__all__ = [
    "available",
    "corpus_names",
    "described_corpus",
    "get_corpus",
    "identity_of",
    "is_own",
    "packaged_names",
    "prepare_all",
]


@functools.cache
def _corpora() -> dict[str, AnyCorpus]:
    found: dict[str, AnyCorpus] = {}
    for module in modules_of("lab.corpora.named"):
        found |= module.CORPORA
    added = installed(GROUP)
    for name in added:
        if name in found:
            raise DataError(
                f"entry point {name} of group {GROUP}: there is a corpus of this name. "
                "Give it another."
            )
    return found | added


def corpus_names() -> list[str]:
    """Return the names of all corpora, the embedded ones first."""
    return list(_corpora())


def get_corpus(name: str) -> AnyCorpus:
    """Return the corpus of that name, of that file or folder, or of that combination.

    A file is FILE or FILE:COLUMN; files may also be a pattern. A combination is written
    `wikipedia:4+/data/books:1`: corpora with the weights that their characters are to have, 1 where
    none is given.

    Raises DataError with the nearest known name if there is none, and for files without text.
    """
    from lab.corpora import provided
    from lab.corpora.weighted import WeightedCorpus

    corpora = _corpora()
    if name in corpora:
        return corpora[name]
    if found := provided.corpus_at(name):
        return found
    if "+" in name:
        parts = tuple(_weighted(part) for part in name.split("+"))
        licence = "; ".join(dict.fromkeys(part.licence for _, part in parts))
        return WeightedCorpus(name=name, description="by weight", licence=licence, parts=parts)
    if error := provided.missing(name):
        raise error
    raise DataError(
        f"{unknown('corpus', name, corpora)} Or files of your own, by path, or a combination by "
        "weight: wikipedia:4+books:1."
    )


def is_own(name: str) -> bool:
    """Return whether a corpus is, or combines, files that were given by path."""
    from lab.corpora.provided import FILES
    from lab.corpora.weighted import WeightedCorpus

    corpus = get_corpus(name)
    parts = [part for _, part in corpus.parts] if isinstance(corpus, WeightedCorpus) else [corpus]
    return any(part.name == FILES for part in parts)


def described_corpus(description: Mapping[str, Any]) -> AnyCorpus:
    """Return the corpus that `identity_of` names so, with files found by their content."""
    from lab.corpora.provided import known_corpus
    from lab.corpora.weighted import WEIGHTED, WeightedCorpus

    name = description["name"]
    about = {"name": name, "description": "as planned", "licence": ""}
    if name == WEIGHTED:
        parts = tuple((p["weight"], described_corpus(p)) for p in description["parts"])
        return WeightedCorpus(**about, parts=parts)
    if description.get("sha256"):
        return known_corpus(description, **about)
    return get_corpus(name)


def packaged_names(names: Iterable[str]) -> set[str]:
    """Return the corpora out of packages among these names, and in their combinations."""
    from lab.corpora.corpus import Corpus
    from lab.corpora.weighted import WeightedCorpus

    found: set[str] = set()
    for name in names:
        corpus = get_corpus(name)
        parts = (
            [part for _, part in corpus.parts] if isinstance(corpus, WeightedCorpus) else [corpus]
        )
        found |= {part.name for part in parts if isinstance(part, Corpus)}
    return found


def _weighted(text: str) -> tuple[float, AnyCorpus]:
    name, _, weight = text.rpartition(":")
    try:
        return float(weight), get_corpus(name)
    except ValueError:
        return 1.0, get_corpus(text)


def prepare_all(
    tasks: Iterable[str] | None = None,
    corpora: Iterable[str] | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
) -> None:
    """Fetch and write everything that the named tasks and corpora need; None: the embedded ones.

    Names that need nothing from here (hub tasks, hub corpora) are passed over. `progress` is
    called with what is being done, how much of it is done, and how much there is: bytes while
    fetching, then data sets. Raises DataError when something cannot be had.
    """
    from lab.corpora.build import prepare_data

    prepare_data(needed(tasks, corpora), progress, workers)


def available(tasks: Iterable[str] | None = None, corpora: Iterable[str] | None = None) -> bool:
    """Return whether the named tasks and corpora can be read without a download (see `needed`)."""
    from lab.corpora.build import missing_archives

    return not missing_archives(needed(tasks, corpora))


def needed(
    tasks: Iterable[str] | None = None, corpora: Iterable[str] | None = None
) -> list[Prepared]:
    """Return the prepared data that the named tasks and corpora read.

    None is all that is embedded; of the registry's, and of SQuAD, only what is named.
    """
    from lab.corpora import embedded
    from lab.corpora.corpus import Corpus
    from lab.datasets import packaged

    known = {name: c.data for name, c in _corpora().items() if isinstance(c, Corpus)}
    of_tasks = packaged.embedded() if tasks is None else packaged.prepared_of(tasks)
    named = embedded.CORPORA if corpora is None else corpora
    return [*of_tasks.values()] + [known[name] for name in named if name in known]
