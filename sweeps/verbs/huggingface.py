"""The model of a finished stage as a folder that Hugging Face's library loads."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from sweeps.digests import check_stage
from sweeps.errors import SweepError
from sweeps.store import Store
from sweeps.study import Study
from sweeps.verbs.address import RecordedCell, find, identity, known_stages


def export_model(store: Store, word: str, folder: Path) -> list[str]:
    """Write the model of the stage that `word` names into a new folder; what is to be said of it.

    The folder is there whole or not at all. Raises SweepError for a stage that is not finished, or
    whose study writes no such model, and where the folder cannot be written.
    """
    key = find(store, word)
    names = known_stages(store)
    if isinstance(key, RecordedCell):
        stages = ", ".join(f"{names[one]} {one}" for one in key.stages if one in names)
        raise SweepError(f"{word!r} is a cell: name the stage whose model is wanted, of {stages}.")
    described = identity(store, key)
    place = store.find_key(described["name"], key)
    if place is None:
        raise SweepError(f"{described['name']} {key} is not finished: run its sweep first.")
    check_stage(place)
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise SweepError(f"{folder} is there already: name a new folder.")
    inputs = {
        role: found
        for role, one in described["inputs"].items()
        if one in names and (found := store.find_key(names[one], one))
    }
    study = _study_of(store, key)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            said = study.huggingface(described["name"], described["config"], place, inputs, part)
            part.chmod(0o755)
            os.rename(part, folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise SweepError(
            f"Cannot write {folder}: {error.strerror or error}. Name a folder elsewhere."
        ) from error
    return said


def _study_of(store: Store, key: str) -> Study:
    """The study of the newest sweep that has this stage. Raises SweepError where none has it."""
    for one in reversed(store.records.all()):
        if key in one.record["stages"]:
            return Study(one.record["study"])
    raise SweepError(
        f"No sweep of {store.path} has the stage {key}: which study's it is is not known. Plan or "
        "run a sweep with it first."
    )
