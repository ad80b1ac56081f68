"""Digests of code that stages run and that these packages do not carry: another's, or a user's."""

from __future__ import annotations

import hashlib
import importlib
from importlib import metadata
from pathlib import Path
from typing import Any

from lab.by_content import file_sha256


def source_sha256(*modules: str) -> str:
    """Return the sha256 over the files of these modules, whatever they are called."""
    files = [getattr(importlib.import_module(name), "__file__", None) for name in {*modules}]
    hashes = sorted(file_sha256(Path(file)) for file in files if file)
    return hashlib.sha256(" ".join(hashes).encode()).hexdigest()


def offered_source(group: str, name: str, offered: Any) -> str:
    """Return the sha256 of the code of an installed entry point, which loads as `offered`.

    That is the file of the module that the entry point names and, where the object is written in
    another module of the same package, that file too.
    """
    (entry,) = metadata.entry_points(group=group, name=name)
    modules = {entry.module}
    written_in = str(getattr(offered, "__module__", None) or type(offered).__module__)
    if written_in.partition(".")[0] == entry.module.partition(".")[0]:
        modules.add(written_in)
    return source_sha256(*modules)
