"""A corrected file against a gold file, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from studies.gector.__main__ import main

GOLD = """S he go home .
A 1 2|||R:VERB|||goes|||REQUIRED|||-NONE-|||0

S all is well .
A -1 -1|||noop|||-NONE-|||REQUIRED|||-NONE-|||0

S a apple
A 0 1|||R:DET|||an|||REQUIRED|||-NONE-|||0

"""


@pytest.mark.parametrize("scorer", ["max_match", "token_edits"])
def test_it_prints_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str], scorer: str) -> None:
    """One edit right, one missing, one too many in a right sentence."""
    output, gold = tmp_path / "output", tmp_path / "gold.m2"
    output.write_text("he goes home .\nall was well .\na apple\n")
    gold.write_text(GOLD)
    assert main(["score", str(output), "--gold", str(gold), "--scorer", scorer]) == 0
    told = capsys.readouterr().out
    assert f"{scorer}: P 50.00, R 50.00, F0.5 50.00" in told
    assert "1 of 1 right sentences came out changed." in told


def test_files_of_other_lengths_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output, gold = tmp_path / "output", tmp_path / "gold.m2"
    output.write_text("he goes home .\n")
    gold.write_text(GOLD)
    assert main(["score", str(output), "--gold", str(gold)]) == 2
    assert f"{output} has 1 sentences and {gold} has more." in capsys.readouterr().err
