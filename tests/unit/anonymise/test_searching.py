"""The search finds what going through the whole lattice finds."""

from __future__ import annotations

import random
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.anonymise.classes import Classes, Diversity, Radix, group
from etl.anonymise.hierarchy import compile_hierarchy
from etl.anonymise.metrics import METRICS, Loss
from etl.anonymise.searching import Combinations, Requirements, search
from etl.errors import ContractError
from tests.unit.anonymise.lattices import Small, brute_force, evaluate

TREES = [
    [("a", "b"), ("*", "*")],
    [("1", "2", "3", "4"), ("x", "x", "y", "y"), ("*",) * 4],
    [("1", "2", "3", "4", "∅"), ("x", "x", "y", "y", "∅"), ("z", "z", "z", "z", "∅"), ("*",) * 5],
    [("p", "q", "r"), ("p", "q", "r"), ("*",) * 3],  # a level that changes nothing: ties
]


@st.composite
def small_tables(draw) -> Small:
    levels = [draw(st.sampled_from(TREES)) for _ in range(draw(st.integers(1, 3)))]
    cells = [st.integers(0, len(columns[0]) - 1) for columns in levels]
    rows = draw(st.lists(st.tuples(*cells, st.integers(0, 2)), min_size=1, max_size=40))
    return Small(rows, levels)


@settings(max_examples=1_500, deadline=None)
@given(
    small=small_tables(),
    k=st.integers(1, 6),
    suppression=st.sampled_from([0.0, 0.02, 0.1, 0.29, 1.0]),
    distinct=st.integers(1, 3),
    alpha=st.sampled_from([None, 0.5, 0.8]),
)
def test_the_optimum_is_that_of_the_whole_lattice(small, k, suppression, distinct, alpha):
    wanted = Requirements(k, suppression, (Diversity(distinct, alpha),))

    found = search(small.combinations(), small.hierarchies(), wanted, Loss)

    best = brute_force(small, k, suppression, distinct, alpha)
    if best is None:
        assert found is None
    else:
        assert found is not None
        assert found.loss == pytest.approx(best[0], rel=1e-9, abs=1e-12)
        assert (found.vector, found.suppressed) == best[1:]
        assert found.is_optimal


@settings(max_examples=150, deadline=None)
@given(small=small_tables(), seed=st.integers(0, 3), metric=st.sampled_from(sorted(METRICS)))
def test_the_order_of_rows_does_not_show(small, seed, metric):
    shuffled = Small(random.Random(seed).sample(small.rows, len(small.rows)), small.levels)
    wanted = Requirements(3, 0.1, (Diversity(2),))

    first, second = (
        search(some.combinations(), some.hierarchies(), wanted, METRICS[metric])
        for some in (small, shuffled)
    )

    assert first == second


@given(small=small_tables(), k=st.integers(2, 5), distinct=st.integers(1, 3))
@settings(max_examples=150, deadline=None)
def test_what_passes_still_passes_one_level_up(small, k, distinct):
    """Pruning rests on it: k and distinct values never suppress more at a coarser vector."""
    vector = [0] * small.fields
    _, suppressed = evaluate(small, vector, k, distinct, None)
    for field, columns in enumerate(small.levels):
        for _ in range(len(columns) - 1):
            vector[field] += 1
            _, fewer = evaluate(small, vector, k, distinct, None)
            assert fewer <= suppressed
            suppressed = fewer


def test_a_time_limit_states_the_gap():
    small = Small([(i % 4, i % 4, 0) for i in range(40)] + [(0, 1, 0)], [TREES[1], TREES[1]])
    ticks = count()

    found = search(
        small.combinations(), small.hierarchies(), Requirements(3, 0.0), METRICS["dm"],
        seconds=1.5, clock=lambda: next(ticks),
    )  # fmt: skip

    assert found is not None
    assert not found.is_optimal
    assert 0 < found.gap <= 1


def test_a_lattice_beyond_measure_is_refused():
    tree = compile_hierarchy("q", [("a",)] * 1000)
    cells = (np.zeros(1, np.int64),) * 3

    with pytest.raises(ContractError, match="1000000000 combinations of levels"):
        search(Combinations(cells, np.ones(1, np.int64)), [tree] * 3, Requirements(2, 0.0), Loss)


@settings(max_examples=300, deadline=None)
@given(
    small=small_tables(),
    k=st.integers(1, 6),
    suppression=st.sampled_from([0.0, 0.1, 0.29]),
    metric=st.sampled_from(sorted(METRICS)),
)
def test_a_lattice_that_is_not_laid_out_gives_the_same(small, k, suppression, metric):
    given_ = (small.combinations(), small.hierarchies(), Requirements(k, suppression))
    whole = search(*given_, METRICS[metric])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("etl.anonymise.searching.LARGEST_LATTICE", 0)
        unfolded = search(*given_, METRICS[metric], seconds=3_600)

    assert (unfolded is None) == (whole is None)
    if whole is not None:
        assert (unfolded.vector, unfolded.loss) == (whole.vector, whole.loss)
        assert unfolded.is_optimal


def test_a_lattice_beyond_measure_is_searched_until_the_time_limit():
    """2 · 10^9 vectors: laid out they would take 18 GB."""
    values = [str(number) for number in range(32)]
    levels = [[str(number >> bits) for number in range(32)] for bits in range(1, 5)]
    rng = np.random.default_rng(5)
    cells = tuple(rng.integers(0, 32, 3_000) for _ in range(12))
    trees = [
        compile_hierarchy("q", [values, *levels, ["*"] * 32], np.bincount(cell, minlength=32))
        for cell in cells
    ]

    found = search(
        Combinations(cells, np.ones(3_000, np.int64)), trees, Requirements(5, 0.02), Loss,
        seconds=1.0,
    )  # fmt: skip

    assert found is not None
    assert not found.is_optimal
    assert 0 < found.gap <= 1
    assert found.suppressed <= 60


def test_one_that_unfolds_too_far_stops_and_states_the_gap(monkeypatch):
    small = Small([(i % 4, i % 4, 0) for i in range(40)] + [(0, 1, 0)], [TREES[1], TREES[1]])
    monkeypatch.setattr("etl.anonymise.searching.LARGEST_LATTICE", 0)
    monkeypatch.setattr("etl.anonymise.lattice.MOST_UNFOLDED", 0)

    found = search(
        small.combinations(), small.hierarchies(), Requirements(3, 0.0), METRICS["dm"], seconds=60
    )

    assert found is not None
    assert not found.is_optimal


def test_a_key_space_beyond_64_bits_pools_no_classes():
    values = [str(number) for number in range(4_096)]
    tree = compile_hierarchy("q", [values, ["*"] * len(values)])
    rng = np.random.default_rng(7)
    cells = tuple(rng.integers(0, len(values), 2_000) for _ in range(8))  # 96 bits

    radix = Radix([tree] * 8, (0,) * 8)

    grouped = group(radix, (0,) * 8, Classes(radix.pack(cells), np.ones(2_000)))

    assert len(grouped.counts) == len(set(zip(*map(list, cells), strict=True))) == 2_000
    assert len(np.unique(grouped.positions)) == 2_000
    again = group(radix, (0,) * 8, grouped.classes)
    assert again.counts.tolist() == [1.0] * 2_000
