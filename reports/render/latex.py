"""LaTeX with booktabs; one file that compiles alone and that \\input takes into a document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from reports.render.style import (
    Style,
    caption,
    described,
    deviation_text,
    notes,
    of_claims,
    score_text,
)
from reports.render.tex import escape
from reports.table import HOLE, Column, Row, Score, Table

WIDE = 10
"""A table of more columns than this is scaled to the width of the text."""
SIUNITX = (
    r"\sisetup{mode=text,reset-text-series=false,text-series-to-math=true,"
    r"retain-zero-uncertainty=true,uncertainty-mode=separate,table-align-text-post=false}"
)
"""Bold numbers stay bold, deviations stand behind +-; needs siunitx 3."""
PAGE = 24
"""Claims on one page."""
LONG_LABEL = 40
"""A label of more characters than this is broken over lines."""
_SCIENTIFIC = re.compile(r"([\d.]+)e(-?\d+)")


def render_latex(table: Table, style: Style) -> str:
    """Floating tables with booktabs rules, footnotes below each, provenance in comments."""
    parts = [(table, style), *([(table.claims, of_claims(style))] if table.claims else [])]
    # A label stands once, by the first page.
    floats = [
        (page, replace(chosen, label=None) if number else chosen)
        for one, chosen in parts
        for number, page in enumerate(_pages(one))
    ]
    extra = (["siunitx"] if style.siunitx else []) + (
        ["graphicx"] if any(_wide(page) for page, _ in floats) else []
    )
    packages = [
        r"\usepackage[T1]{fontenc}",
        *(rf"\usepackage{{{p}}}" for p in ["booktabs", *extra]),
    ]
    lines = [*(f"% {line}" for line in described(table, "latex", style)), *_head(packages)]
    for page, chosen in floats:
        lines += _float(page, chosen)
    return "\n".join([*lines, r"\aftertable", ""])


def _wide(table: Table) -> bool:
    """Whether a table is scaled to the width of the text."""
    return len(table.columns) > WIDE or table.of_claims


def _pages(table: Table) -> Iterator[Table]:
    """Claims as tables that each fit on a page, with the footnotes to all below the last one."""
    if not table.of_claims or len(table.rows) <= PAGE:
        yield table
        return
    for start in range(0, len(table.rows), PAGE):
        rows = table.rows[start : start + PAGE]
        last = start + PAGE >= len(table.rows)
        title = f"{table.title}, continued" if start else table.title
        yield replace(table, title=title, rows=rows, notes=table.notes if last else ())


def _float(table: Table, style: Style) -> list[str]:
    """One table of its own number."""
    wide = _wide(table)
    # Words stand in most columns of claims: nothing there is to be aligned.
    style = replace(style, siunitx=style.siunitx and not table.of_claims)
    marks = table.marks
    heads = [escape(heading) for heading in table.headings]
    heads += [f"{{{_heading(column.name, wide)}}}" for column in table.columns]
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escape(caption(table, style))}}}",
        *([rf"\label{{{style.label}}}"] if style.label else []),
        r"\small",
        *(
            rf"\parbox{{0.95\linewidth}}{{\footnotesize {escape(remark)}}}\par\smallskip"
            for remark in table.preface
        ),
        *([SIUNITX] if style.siunitx else []),
        rf"\setlength{{\tabcolsep}}{{{2 if wide else 4}pt}}",
        *([r"\resizebox{\linewidth}{!}{%"] if wide else []),
        rf"\begin{{tabular}}{{{_stub_columns(table)}{_number_columns(table, style)}}}",
        r"\toprule",
        " & ".join(heads) + r" \\",
        r"\midrule",
        *(_row(row, table, marks, style) for row in table.rows),
    ]
    if table.references:
        lines.append(r"\midrule")
        lines += [_row(row, table, marks, style) for row in table.references]
    lines += [r"\bottomrule", r"\end{tabular}" + ("}" if wide else "")]
    noted = [f"\\textsuperscript{{{m}}} {escape(note)}" for note, m in marks.items()]
    noted += [escape(note) for note in notes(table, style)]
    if noted:
        lines += ["", r"\medskip", r"\begin{minipage}{0.95\linewidth}\footnotesize"]
        lines += [note + r"\par" for note in noted]
        lines.append(r"\end{minipage}")
    return [*lines, r"\end{table}"]


def _head(packages: list[str]) -> list[str]:
    """What lets the file stand alone, and steps aside inside a document."""
    return [
        f"% Compile this file alone, or \\input it in a document with {''.join(packages)}.",
        r"\makeatletter",
        r"\ifx\documentclass\@twoclasseserror",
        r"  \let\aftertable\relax",
        r"\else",
        r"  \documentclass{article}",
        r"  \usepackage[landscape,margin=15mm]{geometry}",
        *(f"  {package}" for package in packages),
        r"  \begin{document}",
        r"  \def\aftertable{\end{document}}",
        r"\fi",
        r"\makeatother",
    ]


def _stub_columns(table: Table) -> str:
    widest = [
        max((len(table.left(row)[i]) for row in table.every_row), default=0)
        for i in range(len(table.headings))
    ]
    return "".join(r"p{55mm}" if width > LONG_LABEL else "l" for width in widest)


def _heading(name: str, wide: bool) -> str:
    """A column's name; in a wide table one word a line."""
    words = [escape(word) for word in name.split()]
    if not wide or len(words) == 1:
        return escape(name)
    return r"\shortstack[r]{" + r" \\ ".join(words) + "}"


