"""Any text as pdflatex sets it."""

from __future__ import annotations

import re
import unicodedata

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
KNOWN = frozenset({chr(i) for i in range(0xA1, 0x100)} | set("€™†‡‰•"))
"""What LaTeX's own UTF-8 tables know."""
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
    if unicodedata.decomposition(character).startswith("<super>") and simple.isascii():
        return rf"\textsuperscript{{{simple}}}"
    if character in KNOWN:
        return character
    if simple != character and simple.isascii():
        return escape(simple)
    return f"{{\\ttfamily U+{ord(character):04X}}}"
