"""The command line: what is printed, what is written, and the exit status."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import reports
from reports.commands.cli import main

ROOT = Path(__file__).parents[2]


def whole(builder) -> Path:
    builder.column("Mood", ["mood.acc"])
    builder.row("base", [{"mood": {"acc": 50.0}}, {"mood": {"acc": 51.0}}], baseline=True)
    return builder.record()


def test_a_whole_table_exits_with_0(builder, capsys) -> None:
    """Markdown on a pipe, every format below the store."""
    store = whole(builder)
    assert main(["last", "--store", str(store)]) == 0
    assert re.search(r"\| ★ base +\| \*\*50.50\*\* \|", capsys.readouterr().out)
    written = sorted(path.name for path in (store / "reports").iterdir())
    assert written == ["toy.csv", "toy.html", "toy.json", "toy.md", "toy.tex"]


def test_a_hole_exits_with_1(full, capsys) -> None:
    """Partial results render at any time."""
    assert main(["toy", "--store", str(full.record()), "--format", "markdown"]) == 1
    assert "| diverges" in capsys.readouterr().out


def test_an_unknown_id_exits_with_2(builder, capsys) -> None:
    """One sentence with the nearest name; nothing is written."""
    store = whole(builder)
    assert main(["tox", "--store", str(store)]) == 2
    assert "Did you mean 'toy'? Known: toy, last." in capsys.readouterr().err
    assert not (store / "reports").exists()


def test_one_format_goes_to_the_screen_alone(builder, capsys) -> None:
    """So that it can be piped into a file."""
    store = whole(builder)
    assert main(["toy", "--store", str(store), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["columns"] == ["Mood"]
    assert not (store / "reports").exists()


def test_output_names_the_folder(builder, tmp_path: Path, capsys) -> None:
    """With a format one file, without one all; the store is left alone."""
    store = whole(builder)
    one, every = tmp_path / "one", tmp_path / "every"
    main(["toy", "--store", str(store), "--format", "latex", "--output", str(one)])
    assert capsys.readouterr().out.strip() == str(one / "toy.tex")
    main(["toy", "--store", str(store), "--output", str(every)])
    assert len(list(every.iterdir())) == 5
    assert not (store / "reports").exists()


def test_a_folder_that_cannot_be_written_is_one_sentence(builder, tmp_path: Path, capsys) -> None:
    """With what to do about it."""
    store = whole(builder)
    (tmp_path / "file").write_text("")
    assert main(["toy", "--store", str(store), "--output", str(tmp_path / "file/x")]) == 2
    assert "Name another folder with --output." in capsys.readouterr().err


def test_a_store_that_cannot_be_written_still_shows_its_table(builder, capsys) -> None:
    """A file stands where reports/ should be."""
    store = whole(builder)
    (store / "reports").write_text("")
    assert main(["toy", "--store", str(store)]) == 2
    captured = capsys.readouterr()
    assert "50.50" in captured.out
    assert "Cannot write" in captured.err


def test_the_store_comes_from_the_variable_that_runs_read(builder, capsys, monkeypatch) -> None:
    """As for run.py, without an option."""
    monkeypatch.setenv("T5STUDY_STORE", str(whole(builder)))
    assert main(["toy", "--format", "csv"]) == 0
    assert "50.50" in capsys.readouterr().out


def test_a_run_ends_with_the_table_and_two_paths(builder, capsys) -> None:
    """What run.py calls."""
    store = whole(builder)
    reports.show(store, "toy")
    out = capsys.readouterr().out
    assert "**50.50**" in out
    assert f"Markdown: {store}/reports/toy.md" in out
    assert f"LaTeX:    {store}/reports/toy.tex" in out
    assert (store / "reports/toy.tex").is_file()


def test_a_program_gets_the_paths(builder) -> None:
    """Without printing."""
    store = whole(builder)
    assert reports.write(store, "toy").latex == store / "reports/toy.tex"
    assert "50.50" in (store / "reports/toy.md").read_text()


def test_a_terminal_shows_bold_as_bold(full) -> None:
    """Escape codes instead of stars, on a pseudo-terminal."""
    full.record()
    command = [sys.executable, "-m", "reports", "toy", "--store", str(full.path)]
    primary, secondary = os.openpty()
    environment = {**os.environ, "COLUMNS": "120", "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen(command, stdout=secondary, cwd=ROOT, env=environment) as process:
        os.close(secondary)
        seen = b""
        while True:
            try:
                chunk = os.read(primary, 65536)
            except OSError:  # Linux says EIO when the other side is closed
                break
            if not chunk:
                break
            seen += chunk
    os.close(primary)
    text = seen.decode()
    assert process.returncode == 1
    assert "\x1b[1;32m  71.00" in text or "\x1b[1;32m71.00" in text
    assert "**" not in text
    assert "loss is nan at step 12" in text


def test_a_closed_pipe_is_no_traceback(full) -> None:
    """python -m reports ... | head."""
    full.record()
    command = f"{sys.executable} -m reports toy --store {full.path} | head -1"
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True)
    assert "Traceback" not in done.stderr
    assert done.stdout.startswith("**A toy sweep**")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["figurs", "last"], "Unknown command 'figurs'. Did you mean 'figures'?"),
        (["toy", "html"], "site. After a sweep come options alone, not 'html'."),
        (["toy", "--formt", "csv"], "Unknown option '--formt' for `python -m reports`. Did you"),
        (["toy", "--format", "htlm"], "Unknown format 'htlm'. Did you mean 'html'?"),
        (["toy", "--test", "welsh"], "Unknown test 'welsh'. Did you mean 'welch'?"),
        (
            ["published", "--tabel=3"],
            "Unknown option '--tabel=3' for `python -m reports published`",
        ),
        (["compare"], "the following arguments are required: id. See `python -m reports compare"),
    ],
)
def test_a_mistyped_word_is_answered_with_the_nearest(words, said, capsys) -> None:
    """One sentence and status 2, no page of usage."""
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert "usage:" not in captured.err


def test_nothing_asked_is_answered_with_the_commands(capsys) -> None:
    """What there is to ask for, and status 2."""
    assert main([]) == 2
    assert "python -m reports last" in capsys.readouterr().err


def test_import_is_light() -> None:
    """Neither torch nor a study, and none of the heavy libraries before they are needed."""
    code = (
        "import sys, reports, reports.commands.cli, reports.commands.compare\n"
        "import reports.commands.verify, reports.published\n"
        "heavy = 'torch lightning t5study pandas scipy matplotlib wandb transformers datasets'\n"
        "print([name for name in heavy.split() if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_code_names_no_study() -> None:
    """A study is chosen by the folder of its data."""
    for path in (ROOT / "reports").rglob("*.py"):
        assert "t5study" not in path.read_text(encoding="utf-8"), path


@pytest.mark.parametrize("command", [[], ["published"], ["compare"], ["verify"]])
def test_help_is_there(command: list[str], capsys) -> None:
    """Each command explains itself."""
    with pytest.raises(SystemExit) as done:
        main([*command, "--help"])
    assert done.value.code == 0
    assert "python -m reports" in capsys.readouterr().out


ENCODINGS = [
    {"PYTHONIOENCODING": "latin-1"},
    {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    {"PYTHONIOENCODING": "cp437"},
]


@pytest.mark.parametrize("environment", ENCODINGS)
@pytest.mark.parametrize("end", ["show", "main"])
def test_a_terminal_that_knows_no_star_loses_no_table(
    builder, environment: dict[str, str], end: str
) -> None:
    """Files are whole, the screen has what it can show, the status is the table's."""
    store = whole(builder)
    code = (
        f"import reports; from pathlib import Path; reports.show(Path({str(store)!r}), 'toy')"
        if end == "show"
        else f"import sys; from reports.commands.cli import main\n"
        f"sys.exit(main(['toy', '--store', {str(store)!r}]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    assert b"50.50" in done.stdout
    assert b"| * " in done.stdout
    assert "★" in (store / "reports/toy.md").read_text(encoding="utf-8")
    assert (store / "reports/toy.json").is_file()


@pytest.mark.parametrize("redirect", [">&-", "> /dev/full"])
def test_output_that_goes_nowhere_is_no_success(builder, redirect: str) -> None:
    """A closed or full standard output: status 2 and a line, no traceback; the files are there."""
    store = whole(builder)
    command = f"{sys.executable} -m reports toy --store {store} {redirect}"
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "Cannot write to standard output" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert (store / "reports/toy.md").is_file()


@pytest.mark.parametrize("redirect", [">&-", "> /dev/full", "| true"])
def test_a_runs_status_is_not_its_screens(builder, redirect: str) -> None:
    """What run.py calls at the end: the files have the table."""
    store = whole(builder)
    code = f"import reports, pathlib; reports.show(pathlib.Path('{store}'), 'toy')"
    command = f'set -o pipefail; {sys.executable} -c "{code}" {redirect}'
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert (store / "reports/toy.md").is_file()
