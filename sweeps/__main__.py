"""`python -m sweeps`: look into a store of stages and keep it in order."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.filesize import decimal
from rich.live import Live

from sweeps.errors import SweepError
from sweeps.running.logs import find_logs
from sweeps.screen import screen
from sweeps.store import Store, default_store, named_store
from sweeps.verbs.address import RecordedCell, find, identity, known_stages
from sweeps.verbs.check import check, move_away
from sweeps.verbs.explain import explain
from sweeps.verbs.garbage import find_garbage, remove
from sweeps.verbs.huggingface import export_model
from sweeps.verbs.results import export_results
from sweeps.verbs.status import draw, stage_statuses
from sweeps.verbs.times import draw_times, stage_times
from sweeps.verbs.transfer import Transferred, export_stages, import_stages

_REDRAW_SECONDS = 2.0
_PIPE_WIDTH = 240


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb. 0: done; 1: something failed in the store; 2: the user's mistake."""
    with screen():
        return _main(arguments)


def _main(arguments: Sequence[str] | None) -> int:
    try:
        given = _parser().parse_args(arguments)
        store = Store(getattr(given, "store", default_store()))
        if not store.path.is_dir() and given.act is not import_command:
            raise SweepError(
                f"There is no store at {store.path}: a run makes one, a plan does not. Name "
                "another one with --store PATH."
            )
        # What gc would take away depends on every record: it refuses by itself.
        for path in store.records.strange() if given.act is not gc_command else ():
            print(
                f"{path}: no record of a sweep can be read from it; it is left out.",
                file=sys.stderr,
            )
        return given.act(store, given)
    except SweepError as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130


def status_command(store: Store, given: argparse.Namespace) -> int:
    """A table that is redrawn until nothing runs, or printed once where there is no terminal."""
    # A pipe has no width of its own: nothing is cut off there.
    console = Console() if sys.stdout.isatty() else Console(width=_PIPE_WIDTH)
    if given.times:
        console.print(draw_times(store, stage_times(store, given.sweep)), highlight=False)
        return 0

    def drawn() -> tuple[object, Counter[str]]:
        statuses = stage_statuses(store, given.sweep)
        return draw(statuses, every=given.all), Counter(one.state for one in statuses)

    picture, states = drawn()
    if given.once or not console.is_terminal:
        console.print(picture)
    else:
        with Live(console=console, auto_refresh=False) as live:
            live.update(picture, refresh=True)  # type: ignore[arg-type]
            while states["running"] or states["silent"]:
                time.sleep(_REDRAW_SECONDS)
                picture, states = drawn()
                live.update(picture, refresh=True)  # type: ignore[arg-type]
    return 1 if states["failed"] else 0


def explain_command(store: Store, given: argparse.Namespace) -> int:
    """Why two keys differ."""
    print("\n".join(explain(store, given.first, given.second)))
    return 0


def log_command(store: Store, given: argparse.Namespace) -> int:
    """The logs of a stage, or of the stages of a cell that has them to itself."""
    found = find(store, given.what)
    keys = _stages_worth_reading(store, found) if isinstance(found, RecordedCell) else [found]
    shown = 0
    for key in keys:
        name = identity(store, key)["name"]
        for path in find_logs(store, name, key):
            if path.is_file():
                print(f"==> {name} {key}: {path}")
                text = path.read_text(encoding="utf-8", errors="replace")
                sys.stdout.write(text or "(it printed nothing)\n")
                shown += 1
    if not shown:
        print(f"{given.what}: nothing has run yet that left a log.")
    return 0


def _stages_worth_reading(store: Store, cell: RecordedCell) -> list[str]:
    """What failed or runs in a cell; where nothing does, what is the cell's own."""
    statuses = [one for one in stage_statuses(store, cell.sweep) if cell.name in one.cells]
    urgent = [one.key for one in statuses if one.state in ("failed", "running", "silent")]
    return urgent or [one.key for one in statuses if len(one.cells) == 1]


