"""What a stage says of the code that it ran."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sweeps.running import code
from sweeps.running.code import code_state, kept_changes

RUN = "written_study.stages.run"
Git = Callable[..., str]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A study's package in a folder of its own, which Python finds."""
    folder = tmp_path / "tree" / "written_study"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "stages.py").write_text("def run(config, inputs, out, context):\n    pass\n")
    monkeypatch.syspath_prepend(str(folder.parent))
    forget()
    yield folder
    forget()


def forget() -> None:
    """As in a new process."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "written_study"]:
        del sys.modules[name]
    for cached in vars(code).values():
        if hasattr(cached, "cache_clear"):
            cached.cache_clear()


@pytest.fixture
def git(package: Path) -> Git:
    """Runs git in the tree, where everything is committed."""

    def run(*words: str) -> str:
        who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        done = subprocess.run(
            ("git", "-C", str(package.parent), *who, *words),
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    run("init", "-q")
    run("add", ".")
    run("commit", "-q", "-m", "All")
    return run


def test_a_clean_tree_is_its_commit(git: Git):
    """There is nothing to keep."""
    assert code_state(RUN) == {
        "git_commit": git("rev-parse", "HEAD").strip(),
        "git_dirty": False,
        "git_diff": None,
        "source": None,
    }
    assert kept_changes(RUN) is None


def test_changes_are_kept_as_a_patch_that_makes_them_again(package: Path, git: Git):
    """A changed file and a new one of the package; a script beside it is none of its code."""
    (package / "stages.py").write_text("def run(config, inputs, out, context):\n    return\n\n\n")
    (package / "new.py").write_text("X = 1\n")
    (package.parent / "notes.py").write_text("Y = 1\n")
    forget()
    assert code_state(RUN)["git_dirty"] is True
    patch = kept_changes(RUN)
    assert patch is not None
    assert "notes.py" not in patch
    changed = {name: (package / name).read_text() for name in ("stages.py", "new.py")}
    git("checkout", "-q", ".")
    (package / "new.py").unlink()
    file = package.parent.parent / "changes.patch"
    file.write_text(patch)
    git("apply", str(file))
    assert {name: (package / name).read_text() for name in changed} == changed


def test_other_changes_are_another_digest(package: Path, git: Git):
    """And the same ones are the same, in any process."""
    found = []
    for text in ("A = 1\n", "A = 2\n", "A = 1\n"):
        (package / "__init__.py").write_text(text)
        forget()
        found.append(code_state(RUN)["git_diff"])
    assert found[0] == found[2] != found[1]
    assert None not in found


def test_a_long_diff_is_kept_in_part(package: Path, git: Git, monkeypatch: pytest.MonkeyPatch):
    """Its digest is that of all of it."""
    monkeypatch.setattr(code, "_MOST_CHANGES", 400)
    digests = []
    for last in ("end", "END"):
        (package / "long.py").write_text("# line\n" * 100 + f"# {last}\n")
        forget()
        patch = kept_changes(RUN)
        assert patch is not None
        assert patch.endswith(" more characters are not kept.)\n")
        assert len(patch) < 500
        digests.append(code_state(RUN)["git_diff"])
    assert digests[0] != digests[1]


def test_code_outside_of_git_is_named_by_its_files(package: Path):
    """Every Python file of the package counts, and no other one."""
    found = []
    for name, text in (("notes.txt", "one"), ("notes.txt", "two"), ("inner.py", "Z = 1\n")):
        (package / name).write_text(text)
        forget()
        state = code_state(RUN)
        assert (state["git_commit"], state["git_dirty"], state["git_diff"]) == (None, None, None)
        found.append(state["source"])
    assert found[0] == found[1] != found[2]
    assert None not in found
