"""Exports and imports of damaged, odd and hostile files: what is taken, what is left out."""

from __future__ import annotations

import io
import os
import pickle
import shutil
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sweeps.verbs.transfer
from sweeps.__main__ import main
from sweeps.errors import SweepError
from sweeps.graph import Graph
from sweeps.running.execute import run_one
from sweeps.stage import Stage
from sweeps.store import Store
from sweeps.verbs.pickles import pickled_code
from sweeps.verbs.transfer import export_stages, import_stages


class Code:
    """Unpickled, it would make a file."""

    def __reduce__(self):
        return os.system, ("touch /tmp/ran",)


@pytest.fixture
def three(store, toy):
    """Three finished stages in a chain."""
    one = toy.text("one")
    two = toy.text("two", one)
    three = toy.text("three", two)
    for stage in Graph([three]):
        store.write_spec(stage)
        assert run_one(store, stage.key).state == "done"
    return one, two, three


def names(store: Store) -> set[str]:
    """Keys of the finished stages."""
    return {key for _, key, _ in store.finished()}


@pytest.mark.parametrize("harm", ["cut description", "other bit", "symlink", "fifo", "lost file"])
def test_an_export_names_what_it_leaves_out(store, three, tmp_path, capsys, harm):
    """The others are taken by an import, which has nothing to complain about."""
    place = store.find(three[1])
    if harm == "cut description":
        (place / "stage.json").write_text((place / "stage.json").read_text()[:100])
    elif harm == "other bit":
        (place / "text.txt").write_text("twp(one())")
    elif harm == "symlink":
        (place / "link").symlink_to("text.txt")
    elif harm == "fifo":
        os.mkfifo(place / "pipe")
    else:
        (place / "text.txt").unlink()
    file = tmp_path / "some.tar"
    assert main(["--store", str(store.path), "export", str(file)]) == 1
    told = capsys.readouterr()
    assert told.out.startswith(f"{file}: 2 stages")
    assert told.err.startswith("1 left out:")
    assert three[1].key in told.err
    other = Store(tmp_path / "other")
    assert main(["--store", str(other.path), "import", str(file)]) == 0
    assert names(other) == {three[0].key, three[2].key}


def repacked(file: Path, change) -> Path:
    """A tar file with each member given to `change`, which returns what stands there instead."""
    other = file.with_name("other.tar")
    with tarfile.open(file) as old, tarfile.open(other, "w") as new:
        for member in old:
            content = old.extractfile(member)
            for info, data in change(member, content.read() if content else b""):
                info.size = len(data)
                new.addfile(info, io.BytesIO(data))
    return other


def link(member: tarfile.TarInfo, kind: bytes) -> tarfile.TarInfo:
    """A link beside a member."""
    info = tarfile.TarInfo(f"{member.name}.link")
    info.type, info.linkname = kind, "/etc/passwd"
    return info


@pytest.mark.parametrize("harm", ["symlink", "hard link", "device", "cut", "lost file", "changed"])
def test_an_import_takes_the_rest(store, three, tmp_path, capsys, harm):
    """One stage of an older export cannot be taken: named, the others are there; status 1."""
    file, key = tmp_path / "all.tar", three[1].key
    export_stages(store, file)

    def change(member, data):
        if key in member.name:
            if harm == "cut" and member.name.endswith("stage.json"):
                data = data[:50]
            if member.name.endswith("text.txt"):
                kinds = {"symlink": tarfile.SYMTYPE, "hard link": tarfile.LNKTYPE}
                if harm in (*kinds, "device"):
                    yield link(member, kinds.get(harm, tarfile.CHRTYPE)), b""
                if harm == "lost file":
                    return
                data = data + b"!" if harm == "changed" else data
        yield member, data

    other = Store(tmp_path / "other")
    status = main(["--store", str(other.path), "import", str(repacked(file, change))])
    told = capsys.readouterr()
    assert status == 1
    assert names(other) == {three[0].key, three[2].key}
    assert f"text/{key}: " in told.err
    assert os.listdir(other.path / "work") == []


