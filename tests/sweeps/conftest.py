"""A toy study for the orchestrator's tests: its module, its stages, an empty store."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from slurm_runs import until

from sweeps.cluster.queue import queue
from sweeps.stage import Stage
from sweeps.store import Store

ROOT = Path(__file__).resolve().parents[2]
TOY = '''
import fcntl, json, os, signal, sys, time
from pathlib import Path


def text(config, inputs, out, context):
    """Write a text made of the inputs' texts."""
    parts = [inputs[role].joinpath("text.txt").read_text() for role in sorted(inputs)]
    (out / "text.txt").write_text(config["text"] + "(" + ",".join(parts) + ")")
    print("wrote", config["text"])
    context.record(length=len(parts))


def tells(config, inputs, out, context):
    """Write down how it was asked to run."""
    (out / "text.txt").write_text(json.dumps(dict(context.execution)))


def raises(config, inputs, out, context):
    """Fail in the middle of writing."""
    (out / "half.txt").write_text("half")
    print("before the fall")
    raise ValueError("bad luck\\nsecond line")


class Diverged(Exception):
    failure_kind = "diverged"


def diverges(config, inputs, out, context):
    """Fail for good."""
    raise Diverged("loss is nan")


def full(config, inputs, out, context):
    """Find the disk full, once another stage has begun where a journal is given."""
    while "journal" in config and not os.path.exists(config["journal"]):
        time.sleep(0.01)
    raise OSError(28, "No space left on device")


def kills(config, inputs, out, context):
    """Die like a process that ran out of memory."""
    mark(config, "tried")
    os.kill(os.getpid(), signal.SIGKILL)


def kills_once(config, inputs, out, context):
    """Die the first time."""
    if context.attempt == 1:
        kills(config, inputs, out, context)
    (out / "text.txt").write_text(f"attempt {context.attempt}")


