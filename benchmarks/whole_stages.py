"""Whole stages for training.py: from data to a checkpoint, ours and a script around a Trainer.

Ours is the study's stage as a worker runs it: it reads and encodes data, trains, validates, saves
so that a kill costs little, and publishes. The peer is what a user writes with Hugging Face's
library: a Trainer with the same library's AdaFactor over the same tokens (pre-training: chunks of
the corpus, corrupted by the common collator) or the same examples (fine-tuning, validated by
`generate` as often as ours), from the same weights, with as many updates of as many rows, and its
own ways of logging and saving. Each program runs in a process of its own, one after the other.

Counted are real tokens, no padding. With one thread time is the process's own, its start and
imports included, so that a busy machine does not show; with more it is the clock's.
"""

from __future__ import annotations

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import torch
from contestants import count
from objectives import span_mask, spans_replaced
from rich.console import Console
from rich.table import Table

from lab.allocator import keep_freed_memory
from lab.corpora.tokenized import TokenizedCorpus
from lab.text_to_text.checkpoint import build, load
from lab.vocabulary import Vocabulary
from sweeps.asking.command import Command, by_study
from sweeps.asking.preflight import composer_of
from sweeps.graph import Graph
from sweeps.running.execute import run_one
from sweeps.store import Store, input_places
from t5study.batching import FinetuneBatches, PretrainBatches
from t5study.model import save_huggingface
from t5study.objectives import get_objective
from t5study.tasks.chosen import described, examples
from t5study.training.answers import ask
from t5study.training.examples import rates, training_pairs

MINUTE = 60.0
COLUMNS = "real tokens|s|first update, s|tokens/s|first minute|afterwards|MiB|ours is".split("|")
TASK = "gloss_category"
"""Fine-tuned on."""
WORDS = ("study=t5study", "preset=embedded", "objective=span", "seed=0")
"""The cell whose stages are compared."""
SIDES = ("inputs", "targets")
NOT_COUNTED = -100
"""The label that Hugging Face's losses leave out."""
ADAFACTOR = {"relative_step": False, "warmup_init": False, "scale_parameter": True}


@dataclass
class Course:
    """How a program's training went."""

    parameters: int
    points: list[tuple[float, int]]
    """Seconds since its process began, and the update that was then done."""
    tokens: list[int]
    """Real ones of each update."""
    seconds: float
    """Until the checkpoint was there."""
    peak: int
    """Most bytes that the process had, libraries included."""

    def tokens_until(self, seconds: float) -> float:
        """Real tokens trained on within so many seconds, between points as if evenly."""
        times, steps = zip((0.0, 0), *self.points, strict=True)
        sums = np.concatenate([[0], np.cumsum(self.tokens)])
        return float(np.interp(seconds, times, sums[np.asarray(steps)]))

    def rate(self, begin: float = 0.0, end: float | None = None) -> float:
        """Real tokens a second between two times."""
        end = self.seconds if end is None else end
        return (self.tokens_until(end) - self.tokens_until(begin)) / (end - begin)


@dataclass(frozen=True, kw_only=True)
class Job:
    """One stage for a program to do: its kind, its specification, and where its inputs lie."""

    kind: str
    spec: Mapping[str, Any]
    store: str
    threads: int
    inputs: Mapping[str, Path] = field(default_factory=dict)

    def clock(self) -> float:
        """Seconds; of one thread the process's own since it began."""
        return time.process_time() if self.threads == 1 else time.time()


Program = Callable[[Job], Course]


def compare(
    words: Sequence[str], *, updates: tuple[int, int], threads: int, store: str | None = None
) -> None:
    """Print a table of each kind of stage; `words` are further settings of the study's cell.

    A `store` may have the vocabulary and the corpus already, and keeps what is made.
    """
    pretraining, finetuning = updates
    asked = [
        *WORDS,
        f"pretrain.steps={pretraining}",
        f"finetune.steps={finetuning}",
        *words,
    ]
    graph = planned(asked)
    with tempfile.TemporaryDirectory() as folder:
        _compare(graph, stages_of(graph), Store(store or folder), threads)


