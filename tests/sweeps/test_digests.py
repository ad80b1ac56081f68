"""What lies in a store is what was put there: each flipped bit is seen where its file is read."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sweeps.digests
from sweeps.__main__ import main
from sweeps.digests import check_stage, decoded, read_file, seal_holds, sealed, stored_scores
from sweeps.errors import DamagedSpecificationError, DamagedStageError, StageError
from sweeps.graph import Graph
from sweeps.running.execute import Result, run_one
from sweeps.stage import Stage
from sweeps.store import Store

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def work(store: Store, *targets: Stage) -> list[Result]:
    """Run stages and what they need, here."""
    stages = list(Graph(targets))
    for stage in stages:
        store.write_spec(stage)
    return [run_one(store, stage.key) for stage in stages]


def flip(path: Path, place: int = -1) -> None:
    """Flip one bit of a file, by default of its middle byte."""
    content = bytearray(path.read_bytes())
    content[place if place >= 0 else len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def without_digests(folder: Path) -> None:
    """Make a finished stage look as those of before."""
    described = json.loads((folder / "stage.json").read_text())
    described = {
        name: value for name, value in described.items() if name not in ("files", "sha256")
    }
    (folder / "stage.json").write_text(json.dumps(described))


@given(st.dictionaries(st.text(), PLAIN, max_size=5), st.data())
def test_a_seal_breaks_with_any_bit(value, data):
    """What was sealed comes back as it was; with one bit flipped it has no seal that holds."""
    text = sealed({**value, "sha256": "not the seal"} if data.draw(st.booleans()) else value)
    assert decoded(text.encode()) == {k: v for k, v in value.items() if k != "sha256"}
    content = bytearray(text.encode())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert not seal_holds(bytes(content)) or bytes(content) == text.encode()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b'{"a": 1', "it is cut off, or no JSON"),
        (b"[1]", "it is no JSON object"),
        (b'"text"', "it is no JSON object"),
        (b"\xff\xfe\x00", "it is no text"),
        (b"[" * 200_000, "it is nested too deeply"),
        (b'{"a": ' * 200_000, "it is nested too deeply"),
    ],
)
def test_what_is_wrong_with_a_json_file(content, why):
    """In words, whatever its shape."""
    with pytest.raises(ValueError, match=f"^{why}$"):
        decoded(content)


def test_a_byte_order_mark_and_nan_do_no_harm():
    """The first is left out, the second is nothing."""
    assert decoded(b'\xef\xbb\xbf{"a": NaN, "b": -Infinity}') == {"a": None, "b": None}


def test_every_file_has_a_digest(store, toy):
    """The stage's own files and the log; nothing of stage.json itself but its seal."""
    stage = toy.text("one")
    work(store, stage)
    place = store.find(stage)
    described = json.loads((place / "stage.json").read_text())
    assert {name: one["bytes"] for name, one in described["files"].items()} == {
        "log.txt": (place / "log.txt").stat().st_size,
        "text.txt": len("one()"),
    }
    assert check_stage(place)
    assert seal_holds((place / "stage.json").read_bytes())


@pytest.mark.parametrize("name", ["text.txt", "log.txt", "stage.json"])
def test_a_damaged_input_is_not_read(store, toy, name):
    """The reader fails with the file and what to type; after that its maker runs again."""
    maker = toy.text("maker")
    reader = toy.text("reader", maker)
    work(store, maker)
    damaged = store.find(maker) / name
    flip(damaged)
    done, failed = work(store, reader)
    assert (done.state, failed.state, failed.kind) == ("done", "failed", "damaged")
    assert failed.reason.startswith(f"text {maker.key} is damaged: {damaged}: ")
    assert f"`python -m sweeps retry {maker.key[:8]}` moves it away" in failed.reason
    assert [one["kind"] for one in store.failures(reader.key)] == ["damaged"]
    assert main(["--store", str(store.path), "retry", maker.key[:8]]) == 0
    assert store.find(maker) is None
    assert [one.state for one in work(store, reader)] == ["done", "done"]
    assert (store.find(reader) / "text.txt").read_text() == "reader(maker())"


@pytest.mark.parametrize("harm", ["cut", "longer", "missing", "folder"])
def test_each_way_a_file_is_not_what_was_put_there(store, toy, harm):
    """Named with the reason."""
    stage = toy.text("one")
    work(store, stage)
    path = store.find(stage) / "text.txt"
    if harm == "cut":
        path.write_text("o")
    elif harm == "longer":
        path.write_text("one() and more")
    else:
        path.unlink()
        if harm == "folder":
            path.mkdir()
    with pytest.raises(DamagedStageError, match=r"text\.txt: it"):
        check_stage(store.find(stage))


def test_a_file_is_read_once_a_process(store, toy, monkeypatch):
    """A second reader of a large model does not pay again, unless the file changed."""
    stage = toy.text("one")
    work(store, stage)
    place, read = store.find(stage), []
    real = sweeps.digests._digest
    monkeypatch.setattr(sweeps.digests, "_digest", lambda path: read.append(path) or real(path))
    check_stage(place)
    check_stage(place)
    assert len(read) == len({*read}) == 2
    flip(place / "text.txt")
    with pytest.raises(DamagedStageError):
        check_stage(place)


