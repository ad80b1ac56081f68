"""Two studies from outside side by side: from one command and one store to every kind of report."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from sweeps.asking.command import Command, by_study, typed_study
from sweeps.asking.preflight import composer_of
from sweeps.asking.sweepnames import find_sweep_file, sweep_name, sweep_names
from sweeps.errors import ConfigurationError, SweepError
from sweeps.product import PRODUCT
from sweeps.studies import find_study, study_names

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "studies/README.md"

# A study of ten lines.
COUNTS = """
import json
from types import SimpleNamespace as Stage
def cell(config):
    stage = Stage(name="count", version=1, config={"n": config["n"], "seed": config["seed"]},
                  inputs={}, run="counts.count", cost=Stage(flops=1e9))
    return {"scores": {"sum": stage},
            "columns": [{"name": "Sum", "terms": [[["sum", "acc"]]], "paper": "sum"}]}
def count(config, inputs, out, context):
    (out / "scores.json").write_text(json.dumps({"sum": {"acc": config["n"] + config["seed"]}}))
"""
COUNTS_CONFIG = "defaults: [run, _self_]\nstudy: counts\nn: 10\n"

# One with all that a study can have, by an entry point of another name than its module's.
GAMES = """
import json
from dataclasses import dataclass, field
from types import SimpleNamespace as Stage
@dataclass
class Game:
    name: str = "chess"
    points: int = 1
@dataclass
class Schema:
    game: Game = field(default_factory=Game)
    rounds: int = 3
    luck: int = 0
class Error(Exception): ...
def complaints(config):
    return [f"rounds={config.rounds}: must be 1 or more."] if config.rounds < 1 else []
def cell(config):
    read = {"points": config.game.points, "rounds": config.rounds, "luck": config.luck}
    stage = Stage(name="play", version=1, config=read, inputs={}, run="games_study.play",
                  cost=Stage(flops=1e9))
    return {"scores": {"match": stage},
            "columns": [{"name": "Won", "terms": [[["match", "acc"]]], "paper": "won"}]}
def play(config, inputs, out, context):
    won = config["points"] * config["rounds"]
    (out / "scores.json").write_text(json.dumps({"match": {"acc": won + config["luck"]}}))
"""
GAMES_CONFIG = """
defaults: [run, study_settings, game: chess, _self_]
study: games
luck: ${seed}
hydra: {help: {header: Games that one plays.}}
"""
PUBLISHED = """
source: a leaflet
licence: none
columns: {won: {name: Won, words: points}}
tables:
  5: {title: Who won, section: "1", scores: table05.csv, baseline: Chess, ruler: false}
