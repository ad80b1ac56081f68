"""The LaTeX compiles with Debian's pdflatex, and the page shows what the table says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from reports.published import find_study
from reports.reading.collect import collect
from reports.render import Style, render

PACKAGES = "texlive-latex-base texlive-latex-recommended texlive-science poppler-utils"
pytestmark = [
    pytest.mark.apt,
    pytest.mark.skipif(
        not (shutil.which("pdflatex") and shutil.which("pdftotext")),
        reason=f"apt-get install --no-install-recommends {PACKAGES}",
    ),
]
STUDY = find_study()


def page(folder: Path, name: str, text: str) -> str:
    """What the compiled page says; any error of LaTeX fails the test."""
    (folder / f"{name}.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", f"{name}.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-2000:]
    read = ["pdftotext", "-layout", f"{name}.pdf", "-"]
    return subprocess.run(read, cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("siunitx", [False, True])
def test_our_table_compiles_alone(full, tmp_path: Path, siunitx: bool) -> None:
    """Hard labels, holes, footnotes and deviations, by both ways of setting numbers."""
    table = collect(full.record(), "toy")
    text = page(tmp_path, "toy", render(table, "latex", Style(deviation=True, siunitx=siunitx)))
    assert "50% & more_of *them* | Gr" in text
    assert "≥ U+4E2D" in text
    assert "71.00" in text
    assert "No score: pretrain" in text


def test_two_tables_go_into_one_document(full, tmp_path: Path) -> None:
    r"""\input takes the same files."""
    (tmp_path / "a.tex").write_text(render(collect(full.record(), "toy"), "latex"))
    (tmp_path / "b.tex").write_text(render(STUDY.table(8), "latex"))
    document = (
        r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{booktabs}"
        "\n\\begin{document}Before.\n\\input{a}\n\\input{b}\nAfter.\\end{document}\n"
    )
    text = page(tmp_path, "document", document)
    assert "Table 1: A toy sweep" in text
    assert "Table 2: Table 8 of the paper" in text
    assert "After." in text


@pytest.mark.parametrize("number", [2, 9, 14, 16])
def test_published_tables_compile(tmp_path: Path, number: int) -> None:
    """Several columns at the left, superscripts, and the widest ones."""
    text = page(tmp_path, "table", render(STUDY.table(number), "latex"))
    assert f"Table {number} of the paper" in text
    assert "83.28" in text or number == 14


def test_a_very_long_label_is_broken_over_lines(builder, tmp_path: Path) -> None:
    """The table stays on the page."""
    builder.column("Mood", ["mood.acc"])
    builder.row("a very long label " * 12, [{"mood": {"acc": 50.0}}])
    text = page(tmp_path, "long", render(collect(builder.record(), "toy"), "latex"))
    assert "50.00" in text
    log = (tmp_path / "long.log").read_text(errors="replace")
    assert "Overfull" not in log


def test_every_printable_letter_of_latin_1_compiles(builder, tmp_path: Path) -> None:
    """And some from beyond it."""
    letters = "".join(chr(i) for i in (*range(33, 127), *range(161, 256)) if i != 0xAD)
    builder.column("| _x_ & #1 %", ["mood.acc"])
    builder.row(
        " ".join(letters) + " αβλω Łódź naïve Дом 中文 🙂 ½ ™ — “x”", [{"mood": {"acc": 50.0}}]
    )
    text = page(tmp_path, "t", render(collect(builder.record(), "toy"), "latex"))
    assert "50.00" in text
    assert text.split().count("U+1F642") == 1
