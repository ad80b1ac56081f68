"""`python -m studies.star run FILES`: the rows of Tables 2 and 3 that need no video."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lab.errors import StudyError

WHOLE, HOLE, MISTAKE, INTERRUPTED = 0, 1, 2, 130


def main(words: Sequence[str]) -> int:
    """Run the command; its exit status: 0 whole, 1 a row is missing, 2 a mistake, 130 Ctrl-C."""
    options = argparse.ArgumentParser(
        prog="python -m studies.star",
        description="Read questions of the STAR benchmark: oracle, random, frequent and blind.",
    )
    commands = options.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="score the four readers on files such as STAR_val.json")
    run.add_argument("files", nargs="+", type=Path, metavar="FILES", help="questions to score")
    run.add_argument(
        "--train",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="training questions; without them, frequent and blind learn from one half of the "
        "videos and are scored on the other, both ways",
    )
    run.add_argument(
        "--fallback",
        choices=("all", "none"),
        default="all",
        help="what a filter of situations gives where no frame passes (default: all frames)",
    )
    run.add_argument("--steps", type=int, default=400, help="training steps of the blind model")
    run.add_argument("--no-blind", action="store_true", help="leave the blind model out")
    run.add_argument("--seed", type=int, default=0, help="of the blind model")
    arguments = options.parse_args(words)
    if arguments.steps < 1 or arguments.seed < 0:
        options.error("--steps is 1 or more, --seed 0 or more.")
    from studies.star.files import report

    try:
        return HOLE if report(arguments) else WHOLE
    except StudyError as error:
        print(error, file=sys.stderr)
        return MISTAKE
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
