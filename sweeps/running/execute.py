"""Run one stage under a lease: what a local worker and a cluster job both call."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import socket
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sweeps.digests import DESCRIPTION, FILES, check_stage, file_digests
from sweeps.errors import (
    DamagedSpecificationError,
    DamagedStageError,
    LeaseLost,
    StageError,
    Stopped,
    StoreError,
    is_full,
    refuses,
)
from sweeps.hardware.memory import forget_peak, give_back, peak
from sweeps.lease import DEFAULT_TIMEOUT, HeldLease, Lease, Watch, acquire
from sweeps.running.code import CHANGES, kept_changes
from sweeps.running.context import Context, Report, StopRequest
from sweeps.running.logs import LOG, captured, gather_logs
from sweeps.running.mirror import Mirror
from sweeps.running.provenance import imported_packages, provenance
from sweeps.running.ranks import Ranks
from sweeps.stage import resolve_run
from sweeps.store import Store, input_places, read_json, store_errors, write_json

KEPT_CHECKPOINTS = 2
"""Earlier attempts whose last.ckpt is kept: the newest may be the one that a kill truncated."""
CHECKPOINT = "last.ckpt"
SECONDS = "seconds"
"""In stage.json: where the time of the attempt that finished went, by part."""
PEAK = "peak_bytes"
"""In stage.json: the most memory that the process had while the stage ran, libraries included."""
_STAGES = itertools.count()
"""Those of this process."""
_WAIT_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Result:
    """How one call of `run_one` ended."""

    key: str
    state: str
    """done, failed, skipped (an input is missing), elsewhere (another holder lives), stopped,
    lost (another holder took over)."""
    reason: str = ""
    kind: str = ""
    """Of a failure: `error`, or what the exception's failure_kind says, such as `diverged`."""
    generation: int = 0
    """The attempt that ran or, for `elsewhere`, the one that holds."""
    seconds: float = 0.0


def run_one(
    store: Store,
    key: str,
    *,
    device: str = "cpu",
    threads: int = 1,
    lease_timeout: float = DEFAULT_TIMEOUT,
    dead: int = 0,
    failures_known: int | None = None,
    wait: bool = False,
    stop: StopRequest | None = None,
    report: Report | None = None,
    on_start: Callable[[HeldLease], None] | None = None,
    ranks: Ranks | None = None,
) -> Result:
    """Run the stage whose specification lies in the store, unless that is done or being done.

    `dead` is a generation that the caller judged dead by its own Watch. With `failures_known`, a
    failure of a later attempt than that is taken as the answer instead of trying again. With
    `wait` a living holder is waited for, and followed when it dies. `ranks` says that this process
    leads others (sweeps/running/ranks.py). Raises StoreError when the
    store cannot be read or written.
    """
    stop = stop or StopRequest()
    watch = Watch(store, lease_timeout)
    while True:
        result = _try_one(
            store,
            key,
            device=device,
            threads=threads,
            lease_timeout=lease_timeout,
            dead=dead,
            failures_known=failures_known,
            stop=stop,
            report=report,
            on_start=on_start,
            ranks=ranks,
        )
        if result.state != "elsewhere" or not wait:
            return result
        while (judged := watch.dead(key)) is None and not _finished(store, key):
            if stop.made():
                return Result(key=key, state="stopped")
            time.sleep(_WAIT_SECONDS)
        dead = judged or 0


def _try_one(
    store: Store,
    key: str,
    *,
    device: str,
    threads: int,
    lease_timeout: float,
    dead: int,
    failures_known: int | None,
    stop: StopRequest,
    report: Report | None,
    on_start: Callable[[HeldLease], None] | None,
    ranks: Ranks | None,
) -> Result:
    if stop.made():
        return Result(key=key, state="stopped")
    damage: DamagedSpecificationError | None = None
    try:
        spec = store.read_spec(key)
        settled = _settled(store, spec, failures_known)
    except DamagedSpecificationError as error:
        damage, settled = error, None
    if settled is not None:
        return settled
    lease = acquire(store, key, dead=dead, timeout=lease_timeout)
    if isinstance(lease, Lease):
        where = lease.holder.host if lease.holder is not None else "an unknown host"
        return Result(
            key=key, state="elsewhere", reason=f"runs on {where}", generation=lease.generation
        )
    state = "failed"
    try:
        if damage is not None:
            return _refused(store, key, lease, damage)
        _fence(store, key, lease.generation)
        # The former holder may have finished or failed between the look and the lease.
        settled = _settled(store, spec, failures_known)
        if settled is not None:
            state = settled.state
            return settled
        if on_start is not None:
            on_start(lease)
        result = _attempt(store, spec, lease, device, threads, stop, report, ranks)
        state = result.state
        return result
    except DamagedSpecificationError as error:
        return _refused(store, key, lease, error)
    finally:
        # Under a newer holder the folder is not ours to clear.
        with contextlib.suppress(StoreError):
            if state == "done" and lease.owned():
                store.clear_work(key)
        lease.release(state)


