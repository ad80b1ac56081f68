"""The small world that fine-tunings of these tests live in."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The module with vocabulary, rows and settings, and a cache of the test's own."""
    monkeypatch.setenv("T5STUDY_CACHE", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(Path(__file__).parent)
    import small_world

    return small_world
