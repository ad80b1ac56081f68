"""The order in which stages start: scores come early, and the last one hardly later for it."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable

import pytest

from sweeps.cluster.units import arrays, make_units, resources_by_name
from sweeps.graph import Graph
from sweeps.running.local import run_local
from sweeps.running.order import Order
from sweeps.settings import Slurm
from sweeps.stage import Cost, Stage
from sweeps.store import Store

TASKS = ("a", "b", "c")


def stage(name: str, flops: float, *inputs: Stage, **config: object) -> Stage:
    """A stage of so many FLOPs that writes a text."""
    return Stage(
        name=name,
        version=1,
        config={"text": " ".join(map(str, [name, *config.values()])), **config},
        inputs=dict(zip("abcd", inputs, strict=False)),
        run="toy_study.text",
        cost=Cost(flops=flops),
    )


def study(rows: int = 4, learn: float = 400.0, tune: float = 100.0) -> Graph:
    """Rows that each pre-train, then fine-tune and evaluate on three tasks; all read one corpus."""
    corpus = stage("corpus", 20)
    quizzes = []
    for row in range(rows):
        learned = stage("learn", learn, corpus, row=row)
        for number, task in enumerate(TASKS):
            tuned = stage("tune", tune * (1 + number), learned, row=row, task=task)
            quizzes.append(stage("quiz", 2, tuned, row=row, task=task))
    return Graph(quizzes)


Ended = list[tuple[float, Stage]]


def simulated(graph: Graph, workers: int, line: Callable[[Order, set[str]], list[str]]) -> Ended:
    """When each stage ends if a FLOP takes a second on so many workers."""
    order, waits = (
        Order(graph, graph.stages),
        {key: len(graph.parents(key)) for key in graph.stages},
    )
    ready = {key for key, count in waits.items() if count == 0}
    running: list[tuple[float, str]] = []
    now, ended = 0.0, []
    while ready or running:
        while ready and len(running) < workers:
            key = line(order, ready)[0]
            order.begin(key, ready)
            ready.remove(key)
            heapq.heappush(running, (now + graph[key].cost.flops, key))
        now, key = heapq.heappop(running)
        order.end(key)
        ended.append((now, graph[key]))
        for child in graph.children(key):
            waits[child] -= 1
            if waits[child] == 0:
                ready.add(child)
    return ended


def ours(order: Order, ready: set[str]) -> list[str]:
    return order.line(ready)


def by_chain(graph: Graph) -> Callable[[Order, set[str]], list[str]]:
    """Longest chains alone, which end soonest and score last."""
    chain = graph.remaining()
    return lambda order, ready: sorted(ready, key=lambda key: -chain[key])


def scores(ended: Ended) -> list[float]:
    return [time for time, one in ended if one.name == "quiz"]


def test_one_worker_makes_one_row_whole_after_another(store: Store, toy) -> None:
    """On this machine: each score as soon as what it needs is there, the cheapest task first."""
    graph = study(rows=2)
    assert run_local(graph, store, slots=1, progress=False).status == 0

    def finished(one: Stage) -> str:
        return json.loads((store.find(one) / "stage.json").read_text())["finished"]

    assert [one.config["text"] for one in sorted(graph, key=finished)] == [
        "corpus",
        *(
            text
            for row in range(2)
            for text in (
                f"learn {row}",
                *(f"{name} {row} {task}" for task in TASKS for name in ("tune", "quiz")),
            )
        ),
    ]


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 8, 64])
def test_the_first_score_comes_as_soon_as_it_can(workers: int) -> None:
    """However many workers: the corpus, one pre-training, the cheapest fine-tuning, its score."""
    assert scores(simulated(study(), workers, ours))[0] == 20 + 400 + 100 + 2


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 8, 64])
def test_the_last_score_comes_hardly_later(workers: int) -> None:
    """By a tenth at most where there are stages enough, never by more than a fine-tuning takes."""
    for graph in (study(), study(rows=9), study(rows=3, learn=2000), study(rows=6, learn=50)):
        early = scores(simulated(graph, workers, ours))
        late = scores(simulated(graph, workers, by_chain(graph)))
        assert early[-1] <= late[-1] + 300
        if len(graph) >= 8 * workers:
            assert early[-1] <= 1.1 * late[-1]
        assert sum(early) <= sum(late)


def test_one_long_chain_is_not_left_for_the_end() -> None:
    """With two workers one takes the chain that is as long as all else, the other scores."""
    corpus = stage("corpus", 20)
    long = stage("quiz", 2, stage("tune", 10, stage("learn", 1000, corpus, row="long")))
    short = [
        stage("quiz", 2, stage("tune", 100, stage("learn", 100, corpus, row=row), row=row), row=row)
        for row in range(5)
    ]
    graph = Graph([*short, long])
    assert scores(simulated(graph, 2, ours))[-1] == 20 + 1000 + 10 + 2


def test_a_target_that_failed_draws_no_work() -> None:
    """Of two fine-tunings the one whose other member failed is not the nearest to a score."""
    members = [stage("tune", flops, n=flops) for flops in (10.0, 30.0)]
    alone = stage("tune", 20.0, n=20)
    ensemble, single = stage("quiz", 1, *members), stage("quiz", 1, alone)
    order = Order(graph := Graph([ensemble, single]), graph.stages)
    ready = {alone.key, members[1].key}
    order.end(members[0].key)
    order.end(ensemble.key)
    assert order.line(ready)[0] == alone.key


def test_a_stage_that_went_elsewhere_frees_its_place() -> None:
    """The next one to be near a score is chosen again, before the longest chain."""
    near = [stage("quiz", 1, stage("tune", 10.0, n=n), n=n) for n in range(2)]
    far = stage("quiz", 1, stage("tune", 99.0))
    order = Order(graph := Graph([*near, far]), graph.stages)
    first, second, last = (graph.parents(one.key)[0] for one in [*near, far])
    order.begin(first, {first, second, last})
    assert order.line({second, last}) == [last, second]
    order.put_back(first)
    assert order.line({second, last}) == [second, last]


def test_a_cluster_gets_a_rows_scores_before_the_next_rows_fine_tunings() -> None:
    """Of equal jobs SLURM starts the one that was submitted first."""
    graph = study(rows=2)
    wanted = resources_by_name(vars(Slurm()), graph)
    sent = arrays(make_units(graph, graph.stages, graph.stages, wanted), 1000)
    assert [" ".join(graph[unit.keys[0]].config["text"] for unit in array) for array in sent] == [
        "corpus",
        "learn 0 learn 1",
        *("tune 0 a tune 0 b tune 0 c", "quiz 0 a", "quiz 0 b", "quiz 0 c"),
        *("tune 1 a tune 1 b tune 1 c", "quiz 1 a", "quiz 1 b", "quiz 1 c"),
    ]
