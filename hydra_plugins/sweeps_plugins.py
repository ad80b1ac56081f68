"""Hydra instantiates plugins of this namespace only: the names of ours, free of heavy imports."""

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.plugins.search_path_plugin import SearchPathPlugin

from sweeps import launcher, settings, sweeper
from sweeps.asking import help
from sweeps.studies import SHARED


class SharedOptions(SearchPathPlugin):
    """conf/shared/, behind the study's own options."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Hydra's hook."""
        search_path.append(provider="shared", path=f"file://{SHARED}")


class StudySweeper(sweeper.StudySweeper):
    """hydra/sweeper=study"""


class LocalLauncher(launcher.LocalLauncher):
    """hydra/launcher=local"""


class SlurmLauncher(launcher.SlurmLauncher):
    """hydra/launcher=slurm"""


settings.register()
help.register()
for _group, _name, _plugin in (
    ("launcher", "local", LocalLauncher),
    ("launcher", "slurm", SlurmLauncher),
    ("sweeper", "study", StudySweeper),
):
    ConfigStore.instance().store(
        group=f"hydra/{_group}",
        name=_name,
        node={"_target_": f"{_plugin.__module__}.{_plugin.__name__}"},
        provider="sweeps",
    )
