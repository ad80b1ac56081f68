"""Runs a plan's steps, here or on SLURM: what is done stays done, and nothing is written twice.

OUTPUT/data/*.parquet   the cleaned pages (text, id, url, timestamp), one file a shard
OUTPUT/report.json      settings, input, counts, problems: written last, so its presence is the
                        mark of a whole corpus
OUTPUT/work/            what an unfinished run goes on from; of a finished one, logs and counts
"""

from __future__ import annotations

import fcntl
import io
import json
import logging
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from contextlib import contextmanager, redirect_stderr, suppress
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path
from typing import Any

import dill
from datatrove.executor.base import PipelineExecutor
from datatrove.executor.local import LocalPipelineExecutor
from datatrove.executor.slurm import SlurmPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.utils.logging import setup_default_logger
from datatrove.utils.stats import PipelineStats

from lab.corpora.crawl import report
from lab.corpora.crawl.pipeline import Step, plan_steps
from lab.corpora.crawl.settings import CrawlSettings, differences
from lab.corpora.crawl.shards import Shard, ShardChangedError, changed
from lab.corpora.workers import worker_processes
from lab.errors import DataError
from lab.files import replacing

logger = logging.getLogger(__name__)

_LOCK = ".lock"
_SECONDS_BETWEEN_LINES = 20.0
_INTERMEDIATE = ("cleaned", "urls", "urls-found", "parts", "parts-found")


class RunError(DataError):
    """A run that cannot start; the message says what to do."""


class UnfinishedError(DataError):
    """A run that did what it could and has more to do when it is started again."""


def clean_crawl(
    settings: CrawlSettings,
    folder: str,
    shards: Sequence[Shard],
    output: Path,
    *,
    workers: int = 1,
) -> dict[str, Any]:
    """Clean `shards` of `folder` into `output` on this machine, and return the report.

    Goes on where a killed run with the same settings stopped. The output's bytes do not depend on
    `workers`. Raises RunError where `output` belongs to another run, and UnfinishedError where a
    shard changed under way.
    """
    output = output.absolute()
    if (whole := finished_report(settings, shards, output)) is not None:
        return whole
    with _only_run(output):
        steps = _prepare(settings, folder, shards, output)
        for step in steps:
            logger.info("%s: %d tasks", step.name, step.tasks)
            executor = _Local(
                pipeline=list(step.blocks),
                tasks=step.tasks,
                workers=min(workers, step.tasks),
                logging_dir=str(output / "work" / step.name),
            )
            with _reported(step, output / "work" / step.name / "completions"):
                executor.run()
            _require_whole(step, executor, output)
    return report.load(output)


def submit_crawl(
    settings: CrawlSettings,
    folder: str,
    shards: Sequence[Shard],
    output: Path,
    *,
    workers: int,
    slurm: Mapping[str, Any],
) -> str:
    """Submit the run's steps to SLURM, each after the one before; returns what to tell the user.

    `slurm` is passed on to datatrove's executor (partition, time, mem_per_cpu_gb, sbatch_args...).
    While the jobs of an earlier call wait or run, nothing is submitted. Raises RunError as
    `clean_crawl` does, and where there is no SLURM or it refuses a job.
    """
    if missing := [name for name in ("sbatch", "squeue") if shutil.which(name) is None]:
        raise RunError(
            f"--slurm-partition needs {', '.join(missing)}, not found on PATH here. Type the same "
            "command on a login node of a SLURM cluster, or leave --slurm-partition out to clean "
            "on this machine."
        )
    output = output.absolute()
    options = dict(slurm)
    # Else SLURM keeps the jobs after a failed one waiting for ever.
    arguments = {"kill-on-invalid-dep": "yes", **options.pop("sbatch_args", {})}
    chain: list[_Slurm] = []
    with _only_run(output):
        fresh = not (output / "work").exists()
        submitted = output / "work" / "slurm-job"
        if submitted.exists() and _is_queued(job := submitted.read_text("utf-8")):
            done = ", ".join(
                f"{place.parent.name} {sum(1 for _ in place.iterdir())}"
                for place in sorted(
                    (output / "work").glob("*/completions"), key=lambda path: path.stat().st_mtime
                )
            )
            return f"Job {job} is still in SLURM's queue; tasks done: {done or 'none yet'}."
        for step in _prepare(settings, folder, shards, output):
            chain.append(
                _Slurm(
                    pipeline=list(step.blocks),
                    tasks=step.tasks,
                    workers=workers,
                    logging_dir=str(output / "work" / step.name),
                    job_name=f"clean-{step.name}",
                    # datatrove's worker is a script beside this interpreter.
                    env_command=f"export PATH={Path(sys.executable).parent}:$PATH",
                    depends=chain[-1] if chain else None,
                    sbatch_args=arguments,
                    **options,
                )
            )
        try:
            with _quiet():
                chain[-1].run()
        except subprocess.CalledProcessError as error:
            refused = next(one for one in chain if one.job_id is None)
            raise RunError(
                f"sbatch refused job {refused.job_name}, as it says above. Change the options "
                "after --slurm and type the command again."
            ) from error
        finally:
            # Of a step that was done already the id is -1.
            jobs = [one.job_id for one in chain if one.job_id not in (None, -1)]
            if jobs:
                submitted.write_text(str(jobs[-1]), "utf-8")
            elif fresh:
                shutil.rmtree(output / "work")
    return (
        f"Submitted; job {chain[-1].job_id} is the last. Type the same command again to see how "
        "far it is, for the table, or after a failure to go on."
    )


