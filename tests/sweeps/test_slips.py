"""What a hand that is new to the command line types, and what it is told to type."""

from __future__ import annotations

import pytest

from sweeps.asking.slips import bare, torn, without_slips

AXES = {"objective": ("span", "iid"), "preset": ("smoke",), "mixing": ("equal",)}
SWEEPS = ("table05", "electra/table05")


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["objective=span,", "iid"], "objective=span,iid"),
        (["objective=span,", "iid,", "drop"], "objective=span,iid,drop"),
        (["objective=span", ",iid"], "objective=span,iid"),
        (["plan", "=", "true"], "plan=true"),
        (["plan=", "true"], "plan=true"),
        (["plan", "=true"], "plan=true"),
        (["corruption=0.15,", "0.25"], "corruption=0.15,0.25"),
    ],
)
def test_a_value_that_a_space_ended(words: list[str], meant: str):
    """One complaint, with all of it as it was meant; what stands around it is left."""
    complaints, rest = torn(["preset=smoke", *words, "seed=1"])
    assert complaints == [f"{' '.join(words)}: a space ends a value. Type {meant}."]
    assert rest == ["preset=smoke", "seed=1"]


@pytest.mark.parametrize(
    "words",
    [
        ["objective=span,iid", "seed=1"],
        ["vocabulary.file=", "seed=1"],
        ["objective=span,", "seed=1"],
        ["spam", "eggs"],
        [],
    ],
)
def test_what_no_space_has_torn(words: list[str]):
    """Other mistakes are told elsewhere."""
    assert torn(words) == ([], words)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["--plan=true"], "--plan=true: settings have no dashes. Type plan=true."),
        (["--plan"], "--plan: settings have no dashes. Type plan=true."),
        (["--sweep", "table05"], "--sweep table05: settings have no dashes. Type sweep=table05."),
        (["--hlep"], "--hlep: no such option. Did you mean --help?"),
        (
            ["-n"],
            "-n: no such option. A setting is typed without dashes, as n=VALUE; see --help.",
        ),
    ],
)
def test_words_with_dashes(typed: list[str], told: str):
    """A setting has none; an option that is nearly one is named."""
    found = without_slips(
        [*typed, "seed=1"],
        [*typed, "seed=1"],
        options=["--help", "--config-dir", "-m"],
        sweeps=SWEEPS,
        axes=lambda: AXES,
    )
    assert found == ([told], ["seed=1"])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["table05"], "table05: a setting is key=value. Type sweep=table05."),
        (["table05.yaml"], "table05.yaml: a setting is key=value. Type sweep=table05."),
        (
            ["electra/table05"],
            "electra/table05: a setting is key=value. Type sweep=electra/table05.",
        ),
        (["sweep", "table05"], "sweep table05: a setting is key=value. Type sweep=table05."),
        (["iid"], "iid: a setting is key=value. Type objective=iid."),
        (["objective"], "objective: a setting is key=value. Type objective=span or iid."),
        (["objective:span"], "objective:span: a setting is key=value. Type objective=span."),
        (["plan"], "plan: a setting is key=value. Type plan=true."),
        (["help"], "help: a setting is key=value. For help type --help."),
        (["spam"], "spam: a setting is key=value. See --help for keys and values."),
    ],
)
def test_words_that_name_no_setting(words: list[str], told: str):
    """What they may have meant, where that can be known."""
    assert bare([*words, "seed=1", "~preset"], SWEEPS, lambda: AXES) == (
        [told],
        ["seed=1", "~preset"],
    )
