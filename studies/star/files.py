"""A user's own STAR files: four readers beside the published Tables 2 and 3."""

from __future__ import annotations

import argparse
import csv
import logging
import tempfile
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console
from rich.table import Table

from lab.errors import DataError
from lab.text_to_text.config import model_config
from studies.star.classes import TYPES
from studies.star.judging import accepted, all_right, by_type, mean_of_types, shares, verdicts
from studies.star.programs import ProgramError
from studies.star.questions import Question, read_questions
from studies.star.readers import Chosen, reader

PUBLISHED = Path(__file__).parents[2] / "reports/published/star"
"""The published tables, as data: table2.csv and table3.csv."""
BATCH, HOLD, SIZE = 64, 2500, "nano"
"""How the blind model is trained: as conf/star/preset/embedded.yaml says."""

Row = Mapping[str, float]
"""A score for each type that the files have."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Questions with the file that each is from."""

    questions: list[Question]
    files: list[Path]


def asked(paths: Iterable[Path]) -> Asked:
    """The questions of files, all with answers. Raises DataError."""
    questions: list[Question] = []
    files: list[Path] = []
    for path in paths:
        for question in read_questions(path):
            if question.answer is None:
                raise DataError(
                    f"{path}: question {question.id}: answer: is missing, as in the test split, "
                    "whose answers are kept back. Give the train or validation file."
                )
            questions.append(question)
            files.append(path)
    return Asked(questions=questions, files=files)


def report(arguments: argparse.Namespace) -> bool:
    """Print the rows; whether one of them is missing. Raises StudyError."""
    scored = asked(arguments.files)
    train = asked(arguments.train).questions
    judged = _judged(scored, arguments.fallback)
    questions = scored.questions
    alone = [accepted(verdict) for verdict in judged]
    right = [all_right(v, q.answer or 0) for v, q in zip(judged, questions, strict=True)]
    rows: dict[str, Row | None] = {
        "Oracle, all four verdicts right": _row(questions, map(float, right)),
        "Oracle, a guess among what is accepted": _scored(questions, alone),
        "Random": _scored(questions, reader("random")(questions, train)),
    }
    notes = [
        f"{len(questions):,} questions; of {sum(len(a) == 1 for a in alone):,} exactly one option "
        f"is accepted, of {sum(not a for a in alone):,} none."
    ]
    folds = [(train, list(range(len(questions))))] if train else _halves(questions)
    if folds:
        rows["Frequent"] = _scored(questions, _of_folds(questions, folds, reader("frequent")))
        if not arguments.no_blind:
            blind = Blind(arguments.steps, arguments.seed)
            rows["Blind (text-to-text)"] = _scored(questions, _of_folds(questions, folds, blind))
        if not train:
            notes.append(
                "Frequent and blind learned from one half of the videos and were scored on the "
                "other, both ways; --train STAR_train.json has them learn as the paper's did."
            )
    else:
        rows |= {"Frequent": None, "Blind (text-to-text)": None}
        notes.append("One video alone leaves nothing to learn from: give --train STAR_train.json.")
    _print(rows, notes)
    return None in rows.values()


def _judged(scored: Asked, fallback: str) -> list[list[str]]:
    found = []
    for question, path in zip(scored.questions, scored.files, strict=True):
        programs = [option.program for option in question.options]
        try:
            found.append(
                verdicts(question.situations, question.program, programs, fallback=fallback)
            )
        except ProgramError as error:
            where = f"{path}: question {question.id}: question_program, choice_program"
            raise DataError(f"{where}: {error}.") from None
    return found


def _row(questions: Sequence[Question], points: Iterable[float]) -> Row:
    return by_type(zip([question.id for question in questions], points, strict=True))


def _scored(questions: Sequence[Question], chosen: Chosen) -> Row:
    return _row(
        questions,
        [
            shares(places, len(question.options))[question.answer or 0]
            for question, places in zip(questions, chosen, strict=True)
        ],
    )


Fold = tuple[Sequence[Question], Sequence[int]]
"""Questions to learn from, and the places of those to answer."""


def _halves(questions: Sequence[Question]) -> list[Fold]:
    """Every other video to learn from, the rest to answer, and the other way round."""
    videos = sorted({question.video for question in questions})
    if len(videos) < 2:
        return []
    halves = [set(videos[0::2]), set(videos[1::2])]
    return [
        (
            [question for question in questions if question.video not in half],
            [place for place, question in enumerate(questions) if question.video in half],
        )
        for half in halves
    ]


