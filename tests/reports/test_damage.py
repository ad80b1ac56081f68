"""Files that are no JSON, or JSON of another shape: named where they matter, else no trouble."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.commands.cli import main
from reports.reading.collect import collect
from sweeps.shapes import record_fault

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
SHAPES = [
    "",
    "{",
    "[]",
    "3",
    '"text"',
    "null",
    "{}",
    '{"rows": 1, "stages": {}}',
    "\x00\xff",
    "[[]]",
]


def whole(builder) -> Path:
    builder.column("Mood", ["mood.acc"])
    builder.row("base", [{"mood": {"acc": 50.0}}, {"mood": {"acc": 51.0}}], baseline=True)
    return builder.record()


def spoilt(builder, **change: Any) -> dict[str, Any]:
    """A record with some of its parts replaced."""
    record = json.loads((whole(builder) / "sweeps/toy.json").read_text())
    return record | change


@pytest.mark.parametrize("text", SHAPES)
def test_a_broken_record_is_named_and_the_others_are_drawn(builder, text: str, capsys) -> None:
    """What it is, its file, what to type; `last` and the rest go on, the site too."""
    store = whole(builder)
    (store / "sweeps/broken.json").write_bytes(text.encode("latin-1"))
    assert main(["broken", "--store", str(store)]) == 2
    err = capsys.readouterr().err
    assert f"{store}/sweeps/broken.json is no record of a sweep" in err
    assert "Run the sweep's command again" in err
    for words in (["toy"], ["last"], ["site"]):
        assert main([*words, "--store", str(store)]) == 0
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err


CELL = {"seed": 0, "config": {}, "scores": {}, "stages": []}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"stages": []}, "stages is not an object"),
        ({"stages": {"k": "text"}}, "stages.k is not an object"),
        ({"stages": {"k": {"name": "a", "inputs": ["b"]}}}, "stages.k.inputs is not an object"),
        ({"rows": {}}, "rows is not a list"),
        ({"rows": [{"cells": []}]}, "rows[0] lacks 'label'"),
        ({"rows": [{"label": "a", "cells": {}}]}, "rows[0].cells is not a list"),
        ({"rows": [{"label": "a", "cells": [3]}]}, "rows[0].cells[0] is not an object"),
        ({"rows": [{"label": "a", "cells": [{**CELL, "stages": ["gone"]}]}]}, "stages lacks gone"),
        (
            {"rows": [{"label": "a", "cells": [{**CELL, "seed": "x"}]}]},
            "seed is not a whole number",
        ),
        ({"columns": {"a": 1}}, "columns is not a list"),
        ({"columns": [{"name": "Mood"}]}, "column 'Mood' of the record: terms is None"),
        ({"columns": ["Mood"]}, "columns[0] is not an object"),
        ({"references": [{"label": "x"}]}, "references[0] lacks 'file'"),
        ({"search": {"axes": 3}}, "search lacks 'score'"),
        ({"search": {"score": "M", "axes": [{}]}}, "search.axes[0] lacks 'name'"),
        ({"footnotes": "text"}, "footnotes is not a list"),
    ],
)
def test_a_record_of_another_shape_says_what_is_wrong(builder, change, fault: str, capsys) -> None:
    """Inside of JSON that can be read."""
    record = spoilt(builder, **change)
    assert fault in (record_fault(record) or "")
    builder.write("sweeps/broken.json", record)
    assert main(["broken", "--store", str(builder.path)]) == 2
    assert fault in capsys.readouterr().err
    assert main(["toy", "--store", str(builder.path)]) == 0


@given(field=st.sampled_from(["rows", "stages", "columns", "references", "search"]), value=JSON)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_json_in_a_record_is_drawn_or_refused(builder, field: str, value: Any) -> None:
    """Status 0, 1 or 2, and never a traceback."""
    builder.columns, builder.rows = [], []
    record = spoilt(builder, **{field: value})
    (builder.path / "sweeps/odd.json").write_text(json.dumps({**record, "id": "odd"}))
    assert main(["odd", "--store", str(builder.path), "--format", "json"]) in (0, 1, 2)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", "null", '{"mood": 3}', '{"mood": [1]}', "\xff"]
)
def test_damaged_scores_are_a_hole_that_names_their_file(builder, text: str) -> None:
    """With the command that heals it; the other run counts."""
    store = whole(builder)
    key = builder.key("evaluate", "base", 0)
    (store / f"evaluate/{key}/scores.json").write_bytes(text.encode("latin-1"))
    (score,) = collect(store, "toy").rows[0].scores
    assert (score.value, score.runs, score.asked) == (51.0, 1, 2)
    assert f"scores.json of evaluate {key[:8]} is not what was put there" in score.notes[0]
    assert f"python -m sweeps retry {key[:8]}" in score.notes[0]


@given(value=JSON, field=st.sampled_from(["provenance", "facts", "wall_seconds", "execution"]))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_json_in_a_stages_description_still_gives_the_score(builder, field, value) -> None:
    """What is said of how it ran is beside the score."""
    builder.columns, builder.rows = [], []
    store = whole(builder)
    path = store / f"evaluate/{builder.key('evaluate', 'base', 0)}/stage.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    assert collect(store, "toy").rows[0].scores[0].value == 50.5
