"""Hydra instantiates plugins of this namespace only: the names of ours, free of heavy imports."""

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.plugins.search_path_plugin import SearchPathPlugin

from sweeps import settings, sweeper
from sweeps.launchers import launchers
from sweeps.studies import SHARED


class SharedOptions(SearchPathPlugin):
    """conf/shared/, behind the study's own options."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Hydra's hook."""
        search_path.append(provider="shared", path=f"file://{SHARED}")


class StudySweeper(sweeper.StudySweeper):
    """hydra/sweeper=study"""


def _offer(group: str, name: str, plugin: type) -> None:
    """Let `hydra/<group>=<name>` choose a class, by a name that Hydra instantiates."""
    ConfigStore.instance().store(
        group=f"hydra/{group}",
        name=name,
        node={"_target_": f"{__name__}.{plugin.__name__}"},
        provider="sweeps",
    )


settings.register()
_offer("sweeper", "study", StudySweeper)
for _name, _launcher in launchers().items():
    globals()[_launcher.__name__] = type(_launcher.__name__, (_launcher,), {"__module__": __name__})
    _offer("launcher", _name, _launcher)