def _finished(store: Store, key: str) -> bool:
    try:
        return store.find_key(store.read_spec(key)["name"], key) is not None
    except DamagedSpecificationError:
        return False


def _refused(store: Store, key: str, lease: HeldLease, error: DamagedSpecificationError) -> Result:
    """The failure of a stage of which nobody knows what it is."""
    name = (read_json(store.spec_path(key)) or {}).get("name")
    known = {"name": name if isinstance(name, str) else "stage", "key": key}
    kind = error.failure_kind
    store.write_failure(failure_record(store, known, lease.generation, error, kind))
    return Result(
        key=key,
        state="failed",
        reason=one_line(error),
        kind=kind,
        generation=lease.generation,
    )


def _fence(store: Store, key: str, generation: int) -> None:
    """Take away what lower generations could still publish: their holders may only be slow.

    One that published before this is found finished by the look that follows.
    """
    for folder in store.earlier_work(key, generation):
        out = folder / "out"
        fenced = folder / f".out-{generation}"
        with store_errors("take over a stage", out):
            try:
                os.rename(out, fenced)
            except FileNotFoundError:
                continue
        shutil.rmtree(fenced, ignore_errors=True)


def _settled(store: Store, spec: dict[str, Any], failures_known: int | None) -> Result | None:
    """The answer that the store already has, if any."""
    key = spec["key"]
    if store.find_key(spec["name"], key) is not None:
        return Result(key=key, state="done")
    if failures_known is not None:
        for record in store.failures(key):
            if record["attempt"] > failures_known:
                return failed_before(record)
    for role, place in input_places(store, spec).items():
        if store.find_key(place.parent.name, place.name) is None:
            reason = f"its input {role} ({place.parent.name} {place.name}) is missing"
            return Result(key=key, state="skipped", reason=reason)
    return None


def failed_before(record: dict[str, Any]) -> Result:
    """The result that an earlier failure's record stands for."""
    return Result(
        key=record["key"],
        state="failed",
        reason=record["error"],
        kind=record["kind"],
        generation=record["attempt"],
    )


