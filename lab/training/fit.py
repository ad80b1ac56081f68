"""Train to a step count through Lightning, and survive: checkpoints, resumption, stopping."""

from __future__ import annotations

import csv
import logging
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning
import torch

from lab.allocator import keep_freed_memory
from lab.batching.loading import loader
from lab.errors import DivergedError, StudyError
from lab.files import replacing
from lab.timing import Timing
from lab.training.checkpoint import check_sums, read
from lab.training.module import Training
from lab.training.selection import Validator
from lab.training.strategies import DirectIO
from lab.training.team import Team

log = logging.getLogger(__name__)
# Lightning's tips and what it prints of the machine hide in a stage's log what is looked for there.
for _library in ("lightning", "lightning.pytorch", "lightning.fabric"):
    logging.getLogger(_library).handlers.clear()
    logging.getLogger(_library).setLevel(logging.ERROR)
warnings.filterwarnings("ignore", module=r"lightning\.")

LAST = "last.ckpt"
LOG_EVERY = 10
LINES = 20
"""Lines of a training's log that tell its loss."""
SAVE_SHARE = 0.02
"""Saving may take this share of the time: a slow disk or a large model is saved less often."""


class Keeper(lightning.Callback):
    """Keeps a run resumable: saves last.ckpt, watches for the stop signal, tells how it goes.

    A validator is called after each step that is a multiple of `every` and after the last one;
    its memory travels in last.ckpt. Of several processes the lead alone has one, and decides when
    all of them save or stop.
    """

    def __init__(
        self,
        context: Any,
        steps: int,
        *,
        tokens_per_step: float,
        team: Team,
        validator: Validator | None = None,
        every: int = 0,
        save_seconds: float = 15.0,
        timing: Timing | None = None,
    ) -> None:
        self.timing = timing or Timing()
        """Counts the first update (where a step is compiled), updates, batches, and the rest."""
        self._at, self._updated = 0.0, False
        self.history: list[dict[str, float]] = []
        self._context = context
        self.team = team
        self._steps = steps
        self._tokens_per_step = tokens_per_step
        self.validator = validator
        self._every = every
        self._save_seconds = save_seconds
        self.micro_batch_size: int | None = None
        """What `fit` takes, kept for a run that goes on from here."""
        self._pending: list[torch.Tensor] = []
        self._saved_at = time.monotonic()
        self._save_cost = 0.0
        self._logged_at = time.monotonic()
        self._restored: Mapping[str, Any] | None = None

    def on_train_batch_start(
        self, trainer: lightning.Trainer, module: Any, batch: Any, index: int
    ) -> None:
        """A batch is there: what passed since the last step was waiting for it."""
        self._count("batches")

    def on_train_batch_end(
        self, trainer: lightning.Trainer, module: Any, outputs: Any, batch: Any, index: int
    ) -> None:
        step = trainer.global_step
        self._count("updates" if self._updated else "first update")
        self._updated = True
        last = step == self._steps
        self._pending.append(module.reported)
        if step % LOG_EVERY == 0 or last:
            self._log(step, module.reports)
        due = self._every > 0 and (last or step % self._every == 0)
        if due:
            self.team.refresh(module.model, self._model_of_validation(module))
        saving, stopping = self.team.agree(lambda: self._decide(module, step, due))
        if saving:
            self._save(trainer)
        if due and self.validator:
            self.validator.prune()
        if stopping and not last:
            self._context.stop()
        self._at = time.monotonic()

    def _count(self, part: str) -> None:
        now = time.monotonic()
        self.timing.add(part, now - self._at)
        self._at = now

    def _model_of_validation(self, module: Any) -> Any:
        return self.validator.model if self.validator else module.model

    def _decide(self, module: Any, step: int, due: bool) -> tuple[bool, bool]:
        """Whether to save and whether to stop, after validating where that is due."""
        if due and self.validator:
            module.eval()
            with self.timing.part("validation"):
                self.validator(step)
            module.train()
            self._context.progress(step, self._steps, **self.validator.newest())
        stopping = self._context.should_stop()
        pause = max(self._save_seconds, self._save_cost / SAVE_SHARE)
        saving = due or stopping or time.monotonic() - self._saved_at > pause
        if saving:
            self._context.assert_owned()
        return saving, stopping

    def _log(self, step: int, names: Sequence[str]) -> None:
        means = torch.stack(self._pending).mean(0).reshape(-1).tolist()
        numbers = dict(zip(names, means, strict=True))
        loss = numbers["loss"]
        now = time.monotonic()
        rate = len(self._pending) * self._tokens_per_step / max(now - self._logged_at, 1e-9)
        self._pending, self._logged_at = [], now
        if loss != loss or loss == float("inf"):
            raise DivergedError(f"the loss is {loss} at step {step}")
        self.history.append({"step": step, **numbers})
        if step * LINES // self._steps > (step - LOG_EVERY) * LINES // self._steps:
            log.info("update %d of %d: loss %.4g, %.0f tokens/s", step, self._steps, loss, rate)
        self._context.progress(step, self._steps, **numbers, tokens_per_second=rate)

    def _save(self, trainer: lightning.Trainer) -> None:
        start = time.monotonic()
        target = self._context.work / LAST
        if self.team.lead:
            with replacing(target) as part:
                trainer.save_checkpoint(part, weights_only=False)
        else:
            # Takes part in gathering what the lead writes.
            trainer.save_checkpoint(target, weights_only=False)
        self._saved_at = time.monotonic()
        self._save_cost = self._saved_at - start
        self.timing.add("checkpoints", self._save_cost)

    def state_dict(self) -> dict[str, Any]:
        random: dict[str, Any] = {"random": torch.get_rng_state()}
        if torch.cuda.is_available():
            random["random_cuda"] = torch.cuda.get_rng_state_all()
        return {
            "history": self.history,
            "pending": [x.tolist() for x in self._pending],
            "validation": self.validator.memory if self.validator else None,
            "threads": torch.get_num_threads(),
            "micro_batch_size": self.micro_batch_size,
            "ranks": self.team.gather(random),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.history = state["history"]
        self._pending = [torch.tensor(x) for x in state["pending"]]
        if self.validator:
            self.validator.memory.update(state["validation"])
        if len(state["ranks"]) == self.team.world:
            self._restored = state["ranks"][self.team.rank]

    def on_train_start(self, trainer: lightning.Trainer, module: Any) -> None:
        """Random states go back last, after all set-up that may have drawn from them."""
        self._saved_at = self._logged_at = self._at = time.monotonic()
        if self._restored is None:
            return
        torch.set_rng_state(self._restored["random"])
        if "random_cuda" in self._restored and torch.cuda.is_available():
            torch.cuda.set_rng_state_all(self._restored["random_cuda"])


def newest_checkpoint(folders: Sequence[Path]) -> tuple[Path, dict[str, Any]] | None:
    """The first last.ckpt of these folders that can be read whole."""
    for folder in folders:
        path = folder / LAST
        if not path.is_file():
            continue
        try:
            check_sums(path)
            return path, read(path)
        except Exception as error:
            log.warning("%s cannot be read (%s); an older one is used", path, error)
    return None


def _found(context: Any, keeper: Keeper) -> tuple[Path | None, int, int, int | None]:
    """The checkpoint to go on from, its step, the threads and the micro-batch to use.

    The order of sums, and with it the last bit, depends on both; and on the latter the dropout
    masks. One goes on as one began, but with smaller micro-batches where these are asked for now:
    the larger ones may not have fit into memory.
    """
    found = newest_checkpoint([context.work, *context.earlier])
    size = context.execution.get("micro_batch_size")
    if not found:
        return None, 0, context.threads, size
    path, checkpoint = found
    if keeper.validator and path.parent != context.work:
        keeper.validator.carry(path.parent)
    state = checkpoint["callbacks"][keeper.state_key]
    begun_with = state.get("micro_batch_size")
    if begun_with is not None and (size is None or size > begun_with):
        log.info("going on with micro-batches of %d rows, as this training began", begun_with)
        size = begun_with
    return path, checkpoint["global_step"], state["threads"], size


def fit(
    module: Training,
    batches: Any,
    *,
    steps: int,
    seed: int,
    precision: str,
    context: Any,
    keeper: Keeper,
    callbacks: Sequence[lightning.Callback] = (),
    partial: bool = False,
) -> None:
    """Train `module` on batches[0 .. steps), from the newest checkpoint if there is one.

    `partial` says that not all parameters train at every step.
    Raises DivergedError where the loss is not finite, and what the context raises to stop.
    """
    keep_freed_memory()
    torch.set_num_threads(context.threads)
    if context.execution.get("activation_checkpointing"):
        recompute(module.model)
    team = keeper.team
    path, start, threads, size = team.agree(lambda: _found(context, keeper))
    torch.set_num_threads(threads)
    module.micro_batch_size = keeper.micro_batch_size = size
    parameters = sum(one.numel() for one in module.model.parameters())
    log.info("training %s parameters for %s updates in %s", f"{parameters:,}", steps, precision)
    if path:
        log.info("going on at step %d from %s", start, path)
    torch.manual_seed(team.seed(seed, start))
    settings = team.trainer(context.device, partial=partial)
    plugins = [*settings.pop("plugins"), DirectIO()]
    trainer = lightning.Trainer(
        max_steps=steps,
        max_epochs=-1,
        precision=precision,  # type: ignore[arg-type]
        callbacks=[*callbacks, keeper],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
        plugins=plugins,
        **settings,
    )
    if team.world > 1:
        batches = batches.shard(team.rank, team.world)
    module.train()
    if context.device.startswith("cuda") and team.world == 1:
        # A captured graph's gradients would be overwritten by the next micro-batch.
        whole = module.micro_batch_size is None
        module.compile_forward(fixed_shapes=batches.fixed_widths, graphs=whole)
    trainer.fit(module, loader(batches, start, steps), ckpt_path=path, weights_only=True)


def recompute(model: Any) -> None:
    """Have a model keep only what enters each block. Raises StudyError where it cannot."""
    if not hasattr(model, "recompute_blocks"):
        raise StudyError(
            f"activation_checkpointing: a {type(model).__name__} cannot compute its blocks again. "
            "Leave it out, or take fewer rows at once by micro_batch_size."
        )
    model.recompute_blocks()


def write_history(path: Path, history: Sequence[dict[str, float]]) -> None:
    """metrics.csv: one line for every logged step."""
    names = list(dict.fromkeys(name for row in history for name in row))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=names)
        writer.writeheader()
        writer.writerows(history)
