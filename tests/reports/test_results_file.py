"""Results of sweeps in one small file: the same tables, claims and checks as from their store."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import lzma
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

import reports
from reports.commands.cli import main
from sweeps.__main__ import main as sweeps
from sweeps.claims.statement import LEVEL, read_claims
from sweeps.digests import sealed
from sweeps.errors import SweepError
from sweeps.stage import stage_key
from sweeps.verbs.results import MANIFEST, read_results

LABELS = ["15% of tokens", "two seeds", "diverges"]


def claimed(*claims: str) -> dict[str, Any]:
    """The claims of a record, on the average."""
    entries = [{"that": one} for one in claims]
    found, complaints = read_claims(entries, {label: label for label in LABELS})
    assert complaints == []
    return {"level": LEVEL, "list": [claim.to_json() for claim in found]}


@pytest.fixture
def store(full) -> Path:
    """A sweep with claims, holes, a diverged row, predictions, a model and what validation says."""
    for cell in full.rows[0]["cells"]:
        key = cell["scores"]["mood"]
        full.write(f"evaluate/{key}/predictions.jsonl", '{"task": "mood", "id": 1}\n')
        trained = full.stages[key]["inputs"]["member_0"]
        full.write(f"pretrain/{trained}/model.pt", "weights " * 1000)
        full.write(f"pretrain/{trained}/metrics.csv", "step,loss\n1,3.0\n2,2.5\n")
        full.write(f"pretrain/{trained}/selection.json", {"mood": {"best": "step_1.pt"}})
    claims = claimed("15% of tokens > two seeds", "15% of tokens > diverges")
    return full.record(claims=claims)


@pytest.fixture
def file(store: Path, tmp_path: Path) -> Path:
    """Its results."""
    path = tmp_path / "toy.tar.xz"
    assert sweeps(["--store", str(store), "export", "--results", str(path)]) == 1
    return path


def names(file: Path) -> set[str]:
    """The last names of what a tar file holds."""
    with tarfile.open(file) as tar:
        return {member.name.rpartition("/")[2] for member in tar}


def printed(capsys, *words: str) -> tuple[int, str, str]:
    """Exit status, output and errors of a command of reports."""
    capsys.readouterr()
    status = main(list(words))
    said = capsys.readouterr()
    return status, said.out, said.err


def test_it_holds_what_reports_read_and_says_which_scores_are_missing(
    store: Path, tmp_path: Path, capsys
) -> None:
    """No model, no answers, no curve; twice the same bytes."""
    first, second = tmp_path / "first.tar.xz", tmp_path / "second.tar.xz"
    for path in (first, second):
        assert sweeps(["--store", str(store), "export", "--results", str(path)]) == 1
    assert first.read_bytes() == second.read_bytes()
    told = capsys.readouterr()
    assert f"{first}: the results of 10 stages, 1 sweeps, " in told.out
    assert "2 holes:\n  toy:two seeds@1: mood, pairs\n  toy:diverges@0: mood, pairs\n" in told.err
    assert names(first) == {
        *(MANIFEST, "toy.json", "stage.json", "scores.json", "constant.json", "selection.json"),
        "1.json",
    }


def test_where_the_store_lay_is_not_told(store: Path, tmp_path: Path) -> None:
    """Of the command that was typed all else is, and of the cells' configurations."""
    path = store / "sweeps/toy.json"
    record = json.loads(path.read_text())
    lay = copy.deepcopy(record)
    lay["command"] = ["run.py", "a=1", "store=/home/mine"]
    for row in lay["rows"]:
        for cell in row["cells"]:
            cell["config"]["pretrain"] = {"steps": 3, "store": "/home/mine"}
    for row in record["rows"]:
        for cell in row["cells"]:
            cell["config"]["pretrain"] = {"steps": 3}
    path.write_text(json.dumps(lay))
    file = tmp_path / "toy.tar.xz"
    sweeps(["--store", str(store), "export", "--results", str(file)])
    with tarfile.open(file) as tar:
        told = json.load(tar.extractfile("sweeps/toy.json"))
    assert told == {**record, "command": ["run.py", "a=1"]}


