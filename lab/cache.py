"""Where fetched data and notes of the user's files lie, and the variable that moves them."""

from __future__ import annotations

import json
import os
from pathlib import Path

from lab.errors import DataError

_PRODUCT = json.loads((Path(__file__).parent / "product.json").read_text("utf-8"))
CACHE_VARIABLE: str = _PRODUCT["cache_variable"]
"""The environment variable that names the cache folder; it belongs to the product, as its name."""
MOVE_IT = f"Set {CACHE_VARIABLE} to a folder with room that you may write to."
"""What to do where the cache cannot be written."""


def cache_folder() -> Path:
    """Return the folder of all fetched data: the variable's, else one in the user's own cache.

    Raises DataError for a user without a home folder, who has to name one.
    """
    import platformdirs

    variable = os.environ.get(CACHE_VARIABLE)
    try:
        if variable:
            return Path(variable).expanduser()
        folder = platformdirs.user_cache_path(_PRODUCT["cache_folder"])
        # Where nobody knows the home folder "~" stays as it is, and would become a folder here.
        return folder.expanduser()
    except RuntimeError as error:
        raise DataError(
            "There is no home folder to keep fetched data in (HOME is not set). "
            f"Set {CACHE_VARIABLE} to a folder that you may write to."
        ) from error
