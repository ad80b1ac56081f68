"""A user's own files: `python -m studies.gector correct FILE --model KEY`, then `score`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lab.errors import StudyError
from studies.gector.published import opened, published

WHOLE, MISTAKE, INTERRUPTED = 0, 2, 130


def main(words: Sequence[str]) -> int:
    """Run the command; its exit status: 0 whole, 2 a mistake, 130 Ctrl-C."""
    options = argparse.ArgumentParser(
        prog="python -m studies.gector",
        description="Correct text by taggers that the study gector has trained, and score it.",
    )
    commands = options.add_subparsers(dest="command", required=True)
    correct = commands.add_parser(
        "correct", help="write a file's lines with their corrections, as many and in order"
    )
    correct.add_argument("file", type=Path, metavar="FILE", help="any text, one sentence a line")
    correct.add_argument(
        "--model",
        nargs="+",
        required=True,
        metavar="KEY|FOLDER",
        help="a stage `tune` by its key's beginning or its folder; several are an ensemble",
    )
    correct.add_argument("--out", type=Path, metavar="FILE", help="default: FILE.corrected")
    correct.add_argument("--store", type=Path, default=Path("store"), help="where keys lie")
    correct.add_argument("--iterations", type=int, default=5, help="rounds at most (default: 5)")
    correct.add_argument(
        "--confidence", type=float, default=0.0, help="added to the probability of keeping a word"
    )
    correct.add_argument(
        "--minimum", type=float, default=0.0, help="least probability of an error, 0 to 1"
    )
    correct.add_argument("--batch-size", type=int, default=128, help="sentences at once")
    correct.add_argument("--device", default="cpu", help="such as cuda (default: cpu)")
    scored = commands.add_parser("score", help="compare corrected lines with a gold file of edits")
    scored.add_argument("output", type=Path, metavar="FILE", help="tokens between spaces")
    scored.add_argument("--gold", type=Path, required=True, metavar="FILE", help="edits as M2")
    scored.add_argument(
        "--scorer", default="max_match", help="max_match (default), errant or token_edits"
    )
    arguments = options.parse_args(words)
    try:
        if arguments.command == "score":
            return _score(arguments)
        return _correct(options, arguments)
    except StudyError as error:
        print(error, file=sys.stderr)
        return MISTAKE
    except KeyboardInterrupt:
        print("Stopped; nothing was written.", file=sys.stderr)
        return INTERRUPTED


def _score(arguments: argparse.Namespace) -> int:
    from studies.gector.gold import score_file

    found = score_file(arguments.output, arguments.gold, arguments.scorer)
    shares = (found.precision, found.recall, found.f)
    p, r, f = (f"{100 * share:.2f}" for share in shares)
    print(f"{arguments.scorer}: P {p}, R {r}, F0.5 {f}")
    if found.right_sentences:
        print(f"{found.spoiled:,} of {found.right_sentences:,} right sentences came out changed.")
    return WHOLE


def _correct(options: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    if arguments.iterations < 1 or arguments.batch_size < 1:
        options.error("--iterations and --batch-size are 1 or more.")
    if not 0.0 <= arguments.minimum <= 1.0:
        options.error("--minimum is a probability, from 0 to 1.")
    target = arguments.out or arguments.file.with_name(f"{arguments.file.name}.corrected")
    folders = [published(word, arguments.store) for word in arguments.model]
    from studies.gector.inference import Tweaks
    from studies.gector.text import correct_file

    tweaks = Tweaks(
        additional_confidence=arguments.confidence, min_error_probability=arguments.minimum
    )
    corrector = opened(
        folders,
        tweaks,
        iterations=arguments.iterations,
        batch_size=arguments.batch_size,
        device=arguments.device,
    )
    lines, changed = correct_file(arguments.file, target, corrector)
    print(f"{target}: {lines:,} lines, {changed:,} of them changed.")
    return WHOLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