def test_a_record_that_is_there_already_is_no_failure(store, tmp_path, capsys):
    """Scores brought home before the first of them was there: the sweep's record alone."""
    with tarfile.open(tmp_path / "early.tar", "w") as tar:
        found = tarfile.TarInfo("sweeps/table01-b1adef5a.json")
        found.size = 2
        tar.addfile(found, io.BytesIO(b"{}"))
    (store.path / "sweeps").mkdir(parents=True, exist_ok=True)
    (store.path / "sweeps" / "table01-b1adef5a.json").write_text("{}")
    assert main(["--store", str(store.path), "import", str(tmp_path / "early.tar")]) == 0
    assert "0 stages and 0 sweeps taken" in capsys.readouterr().out


def test_a_file_with_nothing_to_import_is_no_success(store, tmp_path, capsys):
    """An empty archive."""
    with tarfile.open(tmp_path / "empty.tar", "w"):
        pass
    assert main(["--store", str(store.path), "import", str(tmp_path / "empty.tar")]) == 2
    assert capsys.readouterr().err == (
        f"{tmp_path}/empty.tar: nothing to import. It holds no stage and no sweep.\n"
    )


def test_a_store_with_nothing_to_export_is_no_success(store, three, tmp_path, capsys):
    """And costs nobody an earlier export of the same name."""
    file, empty = tmp_path / "all.tar", tmp_path / "empty"
    export_stages(store, file)
    before = file.read_bytes()
    (empty / "sweeps").mkdir(parents=True)
    assert main(["--store", str(empty), "export", str(file)]) == 2
    assert capsys.readouterr().err == f"{empty} holds no finished stage and no sweep to export.\n"
    assert file.read_bytes() == before


def test_an_import_that_lost_its_folder_ends(store, three, tmp_path, monkeypatch):
    """Nothing half of it is published, whenever the folder went."""
    export_stages(store, tmp_path / "all.tar")
    real = sweeps.verbs.transfer._make_folders
    for count in range(1, 7):
        other = Store(tmp_path / f"other{count}")
        calls: list[Path] = []

        def lose(folder, place, count=count, calls=calls):
            calls.append(folder)
            if len(calls) == count:
                shutil.rmtree(folder)
            real(folder, place)

        monkeypatch.setattr(sweeps.verbs.transfer, "_make_folders", lose)
        with pytest.raises(SweepError, match=r"is gone: somebody removed it\..* Repeat the import"):
            import_stages(other, tmp_path / "all.tar")
        assert all((path / "text.txt").exists() for _, _, path in other.finished())


def test_what_a_tar_held_is_what_is_published(store, three, tmp_path, monkeypatch):
    """A file that vanishes while the import works does not make a stage without it."""
    export_stages(store, tmp_path / "all.tar")
    real = sweeps.verbs.transfer._Import._publish

    def lossy(self, stage):
        (self._folder / stage / "text.txt").unlink()
        real(self, stage)

    monkeypatch.setattr(sweeps.verbs.transfer._Import, "_publish", lossy)
    other = Store(tmp_path / "other")
    with pytest.raises(SweepError, match="is gone"):
        import_stages(other, tmp_path / "all.tar")
    assert names(other) == set()


