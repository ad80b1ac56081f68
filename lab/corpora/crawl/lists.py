"""The lists that make RealNews-like and WebText-like out of C4: domains and URLs to keep."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

_SCHEME = re.compile(r"https?://(?:www\.)?")
_TRACKING = re.compile(r"\?(?:utm_|ref|feed).*")

Domains = Mapping[str, bool | frozenset[str]]


def normalize_url(url: str) -> str:
    """One spelling for a page's address, as C4 compares them: no scheme, no tracking, no slash."""
    return _TRACKING.sub("", _SCHEME.sub("", url)).rstrip("/")


def read_domains(path: Path) -> Domains:
    """Read a list of domains: RealNews' JSON {domain: true or [subdomains]}, or one a line.

    Raises ValueError where a JSON file holds anything else.
    """
    text = path.read_text("utf-8")
    if not text.lstrip().startswith("{"):
        lines = (line.strip().lower() for line in text.splitlines())
        return {line: True for line in lines if line and not line.startswith("#")}
    domains: dict[str, bool | frozenset[str]] = {}
    for domain, allowed in json.loads(text).items():
        if isinstance(allowed, list):
            domains[domain.lower()] = frozenset(str(name).lower() for name in allowed)
        elif allowed is True:
            domains[domain.lower()] = True
        else:
            raise ValueError(
                f"{path}: '{domain}' has {allowed!r}; give true (all subdomains) or a list of them"
            )
    return domains


def domain_verdict(url: str, domains: Domains) -> str | None:
    """Say why a page is not of a listed domain, under the count's name, or None where it is."""
    host = (urlsplit(url if "//" in url else f"//{url}").hostname or "").rstrip(".")
    labels = host.split(".")
    for at in range(len(labels)):
        allowed = domains.get(".".join(labels[at:]))
        if allowed is None:
            continue
        subdomain = ".".join(labels[:at])
        if allowed is True or (allowed and subdomain in allowed):
            return None
        return "filtered-url-invalidsubdomain"
    return "filtered-url-invaliddomain"


def url_key(url: str) -> int:
    """64 bits of a normalized address."""
    digest = hashlib.blake2b(normalize_url(url).encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest(), "little")


def read_urls(path: Path) -> np.ndarray:
    """Read a list of URLs, one a line, as sorted 64-bit keys: 23 million take 184 MB."""

    def keys() -> Iterator[int]:
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.strip():
                    yield url_key(line.strip())

    return np.unique(np.fromiter(keys(), dtype=np.uint64))


def is_listed(url: str, keys: np.ndarray) -> bool:
    """Say whether `keys` of `read_urls` hold this address."""
    key = np.uint64(url_key(url))
    at = int(np.searchsorted(keys, key))
    return at < len(keys) and bool(keys[at] == key)
