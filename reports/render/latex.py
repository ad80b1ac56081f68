"""LaTeX with booktabs; one file that compiles alone and that \\input takes into a document."""

from __future__ import annotations

import re
import unicodedata

from reports.render.style import Style, caption, described, deviation_text, score_text
from reports.table import HOLE, Column, Row, Score, Table, decimals

WIDE = 10
"""A table of more columns than this is scaled to the width of the text."""
APART = "\u2060"
"""Put between two characters that would become a ligature."""
SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    APART: "{}",
    "★": r"$\star$",
    "⋆": r"$\star$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "·": r"$\cdot$",
    "≈": r"$\approx$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "→": r"$\rightarrow$",
    "←": r"$\leftarrow$",
    "∞": r"$\infty$",
    "−": "$-$",
    "–": "--",
    "—": "---",
    "…": r"\dots{}",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "''",
    "°": r"$^\circ$",
    "²": r"$^2$",
    "³": r"$^3$",
    "µ": r"$\mu$",
    "ß": r"\ss{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
    "ı": r"\i{}",
    "\u00a0": "~",
}
GREEK = {
    character: unicodedata.name(character).split()[-1].lower()
    for character in "αβγδεζηθικλμνξπρστυφχψω"
}
"""Small Greek letters by their LaTeX names, which are Unicode's but for one."""
GREEK["λ"] = "lambda"
ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0304": "=",
    "\u0306": "u",
    "\u0307": ".",
    "\u0308": '"',
    "\u030a": "r",
    "\u030b": "H",
    "\u030c": "v",
    "\u0323": "d",
    "\u0327": "c",
    "\u0328": "k",
}
LONG_LABEL = 40
"""A label of more characters than this is broken over lines."""


def render_latex(table: Table, style: Style) -> str:
    """A floating table with booktabs rules, footnotes below it, provenance in comments."""
    marks = table.marks
    wide = len(table.columns) > WIDE
    extra = (["siunitx"] if style.siunitx else []) + (["graphicx"] if wide else [])
    packages = [
        r"\usepackage[T1]{fontenc}",
        *(rf"\usepackage{{{p}}}" for p in ["booktabs", *extra]),
    ]
    heads = [escape(heading) for heading in table.headings]
    heads += [f"{{{escape(c.name)}}}" if style.siunitx else escape(c.name) for c in table.columns]
    lines = [
        *(f"% {line}" for line in described(table, "latex", style)),
        *_head(packages),
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escape(caption(table))}}}",
        r"\small",
        r"\setlength{\tabcolsep}{4pt}",
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
    noted += [escape(note) for note in table.notes]
    if noted:
        lines += ["", r"\medskip", r"\begin{minipage}{0.95\linewidth}\footnotesize"]
        lines += [note + r"\par" for note in noted]
        lines.append(r"\end{minipage}")
    return "\n".join([*lines, r"\end{table}", r"\aftertable", ""])


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


def escape(text: str) -> str:
    """Text that pdflatex sets as it is; what it has no letter for is named by its code point."""
    apart = re.sub("-(?=-)", f"-{APART}", " ".join(text.split()))
    return "".join(map(_character, unicodedata.normalize("NFC", apart)))


def _character(character: str) -> str:
    if character in SPECIAL:
        return SPECIAL[character]
    if character in GREEK:
        return f"$\\{GREEK[character]}$"
    if " " <= character <= "~":
        return character
    base, *marks = list(unicodedata.normalize("NFD", character))
    if len(marks) == 1 and marks[0] in ACCENTS and base.isascii():
        return f"\\{ACCENTS[marks[0]]}{{{base}}}"
    simple = unicodedata.normalize("NFKD", character)
    if simple != character and simple.isascii():
        return escape(simple)
    return f"{{\\ttfamily U+{ord(character):04X}}}"


def _stub_columns(table: Table) -> str:
    widest = [
        max((len(table.left(row)[i]) for row in table.every_row), default=0)
        for i in range(len(table.headings))
    ]
    return "".join(r"p{55mm}" if width > LONG_LABEL else "l" for width in widest)


def _number_columns(table: Table, style: Style) -> str:
    if not style.siunitx:
        return "r" * len(table.columns)
    made = []
    for j, column in enumerate(table.columns):
        shown = [(row, row.scores[j].value) for row in table.every_row]
        whole = [len(str(int(abs(value)))) for _, value in shown if value is not None]
        places = max([decimals(row, column) for row, _ in shown], default=column.decimals)
        signed = "-" if any(value is not None and value < 0 for _, value in shown) else ""
        made.append(f"S[table-format={signed}{max(whole, default=1)}.{places}]")
    return "".join(made)


def _row(row: Row, table: Table, marks: dict[str, str], style: Style) -> str:
    first, *rest = (escape(part) for part in table.left(row))
    if row.kind == "reference" or (row.kind == "deviation" and not row.stub):
        first = f"\\textit{{{first}}}"
    star = r"$\star$ " if row.baseline else ""
    cells = [f"{star}{first}{_marks(row.notes, marks)}", *rest]
    cells += [
        _score(row, column, score, marks, style)
        for column, score in zip(table.columns, row.scores, strict=True)
    ]
    return " & ".join(cells) + r" \\"


def _score(row: Row, column: Column, score: Score, marks: dict[str, str], style: Style) -> str:
    noted = _marks(score.notes, marks)
    if score.value is None:
        return f"{{{SPECIAL[HOLE]}{noted}}}"
    text = score_text(row, column, score)
    spread = deviation_text(row, column, score, style)
    after = (rf"{{\scriptsize$\,\pm\,${spread}}}" if spread else "") + (
        f"{{{noted}}}" if noted else ""
    )
    if style.siunitx:
        return (r"\bfseries " if score.bold else "") + text + after
    return (f"\\textbf{{{text}}}" if score.bold else text.replace("-", "$-$")) + after


def _marks(notes: tuple[str, ...], marks: dict[str, str]) -> str:
    return f"\\textsuperscript{{{','.join(marks[note] for note in notes)}}}" if notes else ""