def finished_report(
    settings: CrawlSettings, shards: Sequence[Shard], output: Path
) -> dict[str, Any] | None:
    """The report of a whole corpus at `output`, or None where there is none yet.

    Raises RunError where it was made with other settings or from other input.
    """
    if not (output / report.NAME).exists():
        return None
    whole = report.load(output)
    _refuse_other_settings(settings, whole, output)
    if whole["shards"] != [asdict(shard) for shard in shards]:
        raise RunError(
            f"{output} was cleaned from other shards, or the input changed since. "
            "Give another --output, or delete it to clean the input as it is now."
        )
    return whole


class _OneAtATime(PipelineExecutor):
    """An executor whose tasks never run twice at once: a killed run's worker may live on a while.

    Two writers of one file would mix their bytes. The lock goes when its process does.
    """

    def _run_for_rank(self, rank: int, local_rank: int = 0, node_rank: int = -1) -> PipelineStats:
        folder = Path(self.logging_dir.resolve_paths("locks"))
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{rank:05d}").open("w") as file:
            fcntl.lockf(file, fcntl.LOCK_EX)
            # datatrove merges all shards' signatures at once, each from its own open file.
            _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
            return super()._run_for_rank(rank, local_rank, node_rank)


class _Local(_OneAtATime, LocalPipelineExecutor):
    """datatrove's local executor, but for the manager process that outlives a killed run."""

    def run(self) -> None:
        """Run the tasks that are not done."""
        missing = self.get_incomplete_ranks()
        if self.workers == 1:
            for rank in missing:
                deepcopy(self)._try_rank(rank)
        elif missing:
            task = dill.dumps(self._try_rank)  # datatrove's blocks want its own pickler
            then = "Give fewer --workers: the command goes on from here."
            with worker_processes(self.workers, then, UnfinishedError) as pool:
                for done in as_completed([pool.submit(_call, task, rank) for rank in missing]):
                    done.result()

    def _try_rank(self, rank: int) -> None:
        """Run a task; a shard that changed leaves it undone, and the others go on."""
        with _quiet(), suppress(ShardChangedError):
            self._run_for_rank(rank)


def _call(task: bytes, rank: int) -> None:
    dill.loads(task)(rank)


class _Slurm(_OneAtATime, SlurmPipelineExecutor):
    """datatrove's SLURM executor, without its jobs that add up statistics: the report does."""

    def launch_merge_stats(self) -> None:
        """Launch nothing."""


class _Publish(PipelineStep):
    """Moves the last step's files into place and writes the report."""

    type = "Publish"
    name = "report"

    def __init__(self, output: Path, steps: Sequence[str], run: Mapping[str, Any]) -> None:
        super().__init__()
        self.output = output
        self.steps = list(steps)
        self.described = dict(run)

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> None:
        """Publish; repeated after a kill it goes on where it stopped."""
        work, place = self.output / "work", self.output / "data"
        if not place.exists():
            (work / "final").mkdir(exist_ok=True)
            (work / "final").rename(place)
        report.write(self.output, report.gather(work, self.steps, self.described))
        for name in _INTERMEDIATE:
            shutil.rmtree(work / name, ignore_errors=True)


