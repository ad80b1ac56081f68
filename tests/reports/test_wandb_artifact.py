"""A table can be logged as an artifact of wandb, offline, under an id of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.commands.cli import main


def test_files_are_logged_offline(
    full: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Five files in one artifact; the run's id is the same for the same store and sweep."""
    store = full.record()
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DATA_DIR", str(store.parent / "data"))
    monkeypatch.setenv("WANDB_CACHE_DIR", str(store.parent / "cache"))
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(store.parent / "config"))
    said = []
    for _ in range(2):
        main(["toy", "--store", str(store), "--format", "csv", "--wandb"])
        said.append(capsys.readouterr().err.rpartition("artifact table-toy, run ")[2].split()[0])
    assert said[0] == said[1]
    # Two runs within one second have folders that differ by a suffix, not by the run's id.
    runs = list((store / "reports/wandb").glob("offline-run-*"))
    assert len(runs) == 2
    assert all((run / f"run-{said[0]}.wandb").is_file() for run in runs)
    kept = b"".join(p.read_bytes() for p in (store.parent / "data").rglob("*") if p.is_file())
    assert b"\\begin{tabular}" in kept
    assert b'"columns"' in kept


def test_off_by_default(full: Any) -> None:
    """Without the option nothing of wandb is written or imported."""
    store: Path = full.record()
    main(["toy", "--store", str(store)])
    assert not (store / "reports/wandb").exists()
