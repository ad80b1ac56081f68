"""The verbs `fetch` and `list`: what is embedded, and whether it is here."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lab import corpora
from lab.errors import DataError

if TYPE_CHECKING:
    from rich.table import Table

    from lab.corpora.prepared import Prepared


def add_arguments(verbs: Any) -> None:
    """Add the verbs to the subparsers of the command line."""
    fetch = verbs.add_parser("fetch", help="download and write the embedded data, then list it")
    fetch.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="tasks, corpora or validation sets, as list prints them; default: what is embedded",
    )
    fetch.set_defaults(run=_fetch)
    verbs.add_parser(
        "list", help="the embedded data, what of it is here, and all corpora"
    ).set_defaults(run=_list)


def _fetch(options: argparse.Namespace) -> int:
    try:
        fetch_with_progress(chosen(options.names), sys.stdout.isatty())
    except DataError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, UnknownNameError) else 1
    return _list(options)


def _list(options: argparse.Namespace) -> int:
    from rich.console import Console

    console = Console()
    console.print(archive_table())
    console.print(data_table())
    console.print(corpus_table())
    return 0


class UnknownNameError(DataError):
    """A name on the command line that nothing has."""


def chosen(names: Sequence[str]) -> list[Prepared]:
    """Return the data behind names of tasks, corpora and validation sets; all embedded if none."""
    from lab.datasets.embedded.olmo import SLICES

    known = by_name()
    if not names:
        return [*corpora.needed(), SLICES]
    for name in names:
        if name not in known:
            raise UnknownNameError(
                f"Nothing embedded is called '{name}'. Known: {', '.join(known)}."
            )
    return [known[name] for name in names]


def by_name() -> dict[str, Prepared]:
    """Return the prepared data by each name of a task, corpus or validation set that it holds."""
    from lab.corpora.corpus import Corpus
    from lab.datasets import packaged, slices
    from lab.datasets.correction import pairs

    found = {name: corpora.get_corpus(name) for name in corpora.corpus_names()}
    return {
        **packaged.prepared_of(),
        **{name: corpus.data for name, corpus in found.items() if isinstance(corpus, Corpus)},
        **slices.DATA,
        pairs.DATA.name: pairs.DATA,
    }


def fetch_with_progress(wanted: Sequence[Prepared], live: bool) -> None:
    """Prepare the data with one line of progress: rewritten on a terminal, else one a change."""
    from lab.corpora.build import prepare_data

    shown = ""

    def progress(what: str, done: int, total: int) -> None:
        nonlocal shown
        share = f"{done / 1e6:.0f}/{total / 1e6:.0f} MB" if total > 1_000_000 else f"{done}/{total}"
        line = f"{share} {what}"
        if line != shown:
            print(f"\r{line[:100]:<100}" if live else line, end="" if live else "\n", flush=True)
            shown = line

    prepare_data(wanted, progress)
    if shown and live:
        print()


def archive_table() -> Table:
    """Return one row an archive: version, size, licence, where it lies."""
    from rich.table import Table

    from lab.corpora.archives import ARCHIVES, place_of, present

    table = Table("archive", "MB", "what is read", "licence", "here", title="Archives")
    for archive in ARCHIVES.values():
        here = str(place_of(archive)) if present(archive) else "no"
        size = f"{archive.size / 1e6:.1f}"
        name = f"{archive.name} {archive.version}"
        table.add_row(name, size, archive.contents, archive.licence, here)
    return table


def data_table() -> Table:
    """Return one row a set of files: who reads it, its rows, its text, and whether it is here."""
    from rich.table import Table

    readers: dict[str, list[str]] = {}
    data = {}
    for name, prepared in by_name().items():
        readers.setdefault(prepared.name, []).append(name)
        data[prepared.name] = prepared
    table = Table("data", "read by", "rows", "characters", "here", title="Made from them")
    for name, prepared in data.items():
        rows = characters = ""
        here = "yes" if prepared.ready() else "no"
        if prepared.ready():
            try:
                files = prepared.manifest()["files"]
            except DataError as error:
                here, files = str(error), {}
            rows = ", ".join(f"{stem} {about['rows']:,}" for stem, about in files.items())
            # Of texts inside of records, such as translations, none are counted.
            counted = sum(about["characters"] for about in files.values())
            characters = f"{counted:,}" if counted else "-"
        table.add_row(name, ", ".join(readers[name]), rows, characters, here)
    table.columns[0].no_wrap = table.columns[3].no_wrap = True
    return table


def corpus_table() -> Table:
    """Return one row a corpus that dataset.corpus can name."""
    from rich.table import Table

    table = Table("corpus", "what", "million tokens", "licence", title="Corpora by name")
    for name in corpora.corpus_names():
        corpus = corpora.get_corpus(name)
        tokens = f"{corpus.approximate_tokens / 1e6:,.0f}"
        table.add_row(name, corpus.description, tokens, corpus.licence)
    table.columns[0].no_wrap = True
    return table