def retry_command(store: Store, given: argparse.Namespace) -> int:
    """Forget failures, so that the next run tries those stages again, also diverged ones."""
    if given.what:
        chosen = [find(store, word) for word in given.what]
    else:
        chosen = [path.name for path in sorted((store.path / "failures").iterdir())]
    keys = [
        key for one in chosen for key in (one.stages if isinstance(one, RecordedCell) else [one])
    ]
    names = known_stages(store)
    # Reading all that is finished takes long: only what is named may be damaged.
    moved = {key: move_away(store, key) for key in dict.fromkeys(keys) if given.what}
    for key, place in moved.items():
        if place is not None:
            print(f"{names.get(key, 'stage')} {key}: damaged, moved to {place}")
    forgotten = {key: store.forget_failures(key) for key in dict.fromkeys(keys)}
    for key, count in forgotten.items():
        if count:
            what = "1 failure" if count == 1 else f"{count} failures"
            print(f"{names.get(key, 'stage')} {key}: {what} forgotten")
    if any(forgotten.values()) or any(moved.values()):
        print("The same command as before tries them again.")
    else:
        print("No failure to forget.")
    return 0


def check_command(store: Store, given: argparse.Namespace) -> int:
    """Compare finished stages with the digests of what was put there."""
    found = check(store, given.sweep, every=given.all)
    print(*found.complaints, sep="\n", end="\n" if found.complaints else "")
    print(f"{found.whole} stages are what was put there; {len(found.complaints)} things damaged")
    if found.undigested:
        print(
            f"{found.undigested} stages were published before digests were kept: taken as they are"
        )
    return 1 if found.complaints else 0


def gc_command(store: Store, given: argparse.Namespace) -> int:
    """List what no sweep needs; with --delete, remove it."""
    garbage = find_garbage(store)
    for one in garbage:
        print(f"{decimal(one.size):>10}  {one.what}  {one.path}")
    total = decimal(sum(one.size for one in garbage))
    if given.delete:
        removed = remove(store, garbage)
        print(f"{len(removed)} things removed, {decimal(sum(one.size for one in removed))}.")
        if len(removed) < len(garbage):
            print(f"{len(garbage) - len(removed)} are needed again by what has begun since.")
    else:
        print(f"{len(garbage)} things to remove, {total}. Repeat with --delete to remove them.")
    return 0


def export_command(store: Store, given: argparse.Namespace) -> int:
    """Write finished stages or results into a tar file, or one stage's model into a folder."""
    if given.huggingface is not None:
        if given.sweep or given.scores_only or given.data or given.results:
            raise SweepError(
                "--huggingface KEY FOLDER writes one stage's model: leave out --sweep, "
                "--results, --scores-only and --data."
            )
        print(*export_model(store, given.huggingface, given.file), sep="\n")
        return 0
    sweeps = given.sweep or None
    if given.results:
        if given.scores_only or given.data:
            raise SweepError(
                "--results writes no whole stage: leave out --scores-only and --data, or --results."
            )
        return _export_results(store, given.file, sweeps)
    done = export_stages(
        store, given.file, sweeps=sweeps, scores_only=given.scores_only, data=given.data
    )
    size = decimal(given.file.stat().st_size)
    outside = f", {done.outside} files from outside" if given.data else ""
    print(f"{given.file}: {done.stages} stages, {done.records} sweeps{outside}, {size}")
    return _left_out(done)


def _export_results(store: Store, file: Path, sweeps: Sequence[str] | None) -> int:
    done = export_results(store, file, sweeps)
    size = decimal(file.stat().st_size)
    print(f"{file}: the results of {done.stages} stages, {done.records} sweeps, {size}")
    for what, which in (("holes", done.holes), ("left out", done.left_out)):
        if which:
            print(f"{len(which)} {what}:", *which, sep="\n  ", file=sys.stderr)
    return 1 if done.holes or done.left_out else 0


