"""Hydra's sweeper of ours: from overrides to a plan, a record, finished stages and a table."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from sweeps.asking.command import Command, by_study, typed_study
from sweeps.asking.compose import Composer
from sweeps.asking.preflight import complain, composer_of
from sweeps.asking.record import withdrawn_if_refused, write_record
from sweeps.asking.rows import Sweep
from sweeps.errors import ConfigurationError, SweepError, nearest
from sweeps.graph import Graph
from sweeps.hardware.devices import devices
from sweeps.launcher import StageLauncher
from sweeps.launchers import launchers
from sweeps.planning.bound import bound
from sweeps.planning.plan import make_plan
from sweeps.planning.plan_view import as_json, show
from sweeps.running.mirror import ask_for
from sweeps.search.ascent import advance
from sweeps.search.decision import Decision
from sweeps.search.rounds import advance_rounds, decides
from sweeps.search.step import Step, whole
from sweeps.shapes import is_record
from sweeps.stage import Stage
from sweeps.store import Store, read_json

FAILED = 1
"""Exit status where a stage failed."""
INTERRUPTED = 130
"""Exit status after Ctrl-C."""


def up_to(graph: Graph, name: str | None) -> Graph:
    """As Graph.up_to. Raises SweepError where no stage has the name."""
    part = graph.up_to(name)
    if name is not None and not part:
        known = list(dict.fromkeys(stage.name for stage in graph))
        raise SweepError(f"until={name}: no stage has this name. {nearest(name, known)}")
    return part


class StudySweeper(Sweeper):
    """Takes every run, single or many, from its overrides to the table."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Hydra's hook before `sweep`; `task_function` shows a finished sweep's table."""
        self.config_name = config.hydra.job.config_name
        self.study = config.study
        folders = {
            source.provider: Path(source.path)
            for source in config.hydra.runtime.config_sources
            if source.schema == "file"
        }
        self.folder, self.extra = folders.get("main"), folders.get("command-line")
        self.show_table = task_function
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Any:
        """Run what the overrides ask for. Leaves through SystemExit unless all is whole."""
        try:
            status = self._sweep(arguments)
        except Exception as error:
            sys.exit(complain(error))
        if status:
            sys.exit(status)

    def _sweep(self, arguments: list[str]) -> int:
        if not isinstance(self.launcher, StageLauncher):
            raise SweepError(f"hydra/launcher: accepted are {', '.join(launchers())}.")
        asked = by_study(arguments, typed_study(arguments) or self.study)
        command = Command(asked, self._composer, self.launcher.fit())
        sweeps = command.sweeps()
        for notice in command.notices():
            print(notice, file=sys.stderr)
        run = command.run
        store = Store(run["store"])
        # Of a search, what can be known before its next winner; with all that is wrong about any.
        known = self._known(command, sweeps, store)
        stages = [stage for sweep, _ in known for stage in sweep.stages]
        self.launcher.check(stages, run)
        up_to(Graph(stages), run["until"])
        if run["plan"]:
            bounds = {s.id: bound(command.expansion(s), s) for s, complete in known if not complete}
            self._plan([sweep for sweep, _ in known], store, run, bounds)
            return 0
        ask_for(run["wandb"])
        store.prepare()
        console = Console()
        for path in store.records.strange():
            console.print(
                f"{path}: no record of a sweep can be read from it; it is left out. If it was one, "
                "run its sweep's command again.",
                highlight=False,
                markup=False,
            )
        grown = [s for s in sweeps if s.search or decides(command.expansion(s), s)]
        rows = [sweep for sweep in sweeps if sweep not in grown]
        status = self._bring(command, rows, store, console) if rows else 0
        for sweep in sweeps:
            if sweep in grown and status != INTERRUPTED:
                status = max(status, self._grow(command, sweep, store, console))
            shown = store.records.find(sweep.name)
            if shown is None and sweep in rows:
                # A command beside this one has written a record that contains this one's.
                shown = store.records.find(sweep.id)
            if shown and not run["until"]:
                self.show_table(OmegaConf.create({"store": str(store.path), "sweep": shown.own}))
        return status

    def _composer(self, study: str) -> Composer:
        """What composes a study's configurations; of the first one what Hydra itself reads."""
        if study != self.study:
            return composer_of(study, extra=self.extra)
        if self.folder is None:
            # Its options lie in a package.
            return Composer(self.config_name)
        return composer_of(study, self.config_name, self.folder, self.extra)

    @staticmethod
    def _known(command: Command, sweeps: list[Sweep], store: Store) -> list[tuple[Sweep, bool]]:
        """Each sweep as far as it is known, and whether that is the whole of it."""
        complaints: list[str] = []
        known = []
        for sweep in sweeps:
            try:
                expansion, step = command.expansion(sweep), None
                if sweep.search:
                    step = advance(expansion, sweep, store)
                elif decides(expansion, sweep):
                    step = advance_rounds(expansion, sweep, store)
                known.append((step.sweep, step.complete) if step else (sweep, True))
            except ConfigurationError as error:
                complaints += error.complaints
        if complaints:
            raise ConfigurationError(complaints)
        return known

    def _grow(self, command: Command, sweep: Sweep, store: Store, console: Console) -> int:
        """One axis, or round, after another; the same command goes on where this one leaves."""
        assert isinstance(self.launcher, StageLauncher)
        expansion = command.expansion(sweep)
        stays = command.run["wait"] or not self.launcher.cluster

        def look(settled: int = 0) -> Step:
            walk, kept = (advance, "search") if sweep.search else (advance_rounds, "claims")
            if stays:
                return walk(expansion, sweep, store, settled=settled)
            record = read_json(store.records.path(sweep.name))
            before = record.get(kept) if is_record(record) else None
            return walk(expansion, sweep, store, before=before)

        status = 0
        step = look()
        while not step.complete:
            asked = replace(step.sweep, rows=step.now)
            then = None if stays else Decision.of(sweep, step.number)
            with withdrawn_if_refused(store, [step.sweep]):
                self._record(step.sweep, store, console)
                ended = self._bring(command, [asked], store, console, record=False, then=then)
            status = max(status, ended)
            if status == INTERRUPTED:
                return status
            after = look(step.number)
            if not after.complete and after.number == step.number:
                break
            step = after
        self._record(step.sweep, store, console)
        if step.complete and any(not whole(store, row) for row in step.sweep.rows):
            return max(status, FAILED)
        return status

    def _bring(
        self,
        command: Command,
        sweeps: list[Sweep],
        store: Store,
        console: Console,
        *,
        record: bool = True,
        then: Decision | None = None,
    ) -> int:
        """Prepare what is missing, write the records, hand the graph to the launcher."""
        graph = Graph(stage for sweep in sweeps for stage in sweep.stages)
        for sweep in sweeps:
            for notice in sweep.notices:
                console.print(notice, highlight=False)
        for sweep in sweeps:
            todo = Graph(sweep.stages).needed(lambda stage: store.find(stage) is not None)
            if todo:
                configs = [cell.config for cell in sweep.cells]
                command.expansion(sweep).study.prepare(configs, todo.values(), console.print)
        assert isinstance(self.launcher, StageLauncher)
        graph = up_to(graph, command.run["until"])
        recorded = sweeps if record else []
        with withdrawn_if_refused(store, recorded):
            for sweep in recorded:
                self._record(sweep, store, console)
            return self.launcher.run(graph, store, command.run, sweeps, then)

    @staticmethod
    def _record(sweep: Sweep, store: Store, console: Console) -> None:
        if notice := write_record(store, sweep):
            console.print(notice, highlight=False, markup=False)

    def _plan(
        self, sweeps: list[Sweep], store: Store, run: dict[str, Any], bounds: dict[str, list[Stage]]
    ) -> None:
        assert isinstance(self.launcher, StageLauncher)
        plan = make_plan(
            sweeps,
            store,
            device=devices()[run["device"]],
            share_of_peak=run["share_of_peak"],
            bounds=bounds,
            until=run["until"],
        )
        if run["format"] == "json":
            print(as_json(plan, **self.launcher.plan_as_json(plan, run)))
        else:
            console = Console()
            show(plan, console)
            self.launcher.show_plan(plan, run, console)
