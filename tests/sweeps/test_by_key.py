"""Configurations that are worked out key by key are those of Hydra and OmegaConf."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import MISSING, OmegaConf

from sweeps.asking.by_key import ByKey, NotPlainError
from sweeps.asking.compose import Composer, _overlaid, _plain_values
from sweeps.asking.preflight import composer_of
from sweeps.asking.schema import _defaults
from sweeps.asking.sweepfile import read_sweep_file
from sweeps.asking.sweepnames import sweep_names
from sweeps.studies import study_names
from sweeps.study import Study

PRESETS = (
    "paper",
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("embedded", "smoke", "one_gpu")),
)


def rows_of(study: str) -> Iterator[tuple[str, ...]]:
    """The overrides of each row, and of each candidate of a search, of the study's files."""
    for name in sweep_names(study):
        file = read_sweep_file(name, study)
        yield from (row.overrides for row in file.rows)
        for axis in file.search.axes if file.search else ():
            yield from (candidate.overrides for candidate in axis["candidates"])


def ordered(value: Any) -> str:
    """Values with their types and the order of keys."""
    return repr(value)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("study", study_names())
def test_all_rows_of_all_files_are_what_hydra_composes(study: str, preset: str) -> None:
    """Each choice of groups as Hydra composes it, each row as OmegaConf types and resolves it."""
    composer: Composer = composer_of(study)
    if preset not in composer.groups("preset"):
        pytest.skip(f"{study} has no preset {preset}")
    common = (f"study={study}", f"preset={preset}")
    # They come with the types of the keys.
    defaults = _plain_values(_defaults(Study(study).schema))
    compared: set[tuple[str, ...]] = set()
    for row in dict.fromkeys(rows_of(study)):
        chosen, _ = composer._split((*common, *row))
        if chosen not in compared:
            compared.add(chosen)
            whole = OmegaConf.to_container(composer._whole(chosen))
            assert isinstance(whole, dict)
            del whole["hydra"]
            ours = _overlaid(defaults, composer._base(chosen)[0])
            assert ours == whole, chosen
        asked = (*common, *row, "seed=7")
        assert ordered(composer.resolved(asked)) == ordered(composer.resolved_whole(asked))


@dataclass
class Inner:
    """Values of one type each."""

    share: float = 0.5
    many: list[int] = field(default_factory=lambda: [1, 2])
    other: str | None = None
    named: dict[str, float] = field(default_factory=dict)
    must: int = MISSING


def schema() -> Any:
    """Keys of several types, and no others."""
    found = OmegaConf.create({"steps": 3, "name": "a"})
    typed = OmegaConf.structured(Inner)
    typed._set_parent(found)
    found._content["inner"] = typed  # type: ignore[index]
    OmegaConf.set_struct(found, True)
    return found


def resolved(composed: Mapping[str, Any], *overrides: str) -> dict[str, Any]:
    parser = OverridesParser.create()
    return ByKey(schema()).resolved(composed, parser.parse_overrides(list(overrides)))


@pytest.mark.parametrize(
    ("composed", "overrides", "inner"),
    [
        ({"inner": {"must": 1}}, (), {"share": 0.5, "must": 1}),
        ({"inner": {"must": 1}}, ("inner.share=2",), {"share": 2.0}),
        ({"inner": {"must": "${steps}", "share": "${steps}"}}, (), {"must": 3, "share": 3.0}),
        ({"inner": {"must": 1}}, ("inner.other=${name}b${steps}",), {"other": "ab3"}),
        ({"name": "share", "inner": {"must": "1", "other": "${inner.${name}}"}}, (), {"must": 1}),
        ({"inner": {"must": 1, "named": {"x": "${inner.share}"}}}, (), {"named": {"x": 0.5}}),
        ({"inner": {"must": "${nowhere.else}"}}, ("inner.must=2",), {"must": 2}),
        ({"inner": {"must": "${oc.decode:'4'}"}}, (), {"must": 4}),
        ({"inner": {"must": 1, "many": "${inner.list}"}}, ("inner.many=[5]",), {"many": [5]}),
        ({"inner": {"must": 1}}, ("inner.many=[3]", "inner.must=2"), {"many": [3], "must": 2}),
    ],
)
def test_values_have_the_types_of_their_fields(
    composed: Mapping[str, Any], overrides: Sequence[str], inner: Mapping[str, Any]
) -> None:
    found = resolved(composed, *overrides)["inner"]
    assert ordered({key: found[key] for key in inner}) == ordered(inner)


@pytest.mark.parametrize(
    ("composed", "overrides"),
    [
        ({}, ()),
        ({"inner": {"must": "many"}}, ()),
        ({"inner": {"must": 1}}, ("inner.must=many",)),
        ({"inner": {"must": 1}}, ("inner.unknown=1",)),
        ({"inner": {"must": 1}}, ("unknown=1",)),
        ({"inner": {"must": 1}, "unknown": 1}, ()),
        ({"inner": {"must": "${nowhere.else}"}}, ()),
        ({"inner": {"must": "${inner.must}"}}, ()),
        ({"inner": {"must": "${name}"}}, ()),
        ({"inner": {"must": 1, "other": "${.share}"}}, ()),
        ({"inner": {"must": 1, "other": "\\${steps}"}}, ()),
    ],
)
def test_what_is_not_plain_is_left_to_omegaconf(
    composed: Mapping[str, Any], overrides: Sequence[str]
) -> None:
    with pytest.raises(NotPlainError):
        resolved(composed, *overrides)


def test_a_result_is_the_callers_own() -> None:
    """What a cell does with its configuration changes no later one."""
    known = ByKey(schema())
    first = known.resolved({"inner": {"must": 1}}, ())
    first["inner"]["many"].append(9)
    assert known.resolved({"inner": {"must": 1}}, ())["inner"]["many"] == [1, 2]