def _attempt(
    store: Store,
    spec: dict[str, Any],
    lease: HeldLease,
    device: str,
    threads: int,
    stop: StopRequest,
    report: Report | None,
    ranks: Ranks | None,
) -> Result:
    name, key, attempt = spec["name"], spec["key"], lease.generation
    work = store.work(key, attempt)
    out, log_file = work / "out", work / LOG
    earlier = store.earlier_work(key, attempt)
    with store_errors("start a stage", work):
        # Of an attempt of this number whose lease was removed since: none of it is ours.
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True, exist_ok=True)
        _drop_old_checkpoints(earlier)
    # Before the stage runs: that is the code it runs, and nothing slow may stand between the end
    # of its work and its publication.
    origin = provenance(spec["run"], device=device, threads=threads, ranks=ranks)
    started, clock = datetime.now(UTC), time.perf_counter()
    # The first stage of a process counts what a core did to start it.
    parts = {"worker": time.process_time() if next(_STAGES) == 0 else 0.0}
    # What an earlier stage left is none of this one's.
    give_back()
    counted = forget_peak()
    mirror = Mirror(store, spec)
    context = Context(
        work=work,
        earlier=earlier,
        lease=lease,
        device=device,
        threads=threads,
        stop=stop,
        report=report,
        mirror=mirror,
        ranks=ranks,
        execution=spec.get("execution", {}),
    )

    def result(state: str, reason: str = "", kind: str = "") -> Result:
        seconds = time.perf_counter() - clock
        return Result(
            key=key, state=state, reason=reason, kind=kind, generation=attempt, seconds=seconds
        )

    try:
        with captured(log_file):
            _call(store, spec, out, context, parts)
        finished, seconds = datetime.now(UTC), time.perf_counter() - clock
        description = {
            **{part: spec[part] for part in ("schema", "name", "version", "key")},
            **{part: spec[part] for part in ("config", "inputs", "run")},
            "execution": spec.get("execution", {}),
            "provenance": {**origin, "packages": imported_packages()},
            "started": started.isoformat(),
            "finished": finished.isoformat(),
            "wall_seconds": round(seconds, 3),
            PEAK: peak() if counted else None,
            "attempt": attempt,
            "facts": context.facts,
        }
        with store_errors("publish a stage", out):
            if changes := kept_changes(spec["run"]):
                (out / CHANGES).write_text(changes, encoding="utf-8")
            gather_logs(earlier, log_file, out / LOG)
            description[FILES] = file_digests(out)
        parts |= context.facts.pop(SECONDS, {})
        parts["publishing"] = time.perf_counter() - clock - seconds
        description[SECONDS] = {part: round(value, 3) for part, value in parts.items()}
        # Its bytes reach the disk in `publish`, together with the stage's own files.
        write_json(out / DESCRIPTION, description, sync=False, seal=True)
        lease.assert_owned()
        store.publish(name, key, out, lease.assert_owned)
        return result("done")
    except Stopped:
        shutil.rmtree(out, ignore_errors=True)
        return result("stopped")
    except LeaseLost:
        return result("lost", "another process took over")
    except BaseException as error:
        if store.find_key(name, key) is not None:
            # Whatever broke here, somebody else has finished it.
            return Result(key=key, state="done")
        # What broke may be that another holder took over and cleared the work folder.
        if not lease.owned():
            return result("lost", "another process took over")
        if isinstance(error, StoreError):
            raise
        # Libraries in C++ tell of a full disk in words of their own.
        if is_full(error) or (isinstance(error, RuntimeError) and refuses(work)):
            full = error if isinstance(error, OSError) else OSError(28, str(error))
            raise StoreError.during(f"go on with stage {name} {key}", work, full) from error
        shutil.rmtree(out, ignore_errors=True)
        reason, kind = one_line(error), str(getattr(error, "failure_kind", "error"))
        store.write_failure(failure_record(store, spec, attempt, error, kind))
        return result("failed", reason, kind)
    finally:
        mirror.close(store.find_key(name, key))


def _call(
    store: Store, spec: dict[str, Any], out: Path, context: Context, parts: dict[str, float]
) -> None:
    """Check the inputs, import the stage's function and call it; a traceback goes to the log."""
    began = time.perf_counter()
    try:
        inputs = input_places(store, spec)
        for place in inputs.values():
            check_stage(place)
        checked = time.perf_counter()
        function = resolve_run(spec["run"])
        parts |= {"inputs": checked - began, "imports": time.perf_counter() - checked}
        function(spec["config"], inputs, out, context)
        taken = [name for name in (DESCRIPTION, LOG, CHANGES) if (out / name).exists()]
        if taken:
            raise StageError(f"The stage wrote {taken[0]}, a name kept for the store's own file.")
    except (Stopped, LeaseLost):
        raise
    except BaseException:
        with contextlib.suppress(OSError):
            traceback.print_exc()
        raise


def failure_record(
    store: Store,
    spec: dict[str, Any],
    attempt: int,
    error: BaseException | str,
    kind: str,
) -> dict[str, Any]:
    """What is kept of a failed attempt; `error` is a sentence when no exception was seen."""
    seen = error if isinstance(error, BaseException) else None
    return {
        "schema": 1,
        "name": spec["name"],
        "key": spec["key"],
        "attempt": attempt,
        "kind": kind,
        "error": one_line(error),
        "type": type(seen).__qualname__ if seen else "",
        "traceback": "".join(traceback.format_exception(seen)) if seen else "",
        "log": str((store.work(spec["key"], attempt) / LOG).relative_to(store.path)),
        "time": datetime.now(UTC).isoformat(),
        "host": socket.gethostname(),
    }


def one_line(error: BaseException | str) -> str:
    """The first line of an error, with its type where the text alone says too little."""
    lines = str(error).strip().splitlines()
    text = lines[0].strip()[:500] if lines else ""
    if isinstance(error, str | DamagedStageError | DamagedSpecificationError):
        return text
    kind = type(error).__name__
    return f"{kind}: {text}" if text else kind


def _drop_old_checkpoints(earlier: list[Path]) -> None:
    """Keep the newest checkpoints of dead attempts: a stage preempted often would fill the disk."""
    with_checkpoint = [folder for folder in earlier if (folder / CHECKPOINT).exists()]
    for folder in with_checkpoint[KEPT_CHECKPOINTS:]:
        for path in folder.iterdir():
            if path.name == LOG:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