def _prepare(
    settings: CrawlSettings, folder: str, shards: Sequence[Shard], output: Path
) -> list[Step]:
    """Lay out the steps, keeping what an earlier, unfinished run of the same work has done."""
    work = output / "work"
    described = {
        "settings": settings.identity(),
        "shards": [asdict(shard) for shard in shards],
        "input": folder,
        **report.provenance(settings),
    }
    record = work / "run.json"
    if record.exists():
        earlier = json.loads(record.read_text("utf-8"))
        _refuse_other_settings(settings, earlier, output)
        before = [Shard(**shard) for shard in earlier["shards"]]
        _forget_changed(output, changed(before, shards))
    work.mkdir(parents=True, exist_ok=True)
    with replacing(record) as part:
        part.write_text(json.dumps(described), "utf-8")
    with _quiet():
        steps = plan_steps(settings, folder, shards, work)
    publish = _Publish(output, [step.name for step in steps], described)
    return [*steps, Step(name="publish", tasks=1, blocks=[publish])]


def _forget_changed(output: Path, positions: list[int] | None) -> None:
    """Undo what depends on shards that changed since; on all, where the list of them did."""
    if positions == []:
        return
    work = output / "work"
    shutil.rmtree(output / "data", ignore_errors=True)
    if positions is None:
        logger.warning("the list of shards changed: starting again")
        shutil.rmtree(work)
        return
    logger.warning("%d shards changed since the run began: reading them anew", len(positions))
    for place in work.iterdir():
        if place.is_dir() and place.name not in ("clean", "cleaned", "urls", "problems"):
            shutil.rmtree(place)
    for position in positions:
        (work / "clean" / "completions" / f"{position:05d}").unlink(missing_ok=True)
        (work / "cleaned" / f"{position:05d}.parquet").unlink(missing_ok=True)
        for signatures in (work / "urls").glob(f"*/{position:05d}.*"):
            signatures.unlink()


def _refuse_other_settings(
    settings: CrawlSettings, earlier: Mapping[str, Any], output: Path
) -> None:
    if found := differences(settings.identity(), earlier["settings"]):
        raise RunError(
            f"{output} belongs to a run with other settings ({'; '.join(found)}). "
            "Give another --output."
        )


def _require_whole(step: Step, executor: LocalPipelineExecutor, output: Path) -> None:
    missing = executor.get_incomplete_ranks(skip_completed=True)
    if missing:
        shards = json.loads((output / "work" / "run.json").read_text("utf-8"))["shards"]
        names = ", ".join(shards[rank]["path"] for rank in missing[:5])
        raise UnfinishedError(
            f"{len(missing)} of {step.tasks} shards changed while they were read: {names}. "
            "The others are done; type the same command again to read these anew."
        )


def _is_queued(job: str) -> bool:
    """Say whether SLURM still has a job waiting or running."""
    queue = subprocess.run(["squeue", "-h", "-j", job], capture_output=True, text=True, check=False)
    return queue.returncode == 0 and bool(queue.stdout.strip())


@contextmanager
def _only_run(output: Path) -> Iterator[None]:
    """Hold `output` for one command at a time; the hold goes with the process."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        ours = (output / "work" / "run.json").exists()
        if not ours and any(path.name not in ("work", _LOCK) for path in output.iterdir()):
            raise RunError(f"{output} holds something else. Give --output a new or empty folder.")
        lock = (output / _LOCK).open("w")
    except OSError as error:
        raise RunError(
            f"{output} cannot be written: {error.strerror}. Give --output a new or empty folder."
        ) from error
    with lock as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            raise RunError(f"Another command is cleaning into {output} now.") from None
        yield


@contextmanager
def _reported(step: Step, finished: Path) -> Iterator[None]:
    """Say now and then how many of a long step's tasks are done."""
    over = threading.Event()

    def watch() -> None:
        logged = 0
        while not over.wait(_SECONDS_BETWEEN_LINES):
            done = sum(1 for _ in finished.glob("*"))
            if done > logged:
                logger.info("%s: %d of %d tasks done", step.name, logged := done, step.tasks)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep datatrove's log lines and progress bars off the terminal; its log files have them."""
    try:
        with redirect_stderr(io.StringIO()):
            setup_default_logger()
            yield
    finally:
        setup_default_logger()
