"""Pre-training corpora, found by name, and the data that everything embedded is made from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from t5study.errors import DataError, unknown

if TYPE_CHECKING:
    from t5study.corpora.archives import Progress
    from t5study.corpora.corpus import Corpus
    from t5study.corpora.hub import HubCorpus
    from t5study.corpora.prepared import Prepared
    from t5study.corpora.provided import ProvidedCorpus

__all__ = ["available", "corpus_names", "get_corpus", "prepare_all"]


def _corpora() -> dict[str, Corpus | HubCorpus | ProvidedCorpus]:
    # The embedded corpora leave out what the tasks hold out, and the tasks read archives from
    # this package: at import time that would be a circle.
    from t5study.corpora import embedded, hub, provided

    return {**embedded.CORPORA, **hub.CORPORA, **provided.CORPORA}


def corpus_names() -> list[str]:
    """Return the names of all corpora, the embedded ones first."""
    return list(_corpora())


def get_corpus(name: str) -> Corpus | HubCorpus | ProvidedCorpus:
    """Return the corpus called `name`; DataError with the nearest known name if there is none."""
    corpora = _corpora()
    if name not in corpora:
        raise DataError(unknown("corpus", name, corpora))
    return corpora[name]


def prepare_all(
    tasks: Iterable[str] | None = None,
    corpora: Iterable[str] | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
) -> None:
    """Fetch and write everything that the named embedded tasks and corpora need; None is all.

    Names that need nothing from here (hub tasks, hub corpora) are passed over. `progress` is
    called with what is being done, how much of it is done, and how much there is: bytes while
    fetching, then data sets. Raises DataError when something cannot be had.
    """
    from t5study.corpora.prepared import prepare_data

    prepare_data(needed(tasks, corpora), progress, workers)


def available(tasks: Iterable[str] | None = None, corpora: Iterable[str] | None = None) -> bool:
    """Return whether the named tasks and corpora (None: all) can be read without a download."""
    from t5study.corpora.prepared import missing_archives

    return not missing_archives(needed(tasks, corpora))


def needed(
    tasks: Iterable[str] | None = None, corpora: Iterable[str] | None = None
) -> list[Prepared]:
    """Return the prepared data that the named embedded tasks and corpora read; None is all."""
    from t5study.corpora import embedded
    from t5study.tasks.embedded import DATA

    known = embedded.CORPORA
    of_tasks = [DATA[name] for name in (DATA if tasks is None else tasks) if name in DATA]
    of_corpora = [known[n].data for n in (known if corpora is None else corpora) if n in known]
    return of_tasks + of_corpora
