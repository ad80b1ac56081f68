"""Why a score is not there: a failure in the stage or before it, work in progress, or neither."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reports.reading.results import Results
from sweeps.lease import running_lease

NOT_RUN = "not run yet"


def reason(results: Results, stages: Mapping[str, Any], key: str) -> str:
    """Why stage `key` of a sweep's record has no result."""
    unfinished = [k for k in _upwards(stages, key) if results.get(_name(stages, k), k) is None]
    for found in unfinished:
        if running(results, found):
            return f"{_label(stages, found)} is running"
    for found in unfinished:
        failures = results.store.failures(found)
        if failures:
            return f"{_label(stages, found)} failed: {_sentence(failures[-1])}"
    return NOT_RUN


def damaged(name: str, key: str, file: str) -> str:
    """Why a finished stage gives no scores, and what to type."""
    return (
        f"{file} of {name} {key[:8]} is not what was put there: "
        f"`python -m sweeps retry {key[:8]}`, then the sweep's command again"
    )


def settled(results: Results, stages: Mapping[str, Any], key: str) -> bool:
    """Whether a stage is finished, or has failed, or what it needs has, and nobody tries again."""
    unfinished = [k for k in _upwards(stages, key) if results.get(_name(stages, k), k) is None]
    if any(running(results, found) for found in unfinished):
        return False
    return not unfinished or any(results.store.failures(found) for found in unfinished)


def running(results: Results, key: str) -> bool:
    """Whether somebody holds the stage's lease and still beats."""
    return running_lease(results.store, key) is not None


def _upwards(stages: Mapping[str, Any], key: str) -> Iterator[str]:
    """The stage's ancestors, the first work first, then the stage itself."""
    seen: set[str] = set()

    def visit(key: str) -> Iterator[str]:
        if key in seen:
            return
        seen.add(key)
        for parent in (stages.get(key) or {}).get("inputs", {}).values():
            yield from visit(parent)
        yield key

    yield from visit(key)


def _name(stages: Mapping[str, Any], key: str) -> str:
    return str((stages.get(key) or {}).get("name", ""))


def _label(stages: Mapping[str, Any], key: str) -> str:
    stage = stages.get(key) or {}
    return f"{stage.get('label') or stage.get('name', 'stage')} {key[:8]}"


def _sentence(failure: Mapping[str, Any]) -> str:
    error = " ".join(str(failure.get("error") or failure.get("type") or "no message").split())
    kind = failure.get("kind")
    return f"{error} ({kind})" if kind not in (None, "", "error") else error