def _number_columns(table: Table, style: Style) -> str:
    """One column type for each column of scores."""
    if not style.siunitx:
        return "r" * len(table.columns)
    return "".join(_aligned(table, j, style) for j in range(len(table.columns)))


def _aligned(table: Table, j: int, style: Style) -> str:
    """The siunitx column that holds every number of column `j`, its deviations and its marks."""
    column, marks = table.columns[j], table.marks
    shown = [(row, row.scores[j]) for row in table.every_row if row.scores[j].value is not None]
    texts = [score_text(row, column, score) for row, score in shown]
    exponents = [text.partition("e")[2] for text in texts]
    texts = [text.partition("e")[0] for text in texts]
    exponent = max((len(text) for text in exponents), default=0)
    whole = max((len(text.lstrip("-").partition(".")[0]) for text in texts), default=1)
    places = max((len(text.partition(".")[2]) for text in texts), default=column.decimals)
    spreads = [deviation_text(row, column, score, style) for row, score in shown]
    digits = max((len(s.replace(".", "").lstrip("0")) for s in spreads if s), default=0)
    sign = "-" if any(text.startswith("-") for text in texts) else ""
    settings = [
        f"table-format={sign}{whole}.{places}"
        + (f"({digits})" if digits else "")
        + (f"e{exponent}" if exponent else "")
    ]
    noted = max((_marks(score.notes, marks) for _, score in shown), key=len, default="")
    if noted:
        settings.append(f"table-space-text-post={{{noted}}}")
    return f"S[{','.join(settings)}]"


def _row(row: Row, table: Table, marks: dict[str, str], style: Style) -> str:
    cells = [escape(part) for part in table.left(row)]
    label = cells[table.label_at]
    if row in table.references:
        label = rf"\textit{{{label}}}"
    star = r"$\star$ " if row.baseline else ""
    cells[table.label_at] = f"{star}{label}{_marks(row.notes, marks)}"
    cells += [
        _score(row, column, score, marks, style)
        for column, score in zip(table.columns, row.scores, strict=True)
    ]
    return " & ".join(cells) + r" \\"


def _score(row: Row, column: Column, score: Score, marks: dict[str, str], style: Style) -> str:
    noted = _marks(score.notes, marks)
    if score.value is None:
        text = re.sub(r"-(?=\d)", "$-$", escape(score.text or HOLE))
        return f"{{{text}{noted}}}"
    text = score_text(row, column, score)
    spread = deviation_text(row, column, score, style)
    if style.siunitx:
        text += f" +- {spread}" if spread else ""
        return (r"\bfseries " if score.bold else "") + text + (f" {{{noted}}}" if noted else "")
    text = _SCIENTIFIC.sub(r"\1$\\times$10\\textsuperscript{\2}", text)
    text = text.replace("-", "$-$") + (rf"{{\scriptsize$\,\pm\,${spread}}}" if spread else "")
    return (rf"\textbf{{{text}}}" if score.bold else text) + noted


def _marks(notes: tuple[str, ...], marks: dict[str, str]) -> str:
    return f"\\textsuperscript{{{','.join(marks[note] for note in notes)}}}" if notes else ""
