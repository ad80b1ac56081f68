"""A table's files as an artifact of wandb: a mirror, off unless asked for."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

from reports.commands.output import write_table
from reports.errors import ReportError
from reports.render import Style
from reports.table import Table


def log_artifact(table: Table, store: Path, style: Style | None = None) -> str:
    """Log every format of a table; a sentence that says where.

    Offline unless WANDB_MODE says otherwise. The run's id comes from store and sweep, so that a
    table logged again is a new version of one artifact. Raises ReportError without wandb.
    """
    try:
        import wandb
    except ImportError as error:
        raise ReportError("--wandb needs the package wandb: pip install wandb.") from error
    name = f"table-{table.id.replace('/', '-')}"
    id = hashlib.sha256(f"{Path(store).resolve()}\n{table.id}".encode()).hexdigest()[:16]
    folder = Path(store) / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    mode: Any = os.environ.get("WANDB_MODE") or "offline"
    with tempfile.TemporaryDirectory() as files:
        write_table(table, Path(files), style)
        run = wandb.init(
            project=os.environ.get("WANDB_PROJECT") or "tables",
            id=id,
            name=name,
            job_type="report",
            mode=mode,
            dir=folder,
            settings=wandb.Settings(silent=True, console="off"),
        )
        artifact = wandb.Artifact(name, type="table", metadata=dict(table.provenance))
        artifact.add_dir(files)
        run.log_artifact(artifact)
        where = run.dir
        run.finish()
    return f"wandb ({mode}): artifact {name}, run {id} in {Path(where).parent}"