def planned(asked: Sequence[str]) -> Graph:
    """The stages of the cell that the words ask for."""
    (sweep,) = Command(by_study(asked, "t5study"), composer_of).sweeps()
    return Graph(sweep.rows[0].cells[0].scores.values())


def stages_of(graph: Graph) -> dict[str, str]:
    """The keys of the stages that are compared, by kind."""
    found: dict[str, str] = {}
    for key, stage in graph.stages.items():
        if stage.name == "pretrain" or (stage.name == "finetune" and TASK in stage.config["tasks"]):
            found.setdefault(stage.name, key)
    return found


def _compare(graph: Graph, chosen: Mapping[str, str], store: Store, threads: int) -> None:
    store.prepare()
    for key, stage in graph.stages.items():
        store.write_spec(stage)
        if stage.name in ("vocabulary", "corpus"):
            done = run_one(store, key, threads=threads)
            if done.state != "done":
                raise SystemExit(f"{stage.name}: {done.reason}")
    for kind in ("pretrain", "finetune"):
        spec = store.read_spec(chosen[kind])
        if store.find_key(kind, chosen[kind]):
            raise SystemExit(f"{store.path} has this {kind} already. Name another --store.")
        inputs = input_places(store, spec)
        job = Job(kind=kind, spec=spec, store=str(store.path), threads=threads, inputs=inputs)
        show(job, {name: in_a_process(program, job) for name, program in PROGRAMS.items()})


def in_a_process(program: Program, job: Job) -> Course:
    """A program's course, of a process of its own."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(theirs, program, job)
    )
    began = time.time()
    process.start()
    theirs.close()
    course: Course = ours.recv()
    process.join()
    if job.threads > 1:
        course.points = [(at - began, step) for at, step in course.points]
        course.seconds -= began
    return course


def _serve(pipe: Connection, program: Program, job: Job) -> None:
    torch.set_num_threads(job.threads)
    pipe.send(program(job))


def ours(job: Job) -> Course:
    """The study's stage, as a worker runs it."""
    store, points = Store(job.store), []

    def report(step: int, total: int, numbers: Mapping[str, float]) -> None:
        points.append((job.clock(), step))

    done = run_one(store, job.spec["key"], threads=job.threads, report=report)
    seconds, peak = job.clock(), most()
    if done.state != "done":
        raise SystemExit(f"{job.kind}: {done.reason}")
    batches, steps = _batches(job), job.spec["config"]["steps"]
    tokens = [
        sum(used for used, _ in batches.layout.occupied(batches[index]).values())
        for index in range(steps)
    ]
    place = store.place(job.spec["name"], job.spec["key"])
    model, _ = load(place / ("model.pt" if job.kind == "pretrain" else "last.pt"), device="cpu")
    return Course(count(model), points, tokens, seconds, peak)


def _batches(job: Job) -> Any:
    """The batches of our stage once more."""
    config = job.spec["config"]
    if job.kind == "pretrain":
        return PretrainBatches(
            TokenizedCorpus.open(job.inputs["corpus"]),
            _objective(job),
            architecture="encoder_decoder",
            inputs_length=config["inputs_length"],
            batch_size=config["batch_size"],
            seed=config["seed"],
        )
    pairs, _ = training_pairs(config["tasks"], Vocabulary(job.inputs["vocabulary"]))
    return FinetuneBatches(
        pairs,
        rates({name: len(one) for name, one in pairs.items()}, config["mixing"]),
        architecture="encoder_decoder",
        inputs_length=config["inputs_length"],
        targets_length=config["targets_length"],
        batch_size=config["batch_size"],
        packing=config["packing"],
        seed=config["seed"],
    )


def _objective(job: Job) -> Any:
    config = job.spec["config"]
    vocabulary = Vocabulary(job.inputs["vocabulary"], sentinels=config["sentinels"])
    return get_objective(
        vocab_size=vocabulary.size, num_sentinels=config["sentinels"], **config["objective"]
    )


