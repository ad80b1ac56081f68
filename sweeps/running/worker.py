"""`python -m sweeps.running.worker`: a process that runs stages.

With `--pipes` it stays and takes commands as JSON lines on stdin, answering on stdout:

    {"command": "preload", "modules": [...]}      import these whenever there is nothing to do
    {"command": "run", "key", "device", "dead", "failures_known", "ranks"}
    {"command": "follow", "announcement", "ranks", "device"}  join a stage that another worker leads
    {"command": "stop"}                           the running stage saves and leaves
    {"command": "exit"}

    {"event": "ready"}                            the process runs
    {"event": "warm"}                             everything to import is imported
    {"event": "started", "key", "generation", "announcement"}  the lease is ours
    {"event": "followed", "key", "reason"}        our part is over; why, where it failed
    {"event": "progress", "key", "step", "total", "numbers"}
    {"event": "result", "kept", ...}              a Result; the bytes that the process then keeps
    {"event": "store_error", "message"}

The end of stdin, that is the parent's death, is an order to stop and leave. With `--key` it runs
one stage, waiting for a living holder elsewhere, and tells the outcome by its exit status.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import logging
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TextIO

from sweeps.errors import StoreError
from sweeps.hardware.memory import give_back, kept
from sweeps.lease import DEFAULT_TIMEOUT, HeldLease, read_lease
from sweeps.running.context import StopRequest
from sweeps.running.execute import Result, one_line, run_one
from sweeps.running.logs import captured
from sweeps.running.ranks import Ranks, announcement_of, follow
from sweeps.store import Store

EXIT_CODES = {"done": 0, "failed": 1, "skipped": 3, "elsewhere": 4, "stopped": 5, "lost": 6}
STORE_ERROR_CODE = 7
STOP_GRACE = 10.0
"""Seconds a stage has to notice the order to stop before its process ends under it."""
_IDLE_SECONDS = 0.5
_LOOK_SECONDS = 1.0
"""Between two looks whether the lead of a stage still lives."""

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve a local scheduler over pipes, or run one stage of a cluster job."""
    parser = argparse.ArgumentParser(prog="python -m sweeps.running.worker", description=__doc__)
    parser.add_argument("--store", required=True, help="the folder of the store")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--lease-timeout", type=float, default=DEFAULT_TIMEOUT)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--pipes", action="store_true", help="take commands on stdin")
    what.add_argument("--key", help="run this stage, then leave")
    parser.add_argument("--device", default="cpu", help="of the stage of --key")
    options = parser.parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    store = Store(options.store)
    if options.pipes:
        _Server(store, options.threads, options.lease_timeout).serve()
        return 0
    return _run_alone(store, options)


def _run_alone(store: Store, options: argparse.Namespace) -> int:
    stop = StopRequest()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR2):
        signal.signal(number, lambda *_: stop.make())
    try:
        result = run_one(
            store,
            options.key,
            device=options.device,
            threads=options.threads,
            lease_timeout=options.lease_timeout,
            wait=True,
            stop=stop,
        )
    except StoreError as error:
        log.error("%s", error)
        return STORE_ERROR_CODE
    log.info("Stage %s: %s%s", result.key, result.state, result.reason and f": {result.reason}")
    return EXIT_CODES[result.state]


