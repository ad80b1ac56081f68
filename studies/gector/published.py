"""Trained taggers by what a user calls them: a key, or a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lab.errors import DataError, nearest_path

if TYPE_CHECKING:
    from studies.gector.corrector import Corrector
    from studies.gector.inference import Tweaks

STAGE = "tune"


def published(word: str, store: Path) -> Path:
    """The folder of a tagger: `word` itself, or the one stage of the store whose key begins so.

    Raises DataError where there is none, or where there are several.
    """
    folder = Path(word).expanduser()
    if folder.is_dir():
        return folder
    keys = sorted(path.name for path in (store / STAGE).glob("*") if path.is_dir())
    found = [key for key in keys if key.startswith(word)]
    if len(found) == 1:
        return store / STAGE / found[0]
    if found:
        raise DataError(f"--model {word}: {len(found)} keys begin so: {', '.join(found)}.")
    there = f"The store {store} has {', '.join(keys)}." if keys else _empty(store)
    raise DataError(f"--model {word}: neither a folder nor a key.{nearest_path(word)} {there}")


def _empty(store: Path) -> str:
    return (
        f"The store {store} has no trained tagger. Name another by --store, or train one: "
        "python run.py study=gector"
    )


def opened(
    folders: Sequence[Path],
    tweaks: Tweaks,
    *,
    iterations: int,
    batch_size: int = 128,
    device: str = "cpu",
) -> Corrector:
    """What corrects by the taggers of these folders. Raises DataError where one is none."""
    from studies.gector.corrector import Corrector
    from studies.gector.families import transformations
    from studies.gector.members import open_members
    from studies.gector.tags.transformations import VERB

    members = open_members(folders, reading={}, device=device, batch_size=batch_size)
    # The table of verbs is fetched only for a tagger that has their forms.
    kind = "all" if any(tag.startswith(VERB) for tag in members.tags) else "basic"
    return Corrector(members, transformations(kind), tweaks, iterations=iterations)
