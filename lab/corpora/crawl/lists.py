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
DOMAIN = re.compile(r"[^\s/@:*,;'\"]+(?:\.[^\s/@:*,;'\"]+)*")
_TRACKING = re.compile(r"\?(?:utm_|ref|feed).*")

Domains = Mapping[str, bool | frozenset[str]]


def normalize_url(url: str) -> str:
    """One spelling for a page's address, as C4 compares them: no scheme, no tracking, no slash."""
    return _TRACKING.sub("", _SCHEME.sub("", url)).rstrip("/")


def read_text(path: Path) -> str:
    """Return a list's text without a byte order mark. Raises ValueError with the bad line."""
    return "".join(lines_of(path))


def lines_of(path: Path) -> Iterator[str]:
    """Yield a list's lines, one at a time, the first without a byte order mark.

    Raises ValueError with the line that is no UTF-8.
    """
    with path.open("rb") as file:
        for number, content in enumerate(file, start=1):
            try:
                yield content.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise ValueError(
                    f"{path}, line {number}: found the byte 0x{content[error.start]:02x} "
                    f"({content[max(0, error.start - 12) : error.start + 12]!r}), expected text in "
                    "UTF-8. Convert the file, such as by iconv -f LATIN1 -t UTF-8."
                ) from error


def entries(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, entry) of a list with one a line; blank lines and those after # are none."""
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        entry = line.strip()
        if entry and not entry.startswith("#"):
            yield number, entry


def read_domains(path: Path) -> Domains:
    """Read a list of domains: RealNews' JSON {domain: true or [subdomains]}, or one a line.

    An address is read as its host. Raises ValueError with the line or name that is no domain, and
    where a JSON file holds anything else.
    """
    text = read_text(path)
    if not text.lstrip().startswith(("{", "[")):
        return {_host(entry, f"{path}, line {number}"): True for number, entry in entries(path)}
    domains: dict[str, bool | frozenset[str]] = {}
    try:
        known = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{path} is no JSON: {error}") from error
    if not isinstance(known, dict):
        raise ValueError(
            f"{path}: give {{domain: true}} or {{domain: [subdomains]}}, or one a line"
        )
    for domain, allowed in known.items():
        name = _host(domain, str(path))
        if isinstance(allowed, list):
            domains[name] = frozenset(str(each).lower() for each in allowed)
        elif allowed is True:
            domains[name] = True
        else:
            raise ValueError(
                f"{path}: '{domain}' has {allowed!r}; give true (all subdomains) or a list of them"
            )
    return domains


def _host(entry: str, where: str) -> str:
    """The host that an entry names; an address, "*." and a dot at either end are cut to it."""
    name = entry.strip().lower()
    try:
        host = urlsplit(name if "//" in name else f"//{name}").hostname or ""
    except ValueError:
        host = ""
    host = host.removeprefix("*.").strip(".")
    if "//" in name or "/" in name:
        # What stands before every page of a site is no part of its domain.
        host = host.removeprefix("www.")
    if not host or not DOMAIN.fullmatch(host):
        raise ValueError(f"{where}: '{entry}' is no domain, such as example.org")
    return _in_ascii(host)


def _in_ascii(host: str) -> str:
    """A host as it is asked for: letters beyond ASCII in punycode, as addresses may have either."""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host


def domain_verdict(url: str, domains: Domains) -> str | None:
    """Say why a page is not of a listed domain, under the count's name, or None where it is."""
    host = (urlsplit(url if "//" in url else f"//{url}").hostname or "").rstrip(".")
    labels = _in_ascii(host).split(".")
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
    """Read a list of URLs, one a line, as sorted 64-bit keys: 23 million take 184 MB.

    Raises ValueError with the line that is no UTF-8.
    """
    keys = (url_key(line.strip()) for line in lines_of(path) if line.strip())
    return np.unique(np.fromiter(keys, dtype=np.uint64))


def is_listed(url: str, keys: np.ndarray) -> bool:
    """Say whether `keys` of `read_urls` hold this address."""
    key = np.uint64(url_key(url))
    at = int(np.searchsorted(keys, key))
    return at < len(keys) and bool(keys[at] == key)
