"""Which prepared data hold the rows of a labelled data set out of packages."""

from __future__ import annotations

from collections.abc import Iterable

from lab.corpora.prepared import Prepared
from lab.datasets.dataset import DataSet
from lab.datasets.named import embedded, registry


def _prepared(datasets: Iterable[DataSet]) -> dict[str, Prepared]:
    return {data.name: data.source.prepared for data in datasets if data.source.prepared}


EMBEDDED = _prepared(embedded.DATASETS)
"""What is embedded, by the data set's name."""

REGISTRY = _prepared(registry.DATASETS)
"""What Debian's archive carries, fetched only when asked for."""
