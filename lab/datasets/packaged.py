"""Which prepared data hold the rows of a labelled data set out of packages."""

from __future__ import annotations

from collections.abc import Iterable

from lab.corpora.prepared import Prepared
from lab.datasets import dataset_names, get_dataset

ASKED_FOR = "lab.datasets.registry."
"""The readers of what Debian's archive carries: fetched only when asked for."""


def prepared_of(names: Iterable[str] | None = None) -> dict[str, Prepared]:
    """Return what the data sets of these names, or all, are made of where that is out of packages.

    Names of other data sets, and of none, are passed over.
    """
    known = dataset_names()
    sources = {n: get_dataset(n).source for n in (known if names is None else names) if n in known}
    return {name: source.prepared for name, source in sources.items() if source.prepared}


def embedded() -> dict[str, Prepared]:
    """Return those that a first run fetches."""
    return {
        name: data
        for name, data in prepared_of().items()
        if not data.write.__module__.startswith(ASKED_FOR)
    }
