"""The frame that every page of the site shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def page(title: str, body: str, *, trail: Sequence[tuple[str, str]] = (), depth: int = 0) -> str:
    """A whole page; `trail` are the pages above it, `depth` how many folders it lies below."""
    up = "../" * depth
    crumbs = " › ".join(f'<a href="{escape(href)}">{escape(name)}</a>' for name, href in trail)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n"
        f'<meta name="viewport" content="width=device-width">\n'
        f'<link rel="stylesheet" href="{up}table.css">\n'
        f'<link rel="stylesheet" href="{up}site.css">\n'
        f'<script src="{up}site.js" defer></script>\n</head>\n<body>\n'
        + (f'<nav class="trail">{crumbs}</nav>\n' if crumbs else "")
        + f"<h1>{escape(title)}</h1>\n{body}</body>\n</html>\n"
    )


def grid(headings: Iterable[str], rows: Iterable[Iterable[str]], name: str = "facts") -> str:
    """A plain table; its cells are HTML already."""
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows)
    return (
        f'<div class="wide"><table class="{name}">\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}</tbody></table></div>\n"
    )


def section(title: str, body: str) -> str:
    """A part of a page; nothing where there is nothing to say."""
    return f"<section>\n<h2>{escape(title)}</h2>\n{body}</section>\n" if body else ""


def folded(title: str, body: str) -> str:
    """Something long behind its title."""
    return f"<details><summary>{escape(title)}</summary>\n{body}</details>\n"


def code(text: object) -> str:
    """A value as code."""
    return f"<code>{escape(str(text))}</code>"


def duration(seconds: float | None) -> str:
    """Seconds as a person would say them."""
    if seconds is None:
        return ""
    if seconds < 120:
        return f"{seconds:.1f} s"
    if seconds < 7200:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h"


def date(value: object) -> str:
    """A date of a stage's description, to the minute; nothing for none."""
    return str(value)[:16].replace("T", " ") if value else ""


def amount(value: float) -> str:
    """A large number in short; nothing for none."""
    return f"{value:.3g}" if value else ""