def dies_after_publishing(config, inputs, out, context):
    """Have the process die between the rename and the release of the lease."""
    import sweeps.store

    real = sweeps.store.Store.publish

    def publish(self, *arguments):
        real(self, *arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    sweeps.store.Store.publish = publish
    text(config, inputs, out, context)
    mark(config, "finished")


def dies_in_checkpoint(config, inputs, out, context):
    """Leave a good checkpoint at attempt 1, a truncated one at attempt 2, then say what is seen."""
    if context.attempt == 1:
        (context.work / "last.ckpt").write_text(json.dumps({"step": 7}))
        os.kill(os.getpid(), signal.SIGKILL)
    if context.attempt == 2:
        (context.work / "last.ckpt").write_text('{"st')
        os.kill(os.getpid(), signal.SIGKILL)
    seen = [(folder / "last.ckpt").read_text() for folder in context.earlier]
    (out / "text.txt").write_text(json.dumps(seen))


def stops_alone(config, inputs, out, context):
    """Stop its own process, as a machine that sleeps; when it wakes, try to save."""
    mark(config, f"attempt {context.attempt}")
    if context.attempt == 1:
        os.kill(os.getpid(), signal.SIGSTOP)
        time.sleep(0.5)
        context.assert_owned()
        mark(config, "saved")
    (out / "text.txt").write_text(f"attempt {context.attempt}")


def mark(config, what):
    """Append a line to the test's own journal."""
    with open(config["journal"], "a") as file:
        file.write(f"{what} {config.get('text', '')} {os.getpid()}\\n")


def deaf(config, inputs, out, context):
    """Never ask whether to stop."""
    mark(config, "began")
    time.sleep(config.get("seconds", 600))
    (out / "text.txt").write_text("done")


def count(config, inputs, out, context):
    """Add up 0..steps-1, slowly, with a checkpoint every few steps; resumes where it was."""
    state = {"step": 0, "sum": 0}
    for folder in [context.work, *context.earlier]:
        try:
            state = json.loads((folder / "last.ckpt").read_text())
            break
        except (OSError, ValueError):
            continue
    # The system frees the lock when this process dies: held, another is at this stage now.
    lock = open(config["journal"] + "." + config["text"], "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        mark(config, "overlap")
    mark(config, f"from {state['step']}")
    while state["step"] < config["steps"]:
        time.sleep(config["seconds"])
        state = {"step": state["step"] + 1, "sum": state["sum"] + state["step"]}
        context.progress(state["step"], config["steps"], loss=1 / state["step"])
        stopping = context.should_stop()
        if stopping or state["step"] % config["every"] == 0:
            context.assert_owned()
            temporary = context.work / "last.ckpt.tmp"
            temporary.write_text(json.dumps(state))
            os.replace(temporary, context.work / "last.ckpt")
        if stopping:
            context.stop()
    parts = [json.loads((inputs[role] / "sum.json").read_text())["sum"] for role in sorted(inputs)]
    for number in range(5):
        (out / f"part{number}.txt").write_text("x" * 1000)
    (out / "sum.json").write_text(json.dumps({"sum": state["sum"] + sum(parts)}))
    mark(config, "finished")
'''


LAUNCH = '''
"""Run pickled stages in a process of its own: launch.py STAGES STORE OPTIONS."""
import json, pickle, sys
from pathlib import Path
from sweeps.graph import Graph
from sweeps.running.local import run_local
from sweeps.store import Store

graph = Graph(pickle.loads(Path(sys.argv[1]).read_bytes()))
outcome = run_local(graph, Store(sys.argv[2]), **json.loads(sys.argv[3]))
sys.exit(outcome.status)
'''


class Toy:
    """Stages of the toy study by one word each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = folder / "journal.txt"
        (folder / "toy_study.py").write_text(TOY)
        (folder / "launch.py").write_text(LAUNCH)

    def stage(self, function: str, name: str = "toy", *inputs: Stage, **config: object) -> Stage:
        """A stage that runs `function` of the toy module; inputs have the roles a, b, ..."""
        roles = {"abcdefgh"[index]: one for index, one in enumerate(inputs)}
        return Stage(name=name, version=1, config=config, inputs=roles, run=f"toy_study.{function}")

    def text(self, text: str, *inputs: Stage) -> Stage:
        """A stage whose result spells its ancestry: `a(b(),c())`."""
        return self.stage("text", "text", *inputs, text=text)

    def count(self, text: str, *inputs: Stage, steps: int = 20, **config: object) -> Stage:
        """A slow stage that checkpoints."""
        config = {"every": 3, "seconds": 0.005, **config}
        return self.stage(
            "count",
            "count",
            *inputs,
            text=text,
            steps=steps,
            journal=str(self.journal),
            **config,
        )

    def launch(
        self, stages: Iterable[Stage], store: Store, *before: str, **options: object
    ) -> subprocess.Popen[str]:
        """Start run_local in a process group of its own; `before` are words of a wrapper."""
        pickled = self.folder / f"stages-{len(list(self.folder.iterdir()))}.pickle"
        pickled.write_bytes(pickle.dumps(list(stages)))
        command = [*before, sys.executable, str(self.folder / "launch.py"), str(pickled)]
        return subprocess.Popen(
            [*command, str(store.path), json.dumps(options)],
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(self.folder), str(ROOT)])},
        )

    @staticmethod
    def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
        """Wait until something holds; fail where a busy machine cannot be the reason any more."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not come about in time"
            time.sleep(0.005)

    @staticmethod
    def living(group: int) -> list[int]:
        """The living processes of a process group."""
        found = []
        for name in filter(str.isdecimal, os.listdir("/proc")):
            try:
                fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == group and fields[0] not in "ZX":
                found.append(int(name))
        return found

    def marks(self) -> list[list[str]]:
        """What the stages wrote into the journal: words of each line."""
        if not self.journal.exists():
            return []
        return [line.split() for line in self.journal.read_text().splitlines()]


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Toy]:
    """The toy study, importable here and in the workers that are started from here."""
    folder = tmp_path / "study"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before: ModuleType | None = sys.modules.pop("toy_study", None)
    yield Toy(folder)
    sys.modules.pop("toy_study", None)
    if before is not None:
        sys.modules["toy_study"] = before


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty, prepared store."""
    store = Store(tmp_path / "store")
    store.prepare()
    return store


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sweeps.cluster.slurm.FIRST_POLL", 0.3)
    monkeypatch.setattr("sweeps.cluster.slurm.LONGEST_POLL", 0.5)


@pytest.fixture
def patient(cluster: Path, quick: None, toy: Toy) -> Iterator[Toy]:
    """The toy study on the cluster; nothing stays in the queue."""
    yield toy
    subprocess.run(["scancel", "-u", "root"], check=True)
    until(lambda: not any(element.active for element in queue().values()))