"""
SWEEPS = {
    "counts": "study: counts\ntitle: Numbers\nbaseline: Ten\nrows:\n"
    "  - {label: Ten}\n  - {label: Twenty, overrides: [n=20]}\n",
    "games": "study: games\ntitle: Boards\nbaseline: Chess\nrows:\n"
    "  - {label: Chess}\n  - {label: Go, overrides: [game=go]}\n",
}


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of installed packages: `counts` by its name alone, `games` by an entry point."""
    folder = tmp_path_factory.mktemp("packages")
    files = {
        "counts/__init__.py": COUNTS,
        "counts/conf/config.yaml": COUNTS_CONFIG,
        "counts/sweeps/table05.yaml": SWEEPS["counts"],
        "games_study/__init__.py": GAMES,
        "games_study/conf/config.yaml": GAMES_CONFIG,
        "games_study/conf/game/chess.yaml": "{name: chess, points: 1}\n",
        "games_study/conf/game/go.yaml": "{name: go, points: 7}\n",
        "games_study/sweeps/table05.yaml": SWEEPS["games"],
        "games_study/published/tables.yaml": PUBLISHED,
        "games_study/published/table05.csv": "row,won\nChess,4\nGo,22\n",
        "games-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: games\nVersion: 1\n",
        "games-1.dist-info/entry_points.txt": "[sweeps.studies]\ngames = games_study\n",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def installed(packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The packages can be imported from this process too."""
    monkeypatch.syspath_prepend(packages)


class House(NamedTuple):
    """The packages, and a folder with a store."""

    packages: Path
    folder: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env={
                **os.environ,
                "PYTHONPATH": f"{self.packages}{os.pathsep}{ROOT}",
                "COLUMNS": "200",
            },
            capture_output=True,
            text=True,
        )

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run(str(ROOT / "run.py"), *words)


@pytest.fixture(scope="module")
def house(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> House:
    """Where one command has run the sweeps `table05` of both studies."""
    made = House(packages, tmp_path_factory.mktemp("house"))
    done = made.ask("-m", "sweep=counts/table05,games/table05", "workers=1")
    assert done.returncode == 0, done.stdout + done.stderr
    return made


def test_one_command_runs_both_into_one_store(house: House) -> None:
    """Each has its record and its table under its own name."""
    store = house.folder / "store"
    records = {
        study: [json.loads(p.read_text()) for p in store.glob(f"sweeps/{study}/*.json")]
        for study in SWEEPS
    }
    assert {s: [(r["id"], r["study"]) for r in found] for s, found in records.items()} == {
        study: [(f"{study}/table05", study)] for study in SWEEPS
    }
    assert "20.00" in (store / "reports/counts/table05.md").read_text()
    assert "21.00" in (store / "reports/games/table05.md").read_text()
    assert len(list(store.glob("count/*"))) == len(list(store.glob("play/*"))) == 2


def test_reports_tell_them_apart(house: House) -> None:
    """The table again, the comparison with the study's own numbers, a page for each, the status."""
    shown = house.run("-m", "reports", "games/table05")
    assert "21.00" in shown.stdout, shown.stderr
    published = house.run("-m", "reports", "published", "--study", "games", "--table", "5")
    assert "22" in published.stdout, published.stderr
    compared = house.run("-m", "reports", "compare", "games/table05", "--format", "markdown")
    assert compared.returncode == 0, compared.stderr
    assert "a leaflet" in compared.stdout + compared.stderr or "22" in compared.stdout
    other = house.run("-m", "reports", "compare", "counts/table05")
    assert other.returncode == 2
    assert "is of study 'counts', of which no published numbers are here" in other.stderr
    status = house.run("-m", "sweeps", "status", "games/table05", "--all")
    assert "games/table05:Go@0" in status.stdout, status.stderr


def test_a_site_and_an_export_hold_both(house: House, tmp_path: Path) -> None:
    """And another store that takes the export draws the same tables."""
    site = house.run("-m", "reports", "site", "--output", str(tmp_path / "site"))
    assert site.returncode == 0, site.stderr
    pages = "".join(p.read_text() for p in (tmp_path / "site").rglob("*.html"))
    assert "Boards" in pages
    assert "Numbers" in pages
    tar = str(tmp_path / "both.tar")
    assert house.run("-m", "sweeps", "export", tar).returncode == 0
    taken = house.run("-m", "sweeps", "--store", str(tmp_path / "other"), "import", tar)
    assert taken.returncode == 0, taken.stderr
    for study, value in (("counts", "20.00"), ("games", "21.00")):
        words = ("-m", "reports", f"{study}/table05", "--store", str(tmp_path / "other"))
        assert value in house.run(*words).stdout


def test_help_shows_the_axes_of_the_study(house: House) -> None:
    """Of the one that is named; no option of another."""
    shown = house.ask("study=games", "--help").stdout
    assert shown.startswith("Games that one plays.")
    assert "game: chess, go\n" in shown
    assert "  rounds luck\n" in shown
    assert "architecture" not in shown


def test_a_grid_of_a_study_needs_only_its_name(house: House) -> None:
    """Its id says whose it is; naming the study is no part of what is asked."""
    plan = json.loads(house.ask("study=games", "game=chess,go", "plan=true", "format=json").stdout)
    assert {cell["sweep"].partition("/")[0] for cell in plan["cells"]} == {"games"}
    assert {cell["row"] for cell in plan["cells"]} == {"chess", "go"}
    assert {stage["state"] for stage in plan["stages"]} == {"done"}


def test_complaints_of_two_studies_come_together(house: House) -> None:
    """Each behind the study that it is about."""
    done = house.ask("sweep=counts/table05,games/table05", "seed=abc", "rounds=0", "plan=true")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "counts: seed=abc: accepted is a whole number.",
        "counts: rounds=0: unknown key 'rounds'. "
        + done.stderr.splitlines()[1].partition("'rounds'. ")[2],
        "games: seed=abc: accepted is a whole number.",
        "games: rounds=0: must be 1 or more.",
    ]


def test_a_folder_of_options_counts_from_where_one_is(house: House) -> None:
    """Hydra would look for it beside run.py."""
    conf = house.folder / "mine"
    conf.mkdir()
    (conf / "config.yaml").write_text(COUNTS_CONFIG.replace("n: 10", "n: 99"))
    (house.folder / "more/extra").mkdir(parents=True)
    (house.folder / "more/extra/large.yaml").write_text("# @package _global_\nn: 1000\n")
    asked = ("plan=true", "format=json")
    for words, value in (
        (("--config-path", "mine"), 99),
        (("--config-path=mine", "--config-dir", "more", "+extra=large"), 1000),
    ):
        done = house.ask(*words, *asked, "store=new")
        assert done.returncode == 0, done.stderr
        (stage,) = json.loads(done.stdout)["stages"]
        done = house.ask("study=counts", f"n={value}", *asked, "store=new")
        assert json.loads(done.stdout)["stages"][0]["key"] == stage["key"]
    missing = house.ask("--config-path", "nowhere")
    assert (missing.returncode, missing.stderr) == (
        2,
        f"--config-path nowhere: no such folder {house.folder / 'nowhere'}.\n",
    )


@pytest.mark.usefixtures("installed")
def test_names_are_known_over_all_studies() -> None:
    """A study's own by its bare name where it is asked, another one's by its folder."""
    assert "games" in study_names()
    assert study_names()[0] == PRODUCT.default_study
    assert find_study("games").module == "games_study"
    assert sweep_names("games") == ["games/table05"]
    assert find_sweep_file("table05", "games") == find_sweep_file("games/table05")
    with pytest.raises(SweepError, match=r"Did you mean 'games/table05'\?"):
        find_sweep_file("games/tabel05")
    with pytest.raises(SweepError, match=r"sweep=game/table05: .* Did you mean 'games/table05'\?"):
        find_sweep_file("game/table05")
    with pytest.raises(SweepError, match=r"study=gmes: no such study. Did you mean 'games'\?"):
        find_study("gmes")


@pytest.mark.usefixtures("installed")
def test_all_is_a_studys_and_all_studies_everyones() -> None:
    """The study that leads is the one that the bare names are of."""
    default = PRODUCT.default_study
    assert set(by_study(["sweep=all"], default)) == {default}
    assert by_study(["sweep=all", "n=1"], "games") == {"games": ["n=1", "sweep=games/table05"]}
    assert by_study(["sweep=games/all"], default) == {"games": ["sweep=games/table05"]}
    everyones = by_study(["sweep=all_studies"], default)
    assert next(iter(everyones)) == default
    assert everyones["games"] == ["sweep=games/table05"]
    both = by_study(["sweep=games/table05,table01"], default)
    assert both == {default: ["sweep=table01"], "games": ["sweep=games/table05"]}


@pytest.mark.usefixtures("installed")
def test_a_study_that_is_named_beside_others_sweeps_is_refused() -> None:
    """What it would be for, nobody could say."""
    with pytest.raises(ConfigurationError) as caught:
        by_study(["study=games", "sweep=counts/table05"], "games")
    assert caught.value.complaints == [
        "study=games sweep=counts/table05: no sweep of this study. Leave study=games out."
    ]
    named = ["study=games", "sweep=table05,counts/table05"]
    assert by_study(named, typed_study(named) or "") == {
        "games": ["study=games", "sweep=table05"],
        "counts": ["study=counts", "sweep=counts/table05"],
    }


@pytest.mark.usefixtures("installed")
def test_typing_the_study_asks_for_nothing_else() -> None:
    """The same words with and without: one sweep, by one name."""
    found = []
    for typed in ([], ["study=games"]):
        words = [*typed, "game=chess,go"]
        (sweep,) = Command(by_study(words, "games"), composer_of).sweeps()
        found.append((sweep.id, sweep.asked, sweep.common, sweep.name))
    assert found[0] == found[1]
    assert found[0][0].startswith("games/game-")


def test_the_default_study_goes_by_bare_names() -> None:
    """As what was typed before there were others."""
    assert sweep_name(PRODUCT.default_study, "table05") == "table05"
    assert sweep_name("games", "table05") == "games/table05"


@pytest.mark.usefixtures("installed")
def test_a_file_among_another_studys_is_refused(tmp_path: Path) -> None:
    """A file says its study; where it lies must not say another one."""
    place = find_study("games").sweeps / "stray.yaml"
    place.write_text(SWEEPS["counts"])
    try:
        with pytest.raises(ConfigurationError) as caught:
            Command(by_study(["sweep=games/stray"], "games"), composer_of).sweeps()
        assert caught.value.complaints[0] == (
            "games/stray.yaml: study: counts: the file lies among those of games. Write "
            "study: games, or move the file."
        )
    finally:
        place.unlink()


def test_the_smallest_study_of_the_page_runs(tmp_path: Path) -> None:
    """As studies/README.md shows it, file by file."""
    blocks = re.findall(r"```\w+\n# (counts/\S+)\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(blocks) == 2
    for name, text in blocks:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    done = House(tmp_path, tmp_path).ask("study=counts", "n=10,20", "seeds.baseline=2")
    assert done.returncode == 0, done.stderr
    assert "10.50" in done.stdout
    assert "20.00" in done.stdout


def test_a_study_that_does_not_run_is_not_imported(house: House) -> None:
    """Neither by a plan of another one nor by its help."""
    code = (
        f"import sys; sys.argv[0] = 'run.py'; sys.path.insert(0, {str(ROOT)!r})\n"
        "from sweeps.asking.preflight import check\n"
        "check(sys.argv)\n"
        f"print([n for n in ('counts', {PRODUCT.default_study!r}) if n in sys.modules])\n"
        "print('games_study' in sys.modules)\n"
    )
    assert house.run("-c", code, "study=games", "rounds=2").stdout.split() == ["[]", "True"]
