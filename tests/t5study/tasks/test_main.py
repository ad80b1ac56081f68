"""`python -m t5study.tasks` as a researcher types it."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from t5study.tasks import task_names
from t5study.tasks.__main__ import main


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "250")


def test_list_names_every_task(capsys):
    """Each task has its line with metrics and sizes."""
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(any(f" {name} " in line for line in lines) for name in task_names())
    (mrpc,) = [line for line in lines if " glue_mrpc " in line]
    assert "f1 acc" in mrpc
    assert "3,668" in mrpc


def test_names_are_whole_on_a_narrow_terminal(capsys, monkeypatch):
    """They are what one types next; the rest may take a second line."""
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    assert [name for name in task_names() if f" {name} " not in out] == []
    assert " 392,702 " in out


@pytest.mark.parametrize("name", task_names())
def test_show_any_task(capsys, name):
    """Every task can be shown, with its raw columns."""
    assert main(["show", name]) == 0
    assert "The example as text" in capsys.readouterr().out


def test_show_prints_what_one_asks_of_a_task(capsys):
    """Columns, processed example, label words, metrics, sizes, licence and source are there."""
    assert main(["show", "glue_mnli"]) == 0
    out = capsys.readouterr().out
    for part in (
        "premise",
        "mnli hypothesis: We caught the train. premise: The train left",
        "entailment, neutral, contradiction",
        "acc",
        "392,702 train",
        "OANC",
        "nyu-mll/glue mnli at bcdcba79",
    ):
        assert part in out


@pytest.mark.parametrize("setting", ["pos=true", "pos=True"])
def test_show_with_a_setting(capsys, setting):
    """A setting changes the shown example, as run.py takes it too."""
    assert main(["show", "super_glue_wic", setting]) == 0
    assert "wic pos: N sentence1:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "glue_mnl"], "Did you mean 'glue_mnli'?"),
        (["show", "super_glue_copa", "label=boolean"], "Did you mean 'labels'?"),
        (["show", "super_glue_copa", "labels"], "Type it as NAME=VALUE"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(capsys, arguments, message):
    """What was mistyped is answered without a traceback."""
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert message in err
    assert len(err.splitlines()) == 1


def test_what_is_missing_is_the_name_alone(capsys):
    """Settings may be left out."""
    with pytest.raises(SystemExit):
        main(["show"])
    assert capsys.readouterr().err.endswith("the following arguments are required: name\n")


def test_help_is_light():
    """Help needs no heavy library."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "t5study.tasks", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "show" in done.stdout
    assert not {"rich", "datasets", "numpy"} & {
        line.rpartition("|")[2].strip() for line in done.stderr.splitlines()
    }


@pytest.fixture
def reviews(tmp_path, monkeypatch):
    """A definition beside its CSV, in a folder with a vocabulary."""
    from lab.vocabulary import train_vocabulary

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("T5STUDY_STORE", raising=False)
    rows = [f"{'long ' * n}is it,{n % 2}" for n in range(60)]
    (tmp_path / "reviews.csv").write_text("\n".join(["text,label", *rows]))
    (tmp_path / "reviews.yaml").write_text(
        'kind: classification\ndata: reviews.csv\ninput: "r: {text}"\nanswer: label\n'
        "labels: {0: bad, 1: good}\n"
    )
    train_vocabulary(["bad good long is it r: "] * 9, 17, tmp_path / "store" / "vocabulary" / "key")
    return tmp_path


def test_show_a_definition_with_real_examples_and_what_is_cut(capsys, reviews):
    """The rows of its file as texts, lengths in tokens with EOS, and the cut end of one."""
    assert main(["show", "reviews.yaml", "--split", "test", "--inputs-length", "9"]) == 0
    out = capsys.readouterr().out
    assert "test (10% of the rows, seed 0)" in out
    assert "tokens of the newest vocabulary of store, EOS included" in out
    assert "r: long" in out
    assert "[cut: " in out
    (inputs,) = [
        line for line in out.splitlines() if line.startswith("│ inputs ") and "at 9" in line
    ]
    assert re.search(r"\d+% at 9 ", inputs)
    (targets,) = [
        line for line in out.splitlines() if line.startswith("│ targets ") and "none at" in line
    ]
    assert re.search(r"\d+% at 4, .*none at ", targets)
    assert re.search(r"Labels in tokens: bad \d+, good \d+", out)


def test_show_without_a_vocabulary_counts_no_tokens(capsys, reviews):
    """And says how to give one; a wrong one is a mistake."""
    (reviews / "store" / "vocabulary" / "key" / "spiece.model").unlink()
    assert main(["show", "reviews.yaml", "--examples", "1"]) == 0
    out = capsys.readouterr().out
    assert "or with --vocabulary FILE, a spiece.model." in out
    sizes = re.search(r"Examples: (\d+) train, (\d+) validation, (\d+) test\.", out)
    assert sizes
    assert sum(map(int, sizes.groups())) == 60
    assert "train 1" in out
    assert "train 2" not in out
    assert main(["show", "reviews.yaml", "--vocabulary", "reviews.csv"]) == 2
    assert "is no SentencePiece model" in capsys.readouterr().err


def test_show_a_definition_takes_no_settings(capsys, reviews):
    assert main(["show", "reviews.yaml", "words=any"]) == 2
    assert "has its settings inside: words" in capsys.readouterr().err
    assert main(["show", "review.yaml"]) == 2
    assert "Did you mean 'reviews.yaml'?" in capsys.readouterr().err
