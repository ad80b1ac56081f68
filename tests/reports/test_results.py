"""The index beside the store."""

from __future__ import annotations

import json
import os

from reports.reading.collect import collect
from reports.reading.results import INDEX
from sweeps.digests import file_digests, sealed


def one_row(builder, value: float = 50.0) -> str:
    builder.column("Mood", ["mood.acc"])
    (key,) = builder.row("r", [{"mood": {"acc": value}}])
    builder.record()
    return key


def value(builder) -> float | None:
    return collect(builder.path, "toy").rows[0].scores[0].value


def test_a_second_reading_opens_no_stage(builder, monkeypatch) -> None:
    """The index answers for files that did not change."""
    one_row(builder)
    assert value(builder) == 50.0
    monkeypatch.setattr("reports.reading.results._read", lambda path: {}[path])
    assert value(builder) == 50.0


def test_a_changed_file_is_read_again(builder) -> None:
    """Size or time differ: the entry is stale."""
    key = one_row(builder)
    assert value(builder) == 50.0
    builder.write(f"evaluate/{key}/scores.json", {"mood": {"acc": 61.25}})
    assert value(builder) == 61.25


def test_a_stage_that_is_gone_is_a_hole(builder) -> None:
    """An entry of the index does not keep a removed stage alive."""
    key = one_row(builder)
    assert value(builder) == 50.0
    os.rename(builder.path / "evaluate" / key, builder.path / "evaluate" / f"{key}.away")
    assert value(builder) is None


def test_a_broken_index_is_rebuilt(builder) -> None:
    """Truncated, or of another shape."""
    one_row(builder)
    assert value(builder) == 50.0
    flipped = (builder.path / INDEX).read_text().replace("50.0", "60.0")
    for content in (
        flipped,
        '{"schema": 5, "entr',
        '{"schema": 5, "entries": [1]}',
        '{"schema": 99}',
    ):
        builder.write(str(INDEX), content)
        assert value(builder) == 50.0
    assert json.loads((builder.path / INDEX).read_text())["schema"] == 5


def test_scores_that_changed_are_a_hole_that_says_so(builder) -> None:
    """Another number than was put there is none, and what to type stands below the table."""
    key = one_row(builder)
    place = builder.path / "evaluate" / key
    described = json.loads((place / "stage.json").read_text())
    described["files"] = file_digests(place)
    (place / "stage.json").write_text(sealed({"version": 1, **described}))
    assert value(builder) == 50.0
    builder.write(f"evaluate/{key}/scores.json", {"mood": {"acc": 90.0}})
    for _ in ("read", "from the index"):
        (score,) = collect(builder.path, "toy").rows[0].scores
        assert score.value is None
        assert f"scores.json of evaluate {key[:8]} is not what was put there" in score.notes[0]
        assert f"`python -m sweeps retry {key[:8]}`" in score.notes[0]


def test_a_description_that_changed_gives_no_numbers(builder) -> None:
    """What it says of its files cannot be trusted either."""
    key = one_row(builder)
    place = builder.path / "evaluate" / key
    described = json.loads((place / "stage.json").read_text())
    text = sealed({**described, "wall_seconds": 10, "files": file_digests(place)})
    (place / "stage.json").write_text(text.replace('"wall_seconds": 10', '"wall_seconds": 90'))
    (score,) = collect(builder.path, "toy").rows[0].scores
    assert score.value is None
    assert "stage.json of evaluate" in score.notes[0]


def test_a_reference_asked_for_later_is_read(builder) -> None:
    """The index knows which files its entries speak of."""
    key = one_row(builder)
    assert value(builder) == 50.0
    builder.write(f"evaluate/{key}/constant.json", {"mood": {"acc": 12.0}})
    builder.references = [{"label": "Best constant answer", "file": "constant.json"}]
    builder.record()
    (reference,) = collect(builder.path, "toy").references
    assert reference.scores[0].value == 12.0


def test_a_store_that_cannot_be_written_is_still_read(builder) -> None:
    """A file stands where the index's folder should be."""
    one_row(builder)
    builder.write("index", "in the way")
    assert value(builder) == 50.0
