"""What a site or a user wants of sbatch beside our settings, and what stays ours."""

from __future__ import annotations

from typing import Any

import pytest

from sweeps.cluster.options import OURS, options
from sweeps.cluster.units import resources_by_name
from sweeps.errors import ConfigurationError
from sweeps.graph import Graph
from sweeps.settings import Slurm


def asked(toy: Any, **slurm: Any) -> Any:
    """What the stages of a small run ask for."""
    graph = Graph([toy.text("a")])
    return resources_by_name({**vars(Slurm()), "stages": {}, "extra": {}, **slurm}, graph)["text"]


def test_options_are_spelled_as_sbatch_does() -> None:
    """Dashes or not, underscores or not; true stands alone, null and false are left out."""
    given = {"mail_type": "END", "--licenses": "a:2", "Exclusive": True, "nice": 5}
    assert options({**given, "overcommit": False, "gres": None}) == {
        "mail-type": "END",
        "licenses": "a:2",
        "exclusive": True,
        "nice": "5",
    }


def test_a_stage_adds_to_what_all_ask_for(toy: Any) -> None:
    """Its own option of the same name wins."""
    stages = {"text": {"extra": {"nice": 9}, "qos": "short"}}
    found = asked(toy, extra={"nice": 5, "reservation": "course"}, qos="long", stages=stages)
    assert dict(found.extra) == {"nice": "9", "reservation": "course"}
    assert found.qos == "short"


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ({"time": "5"}, "slurm.extra.time=5: give slurm.time_minutes instead."),
        ({"--mem": "3G"}, "slurm.extra.--mem=3G: give slurm.memory_gb instead."),
        ({"gpus_per_task": 2}, "slurm.extra.gpus_per_task=2: give slurm.gpus instead."),
        ({"no_requeue": True}, "--no-requeue cannot be chosen"),
        ({"Signal": "USR1@5"}, "--signal cannot be chosen"),
        ({"q": "short"}, "accepted is a long option of sbatch"),
        ({"mail user": "me"}, "accepted is a long option of sbatch"),
        ({"mail-type": ["END"]}, "accepted is one line of text, a number, or true."),
        ({"nice": "5\n#SBATCH --time=1"}, "accepted is one line of text"),
    ],
)
def test_options_that_cannot_be_given_so(toy: Any, extra: dict[str, Any], told: str) -> None:
    """The setting that has it is named, or what rests on it."""
    with pytest.raises(ConfigurationError) as error:
        asked(toy, extra=extra)
    assert told in error.value.complaints[0]


def test_memory_is_asked_for_once(toy: Any) -> None:
    """A site that counts memory by core gets it by core alone."""
    assert asked(toy, extra={"mem-per-cpu": "2G"}).extra == (("mem-per-cpu", "2G"),)
    with pytest.raises(ConfigurationError, match=r"slurm\.memory_gb=4 is given too"):
        asked(toy, extra={"mem-per-cpu": "2G"}, memory_gb=4)


@pytest.mark.parametrize("name", ["comment", "qos", "constraint"])
def test_texts_of_one_line(toy: Any, name: str) -> None:
    """An empty one, or one that would write a line of its own into the script, is refused."""
    for value in ("", "a\n#SBATCH --hold"):
        with pytest.raises(ConfigurationError, match=rf"slurm\.{name}=.*one line of text"):
            asked(toy, **{name: value})


def test_what_attaching_rests_on_is_ours() -> None:
    """A job that is found, warned and put back needs these."""
    assert {"signal", "requeue", "no-requeue", "output", "error", "export", "array"} <= OURS
