"""A configuration that is put together from what was read before is the one Hydra composes."""

from __future__ import annotations

from pathlib import Path

import hydra
import pytest
from omegaconf import OmegaConf

from sweeps.asking.compose import Composer, search_path

FILES = {
    "config.yaml": """
        defaults: [run_settings, shape: small, layout: flat, tone: soft, more: '${shape}', _self_]
        study: toy
        lr: 0.1
        unread: {a: 1, b: [1, 2]}
        hydra: {mode: MULTIRUN}
        """,
    "shape/small.yaml": "{name: small, width: 4, parts: [1, 2, 3], inner: {a: 1, b: 2}}",
    "shape/large.yaml": "{defaults: [small], width: '???', parts: [9], inner: {b: null}}",
    "layout/flat.yaml": "{name: flat, steps: '${shape.width}'}",
    "layout/wide.yaml": """
        # @package _global_
        defaults: [override /shape: large]
        layout: {name: wide}
        shape: {inner: {c: '${seed}'}}
        lr: 1
        """,
    "layout/away.yaml": """
        # @package _global_
        defaults: [flat, override /hydra/launcher: slurm]
        """,
    "shape/tiny.yaml": "{name: tiny, width: 1}",
    "tone/soft.yaml": "{name: soft, high: 1}",
    "tone/loud.yaml": "{name: loud, low: '${seed}'}",
    "tone/placed.yaml": "# @package shape\n{low: 2}",
    "more/small.yaml": "{of: small}",
    "more/large.yaml": "{of: large}",
    "more/tiny.yaml": "{of: tiny}",
    "hydra/launcher/ours.yaml": "{defaults: [slurm]}",
    "local.yaml": "{defaults: [config, _self_, override hydra/launcher: local]}",
    "other.yaml": "{defaults: [config, _self_], hydra: {launcher: {_target_: toy.Launcher}}}",
}
ASKED = [
    [],
    ["shape=large"],
    ["layout=wide", "seed=3"],
    ["tone=loud"],
    ["tone=loud", "layout=wide"],
    ["shape=tiny"],
    ["shape=tiny", "tone=placed"],
    ["tone=loud", "tone=soft"],
    ["layout=wide", "shape=small"],
    ["+depth=3"],
    ["~unread", "~lr"],
    ["~unread.a"],
    ["++unread.b=[7]", "+unread.c=8", "lr=2"],
    ["+layout@unread.inner=flat"],
    [],
]


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration of a study without a schema, which may have any keys."""
    (tmp_path / "toy.py").write_text("def cell(config): ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name, text in FILES.items():
        path = tmp_path / "conf" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("\n        ", "\n").lstrip())
    return tmp_path / "conf"


def test_each_is_what_hydra_composes(conf: Path) -> None:
    """Whatever was composed before: groups, packages, keys that come and keys that go."""
    with search_path(conf):
        composer = Composer("config")
        for asked in [*ASKED, *reversed(ASKED)]:
            whole = OmegaConf.to_container(hydra.compose("config", asked))
            ours = OmegaConf.to_container(composer.compose(asked))
            assert {key: ours[key] for key in whole} == whole, asked
            assert not {"depth", "unread", "lr"} & (ours.keys() - whole.keys()), asked


SLURM, OURS = (f"hydra_plugins.sweeps_plugins.{name}Launcher" for name in ("Slurm", "Local"))
BASIC = "hydra._internal.core_plugins.basic_launcher.BasicLauncher"


@pytest.mark.parametrize(
    ("name", "asked", "launcher"),
    [
        ("config", [], BASIC),
        ("local", [], OURS),
        ("other", [], "toy.Launcher"),
        ("config", ["layout=away"], SLURM),
        # The configuration itself goes before its groups.
        ("local", ["layout=away"], OURS),
        ("local", ["hydra/launcher=ours", "lr=2"], SLURM),
        ("config", ["layout=away", "hydra/launcher=local"], OURS),
        ("local", [f"++hydra.launcher._target_={SLURM}", "~lr"], SLURM),
    ],
)
def test_the_launcher_is_the_one_that_hydra_starts(
    conf: Path, name: str, asked: list[str], launcher: str
) -> None:
    """Whoever chose it: the configuration, a group, a file of its own, the command line."""
    with search_path(conf):
        whole = hydra.compose(name, asked, return_hydra_config=True)
        assert whole.hydra.launcher._target_ == launcher
        composer = Composer(name)
        for more in [], asked:
            composer.compose(more)
        assert composer.on_cluster(asked) == (launcher == SLURM)