@pytest.mark.parametrize(
    "words",
    [
        ["toy", "--format", "markdown"],
        ["toy", "--format", "json", "--cost", "--deviation"],
        ["toy", "--format", "csv", "--test", "welch"],
        ["last", "--format", "latex", "--notes", "few"],
        ["claims", "toy", "--format", "json"],
        ["claims", "toy", "--format", "text"],
        ["columns", "toy", "--format", "markdown"],
    ],
)
def test_a_file_gives_what_its_store_gives(store: Path, file: Path, words, capsys) -> None:
    """Word for word but for the store's name, also without the store."""
    expected = printed(capsys, *words, "--store", str(store))
    shutil.rmtree(store)
    status, out, err = printed(capsys, *words, "--store", str(file))
    assert (status, out.replace(str(file), str(store)), err) == expected
    assert "two seeds" in out


def test_a_frame_and_a_site_too(store: Path, file: Path, tmp_path: Path, capsys) -> None:
    """A site has its pages where one says; what the file lacks is left out without a warning."""
    frame = reports.frame(file, "toy")
    assert frame.equals(reports.frame(store, "toy"))
    status, _, err = printed(capsys, "site", "--store", str(file))
    assert (status, err) == (
        2,
        f"Nothing is written into {file}, a file: name a folder with --output DIR.\n",
    )
    assert printed(capsys, "site", "--store", str(file), "--output", str(tmp_path / "s"))[0] == 0
    assert f"<code>{file}</code>" in (tmp_path / "s/index.html").read_text()
    assert "damaged" not in capsys.readouterr().err
    status, _, err = printed(capsys, "toy", "--store", str(file), "--watch")
    assert (status, err) == (2, f"--watch takes a store: {file} is a file of results.\n")


def test_a_drawing_from_a_file_is_verified_by_it(store: Path, file: Path, tmp_path, capsys) -> None:
    """And by the store, if that is named; another score in the store is seen."""
    folder = tmp_path / "drawn"
    main(["toy", "--store", str(file), "--output", str(folder)])
    for path in sorted(folder.iterdir()):
        status, out, _ = printed(capsys, "verify", str(path))
        assert (status, out) == (0, f"{path}: the store still gives this table.\n")
        assert main(["verify", str(path), "--store", str(store)]) == 0
    key = next((store / "evaluate").iterdir()).name
    (store / f"evaluate/{key}/scores.json").write_text('{"mood": {"acc": 1.0}}')
    status, out, _ = printed(capsys, "verify", str(folder / "toy.md"), "--store", str(store))
    assert status == 1
    assert "the store gives another table now" in out


def test_an_import_says_how_it_is_read(file: Path, tmp_path: Path, capsys) -> None:
    """A stage without its files would be taken for a finished one."""
    assert sweeps(["--store", str(tmp_path / "other"), "import", str(file)]) == 2
    assert f"`python -m reports last --store {file}` reads it" in capsys.readouterr().err
    assert not (tmp_path / "other/evaluate").exists()


def test_options_that_it_cannot_be_joined_with(store: Path, tmp_path: Path, capsys) -> None:
    """One sentence each, and no file."""
    path = tmp_path / "some.tar"
    for option in ("--scores-only", "--data"):
        assert sweeps(["--store", str(store), "export", "--results", option, str(path)]) == 2
        assert "leave out --scores-only and --data, or --results" in capsys.readouterr().err
    words = ["--store", str(store), "export", "--results", "--sweep", "tov", str(path)]
    assert sweeps(words) == 2
    assert "has no sweep 'tov'. Did you mean 'toy'?" in capsys.readouterr().err
    assert not path.exists()


