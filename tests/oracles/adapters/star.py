"""What answers for the reference cases of the STAR study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from studies.star import classes
from studies.star.executor import Executor
from studies.star.generator.balance import resample
from studies.star.generator.options import frequent_candidates
from studies.star.generator.times import EARLIEST, LATEST, Span, clip, lying
from studies.star.judging import accuracy, all_right, mean_of_types, verdicts
from studies.star.programs import program
from studies.star.situations import read_situations
from studies.star.templates import TEMPLATES

Case = Mapping[str, Any]


def _executor(case: Case) -> Any:
    given = case["input"]
    executor = Executor(
        read_situations(given["situations"]), fallback=case["args"].get("fallback", "all")
    )
    return executor.run(program(given["program"]))


def _question(case: Case) -> dict[str, Any]:
    given = case["input"]
    options = [program(choice["choice_program"]) for choice in given["choices"]]
    found = verdicts(
        read_situations(given["situations"]), program(given["question_program"]), options
    )
    texts = [choice["choice"] for choice in given["choices"]]
    return {
        "verdicts": found,
        "question_right": all_right(found, texts.index(given["answer"])),
    }


def _template(case: Case) -> dict[str, str]:
    template, slots = TEMPLATES[case["input"]["template"]], case["input"]["slots"]
    return {"question": template.ask(slots), "answer": template.say(slots)}


def _frequent_option(case: Case) -> dict[str, list[str]] | None:
    given = case["input"]
    found = frequent_candidates(given["train_counts"], given["correct"], given.get("compositional"))
    return {"one_of": sorted(set(found))} if found else None


def _resampling(case: Case) -> dict[str, dict[str, int]]:
    counts, args = case["input"]["counts"], case["args"]
    dropped = resample(counts, args["start_filter"], args["smooth_ratio"])
    left = {name: count - dropped.get(name, 0) for name, count in counts.items()}
    return {"to_drop": dropped, "left": left}


def _time_filter(case: Case) -> list[str] | None:
    args = case["args"]
    span = args.get("start", EARLIEST), args.get("end", LATEST)
    found = lying(args["mode"], [tuple(one) for one in case["input"]["actions"]], *span)
    return [name for name, *_ in found] or None


def _clip(case: Case) -> dict[str, float]:
    given = case["input"]
    condition = None
    if "condition_start" in given:
        start = given["condition_start"]
        condition = Span(start, given.get("condition_end", start))
    answer = Span(given["answer_start"], given["answer_end"])
    return clip(case["args"]["template"], answer, condition)._asdict()


def _mean(case: Case) -> Any:
    return mean_of_types(case["input"]["scores"])


def _gain(case: Case) -> float:
    return round(mean_of_types(case["input"]["a"]), 2) - round(mean_of_types(case["input"]["b"]), 2)


def _means(case: Case) -> dict[str, float]:
    return {name: mean_of_types(scores) for name, scores in case["input"].items()}


def _drops(case: Case) -> dict[str, float]:
    means = {name: round(mean_of_types(s), 4) for name, s in case["input"].items()}
    decimals = case["args"]["decimals"]
    return {
        "drop_graph": round(means["oracle"] - means["graph"], decimals),
        "gap": round(means["graph"] - means["objects_and_relations"], decimals),
    }


def _accuracy(case: Case) -> dict[str, float]:
    given = case["input"]
    return {"accuracy": accuracy(zip(given["verdicts"], given["answers"], strict=True))}


def _action_space(case: Case) -> dict[str, Any]:
    of = {verb: len(objects) for verb, objects in classes.OBJECTS_OF.items()}
    return {
        "verbs": len(of),
        "objects": len(classes.VERBS_OF),
        "pairs": sum(of.values()),
        "objects_a_verb": of,
    }


def _class_files(case: Case) -> dict[str, Any]:
    pairs = Counter(classes.ACTIONS.values())
    acted_on = {action.object for action in classes.ACTIONS.values()}
    return {
        "objects_with_person": len(classes.OBJECTS),
        "relations": len(classes.RELATIONS),
        "verbs": len(classes.VERBS),
        "actions": len(classes.ACTIONS),
        "two_actions_one_pair": [[*pair] for pair, count in pairs.items() if count > 1],
        "objects_in_no_action": [n for n in classes.OBJECTS.values() if n not in acted_on],
    }


ADAPTERS: list[tuple[str, str, Callable[[Case], Any]]] = [
    ("executor", "", _executor),
    ("question", "", _question),
    ("template", "", _template),
    ("frequent_option", "", _frequent_option),
    ("resampling", "", _resampling),
    ("time_filter", "", _time_filter),
    ("clip", "", _clip),
    ("score", "^mean of the four", _mean),
    ("score", "^gain", _gain),
    ("score", "^mean of", _means),
    ("score", "drops", _drops),
    ("score", "question", _accuracy),
    ("inventory", "action space", _action_space),
    ("inventory", "class files", _class_files),
]