def archive(path: Path, content: bytes) -> None:
    """A zip archive as torch writes them."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("model/data.pkl", content)
        file.writestr("model/data/0", b"\x80\x02c" * 10)
        file.writestr("model/version", b"3\n")


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("form", ["archive", "plain.pt", "plain.bin", "array.npy", "arrays.npz"])
def test_pickled_code_is_seen(tmp_path, protocol, form):
    """In every form in which a reader would run it."""
    path = tmp_path / form
    content = pickle.dumps({"weights": [1, 2], "note": Code()}, protocol=protocol)
    if form == "archive":
        archive(path, content)
    elif form.startswith("plain"):
        path.write_bytes(content)
    elif form.endswith("y"):
        np.save(path, np.array([Code()], dtype=object))
    else:
        np.savez(path, a=np.arange(3), b=np.array([Code()], dtype=object))
    if form == "plain.bin" and protocol < 2:
        # Nobody takes such a file for a pickle.
        return
    expected = ["an array of Python objects"] if "array" in form else ["posix.system"]
    assert pickled_code(path) == expected


@pytest.mark.parametrize(
    "program",
    [
        b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
        b"\x80\x04\x8c\x0bcollections\x94\x8c\x0bOrderedDict\x94\x8c\x02os\x8c\x06system\x93.",
        b"\x80\x04\x8c\x02os\x94\x8c\x06system\x940h\x00h\x01\x93.",
        b"\x80\x04]\x94\x8c\x02os\x94\x8c\x06system\x94h\x01h\x02\x93.",
        b"\x80\x02cos\nsystem\nq\x00.",
        b"(S'ls'\nios\nsystem\n.",
        b"\x80\x02\x82\x01.",
        b"\x80\x04\x8c\x02os\x8c\x06systemN0\x93.",
        b"\x80\x02N.\x80\x02cos\nsystem\n.",
        b"\x80\x02cos\nsystem\n garbage that no pickle holds",
    ],
)
def test_a_name_cannot_be_hidden(tmp_path, program):
    """Put together from the memo, behind another pickle, or before garbage."""
    path = tmp_path / "model.pt"
    path.write_bytes(program)
    assert pickled_code(path) != []
    archive(path, program)
    assert pickled_code(path) != []


@given(st.binary(max_size=400), st.sampled_from([b"", b"\x80\x02", b"\x80\x04", b"PK\x03\x04"]))
def test_numbers_are_no_code(tmp_path_factory, content, start):
    """Whatever they begin with, a file of them is read to its end or to where it is no pickle."""
    path = tmp_path_factory.mktemp("numbers") / "tokens.bin"
    path.write_bytes(start + content)
    assert all("." in name or name.startswith("an array") for name in pickled_code(path))


def test_a_saved_model_holds_none(tmp_path):
    """Nothing of what a model's own file needs is called code."""
    torch = pytest.importorskip("torch")
    state = {
        "weights": torch.zeros(3, dtype=torch.bfloat16),
        "parameters": torch.nn.Linear(2, 2).state_dict(),
        "type": torch.float32,
        "size": torch.Size([1]),
        "device": torch.device("cpu"),
        "random": torch.get_rng_state(),
    }
    for number, zipped in enumerate((True, False)):
        path = tmp_path / f"{number}.pt"
        torch.save(state, path, _use_new_zipfile_serialization=zipped)
        torch.load(path, weights_only=True)
        assert pickled_code(path) == []


def test_an_import_of_pickled_code_is_refused(store, three, tmp_path, toy, capsys):
    """Also where whoever made the file has made its digests fit."""
    (toy.folder / "evil.py").write_text(
        "import os, pickle\n"
        "class Code:\n"
        "    def __reduce__(self):\n"
        "        return os.system, ('true',)\n"
        "def run(config, inputs, out, context):\n"
        "    (out / 'model.pt').write_bytes(pickle.dumps(Code()))\n"
    )
    stage = Stage(name="zmodel", version=1, config={}, run="evil.run")
    store.write_spec(stage)
    assert run_one(store, stage.key).state == "done"
    file, other = tmp_path / "all.tar", Store(tmp_path / "other")
    assert export_stages(store, file).stages == 4
    assert main(["--store", str(other.path), "import", str(file)]) == 2
    told = capsys.readouterr().err
    assert f"zmodel/{stage.key}/model.pt holds code that would run when it is read" in told
    assert "(posix.system)" in told
    assert "`python -m sweeps export --scores-only`" in told
    assert stage.key not in names(other)