def trainer(job: Job) -> Course:
    """A script around Hugging Face's Trainer."""
    from transformers import T5ForConditionalGeneration, TrainerCallback
    from transformers.optimization import Adafactor
    from transformers.trainer_seq2seq import Seq2SeqTrainer
    from transformers.training_args_seq2seq import Seq2SeqTrainingArguments

    config = job.spec["config"]
    with tempfile.TemporaryDirectory() as folder:
        save_huggingface(_beginning(job), folder)
        model: Any = T5ForConditionalGeneration.from_pretrained(folder)
        points: list[tuple[float, int]] = []

        class Watch(TrainerCallback):
            """Notes when each update is done."""

            def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
                points.append((job.clock(), state.global_step))

        optimizer = Adafactor(model.parameters(), lr=config.get("learning_rate", 1.0), **ADAFACTOR)
        validated = job.kind == "finetune"
        rows, questions = _examples(job) if validated else (_chunks(job), None)
        collator = Padded() if validated else Corrupted(model.config.vocab_size)
        every = config["checkpoint_every"] if validated else 500
        arguments = Seq2SeqTrainingArguments(
            output_dir=f"{folder}/out",
            max_steps=config["steps"],
            per_device_train_batch_size=config["batch_size"],
            per_device_eval_batch_size=config["batch_size"],
            bf16=config["precision"] == "bf16-mixed",
            use_cpu=True,
            max_grad_norm=0.0,
            logging_steps=10,
            save_steps=every,
            eval_strategy="steps" if validated else "no",
            eval_steps=every,
            predict_with_generate=True,
            generation_max_length=config["targets_length"],
            remove_unused_columns=False,
            disable_tqdm=True,
            report_to="none",
        )
        hold = config.get("hold")
        script = Seq2SeqTrainer(
            model=model,
            args=arguments,
            train_dataset=rows,
            eval_dataset=questions,
            data_collator=collator,
            compute_metrics=_accuracy if validated else None,
            callbacks=[Watch()],
            optimizers=(
                optimizer,
                torch.optim.lr_scheduler.LambdaLR(
                    optimizer, lambda step: max(step, hold) ** -0.5 if hold else 1.0
                ),
            ),
        )
        script.train()
        script.save_model(f"{folder}/out/last")
    # Batches are made ahead, and those of validation are no updates'.
    return Course(count(model), points, collator.tokens[: config["steps"]], job.clock(), most())


def trainer_kept(job: Job) -> Course:
    """The same with freed memory kept, as our stages keep it."""
    keep_freed_memory()
    return trainer(job)


PROGRAMS: dict[str, Program] = {
    "Hugging Face Trainer": trainer,
    "Trainer, memory kept": trainer_kept,
    "ours": ours,
}
"""Ours comes last: what a stage published is an input of the next one."""


def _beginning(job: Job) -> Any:
    """The model that a stage starts from; a peer's dropout is element-wise."""
    config = job.spec["config"]
    if job.kind == "finetune":
        return load(job.inputs["pretrain"] / "model.pt", device="cpu")[0]
    return build(config["model"], seed=config["seed"], device="cpu")


