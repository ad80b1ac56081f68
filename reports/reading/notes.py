"""The sentences below a table."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reports.table import STAR, Column, Row, number
from sweeps.running.code import CHANGES

REFERENCES_DIFFER = "The rows do not share one reference score here; this is the baseline's."
UNEQUAL = 1.1
"""The largest ratio of two rows' FLOPs about which nothing is said."""
BESIDE = {
    "source": "code outside of git",
    "device": "devices",
    "threads": "threads",
    "world_size": "processes",
}
"""Fields of a provenance that should be equal for all stages of one name, in words."""


def incomplete(runs: int, asked: int, why: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    """The footnote of a score that lacks some or all of its runs."""
    if runs == asked:
        return ()
    reasons: dict[str, list[int]] = defaultdict(list)
    for seed, text in why:
        reasons[text].append(seed)
    listed = "; ".join(
        f"{_seeds(seeds)}: {text}" if asked > 1 else text for text, seeds in reasons.items()
    )
    return (sentence(f"Mean of {runs}/{asked} runs; {listed}" if runs else f"No score: {listed}"),)


def sentence(text: str) -> str:
    """A text that ends as a sentence does, also where an error's own words end it."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def same_runs(cells: int, same: int) -> str:
    """The footnote of a row whose seeds share all their stages."""
    return f"{cells} seeds were asked for, but {same} of them ran the same stages as another."


def diverged(why: Sequence[str], runs: int) -> str:
    """The footnote of a row of which some runs are no results, though they have scores."""
    of = f" in {len(why)} of {runs} runs" if runs > 1 else ""
    return f"Diverged, not worse: {'; '.join(dict.fromkeys(why))}{of}. No claim is judged by it."


def needed(
    *,
    columns: Sequence[Column],
    rows: Sequence[Row],
    sampled: Iterable[str],
    selection: str | None,
    search: Mapping[str, Any] | None,
    footnotes: Iterable[str],
    chosen: Mapping[str, Mapping[str, int]],
    flops: Mapping[str, float],
    mixed: Iterable[str],
) -> list[str]:
    """The footnotes without which a number could be misread, a search's winners and the rule first.

    `flops` is what one run of each row computes, by label, where that is known.
    """
    baseline = next((row for row in rows if row.baseline), None)
    rule = [*ruler(columns, baseline)]
    first = " ".join([*means(rows, columns), *rule[:1]])
    notes = [*path(search, columns), *filter(None, [first]), *rule[1:]]
    notes += [*sampled, *ranges(columns)]
    notes += unequal(flops)
    if selection:
        notes.append(f"Selection: {selection}.")
    if chosen:
        notes.append(constant(chosen))
    return [*notes, *footnotes, *mixed]


def details(common: Sequence[str], typed: Mapping[str, Sequence[str]]) -> list[str]:
    """The footnotes that say how a table was made.

    `common` are the overrides that every row has, `typed` those of each row whose label is not
    what was typed.
    """
    notes = []
    if common:
        notes.append(f"Every row: {', '.join(common)}.")
    if typed:
        rows = (f"{label}: {' '.join(overrides)}" for label, overrides in typed.items())
        notes.append(f"Rows as typed: {'; '.join(rows)}.")
    return notes


def unequal(flops: Mapping[str, float]) -> Iterable[str]:
    """That the rows do not compute equally much, where they differ by more than a tenth."""
    if len(flops) < 2:
        return
    least, most = (pick(flops, key=lambda label: flops[label]) for pick in (min, max))
    times = flops[most] / flops[least]
    if times > UNEQUAL:
        low, high = (number(flops[label], 1, scientific=True) for label in (least, most))
        yield (
            f"The rows are of unequal cost: a run takes from {low} FLOPs ({least}) to {high} "
            f"({most}), {times:.3g} times as many; differences may come from that."
        )


def constant(chosen: Mapping[str, Mapping[str, int]]) -> str:
    """Which rows' chosen checkpoints a constant answer equals; columns and runs by row."""
    rows = [
        f"{label} ("
        + ", ".join(f"{name}, {runs} run{'s' if runs > 1 else ''}" for name, runs in names.items())
        + ")"
        for label, names in chosen.items()
    ]
    return (
        "The chosen checkpoint is no better on validation than the best constant answer in: "
        f"{'; '.join(rows)}."
    )


def below(row: Row, references: Iterable[Row], columns: Sequence[Column]) -> Row:
    """The row with a mark on each score that is bold and yet worse than a reference."""
    scores = list(row.scores)
    for reference in references:
        note = f"Bold, and yet worse than the {reference.label[:1].lower()}{reference.label[1:]}."
        for i, (column, other) in enumerate(zip(columns, reference.scores, strict=True)):
            ours, theirs = scores[i].value, other.value
            if ours is None or theirs is None or not scores[i].bold:
                continue
            if column.better(theirs, ours):
                scores[i] = replace(scores[i], notes=(*scores[i].notes, note))
    return replace(row, scores=tuple(scores)) if scores != [*row.scores] else row


def ranges(columns: Sequence[Column]) -> Iterable[str]:
    """What the numbers of each column are, those of one range in one footnote."""
    described: dict[str, list[str]] = {}
    for column in columns:
        if column.description:
            entry = f"{column.name}: {column.description}"
            described.setdefault(_range(column.least, column.most), []).append(entry)
    for range, entries in described.items():
        yield f"{range}. {'; '.join(entries)}."


def _range(least: float | None, most: float | None) -> str:
    if least is None and most is None:
        return "Numbers without bounds"
    if most is None:
        return f"Numbers from {least:g} up"
    if least is None:
        return f"Numbers up to {most:g}"
    return f"Scores from {least:g} to {most:g}"


def path(search: Mapping[str, Any] | None, columns: Sequence[Column]) -> Iterable[str]:
    """What a search took on each axis, at which score and why; `search` is that of a record."""
    if not search:
        return
    decimals = next((c.decimals for c in columns if c.name == search["score"]), 2)
    for axis in search["axes"]:
        winner, why = axis.get("winner"), axis.get("why")
        if winner is not None:
            score = number(axis["scores"][winner], decimals)
            yield f"Search: {axis['name']}: {winner} wins, {search['score']} {score}: {why}."
        else:
            yield f"Search: {axis['name']}: {f'no winner, {why}' if why else 'not decided yet'}."


def means(rows: Sequence[Row], columns: Sequence[Column]) -> Iterable[str]:
    """What the star means, and of how many runs a score is that has no footnote about them."""
    asked: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        scores = zip(columns, row.scores, strict=True)
        if runs := [score.asked for column, score in scores if column.competes]:
            asked[max(runs)].append(row.label)
    if not asked:
        return
    usual, *others = sorted(asked, key=lambda runs: -len(asked[runs]))
    of = f"the mean of {usual} runs" if usual > 1 else "of one run"
    apart = "; ".join(f"{', '.join(asked[runs])}: of {runs}" for runs in others)
    text = f"each score is {of}{f' ({apart})' if apart else ''}."
    starred = any(row.baseline for row in rows)
    yield f"{STAR} is the baseline; {text}" if starred else f"E{text[1:]}"


def ruler(columns: Sequence[Column], baseline: Row | None) -> Iterable[str]:
    """What bold means in this table, and where it has no ruler or one of zero."""
    if baseline is None:
        yield "No row is the baseline: no ruler, so only the best of a column is bold."
        return
    beside = [i for i, column in enumerate(columns) if column.competes]
    columns, scores = [columns[i] for i in beside], [baseline.scores[i] for i in beside]
    spread = [score.deviation for score in scores]
    if any(std is not None for std in spread):
        runs = sorted({s.runs for s in scores if s.deviation is not None})
        lower = [i for i, column in enumerate(columns) if column.lower_is_better]
        side = "below it"
        if len(lower) == len(columns):
            side = "above it"
        elif lower:
            side = f"below it, or above it where lower is better ({_names(columns, lower)})"
        yield (
            "Bold: the best of a column and every score less than two standard deviations of "
            f"the baseline ({'-'.join(map(str, runs))} runs) {side}."
        )
    for finished, some in enumerate(("no finished run", "one finished run")):
        without = [i for i, score in enumerate(scores) if score.runs == finished]
        if without:
            where = "" if len(without) == len(columns) else f" in {_names(columns, without)}"
            why = f"the baseline has {some}, two are needed; only the best is bold"
            yield f"No ruler{where}: {why}."
    zero = [i for i, std in enumerate(spread) if std == 0]
    if zero:
        where = "every column" if len(zero) == len(columns) else _names(columns, zero)
        yield f"The baseline's runs agree exactly in {where}: a ruler of 0, only the best is bold."


def mixed(finished: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterable[str]:
    """One footnote for each thing that should be equal behind a table and is not.

    `finished` gives the name and the provenance of every finished stage.
    """
    commits = {str(p["git_commit"])[:10] for _, p in finished if p.get("git_commit")}
    if len(commits) > 1:
        yield f"Mixed code: stages of {len(commits)} commits ({', '.join(sorted(commits))})."
    changes = {p.get("git_diff") for _, p in finished if p.get("git_commit")}
    if len(commits) == 1 and len(changes) > 1:
        yield (
            f"Mixed code: stages of {len(changes)} states of the work tree at commit "
            f"{', '.join(commits)}."
        )
    dirty = sum(bool(p.get("git_dirty")) for _, p in finished)
    if dirty:
        kept = f" ({CHANGES} in a stage's folder)" if changes - {None} else ""
        stages = f"{dirty} of {len(finished)} stages"
        yield f"{stages} ran from a work tree with uncommitted changes{kept}."
    versions: dict[str, set[str]] = defaultdict(set)
    for _, p in finished:
        if p.get("python"):
            versions["Python"].add(str(p["python"]))
        for package, version in (p.get("packages") or {}).items():
            versions[package].add(str(version))
    several = {package: found for package, found in versions.items() if len(found) > 1}
    if several:
        listed = [f"{package} {' and '.join(sorted(f))}" for package, f in sorted(several.items())]
        yield f"Mixed versions: {'; '.join(listed)}."
    # Light stages never use an accelerator, so that only stages of one name are compared.
    ran: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for name, p in finished:
        for field, what in BESIDE.items():
            if p.get(field) is not None:
                ran[what][name].add(_device(p) if field == "device" else str(p[field]))
        for setting, value in (p.get("execution") or {}).items():
            ran[setting][name].add(json.dumps(value))
    for what, by_name in ran.items():
        listed = [
            f"{name}: {' and '.join(sorted(found))}"
            for name, found in sorted(by_name.items())
            if len(found) > 1
        ]
        if listed:
            yield f"Mixed {what}: {'; '.join(listed)}."


def _device(provenance: Mapping[str, Any]) -> str:
    kind = str(provenance["device"]).partition(":")[0]
    name = provenance.get("device_name")
    return f"{kind} ({name})" if name and kind != "cpu" else kind


def _seeds(seeds: Sequence[int]) -> str:
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"


def _names(columns: Sequence[Column], which: Iterable[int]) -> str:
    return ", ".join(columns[i].name for i in which)
