"""The verb `clean` of `python -m lab.corpora`."""

from __future__ import annotations

import argparse
import logging
import sys
from collections import deque
from pathlib import Path
from typing import Any

from lab.corpora.cleaning import PUBLISHED, CleaningSettings, read_badwords
from lab.corpora.crawl.settings import DEDUPLICATION, CrawlSettings
from lab.errors import DataError

_RULE_NUMBERS = {
    "min_num_sentences": "drop pages with fewer sentences (the first preprint said 5)",
    "min_words_per_line": "drop lines with fewer words (the first preprint said 3)",
    "max_word_length": "drop lines with a word of more characters",
    "max_page_length": "drop pages of more characters",
}


def add_arguments(verbs: Any) -> None:
    """Add the verb to the subparsers of the package's command."""
    parser = verbs.add_parser(
        "clean",
        help="clean a crawl by C4's rules",
        description="Clean web text by C4's rules, with every rule counted. A killed run goes on "
        "when the same command is typed again. Exit status: 0 whole, 1 part of the input was "
        "lost, 2 a mistake in the command.",
    )
    parser.add_argument("--input", required=True, metavar="PATH", help="folder or file of shards")
    parser.add_argument("--output", required=True, type=Path, metavar="FOLDER", help="new folder")
    parser.add_argument("--glob", metavar="PATTERN", help="which files of the folder to read")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="tasks at once")
    parser.add_argument(
        "--rules", choices=("c4", "none"), default="c4", help="none: keep lines as they are"
    )
    for name, meaning in _RULE_NUMBERS.items():
        option = f"--{name.replace('_', '-')}"
        value = getattr(PUBLISHED, name)
        parser.add_argument(option, type=int, default=value, metavar="N", help=meaning)
    parser.add_argument("--badwords", type=Path, metavar="FILE", help="words that drop a page")
    parser.add_argument("--domains", type=Path, metavar="FILE", help="domains to keep")
    parser.add_argument("--urls", type=Path, metavar="FILE", help="URLs to keep")
    parser.add_argument(
        "--deduplicate",
        choices=DEDUPLICATION,
        default="lines",
        help="lines as released, spans of three sentences as published, or none",
    )
    parser.add_argument("--language", default="en", help="the language to keep, or 'any'")
    parser.add_argument(
        "--min-language-probability", type=float, default=0.99, metavar="P", help="0 to 1"
    )
    slurm = parser.add_argument_group("on SLURM instead of this machine")
    slurm.add_argument("--slurm-partition", metavar="NAME", help="submit there and return")
    slurm.add_argument("--slurm-time", default="20:00:00", metavar="H:M:S", help="of one task")
    slurm.add_argument("--slurm-memory", type=int, default=4, metavar="GIB", help="of one task")
    slurm.add_argument(
        "--slurm-arg",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="any other option of sbatch; may be repeated",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Clean as the command line says; returns the exit status."""
    from lab.corpora.crawl.shards import find_shards

    try:
        settings = _settings(arguments)
        folder, shards = find_shards(arguments.input, arguments.glob)
    except (DataError, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    # datatrove takes a third of a second to import: only once the command is known to be right.
    from rich.console import Console

    from lab.corpora.crawl import report
    from lab.corpora.crawl.run import (
        RunError,
        UnfinishedError,
        clean_crawl,
        finished_report,
        submit_crawl,
    )

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    console = Console()
    try:
        whole = finished_report(settings, shards, arguments.output)
        if whole is None and arguments.slurm_partition:
            message = submit_crawl(
                settings,
                folder,
                shards,
                arguments.output,
                workers=arguments.workers,
                slurm=_slurm_options(arguments),
            )
            console.print(message, soft_wrap=True)
            return 0
        if whole is None:
            whole = clean_crawl(
                settings, folder, shards, arguments.output, workers=arguments.workers
            )
    except (RunError, UnfinishedError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2 if isinstance(error, RunError) else 1
    console.print(report.table(whole), *report.remarks(whole), sep="\n", soft_wrap=True)
    return 1 if report.is_damaged(whole) else 0


def _settings(arguments: argparse.Namespace) -> CrawlSettings:
    """Read the files that the options name, and refuse what cannot work, all at once."""
    from lab.corpora.crawl.language import known_languages
    from lab.corpora.crawl.lists import lines_of, read_domains, read_text

    wrong = []
    for option in ("badwords", "domains", "urls"):
        path = getattr(arguments, option)
        if path is not None and not path.is_file():
            wrong.append(f"--{option} {path}: no such file")
    if arguments.workers < 1:
        wrong.append(f"--workers {arguments.workers}: give 1 or more")
    language = None if arguments.language == "any" else arguments.language
    if language is not None and language not in known_languages():
        wrong.append(f"--language {language}: give 'any' or one of {', '.join(known_languages())}")
    wrong += [
        f"--slurm-arg {pair}: give KEY=VALUE" for pair in arguments.slurm_arg if "=" not in pair
    ]
    if wrong:
        raise ValueError("\n       ".join(wrong))
    if arguments.domains is not None:
        read_domains(arguments.domains)
    if arguments.urls is not None:
        deque(lines_of(arguments.urls), maxlen=0)
    badwords = read_text(arguments.badwords) if arguments.badwords else ""
    return CrawlSettings(
        clean=arguments.rules == "c4",
        rules=CleaningSettings(**{name: getattr(arguments, name) for name in _RULE_NUMBERS}),
        badwords=read_badwords(badwords),
        domains=arguments.domains and arguments.domains.resolve(),
        urls=arguments.urls and arguments.urls.resolve(),
        deduplicate=arguments.deduplicate,
        language=language,
        min_language_probability=arguments.min_language_probability,
    )


def _slurm_options(arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "partition": arguments.slurm_partition,
        "time": arguments.slurm_time,
        "mem_per_cpu_gb": arguments.slurm_memory,
        "qos": None,
        "sbatch_args": dict(pair.split("=", 1) for pair in arguments.slurm_arg),
    }