def _chunks(job: Job) -> list[np.ndarray]:
    """The corpus as rows of raw tokens, one after the other."""
    corpus = TokenizedCorpus.open(job.inputs["corpus"])
    length, _ = _objective(job).lengths(job.spec["config"]["inputs_length"])
    tokens = np.concatenate([np.asarray(shard) for shard in corpus.shards])
    return list(tokens[: len(tokens) // length * length].astype(np.int64).reshape(-1, length))


Example = tuple[Sequence[int], Sequence[int], bool]
"""Ids of input and target, and whether it is trained on."""


def _examples(job: Job) -> tuple[list[Example], list[Example]]:
    """Training and validation examples as ids with EOS, cut to their lengths."""
    config, vocabulary = job.spec["config"], Vocabulary(job.inputs["vocabulary"])
    longest, answer = config["inputs_length"] - 1, config["targets_length"] - 1
    ((name, description),) = config["validation"].items()
    questions = ask(
        described(name, description),
        "validation",
        examples(name, "validation", description),
        vocabulary,
        config["inputs_length"],
        config["validation_examples"],
    )
    targets = vocabulary.encode_batch([one["targets"] for one in questions.examples])
    validation = [
        (inputs, [*ids[:answer], vocabulary.eos], False)
        for inputs, ids in zip(questions.inputs, targets, strict=True)
    ]
    asked = list(examples(name, "train", config["tasks"][name]))
    learned = (vocabulary.encode_batch([one[side] for one in asked]) for side in SIDES)
    train = [
        ([*inputs[:longest], vocabulary.eos], [*ids[:answer], vocabulary.eos], True)
        for inputs, ids in zip(*learned, strict=True)
    ]
    return train, validation


class Padded:
    """Collates examples to the longest of a batch, and counts the tokens of training batches."""

    def __init__(self) -> None:
        self.tokens: list[int] = []

    def __call__(self, rows: Iterable[Example]) -> dict[str, torch.Tensor]:
        inputs, targets, trained = zip(*rows, strict=True)
        if all(trained):
            self.tokens.append(sum(map(len, inputs)) + sum(map(len, targets)))
        ids = _together(inputs, 0)
        return {
            "input_ids": ids,
            "attention_mask": (ids != 0).long(),
            "labels": _together(targets, NOT_COUNTED),
        }


class Corrupted(Padded):
    """Collates chunks of text as the common collator does: random spans, row by row."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._corrupt = spans_replaced(span_mask, equally_long=True, size=size)

    def __call__(self, rows: Iterable[Any]) -> dict[str, torch.Tensor]:
        inputs, targets = self._corrupt(np.stack(list(rows)))
        return super().__call__(
            [
                ([*a.tolist(), 1], [*b.tolist(), 1], True)
                for a, b in zip(inputs, targets, strict=True)
            ]
        )


def _together(rows: Sequence[Sequence[int]], fill: int) -> torch.Tensor:
    padded = torch.full((len(rows), max(map(len, rows))), fill)
    for row, ids in enumerate(rows):
        padded[row, : len(ids)] = torch.as_tensor(ids)
    return padded


def _accuracy(answered: Any) -> dict[str, float]:
    """The share of answers that are the target."""
    width = min(answered.predictions.shape[1] - 1, answered.label_ids.shape[1])
    wanted = np.where(answered.label_ids < 0, 0, answered.label_ids)[:, :width]
    given = np.where(answered.predictions < 0, 0, answered.predictions)[:, 1 : width + 1]
    return {"accuracy": float((given == wanted).all(1).mean())}


def most() -> int:
    """Bytes that this process had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def show(job: Job, courses: Mapping[str, Course]) -> None:
    """Print one stage's table."""
    sizes = {course.parameters for course in courses.values()}
    if len(sizes) > 1:
        raise SystemExit(f"not the same model: {sizes} parameters")
    config = job.spec["config"]
    table = Table(
        title=f"{job.kind}, {config['steps']} updates of {config['batch_size']} rows, "
        f"{sizes.pop():,} parameters, {config['precision']}, threads: {job.threads}, "
        f"torch {torch.__version__}",
        title_justify="left",
    )
    table.add_column("program", no_wrap=True)
    for heading in COLUMNS:
        table.add_column(heading, justify="right")
    own = courses["ours"].rate()
    for name, course in courses.items():
        longer = course.seconds > MINUTE
        table.add_row(
            name,
            f"{sum(course.tokens):,}",
            f"{course.seconds:,.1f}",
            f"{course.points[0][0]:,.1f}",
            f"{course.rate():,.0f}",
            f"{course.rate(0, min(MINUTE, course.seconds)):,.0f}",
            f"{course.rate(MINUTE):,.0f}" if longer else "",
            f"{course.peak / 2**20:,.0f}",
            f"{own / course.rate():.2f}x",
        )
    Console(width=120).print(table)