def test_a_damaged_stage_is_left_out_and_named(full, store: Path, tmp_path: Path, capsys) -> None:
    """Only of what the file would hold: a lost model is nothing to it."""
    key = full.key("evaluate", "15% of tokens", 0)
    place = store / f"evaluate/{key}"
    described = json.loads((place / "stage.json").read_text())
    scores = (place / "scores.json").read_bytes()
    digest = {"bytes": len(scores), "sha256": hashlib.sha256(scores).hexdigest()}
    described |= {"files": {"scores.json": digest, "model.pt": {"bytes": 3, "sha256": "0" * 64}}}
    true = stage_key("evaluate", 1, described["config"], described["inputs"])
    record = (store / "sweeps/toy.json").read_text().replace(key, true)
    (store / "sweeps/toy.json").write_text(record)
    place = place.rename(place.with_name(true))
    (place / "stage.json").write_text(sealed(described | {"key": true}))
    path = tmp_path / "some.tar"
    words = ["--store", str(store), "export", "--results", str(path)]
    assert sweeps(words) == 1
    assert "left out" not in capsys.readouterr().err
    (place / "scores.json").write_bytes(scores.replace(b"70.0", b"99.0"))
    assert sweeps(words) == 1
    told = capsys.readouterr().err
    assert "3 holes:" in told
    assert "1 left out:" in told
    assert f"evaluate {true} is damaged" in told
    assert not [name for name in read_results(path) if true in name]


def content_of(file: Path) -> dict[str, bytes]:
    """What a tar file holds."""
    with tarfile.open(file) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


def packed(path: Path, files: dict[str, bytes], link: str | None = None) -> Path:
    """A tar file of these files, and of a link."""
    with lzma.open(path, "wb") as out, tarfile.open(fileobj=out, mode="w|") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        if link:
            member = tarfile.TarInfo(link)
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(member)
    return path


@pytest.mark.parametrize(
    "harm",
    ["cut", "other score", "lost file", "more", "up", "absolute", "link", "export", "text", "none"],
)
def test_a_file_that_is_not_whole_or_another_is_refused(
    store: Path, file: Path, tmp_path: Path, harm: str, capsys
) -> None:
    """A sentence that names the file and says what to type; nothing is left of it."""
    files, path, content = content_of(file), tmp_path / "harmed.tar.xz", file.read_bytes()
    score = next(name for name in files if name.endswith("/scores.json"))
    if harm == "cut":
        path.write_bytes(content[: len(content) // 2])
        expected = f"{path} is no whole file of results: "
    elif harm in ("other score", "lost file", "more"):
        if harm == "lost file":
            del files[score]
        elif harm == "more":
            files["evaluate/abc/scores.json"] = b"{}"
        else:
            files[score] = files[score].replace(b"7", b"9")
        packed(path, files)
        expected = f"{path} is not what was written: "
    elif harm in ("up", "absolute", "link"):
        name = {"up": "evaluate/../x.json", "absolute": "/etc/x.json", "link": "evaluate/a/b.json"}
        more = {} if harm == "link" else {name[harm]: b"{}"}
        packed(path, files | more, link=name[harm] if harm == "link" else None)
        expected = f"{path} is no file of results: it holds {name[harm]!r}. "
    elif harm == "export":
        sweeps(["--store", str(store), "export", "--scores-only", str(path)])
        expected = f"{path} is no file of results: it has no {MANIFEST}. "
    elif harm == "text":
        path.write_text("a text")
        expected = f"{path} is no whole file of results: "
    else:
        expected = f"There is no file {path}."
    status, out, err = printed(capsys, "toy", "--store", str(path), "--format", "markdown")
    assert (status, out) == (2, "")
    assert err.startswith(expected)
    assert harm == "none" or "`python -m sweeps export --results FILE.tar.xz` writes one" in err
    if harm != "none":
        with pytest.raises(SweepError):
            read_results(path)