def _of_folds(questions: Sequence[Question], folds: Iterable[Fold], answers: Any) -> Chosen:
    chosen: Chosen = [[] for _ in questions]
    for learned, places in folds:
        found = answers([questions[place] for place in places], learned)
        for place, one in zip(places, found, strict=True):
            chosen[place] = one
    return chosen


class Blind:
    """The blind reader: trained on the questions that it is given to learn from."""

    def __init__(self, steps: int, seed: int) -> None:
        self._steps, self._seed = steps, seed

    def __call__(self, questions: Sequence[Question], train: Sequence[Question]) -> Chosen:
        """The likeliest option of each question."""
        from studies.star.model.texts import answers, blind, sentence
        from studies.star.model.words import WORDS
        from studies.star.training.choosing import likeliest, loaded
        from studies.star.training.learning import learn

        for name in ("lightning", "lightning.pytorch", "lightning.fabric"):
            logging.getLogger(name).setLevel(logging.ERROR)
        warnings.filterwarnings("ignore", module="lightning")
        lines = [blind(question) for question in questions]
        options = [[sentence(option.text) for option in one.options] for one in questions]
        pairs = list(answers(blind, train))
        longest = [
            max(len(WORDS.encode(text)) for text in side) for side in zip(*pairs, strict=True)
        ]
        model = model_config("encoder_decoder", SIZE, vocab_size=WORDS.rows)
        config = {
            "model": asdict(model),
            "inputs_length": longest[0] + 1,
            "targets_length": longest[1] + 1,
            "batch_size": BATCH,
            "hold": HOLD,
            "steps": self._steps,
            "seed": self._seed,
            "precision": "32-true",
        }
        with tempfile.TemporaryDirectory() as folder:
            path = learn(pairs, config, Path(folder), Alone(Path(folder)))
            places = likeliest(loaded(path, "cpu"), lines, options, longest[0] + 1)
        return [[place] for place in places]


class Alone:
    """What a training may ask where nothing orchestrates it."""

    device, threads, ranks = "cpu", 1, None

    def __init__(self, work: Path) -> None:
        self.work, self.earlier, self.execution = work, [], {}  # type: ignore[var-annotated]

    def progress(self, step: int, total: int, **numbers: float) -> None:
        """Nobody watches."""

    def should_stop(self) -> bool:
        """Nobody asks."""
        return False

    def assert_owned(self) -> None:
        """Nobody else is there."""

    def stop(self) -> NoReturn:
        """Leave."""
        raise KeyboardInterrupt


OURS_AND_PRINTED = (
    ("table3.csv", "variant", "oracle", "Table 3, oracle"),
    ("table2.csv", "model", "Q-type (Random)", "Table 2, random"),
    ("table2.csv", "model", "Q-type (Frequent)", "Table 2, frequent"),
    ("table2.csv", "model", "Blind Model (LSTM)", "Table 2, blind LSTM"),
    ("table2.csv", "model", "Blind Model (BERT)", "Table 2, blind BERT"),
)
"""Rows that are printed: file, column of the label, label, what they are called here."""


def published() -> dict[str, Row]:
    """The paper's rows that need no video."""
    rows: dict[str, Row] = {}
    for file, column, label, name in OURS_AND_PRINTED:
        with (PUBLISHED / file).open(newline="") as lines:
            found = next(line for line in csv.DictReader(lines) if line[column] == label)
        rows[name] = {kind: float(found[kind]) for kind in TYPES}
    return rows


def _print(rows: Mapping[str, Row | None], notes: Iterable[str]) -> None:
    table = Table("", *TYPES, "Mean", title="STAR without videos: these files, and as published")
    for column in table.columns[1:]:
        column.justify = "right"
    for label, row in rows.items():
        table.add_row(label, *_cells(row))
    table.add_section()
    for label, row in published().items():
        table.add_row(label, *_cells(row))
    console = Console(width=None if Console().is_terminal else 110, highlight=False)
    console.print(table)
    for note in (*notes, "Published rows are of the test split, whose answers are kept back."):
        console.print(note, soft_wrap=True)


def _cells(row: Row | None) -> list[str]:
    if row is None:
        return ["-"] * (len(TYPES) + 1)
    cells = [f"{row[kind]:.2f}" if kind in row else "-" for kind in TYPES]
    return [*cells, f"{mean_of_types(row):.2f}" if len(row) == len(TYPES) else "-"]
