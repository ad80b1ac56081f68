"""What lies where a file should be that was not fetched: a Git LFS pointer, a web page, nothing."""

from __future__ import annotations

import re
from pathlib import Path

LFS = b"version https://git-lfs"
PAGE = re.compile(rb"<(!doctype|!--|\?xml|html|head)", re.IGNORECASE)
AGAIN = "Download it again."


def instead_of(path: Path) -> str | None:
    """Return what a file is instead of what its name says, and what to type; None if unknown."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n")
    if not size:
        return f"is empty. {AGAIN}"
    if start.startswith(LFS):
        return (
            f"is a Git LFS pointer of {size} bytes and not the file itself. Fetch it with "
            "`git lfs pull` in its repository."
        )
    if PAGE.match(start):
        return (
            f"is a web page of {size} bytes: the download asked for a sign-in, or failed. {AGAIN}"
        )
    return None
