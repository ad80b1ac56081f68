"""Distinct stages, their order and their relations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.errors import StageError
from sweeps.graph import Graph
from sweeps.stage import Cost, Stage


def stage(name: str, *inputs: Stage, flops: float = 0, run: str = "toy.work", **config) -> Stage:
    """A stage with inputs in roles a, b, c."""
    roles = {"abcdefgh"[index]: one for index, one in enumerate(inputs)}
    return Stage(name=name, version=1, config=config, inputs=roles, run=run, cost=Cost(flops=flops))


def names(keys, graph: Graph) -> list[str]:
    """Names of stages by key, sorted."""
    return sorted(graph[key].name for key in keys)


@pytest.fixture
def cells() -> Graph:
    """Two cells that share vocabulary and corpus: v -> c -> p1, p2 -> e1, e2."""
    vocabulary = stage("v")
    corpus = stage("c", vocabulary)
    one, two = stage("p1", corpus, vocabulary, flops=3), stage("p2", corpus, flops=5)
    return Graph([stage("e1", one), stage("e2", two, vocabulary)])


def test_equal_stages_are_one(cells):
    """Stages built apart but equal by key appear once."""
    again = Graph([stage("c", stage("v")), stage("c", stage("v"), flops=9)])
    assert names(again.stages, again) == ["c", "v"]
    assert names(cells.stages, cells) == ["c", "e1", "e2", "p1", "p2", "v"]


def test_targets_keep_their_order_and_are_distinct():
    """Targets are the keys asked for, once each."""
    a, b = stage("a"), stage("b")
    assert Graph([b, a, stage("b")]).targets == (b.key, a.key)


@given(st.data())
def test_inputs_come_first(data):
    """In any graph each stage stands after all that it reads, and no relation is lost."""
    made: list[Stage] = []
    for number in range(data.draw(st.integers(1, 12))):
        inputs = data.draw(st.lists(st.sampled_from(made), max_size=3)) if made else []
        made.append(stage(f"s{number}", *inputs))
    graph = Graph(data.draw(st.lists(st.sampled_from(made), min_size=1)))
    place = {key: index for index, key in enumerate(graph.stages)}
    for key in place:
        assert all(place[parent] < place[key] for parent in graph.parents(key))
        assert all(key in graph.parents(child) for child in graph.children(key))
        assert all(key in graph.descendants(up) for up in graph.ancestors(key))
    assert set(place) == set(graph.targets) | graph.ancestors(*graph.targets)


def test_ancestors_and_descendants(cells):
    """What a stage needs, and what needs it, over any number of steps."""
    key = {one.name: one.key for one in cells}
    assert names(cells.ancestors(key["p1"]), cells) == ["c", "v"]
    assert names(cells.descendants(key["p1"]), cells) == ["e1"]
    assert names(cells.descendants(key["c"]), cells) == ["e1", "e2", "p1", "p2"]


def test_needed_leaves_out_what_nobody_reads_any_more(cells):
    """A finished evaluate stage needs no pretrain stage, finished or not."""
    done = {"v", "e1"}
    needed = cells.needed(lambda one: one.name in done)
    assert [one.name for one in needed.values()] == ["c", "p2", "e2"]


def test_longest_chain_by_cost(cells):
    """The chain through the dearer stage is the longest."""
    weight, chain = cells.longest_chain()
    assert [cells[key].name for key in chain] == ["v", "c", "p2", "e2"]
    assert weight == 5 + 4


def test_longest_chain_among_some(cells):
    """Stages that are done do not count."""
    some = [one.key for one in cells if one.name in ("p1", "e1")]
    weight, chain = cells.longest_chain(weight=lambda one: 1, among=some)
    assert [cells[key].name for key in chain] == ["p1", "e1"]
    assert weight == 2


def test_an_empty_graph_has_no_chain():
    """No stages: nothing to wait for."""
    assert Graph([]).longest_chain() == (0.0, ())


def test_one_key_with_two_functions_is_refused():
    """Work that differs must differ in its identity."""
    with pytest.raises(StageError, match=r"run 'toy.work' and 'toy.other'"):
        Graph([stage("a"), stage("a", run="toy.other")])


def test_a_long_chain_is_no_problem():
    """Order and chain of thousands of stages, without recursion."""
    last = stage("link")
    for number in range(3000):
        last = stage("link", last, number=number)
    graph = Graph([last])
    assert len(graph.longest_chain()[1]) == len(graph) == 3001
