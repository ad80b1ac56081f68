"""Several sets of prepared data, fetched and built at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path

from loky import cpu_count

from lab.corpora.archives import ARCHIVES, Archive, Progress, fetch_all, present
from lab.corpora.prepared import Prepared
from lab.corpora.workers import worker_processes


def with_dependencies(wanted: Iterable[Prepared]) -> list[Prepared]:
    """Return `wanted` and what they come after, each once, in an order that can be built."""
    found: dict[str, Prepared] = {}
    for item in wanted:
        for each in (*with_dependencies(item.after), item):
            found.setdefault(each.name, each)
    return list(found.values())


def missing_archives(wanted: Iterable[Prepared]) -> list[Archive]:
    """Return the archives that would have to be downloaded to prepare `wanted`."""
    names = {n for item in with_dependencies(wanted) if not item.ready() for n in item.archives}
    return [archive for name, archive in ARCHIVES.items() if name in names and not present(archive)]


def prepare_data(
    wanted: Iterable[Prepared], progress: Progress | None = None, workers: int | None = None
) -> None:
    """Fetch and write what is missing of `wanted`, on as many cores as this process may use.

    Raises DataError for the first that fails.
    """
    everything = with_dependencies(wanted)
    fetch_all(missing_archives(everything), progress)
    missing = [item for item in everything if not item.ready()]
    if not missing:
        return
    tell = progress or (lambda what, done, total: None)
    tell("building data sets", 0, len(missing))
    for done, item in enumerate(
        _built(missing, min(workers or cpu_count(), len(missing))), start=1
    ):
        tell(f"built {item.name}", done, len(missing))


def _built(missing: list[Prepared], workers: int) -> Iterator[Prepared]:
    """Build `missing`, each after what it depends on, and yield them as they are done."""
    if workers == 1:
        for item in missing:
            item.prepare()
            yield item
        return
    then = "What was built is kept: type the same command again, with more memory free."
    with worker_processes(workers, then) as pool:
        waiting = list(missing)
        running: dict[Future[Path], Prepared] = {}
        while waiting or running:
            for item in [i for i in waiting if all(other.ready() for other in i.after)]:
                waiting.remove(item)
                running[pool.submit(item.prepare)] = item
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                future.result()
                yield running.pop(future)
