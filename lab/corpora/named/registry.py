"""What Debian's archive and npm's carry, fetched only when asked for (docs/data.md)."""

from __future__ import annotations

from lab.corpora.registry.corpora import CORPORA

__all__ = ["CORPORA"]