class _Server:
    """One worker of a local scheduler: commands come in on one thread, stages run on another."""

    def __init__(self, store: Store, threads: int, lease_timeout: float) -> None:
        self._store = store
        self._threads = threads
        self._lease_timeout = lease_timeout
        self._stop = StopRequest()
        self._commands: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._modules: list[str] = []
        self._lease: HeldLease | None = None
        self._replying = threading.Lock()
        self._replies: TextIO

    def serve(self) -> None:
        """Take commands until told to leave, or until the parent is gone."""
        # Ctrl-C reaches the whole process group; the parent decides what it means.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        signal.signal(signal.SIGTERM, lambda *_: self._leave_soon())
        commands = os.fdopen(os.dup(0), encoding="utf-8")
        self._replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
        # What a stage reads or prints must not meet the protocol.
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(2, 1)
        threading.Thread(target=self._listen, args=(commands,), daemon=True).start()
        self._reply(event="ready")
        while (command := self._next()) is not None:
            if command["command"] == "preload":
                self._modules.extend(command["modules"])
            elif command["command"] == "run":
                self._run(command)
            elif command["command"] == "follow":
                self._follow(command)
            elif command["command"] == "exit":
                return

    def _next(self) -> dict[str, Any] | None:
        """The next command; modules are imported one by one while there is none."""
        while self._modules and self._commands.empty():
            module = self._modules.pop(0)
            try:
                importlib.import_module(module)
            except Exception:
                # The stage that needs it will say so, in its own log.
                log.info("Cannot import %s ahead of time", module, exc_info=True)
            if not self._modules:
                self._reply(event="warm")
        try:
            return self._commands.get(timeout=_IDLE_SECONDS)
        except queue.Empty:
            # What the last stage held, another worker's may need.
            give_back()
            return self._commands.get()

    def _run(self, command: dict[str, Any]) -> None:
        key = command["key"]
        ranks = Ranks(**command["ranks"]).meeting() if command["ranks"] else None

        def report(step: int, total: int, numbers: dict[str, Any]) -> None:
            self._reply(event="progress", key=key, step=step, total=total, numbers=numbers)

        def started(lease: HeldLease) -> None:
            self._lease = lease
            announcement = None
            if ranks:
                announcement = announcement_of(self._store, key, lease.generation, ranks)
            self._reply(
                event="started", key=key, generation=lease.generation, announcement=announcement
            )

        try:
            result = run_one(
                self._store,
                key,
                device=command["device"],
                threads=self._threads,
                lease_timeout=self._lease_timeout,
                dead=command["dead"],
                failures_known=command["failures_known"],
                stop=self._stop,
                report=report,
                on_start=started,
                ranks=ranks,
            )
        except StoreError as error:
            self._lease = None
            self._reply(event="store_error", message=str(error))
            return
        self._lease = None
        self._answer(result, kept())

    def _follow(self, command: dict[str, Any]) -> None:
        announcement, ranks = command["announcement"], Ranks(**command["ranks"])
        key, generation = announcement["key"], announcement["generation"]
        log_file = self._store.work(key, generation) / f"rank{ranks.rank}.txt"
        over = threading.Event()
        threading.Thread(
            target=self._end_without_lead, args=(key, generation, over), daemon=True
        ).start()
        reason = ""
        try:
            # The lead makes it too, once it has told that it begins.
            log_file.parent.mkdir(parents=True, exist_ok=True)
            with captured(log_file):
                try:
                    follow(
                        self._store,
                        announcement,
                        ranks,
                        device=command["device"],
                        threads=self._threads,
                    )
                except Exception:
                    traceback.print_exc()
                    raise
        except Exception as error:
            reason = f"{one_line(error)} (log: {log_file})"
        over.set()
        self._reply(event="followed", key=key, reason=reason)

    def _end_without_lead(self, key: str, generation: int, over: threading.Event) -> None:
        """End the process under a part of a stage whose lead is gone: it might wait for ever."""
        while not over.wait(_LOOK_SECONDS):
            lease = read_lease(self._store, key)
            gone = lease is None or lease.generation != generation or lease.holder is None
            if gone or (lease and lease.holder and lease.holder.provably_dead()):
                if not over.wait(STOP_GRACE):
                    os._exit(1)
                return

    def _listen(self, commands: TextIO) -> None:
        for line in commands:
            command = json.loads(line)
            if command["command"] == "stop":
                self._leave_soon()
            else:
                self._commands.put(command)
        self._commands.put({"command": "exit"})
        self._leave_soon()

    def _leave_soon(self) -> None:
        self._stop.make()
        threading.Thread(target=self._end_deaf_stage, daemon=True).start()

    def _end_deaf_stage(self) -> None:
        """End the process under a stage that never asks whether it should stop."""
        lease = self._lease
        if lease is None or self._stop.noticed.wait(STOP_GRACE) or self._lease is not lease:
            return
        log.warning("Stage %s does not answer the order to stop; ending its process.", lease.key)
        lease.release("stopped")
        self._answer(Result(key=lease.key, state="stopped", generation=lease.generation))
        os._exit(0)

    def _answer(self, result: Result, kept: int = 0) -> None:
        self._reply(event="result", kept=kept, **asdict(result))

    def _reply(self, **message: Any) -> None:
        # A parent that is gone needs no reply; the end of stdin says so too.
        with self._replying, contextlib.suppress(BrokenPipeError):
            self._replies.write(json.dumps(message) + "\n")
            self._replies.flush()


if __name__ == "__main__":
    sys.exit(main())