def test_stages_of_before_are_taken_as_they_are(store, toy, capsys):
    """They are read, and a check says how many they are."""
    maker = toy.text("maker")
    reader = toy.text("reader", maker)
    work(store, maker)
    without_digests(store.find(maker))
    assert [one.state for one in work(store, reader)] == ["done", "done"]
    assert main(["--store", str(store.path), "check", "--all"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "1 stages are what was put there; 0 things damaged",
        "1 stages were published before digests were kept: taken as they are",
    ]


def test_a_stage_may_not_leave_what_cannot_be_compared(store, toy):
    """A link leads elsewhere: neither an export nor a copy of the store has what it means."""
    (toy.folder / "linking.py").write_text(
        "def run(config, inputs, out, context):\n    (out / 'here').symlink_to('/etc/hosts')\n"
    )
    stage = Stage(name="link", version=1, config={}, run="linking.run")
    (failed,) = work(store, stage)
    assert failed.state == "failed"
    assert failed.reason == (
        "StageError: The stage wrote here, which is no plain file: write its content."
    )
    assert issubclass(StageError, Exception)


def test_check_names_what_is_damaged(store, toy, capsys):
    """Stages, specifications, checkpoints and the index, each with what to type; status 1."""
    one, two, three = (toy.text(word) for word in ("one", "two", "three"))
    work(store, one, two)
    store.write_spec(three)
    flip(store.find(one) / "text.txt")
    os.unlink(store.find(two) / "stage.json")
    spec = store.spec_path(three.key)
    spec.write_text(spec.read_text().replace("three", "seven"))
    checkpoint = store.work(three.key, 1) / "last.ckpt"
    checkpoint.parent.mkdir(parents=True)
    with zipfile.ZipFile(checkpoint, "w") as archive:
        archive.writestr("data", b"weights" * 100)
    flip(checkpoint, 200)
    (store.path / "index").mkdir()
    (store.path / "index" / "results.json").write_text("{}")
    assert main(["--store", str(store.path), "check", "--all"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "0 stages are what was put there; 5 things damaged"
    for path, remedy in (
        (store.place("text", one.key) / "text.txt", f"retry {one.key[:8]}"),
        (store.place("text", two.key) / "stage.json", f"retry {two.key[:8]}"),
        (spec, "The same command as before writes it anew"),
        (checkpoint, "an older checkpoint"),
        (store.path / "index" / "results.json", "python -m reports"),
    ):
        assert [remedy in line for line in lines if str(path) in line] == [True]


def test_scores_are_compared_when_they_are_read(store, toy):
    """A search never decides by a number that nobody measured."""
    (toy.folder / "scoring.py").write_text(
        "def run(config, inputs, out, context):\n"
        '    (out / \'scores.json\').write_text(\'{"game": {"acc": 50.5, "mcc": NaN}}\')\n'
    )
    stage = Stage(name="evaluate", version=1, config={}, run="scoring.run")
    work(store, stage)
    place = store.find(stage)
    assert stored_scores(place) == {"game": {"acc": 50.5, "mcc": None}}
    (place / "scores.json").write_text('{"game": {"acc": 90.5, "mcc": NaN}}')
    with pytest.raises(DamagedStageError, match=r"scores\.json: its content is not"):
        stored_scores(place)
    with pytest.raises(DamagedStageError):
        read_file(place, "scores.json")


@pytest.mark.parametrize("part", ["config", "run", "execution", "inputs", "name", "key"])
def test_a_specification_that_changed_does_not_run(store, toy, part):
    """Also where the part is none of the key: another function's result under the key of this."""
    parent = toy.text("parent")
    stage = toy.text("one", parent)
    work(store, parent)
    store.write_spec(stage)
    path = store.spec_path(stage.key)
    spec = json.loads(path.read_text())
    other = {"config": {"text": "two"}, "inputs": {}, "execution": {"threads": 3}}
    path.write_text(json.dumps({**spec, part: other.get(part, "toy_study.tells")}))
    with pytest.raises(DamagedSpecificationError):
        store.read_spec(stage.key)
    result = run_one(store, stage.key)
    assert (result.state, result.kind, store.find(stage)) == ("failed", "damaged", None)
    assert result.reason.startswith(f"{path}: it")
    assert result.reason.endswith("The same command as before writes it anew and runs the stage.")
    assert [one.state for one in work(store, stage)] == ["done", "done"]


def test_a_specification_of_before_runs(store, toy):
    """Without a seal its content alone must give the key."""
    stage = toy.text("one")
    store.write_spec(stage)
    path = store.spec_path(stage.key)
    spec = {k: v for k, v in json.loads(path.read_text()).items() if k != "sha256"}
    path.write_text(json.dumps(spec))
    assert run_one(store, stage.key).state == "done"
