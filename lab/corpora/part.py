"""What every corpus offers, also as a part of a combination, and what names it in a stage's key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from lab.named import installed
from lab.sources import offered_source, source_sha256

GROUP = "lab.corpora"
"""The entry points that other packages add corpora by."""
_ADDED = "lab.corpora.named."
"""Where files that add corpora lie; a class that is written there is none of ours."""


class Part(Protocol):
    """What a corpus offers."""

    @property
    def name(self) -> str:
        """Name that `get_corpus` and configurations know it by."""

    @property
    def licence(self) -> str:
        """Or terms of the text."""

    @property
    def approximate_tokens(self) -> int:
        """For planning."""

    def identity(self) -> dict[str, Any]:
        """Return plain values that name exactly which documents."""

    def prepare(self) -> Any:
        """Have what is needed at hand."""

    def documents(self) -> Iterable[str]:
        """Yield the documents in order."""


def identity_of(corpus: Part) -> dict[str, Any]:
    """Return plain values that name exactly which documents, without reading them.

    A corpus of a class of ours says that itself. To what another class says, the digest of its code
    is added: nobody raises a version when that changes.
    """
    made = corpus.identity()
    module = type(corpus).__module__
    if module.startswith("lab.") and not module.startswith(_ADDED):
        return made
    if installed(GROUP).get(corpus.name) is corpus:
        return made | {"source": offered_source(GROUP, corpus.name, corpus)}
    return made | {"source": source_sha256(module)}