def import_command(store: Store, given: argparse.Namespace) -> int:
    """Take in the stages of a tar file."""
    if not given.file.is_file():
        raise SweepError(f"There is no file {given.file}.")
    done = import_stages(store, given.file)
    print(f"{done.stages} stages and {done.records} sweeps taken; {done.known} were there already")
    if done.outside:
        print(f"{done.outside} files from outside of the store taken")
    for id, name in done.renamed:
        print(f"{id} stays the sweep that it is here; the one of the file goes by {name}.")
    return _left_out(done)


def _left_out(done: Transferred) -> int:
    """Name what was not moved; the exit status."""
    if done.left_out:
        count = len(done.left_out)
        print(f"{count} left out:", *done.left_out, sep="\n  ", file=sys.stderr)
    return 1 if done.left_out else 0


def _parser() -> argparse.ArgumentParser:
    # Before the verb or after it: without a default, so that neither undoes the other.
    of_store = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    of_store.add_argument(
        "--store", type=named_store, help=f"the store (default: as for a run, {default_store()})"
    )
    parser = argparse.ArgumentParser(
        prog="python -m sweeps", description=__doc__, parents=[of_store]
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def verb_parser(name: str, about: str) -> argparse.ArgumentParser:
        return verbs.add_parser(name, help=about, description=about, parents=[of_store])

    verb = verb_parser("status", "what is done, runs, failed; live on a terminal")
    verb.add_argument("sweep", nargs="?", help="only the stages of this sweep")
    verb.add_argument("--all", action="store_true", help="every stage, not only what runs or fails")
    verb.add_argument("--once", action="store_true", help="print it and leave")
    verb.add_argument(
        "--times", action="store_true", help="where the time of finished stages went, by part"
    )
    verb.set_defaults(act=status_command)

    verb = verb_parser("explain", "why two stages or cells differ, field by field")
    verb.add_argument("first", help="a key or its start, or a cell: [SWEEP:]ROW[@SEED]")
    verb.add_argument("second", nargs="?", help="default: the nearest finished stage")
    verb.set_defaults(act=explain_command)

    verb = verb_parser("log", "what a stage, or a cell's stages, printed")
    verb.add_argument("what", help="a key or its start, or a cell: [SWEEP:]ROW[@SEED]")
    verb.set_defaults(act=log_command)

    verb = verb_parser(
        "retry", "forget failures and move away what is damaged: the next run tries again"
    )
    verb.add_argument("what", nargs="*", help="keys or cells (default: every failure)")
    verb.set_defaults(act=retry_command)

    verb = verb_parser("check", "whether finished stages are what was put there")
    verb.add_argument("sweep", nargs="*", help="only the stages of these (default: the newest)")
    verb.add_argument("--all", action="store_true", help="everything that lies in the store")
    verb.set_defaults(act=check_command)

    verb = verb_parser("gc", "what no sweep needs; lists it unless told to delete")
    verb.add_argument("--delete", action="store_true", help="remove it")
    verb.set_defaults(act=gc_command)

    verb = verb_parser(
        "export",
        "finished stages or results into a tar file, or a model into a folder; status 1 where some "
        "were left out or scores are missing, and which",
    )
    verb.add_argument(
        "file",
        type=Path,
        help="ends in .tar, or in .tar.xz to be compressed; with --huggingface a new folder",
    )
    verb.add_argument(
        "--huggingface",
        metavar="KEY",
        help="the model of this stage, as Hugging Face's library loads it, with its tokenizer",
    )
    verb.add_argument("--sweep", action="append", help="only what this sweep needs (repeatable)")
    verb.add_argument(
        "--results",
        action="store_true",
        help="only what reports read, in some tens of kB: `python -m reports ID --store FILE`",
    )
    verb.add_argument(
        "--scores-only",
        action="store_true",
        help="only the stages that hold scores, whole, with their answers, to be imported",
    )
    verb.add_argument(
        "--data",
        action="store_true",
        help="also what unfinished stages read from outside of the store, for a machine that "
        "cannot fetch it",
    )
    verb.set_defaults(act=export_command)

    verb = verb_parser(
        "import", "stages from such a file; status 1 where some were left out, and which"
    )
    verb.add_argument("file", type=Path)
    verb.set_defaults(act=import_command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
