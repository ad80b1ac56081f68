"""The stages that read: what is seen, what is understood, and what is answered."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lab.parts import Parts, mean, sampled
from studies.star.generator.run import ASKED, VIDEOS
from studies.star.generator.videos import read_videos
from studies.star.generator.writing import load
from studies.star.judging import accepted, by_type, shares
from studies.star.noise import Perception, misread
from studies.star.questions import Question
from studies.star.readers import Chosen, reader
from studies.star.readers.executor import judged
from studies.star.situations import published, read_situations

GRAPHS = "graphs.jsonl"
PROGRAMS = "programs.jsonl"
MODEL = "model.pt"


def perception(
    config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any
) -> None:
    """Publishes graphs.jsonl: the situations of each question as they are seen."""
    settings = dict(config)
    detector = Perception(**settings)
    videos = read_videos(inputs["situations"] / VIDEOS)
    with (out / GRAPHS).open("w") as file:
        for written in load(inputs["asked"] / ASKED):
            question = written.question(videos[written.video])
            seen = published(detector.see(question.situations, question.video))
            file.write(json.dumps({"id": question.id, "situations": seen}) + "\n")


def programs(
    config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any
) -> None:
    """Publishes programs.jsonl: those of each question and its options as they are understood."""
    questions = [written.question(None) for written in load(inputs["asked"] / ASKED)]
    if config["program"] == "noisy":
        found = [_misread(question, config) for question in questions]
    else:
        found = _parsed(questions, config, inputs["parser"] / MODEL, context)
    with (out / PROGRAMS).open("w") as file:
        for question, (asks, options) in zip(questions, found, strict=True):
            line = {"id": question.id, "question": asks, "options": options}
            file.write(json.dumps(line) + "\n")


Understood = tuple[Sequence[str], list[Sequence[str]]]
"""The program of a question and those of its options."""


def _misread(question: Question, config: Mapping[str, Any]) -> Understood:
    rng = np.random.default_rng([config["seed"], 6, *question.id.encode()])
    whole = [question.program, *(option.program for option in question.options)]
    asks, *options = [misread(one, noise=config["noise"], rng=rng) for one in whole]
    return asks, list(options)


def _parsed(
    questions: Sequence[Question], config: Mapping[str, Any], model: Path, context: Any
) -> list[Understood]:
    from studies.star.model.texts import of_option, of_question
    from studies.star.training.choosing import loaded, written

    lines = []
    for question in questions:
        lines.append(of_question(question))
        lines += [of_option(question, place) for place in range(len(question.options))]
    texts = iter(
        written(
            loaded(model, context.device),
            lines,
            inputs_length=config["inputs_length"],
            targets_length=config["targets_length"],
        )
    )
    return [
        (next(texts).split(), [next(texts).split() for _ in question.options])
        for question in questions
    ]


def evaluate(
    config: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, context: Any
) -> None:
    """Publishes scores.json, constant.json and predictions.jsonl."""
    questions = _questions(inputs)
    train = [one.question(None) for one in load(inputs["questions"] / "train.jsonl")]
    chosen = _chosen(questions, train, config, inputs, context)
    points = _points(questions, chosen)
    alone = [float(len(places) == 1) for places in chosen]
    ids = [question.id for question in questions]
    scored = by_type(zip(ids, points, strict=True))
    single = by_type(zip(ids, alone, strict=True))
    scores = {kind: {"acc": scored[kind], "one": single[kind]} for kind in scored}
    (out / "scores.json").write_text(json.dumps(scores, indent=1))
    kept: dict[str, list[Parts]] = {kind: [] for kind in scores}
    for question, point in zip(questions, points, strict=True):
        kept[question.type].append({"acc": mean(100 * point)})
    context.record(scored={kind: sampled(each) for kind, each in kept.items()})
    usual = reader("frequent")(questions, train)
    constant = by_type(zip(ids, _points(questions, usual), strict=True))
    reference = {kind: {"acc": value} for kind, value in constant.items()}
    (out / "constant.json").write_text(json.dumps(reference, indent=1))
    with (out / "predictions.jsonl").open("w") as file:
        for question, places, point in zip(questions, chosen, points, strict=True):
            line = {
                "task": question.type,
                "id": question.id,
                "inputs": question.text,
                "target": question.answer_text,
                "prediction": " / ".join(question.options[place].text for place in places),
                "parts": {"acc": mean(100 * point)},
            }
            file.write(json.dumps(line) + "\n")


def _questions(inputs: Mapping[str, Path]) -> list[Question]:
    """What is asked, with the situations and programs that the reader has."""
    written = load(inputs["asked"] / ASKED)
    videos = read_videos(inputs["situations"] / VIDEOS) if "situations" in inputs else {}
    questions = [one.question(videos.get(one.video)) for one in written]
    if "perception" in inputs:
        seen = _by_id(inputs["perception"] / GRAPHS)
        questions = [
            replace(one, situations=read_situations(seen[one.id]["situations"]))
            for one in questions
        ]
    if "programs" in inputs:
        understood = _by_id(inputs["programs"] / PROGRAMS)
        questions = [_understood(one, understood[one.id]) for one in questions]
    return questions


def _understood(question: Question, line: Mapping[str, Any]) -> Question:
    options = [
        replace(option, program=tuple(program))
        for option, program in zip(question.options, line["options"], strict=True)
    ]
    return replace(question, program=tuple(line["question"]), options=tuple(options))


def _by_id(path: Path) -> dict[str, Any]:
    with path.open() as file:
        return {line["id"]: line for line in map(json.loads, file)}


def _chosen(
    questions: Sequence[Question],
    train: Sequence[Question],
    config: Mapping[str, Any],
    inputs: Mapping[str, Path],
    context: Any,
) -> Chosen:
    name = config["reader"]
    if "reader" in inputs:
        from studies.star.model.texts import LINES, sentence
        from studies.star.training.choosing import likeliest, loaded

        places = likeliest(
            loaded(inputs["reader"] / MODEL, context.device),
            [LINES[name](question) for question in questions],
            [[sentence(option.text) for option in one.options] for one in questions],
            config["inputs_length"],
        )
        return [[place] for place in places]
    if name == "executor":
        return [accepted(judged(one, fallback=config["fallback"])) for one in questions]
    return reader(name)(questions, train)


def _points(questions: Sequence[Question], chosen: Chosen) -> list[float]:
    """The chance that each question's answer is right."""
    return [
        shares(places, len(question.options))[question.answer or 0]
        for question, places in zip(questions, chosen, strict=True)
    ]
