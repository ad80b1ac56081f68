"""`python -m studies.star run` on files in the published schema, whole and malformed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studies.star.__main__ import main
from studies.star.programs import MOST_WORDS

Questions = list[dict[str, Any]]


def write(path: Path, questions: object) -> str:
    path.write_text(json.dumps(questions))
    return str(path)


def rows(text: str) -> dict[str, list[str]]:
    """The printed rows: label -> cells."""
    found = {}
    for line in text.splitlines():
        label, *cells = (cell.strip() for cell in line.strip("│┃ ").split("│"))
        if cells:
            found[label] = cells
    return found


def test_four_readers_stand_beside_the_published_ones(
    tmp_path: Path, star_file: Questions, capsys: pytest.CaptureFixture[str]
) -> None:
    """String ids are read; the oracle is right by both rules; blind is trained for a few steps."""
    file = write(tmp_path / "STAR_val.json", star_file)
    train = write(tmp_path / "STAR_train.json", star_file)
    assert main(["run", file, "--train", train, "--steps", "2"]) == 0
    found = rows(capsys.readouterr().out)
    assert found["Oracle, all four verdicts right"] == ["100.00"] * 5
    assert found["Random"] == ["25.00"] * 5
    assert found["Frequent"] == ["100.00"] * 5
    assert len(found["Blind (text-to-text)"]) == 5
    assert found["Table 2, random"] == ["25.06", "24.93", "24.79", "24.81", "24.90"]
    assert found["Table 2, frequent"][-1] == "17.44"
    assert found["Table 3, oracle"] == ["100.00"] * 5


def test_without_training_files_halves_learn_from_each_other(
    tmp_path: Path, star_file: Questions, capsys: pytest.CaptureFixture[str]
) -> None:
    """By video; a type that is not there has no score, and neither has the mean."""
    file = write(tmp_path / "STAR_val.json", star_file[:3])
    assert main(["run", file, "--no-blind"]) == 0
    out = capsys.readouterr().out
    assert rows(out)["Random"] == ["25.00", "25.00", "25.00", "-", "-"]
    assert "one half of the videos" in out


def test_one_video_alone_is_a_hole(
    tmp_path: Path, star_file: Questions, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is left to learn from: status 1, and what to type."""
    file = write(tmp_path / "STAR_val.json", star_file[:2])
    assert main(["run", file]) == 1
    out = capsys.readouterr().out
    assert rows(out)["Frequent"] == ["-"] * 5
    assert "give --train STAR_train.json" in out


def test_whole_numbers_are_the_same_classes(
    tmp_path: Path, star_file: Questions, capsys: pytest.CaptureFixture[str]
) -> None:
    """17 is o017, as the early files have it."""
    for question in star_file:
        for frame in question["situations"].values():
            frame["bbox_labels"] = [int(one[1:]) for one in frame["bbox_labels"]]
            frame["rel_labels"] = [int(one[1:]) for one in frame["rel_labels"]]
            frame["rel_pairs"] = [[int(one[1:]) for one in pair] for pair in frame["rel_pairs"]]
    assert main(["run", write(tmp_path / "early.json", star_file), "--no-blind"]) == 0
    assert rows(capsys.readouterr().out)["Oracle, all four verdicts right"] == ["100.00"] * 5


def test_a_wrong_graph_lowers_the_oracle(
    tmp_path: Path, star_file: Questions, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the action nothing is accepted: all four verdicts fail, and a guess is left."""
    for frame in star_file[0]["situations"].values():
        frame["actions"] = [one for one in frame["actions"] if one != "a049"]
    assert main(["run", write(tmp_path / "val.json", star_file[:1]), "--no-blind"]) == 1
    found = rows(capsys.readouterr().out)
    assert found["Oracle, all four verdicts right"][0] == "0.00"
    assert found["Oracle, a guess among what is accepted"][0] == "25.00"


Damage = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda q: q.pop("question_program"), "question_program: a program is a list"),
        (lambda q: q["choices"].pop(), "choices: expected a list of 4, found 3"),
        (lambda q: q.update(choices="four"), "choices: expected a list of 4, found 'four'"),
        (lambda q: q["choices"][2].pop("choice"), "choices[2].choice: is missing"),
        (lambda q: q.update(answer="The cat."), "answer: 'The cat.' stands 0 times in choices"),
        (lambda q: q.pop("answer"), "answer: is missing, as in the test split"),
        (lambda q: q.pop("situations"), "situations: expected frames by number, not NoneType"),
        (
            lambda q: q["situations"]["000020"]["bbox_labels"].append("o077"),
            "situations: frame 000020.bbox_labels: no class 'o077'. Did you mean 'o0",
        ),
        (
            lambda q: q["situations"]["000020"]["rel_labels"].append("r001"),
            "situations: frame 000020.rel_pairs: 1 pairs for 2 rel_labels",
        ),
        (
            lambda q: q["situations"]["000010"].pop("actions"),
            "situations: frame 000010.actions is missing",
        ),
        (
            lambda q: q["question_program"][0].update(function="Situation"),
            "question_program: step 0: no function 'Situation'. Did you mean 'Situations'?",
        ),
        (
            lambda q: q["choices"][1]["choice_program"][0]["value_input"].append({"a": 1}),
            "choices[1].choice_program: step 0: {'a': 1} in value_input is no text",
        ),
        (
            lambda q: q.update(question_program=q["question_program"] * MOST_WORDS),
            "question_program: 1536 words and functions: no program of more than 256 is run",
        ),
        (
            lambda q: q["question_program"].pop(1),
            "question_program, choice_program: Filter_Actions_with_Verb: takes a list, not situa",
        ),
        (lambda q: q.update(question_id="Interactions_T1_0"), "question_id: it begins with"),
    ],
)
def test_what_is_malformed_is_named_in_one_line(
    tmp_path: Path,
    star_file: Questions,
    capsys: pytest.CaptureFixture[str],
    damage: Damage,
    complaint: str,
) -> None:
    """File, question and field, and status 2."""
    damaged = copy.deepcopy(star_file)
    damage(damaged[0])
    file = write(tmp_path / "STAR_val.json", damaged)
    assert main(["run", file]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith(f"{file}: question {damaged[0]['question_id']}: {complaint}")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[" * 100_000, "values lie too deep in each other"),
        ("{", "no JSON"),
        ("{}", "expected a list of questions"),
        ("[3]", "question number 0: expected its fields by name, not int"),
    ],
)
def test_what_is_no_file_of_questions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, complaint: str
) -> None:
    """One line as well."""
    file = tmp_path / "val.json"
    file.write_text(text)
    assert main(["run", str(file)]) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(f"{file}: ")
    assert complaint in said


def test_a_question_that_stands_twice(
    tmp_path: Path, star_file: Questions, capsys: pytest.CaptureFixture[str]
) -> None:
    """And a file that is not there."""
    file = write(tmp_path / "val.json", [star_file[0], star_file[0]])
    assert main(["run", file]) == 2
    assert "question Interaction_T1_0: question_id: stands twice." in capsys.readouterr().err
    assert main(["run", str(tmp_path / "none.json")]) == 2
    assert "none.json: cannot be read (No such file or directory)." in capsys.readouterr().err
