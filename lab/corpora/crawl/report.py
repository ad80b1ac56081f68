"""The table of a cleaning run: every rule with the lines and pages it dropped."""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from rich.table import Table

from lab.corpora.cleaning import PAGE_RULES, lines_with_page
from lab.corpora.crawl.settings import CrawlSettings
from lab.corpora.sentences import sentence_splitter
from lab.files import replacing

NAME = "report.json"
SCHEMA = 1

_UNITS = ("lines", "pages")
_OTHER_LANGUAGE = "page-filtered-ignoredlang"
_READING = (
    ("page-filtered-nocontent", "no text"),
    ("page-unreadable-utf8", "not UTF-8"),
    ("page-unreadable-json", "not JSON"),
    ("page-unreadable-cutoff", "cut off by the end of a damaged shard"),
)
_LISTS = {
    "domains": (
        ("filtered-url-invaliddomain", "domain not listed"),
        ("filtered-url-invalidsubdomain", "subdomain not listed"),
    ),
    "urls": (("filtered-url-notwebtextlike", "URL not listed"),),
}
_LANGUAGE = (
    ("langdetect-exception", "nothing to tell a language by"),
    ("page-filtered-nolangpredictions", "no likely language"),
    ("page-filtered-lowlangdetectconf", "best guess below {min_language_probability}"),
    (_OTHER_LANGUAGE, "surely not '{language}'"),
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table."""

    step: str
    """The heading it stands under."""
    rule: str
    """What was dropped, in words."""
    counter: str
    """The name of its count."""
    lines: int | None
    """Lines dropped, or None where lines are not what the rule drops."""
    pages: int | None
    """Pages dropped, or None where pages are not what the rule drops."""


def provenance(settings: CrawlSettings) -> dict[str, Any]:
    """What a reader of the report needs beside the settings; none of it decides the output."""
    return {
        "sentences": sentence_splitter().source,
        "badwords": len(settings.badwords),
        "versions": {
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in ("datatrove", "langdetect", "nltk")},
        },
    }


def gather(work: Path, steps: Sequence[str], described: Mapping[str, Any]) -> dict[str, Any]:
    """Add up the counts of all tasks of all steps, and the notes on shards."""
    counts: Counter[str] = Counter()
    for step in steps:
        for path in sorted((work / step / "stats").glob("*.json")):
            for block in json.loads(path.read_text("utf-8")):
                for label, value in block["stats"].items():
                    # Our blocks' counts are hyphenated; datatrove's own say the same less exactly.
                    if "-" in label:
                        counts[label] += int(value["total"] if isinstance(value, dict) else value)
    problems = [
        json.loads(path.read_text("utf-8")) for path in sorted((work / "problems").glob("*.json"))
    ]
    return {
        "schema": SCHEMA,
        **described,
        "counts": {name: counts[name] for name in sorted(counts)},
        "problems": problems,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def write(output: Path, whole: Mapping[str, Any]) -> None:
    """Write the report in one piece."""
    with replacing(output / NAME) as part:
        part.write_text(json.dumps(whole, indent=1), "utf-8")


def load(output: Path) -> dict[str, Any]:
    """Read the report of a whole corpus."""
    return json.loads((output / NAME).read_text("utf-8"))


def rows(whole: Mapping[str, Any]) -> list[Row]:
    """Every rule that the run applied, in the order it was asked, with its counts."""
    settings, counts = whole["settings"], Counter(whole["counts"])
    numbers = settings["rules"]

    def page(step: str, rule: str, counter: str) -> Row:
        lines = counts.get(lines_with_page(counter))
        return Row(step=step, rule=rule, counter=counter, lines=lines, pages=counts[counter])

    def line(step: str, rule: str, counter: str) -> Row:
        return Row(step=step, rule=rule, counter=counter, lines=counts[counter], pages=None)

    def between(rule: str, counter: str, before: str, after: str) -> Row:
        lost = {unit: counts[f"{before}-{unit}"] - counts[f"{after}-{unit}"] for unit in _UNITS}
        return Row(step="duplicates", rule=rule, counter=counter, **lost)

    found = [page("reading", rule, counter) for counter, rule in _READING]
    listed = [key for key in ("domains", "urls") if settings[key]]
    found += [page("lists", rule, counter) for key in listed for counter, rule in _LISTS[key]]
    for rule in PAGE_RULES if settings["clean"] else PAGE_RULES[:1]:
        make = page if rule.drops == "page" else line
        found.append(make("rules", rule.when.format(**numbers), rule.counter))
    found.append(
        between("the URL of an earlier page", "filtered-url-duplicate", "cleaned", "unique")
    )
    if settings["deduplicate"] == "lines":
        found += [
            line("duplicates", "another page keeps the line", "filtered-lines-global_duplicate"),
            line("duplicates", "repeated inside a page", "filtered-lines-local_duplicate"),
            page("duplicates", "no line left", "filtered-deduped_page-empty"),
            page(
                "duplicates",
                f"fewer than {numbers['min_num_sentences']} sentences left",
                "filtered-deduped_page-toofewsentences",
            ),
        ]
    elif settings["deduplicate"] == "spans":
        found.append(
            between("3 sentences seen before", "filtered-repeated_span", "unique", "distinct")
        )
    if settings["language"]:
        found += [page("language", rule.format(**settings), counter) for counter, rule in _LANGUAGE]
    return found


def table(whole: Mapping[str, Any]) -> Table:
    """Lay out the rules and their counts between what was read and what was written."""
    counts = Counter(whole["counts"])
    made = Table()
    for heading in ("step", "what", "lines", "pages"):
        made.add_column(heading, justify="right" if heading in _UNITS else "left")
    made.add_row("", "read", *_pair(counts["read-lines"], counts["read-pages"]), end_section=True)
    for row in (listed := rows(whole)):
        last = row is listed[-1]
        made.add_row(row.step, row.rule, *_pair(row.lines, row.pages), end_section=last)
    made.add_row("", "written", *_pair(counts["written-lines"], counts["written-pages"]))
    return made


def remarks(whole: Mapping[str, Any]) -> list[str]:
    """What a reader of the table must know: the input, damaged shards, rules without effect."""
    counts = Counter(whole["counts"])
    notes = [
        f"{counts['shards-read']} shards, {counts['read-characters'] / 1e6:.1f} million characters "
        f"read, {counts['written-characters'] / 1e6:.1f} million written.",
        f"Sentences by {whole['sentences']}.",
    ]
    notes += [
        f"{note['problem'].capitalize()}: {note['shard']} ({note['detail']}; "
        f"{note['pages']} pages read)."
        for note in whole["problems"]
    ]
    if whole["settings"]["clean"] and not whole["badwords"]:
        notes.append("No bad-word list was given (--badwords FILE), so that rule dropped nothing.")
    others = [
        (count, name.rpartition("-")[2])
        for name, count in counts.items()
        if name.startswith(f"{_OTHER_LANGUAGE}-")
    ]
    if others:
        shown = ", ".join(f"{name} {count:,}" for count, name in sorted(others, reverse=True)[:8])
        notes.append(f"Pages in other languages: {shown}.")
    return notes


def is_damaged(whole: Mapping[str, Any]) -> bool:
    """Say whether part of the input could not be read, or nothing of it was kept."""
    damaged = any(note["problem"] == "damaged" for note in whole["problems"])
    return damaged or not whole["counts"].get("written-pages")


def _pair(lines: int | None, pages: int | None) -> tuple[str, str]:
    first, second = ("" if count is None else f"{count:,}" for count in (lines, pages))
    return first, second
