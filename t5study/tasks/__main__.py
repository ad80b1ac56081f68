"""`python -m t5study.tasks list`, `show NAME`, `draft FILE`: tasks as a researcher needs them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lab.errors import StudyError
from lab.screen import replace_what_cannot_be_shown

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from lab.datasets.source import Source
    from t5study.tasks.task import Task


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 2 is the user's mistake."""
    replace_what_cannot_be_shown()
    parser = argparse.ArgumentParser(prog="python -m t5study.tasks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="all tasks, one a line")
    show = commands.add_parser("show", help="one task: its examples as texts, lengths, metrics")
    show.add_argument("name", help="a name that list prints, or a YAML file that defines a task")
    # With a default, or a missing NAME would be reported as missing these as well.
    show.add_argument(
        "settings", nargs="*", default=[], metavar="SETTING=VALUE", help="e.g. labels=boolean"
    )
    show.add_argument("--split", default="train", help="which examples (train)")
    show.add_argument("--examples", type=int, default=3, metavar="N", help="how many (3)")
    show.add_argument(
        "--vocabulary",
        metavar="FILE",
        help="a spiece.model, or published, to count tokens with (the store's newest)",
    )
    for side in ("inputs", "targets"):
        show.add_argument(
            f"--{side}-length", type=int, metavar="N", help=f"tokens of {side} that are kept"
        )
    drafted = commands.add_parser("draft", help="write a YAML file that defines a task of a CSV")
    drafted.add_argument("file", help="a CSV, TSV, JSON, Parquet or Arrow file of examples")
    options = parser.parse_args(arguments)

    from rich.console import Console

    from t5study.tasks import get_task, task_names

    console = Console()
    try:
        if options.command == "list":
            console.print(list_table([get_task(name) for name in task_names()]))
        elif options.command == "draft":
            from t5study.tasks.draft import write_draft

            path = write_draft(options.file)
            print(f"Written: {path}\n\n{path.read_text('utf-8')}", end="")
        else:
            show_task(options, console)
    except StudyError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def show_task(options: argparse.Namespace, console: Console) -> None:
    """Print a task with its examples: real ones where they are here. Raises StudyError."""
    from lab.datasets.written import is_definition
    from t5study.tasks import TaskError, get_task
    from t5study.tasks.chosen import OVERRIDES
    from t5study.tasks.defined import load_task
    from t5study.tasks.shown import Wanted, data_here, print_examples

    settings = parse_settings(options.settings)
    overrides = {key: settings.pop(key) for key in OVERRIDES if key in settings}
    if is_definition(options.name) and settings:
        raise TaskError(f"{options.name} has its settings inside: {', '.join(settings)}.")
    task = (
        load_task(options.name)
        if is_definition(options.name)
        else get_task(options.name, **settings)
    )
    print_task(task, console)
    if data_here(task, overrides):
        lengths = {"inputs": options.inputs_length, "targets": options.targets_length}
        wanted = Wanted(
            split=options.split,
            count=options.examples,
            vocabulary=options.vocabulary,
            lengths=lengths,
        )
        print_examples(task, wanted, overrides, console)
    else:
        how = "data_dir=FOLDER" if task.source.path else f"python -m lab.corpora fetch {task.name}"
        console.print(f"Its data are not here; real examples are shown with them: {how}")


def parse_settings(words: Sequence[str]) -> dict[str, Any]:
    """Return SETTING=VALUE words as a mapping; values are read as on the command line of a run."""
    import yaml

    from t5study.tasks import TaskError

    settings = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise TaskError(f"'{word}' is no setting. Type it as NAME=VALUE, e.g. labels=boolean.")
        try:
            settings[name] = yaml.safe_load(value)
        except yaml.YAMLError:
            settings[name] = value
    return settings


def list_table(tasks: Sequence[Task]) -> Table:
    """Return one row a task: name, kind, metrics, sizes; `show` has the rest."""
    from rich.table import Table

    table = Table("task", "kind", "metrics", "train", "validation", "test", box=None)
    for task in tasks:
        sizes = [f"{task.sizes[s]:,}" if s in task.sizes else "-" for s in SPLITS]
        table.add_row(task.name, task.kind, " ".join(task.metrics), *sizes)
    for column in table.columns[3:6]:
        column.justify = "right"
    # A name is there to be typed, and a number cut off is another number.
    for column in (table.columns[0], *table.columns[3:6]):
        column.no_wrap = True
    return table


SPLITS = ("train", "validation", "test")


def print_task(task: Task, console: Console) -> None:
    """Print a task's facts, its raw columns with an example, and the example as text."""
    from rich.table import Table
    from rich.text import Text

    console.print(Text.assemble((task.name, "bold"), f": {task.about}"))
    facts = Table(show_header=False)
    for name, value in task_facts(task).items():
        facts.add_row(name, Text(value))
    console.print(facts)

    if not task.example:
        return
    raw = Table("raw column", "holds", "example", title="Raw data")
    for column, field in task.fields.items():
        shown = column.split("|")[0]
        raw.add_row(shown, Text(field.holds), Text(_value(task.example, shown)))
    console.print(raw)

    for made in task.preprocess(task.example):
        text = Table("text", "", title="The example as text", show_header=False)
        text.add_row("inputs", Text(made["inputs"]))
        text.add_row("targets", Text(made["targets"]))
        text.add_row("scored as", Text(str(task.target(made))))
        console.print(text)


def task_facts(task: Task) -> dict[str, str]:
    """Return what is known of a task, as name -> text."""
    source = task.source
    place = f"{source.path} {source.config or ''} at {source.revision}" if source.path else "files"
    if source.listed is not None:
        files = [str(file) for listed in source.listed.values() for file in listed]
        place = ", ".join(dict.fromkeys(files))
    facts = {
        "kind": task.kind,
        "metrics": ", ".join(task.metrics),
        "label words": ", ".join(task.labels) if task.labels else f"none ({task.kind})",
        "examples": ", ".join(f"{task.sizes[s]:,} {s}" for s in task.splits if s in task.sizes),
        "splits": _splits(source),
        "tokens kept": "{} of the input, {} of the target".format(*task.lengths),
        "data": place,
        "licence": task.licence,
    }
    if task.written is not None:
        del facts["examples"], facts["tokens kept"]  # of published runs
    if task.settings:
        facts["settings"] = ", ".join(f"{name}={value}" for name, value in task.settings.items())
    return facts


def _splits(source: Source) -> str:
    """Our splits with the name that their data have there, or with their share of them."""
    if source.shares is None:
        return ", ".join(f"{ours} ({theirs})" for ours, theirs in source.splits.items())
    shared = source.splits["train"]
    shares = {"validation": source.shares.validation, "test": source.shares.test}
    return ", ".join(
        f"{ours} ({shares[ours]:.0%} of the rows, seed {source.shares.seed})"
        if theirs == shared and ours != "train"
        else f"{ours} ({'the rest' if theirs == shared else theirs})"
        for ours, theirs in source.splits.items()
    )


def _value(example: Any, field: str) -> str:
    """Return what an example holds under "a.b", a way into records and lists of records."""
    for part in field.split("."):
        example = example[part]
    return str(example)


if __name__ == "__main__":
    sys.exit(main())
