"""Find the least lossy generalisation that is anonymous: best-first branch and bound.

The search sees distinct combinations of quasi-identifiers with their counts, never rows. It
goes through the lattice of level vectors in the order of a lower bound on their loss. From
each it follows a path to the top and bisects it for the first vector that is feasible; one
that is not takes everything below it along, one that is may become the best. Once the bound
of the next vector is above the best loss, the best is proven optimal.

In the line of Kohlmayer et al., *Flash* (2012), and Prasser et al., BMC Medical Informatics
16:49 (2016).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from etl.anonymise.hierarchy import Hierarchy
from etl.anonymise.metrics import Metric, Vector

Ints = npt.NDArray[np.int64]

INFEASIBLE, OPEN, TESTED = -1, 0, 1
CACHED_GROUP_SETS = 200
WORTH_CACHING = 0.7  # a set of groups is kept when it has at most this part of its source's
LARGEST_SPACE = 1 << 62
DENSE = 4  # keys are counted directly when there are at most so many per combination


@dataclass(frozen=True, slots=True)
class Combinations:
    """Distinct combinations of quasi-identifiers, with how many rows each has.

    Attributes:
        cells: For each quasi-identifier the leaf code of each combination.
        counts: Rows of each combination.
        sensitive: For each sensitive field its code; combinations are then distinct over
            these, too.
    """

    cells: tuple[Ints, ...]
    counts: Ints
    sensitive: tuple[Ints, ...] = ()


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a published table must satisfy.

    Attributes:
        k: Rows of the smallest group.
        suppression: Largest share of rows that may be left out.
        distinct: For each sensitive field how many values each group must hold.
        floors: Lowest level allowed for each field.
        ceilings: Highest level allowed for each field.
    """

    k: int
    suppression: float
    distinct: tuple[int, ...] = ()
    floors: tuple[int, ...] = ()
    ceilings: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Solution:
    """What the search found.

    Attributes:
        vector: Level of each field.
        loss: Loss by the metric.
        suppressed: Rows that are left out.
        is_optimal: Whether it is proven that no other vector loses less.
        gap: How much less, relative to the loss, another could lose; 0 when optimal.
        checks: Vectors that were grouped.
    """

    vector: Vector
    loss: float
    suppressed: int
    is_optimal: bool
    gap: float
    checks: int


@dataclass(frozen=True, slots=True)
class _Groups:
    """Groups of combinations that are equal at some vector.

    Attributes:
        members: A combination of each group, standing for all of it.
        counts: Rows of each group.
    """

    members: Ints
    counts: Ints


@dataclass(slots=True)
class _Search:
    """The lattice, what is known of it, and the best so far."""

    combinations: Combinations
    hierarchies: Sequence[Hierarchy]
    requirements: Requirements
    metric: Metric
    floors: Vector
    bound: npt.NDArray[np.float64]
    state: npt.NDArray[np.int8]
    best: Vector | None = None
    best_loss: float = float("inf")
    best_suppressed: int = 0
    checks: int = 0
    cache: dict[Vector, _Groups] = field(default_factory=dict)

    def absolute(self, node: Vector) -> Vector:
        """Return the levels of a node, which counts from the floors."""
        return tuple(level + floor for level, floor in zip(node, self.floors, strict=True))


def search(
    combinations: Combinations,
    hierarchies: Sequence[Hierarchy],
    requirements: Requirements,
    make_metric: Callable[[Sequence[Hierarchy], Sequence[Ints], Ints], Metric],
    seconds: float | None = None,
) -> Solution | None:
    """Return the vector of least loss that satisfies the requirements.

    Ties go to the smallest vector, so the result depends on the data alone: not on the order
    of rows, threads or time, unless the time limit stopped the search.

    Args:
        combinations: What is to be generalised.
        hierarchies: One for each quasi-identifier, proven.
        requirements: k, suppression, distinct l, floors and ceilings.
        make_metric: Builds the metric from hierarchies, cells and counts.
        seconds: Stop after so many, and state the gap.

    Returns:
        The solution, or None when no vector is feasible.
    """
    run = _prepare(combinations, hierarchies, requirements, make_metric)
    until = None if seconds is None else time.monotonic() + seconds
    order = _order(run.bound)
    lowest_open = float("inf")
    for flat in order:
        node = tuple(map(int, np.unravel_index(flat, run.state.shape)))
        if run.bound[node] > run.best_loss:
            break
        if until is not None and time.monotonic() > until:
            lowest_open = float(run.bound[node])
            break
        if run.state[node] == OPEN:
            _bisect(run, _path(run, node))
        if run.state[node] == OPEN:
            _check(run, node)
    if run.best is None:
        return None
    is_optimal = lowest_open >= run.best_loss
    gap = 0.0 if is_optimal else (run.best_loss - lowest_open) / run.best_loss
    return Solution(
        vector=run.absolute(run.best),
        loss=run.best_loss,
        suppressed=run.best_suppressed,
        is_optimal=is_optimal,
        gap=gap,
        checks=run.checks,
    )


def _prepare(
    combinations: Combinations,
    hierarchies: Sequence[Hierarchy],
    requirements: Requirements,
    make_metric: Callable[[Sequence[Hierarchy], Sequence[Ints], Ints], Metric],
) -> _Search:
    metric = make_metric(hierarchies, combinations.cells, combinations.counts)
    floors = requirements.floors or tuple(0 for _ in hierarchies)
    ceilings = requirements.ceilings or tuple(h.height - 1 for h in hierarchies)
    shape = tuple(top - low + 1 for top, low in zip(ceilings, floors, strict=True))
    parts = [
        np.asarray(values[low : top + 1]).reshape([-1 if i == j else 1 for j in range(len(shape))])
        for i, (values, low, top) in enumerate(
            zip(metric.bounds(), floors, ceilings, strict=True)
        )
    ]
    bound = np.broadcast_to(np.asarray(metric.combine(parts)), shape).astype(np.float64)
    return _Search(
        combinations, hierarchies, requirements, metric, floors, bound, np.zeros(shape, np.int8)
    )


def _order(bound: npt.NDArray[np.float64]) -> Ints:
    """Order the lattice by bound, then by height, then by vector."""
    height = np.indices(bound.shape).sum(axis=0).ravel()
    return np.lexsort((np.arange(bound.size), height, bound.ravel()))


def _path(run: _Search, node: Vector) -> list[Vector]:
    """Return a way from a node to the top, by the steps that cost least."""
    path = [node]
    while True:
        steps = [
            (*node[:i], level + 1, *node[i + 1 :])
            for i, level in enumerate(node)
            if level + 1 < run.state.shape[i]
        ]
        untested = [step for step in steps if run.state[step] == OPEN]
        if not untested:
            return path
        node = min(untested, key=lambda step: (run.bound[step], step))
        path.append(node)


def _bisect(run: _Search, path: list[Vector]) -> None:
    """Find where a path becomes feasible; every vector that is looked at is marked."""
    low, high = 0, len(path) - 1
    while low <= high:
        middle = (low + high) // 2
        if _check(run, path[middle]):
            high = middle - 1
        else:
            low = middle + 1


def _check(run: _Search, node: Vector) -> bool:
    """Group by a vector; mark what follows from it, and keep it if it is the best."""
    if run.state[node] != OPEN:
        return run.state[node] == TESTED
    groups = _group(run, node)
    run.checks += 1
    kept = _is_kept(run, node, groups)
    suppressed = int(groups.counts[~kept].sum())
    allowed = run.requirements.suppression * int(run.combinations.counts.sum())
    if suppressed > allowed:
        run.state[tuple(slice(0, level + 1) for level in node)] = INFEASIBLE
        return False
    run.state[node] = TESTED
    if run.bound[node] <= run.best_loss:  # a vector above it cannot win
        _offer(run, node, groups, kept, suppressed)
    return True


def _offer(
    run: _Search, node: Vector, groups: _Groups, kept: npt.NDArray[np.bool_], suppressed: int
) -> None:
    rows = np.where(kept, groups.counts, 0)
    vector = run.absolute(node)
    loss = run.metric.measure(vector, groups.members, rows, suppressed)
    if run.best is None or (loss, node) < (run.best_loss, run.best):
        run.best, run.best_loss, run.best_suppressed = node, loss, suppressed


def _is_kept(run: _Search, node: Vector, groups: _Groups) -> npt.NDArray[np.bool_]:
    """Tell which groups are large and diverse enough."""
    kept = groups.counts >= run.requirements.k
    if run.requirements.distinct:
        keys = _keys(run, node, groups.members)
        for values, required in zip(
            run.combinations.sensitive, run.requirements.distinct, strict=True
        ):
            kept &= _distinct_values(run, node, keys, values) >= required
    return kept


def _distinct_values(run: _Search, node: Vector, keys: Ints, values: Ints) -> Ints:
    """Count the values of a sensitive field in each group, in the order of their keys."""
    everyone = np.arange(len(run.combinations.counts))
    pairs = np.unique(_keys(run, node, everyone) * (int(values.max()) + 1) + values)
    groups, sizes = np.unique(pairs // (int(values.max()) + 1), return_counts=True)
    return sizes[np.searchsorted(groups, keys)]


def _group(run: _Search, node: Vector) -> _Groups:
    """Group by a vector, starting from the fewest groups that a finer one left."""
    if node in run.cache:
        return run.cache[node]
    source = _finest_source(run, node)
    keys = _keys(run, node, source.members)
    groups = _count(keys, source, _space(run, node))
    if len(groups.members) <= WORTH_CACHING * len(source.members):
        if len(run.cache) >= CACHED_GROUP_SETS:
            del run.cache[next(iter(run.cache))]
        run.cache[node] = groups
    return groups


def _finest_source(run: _Search, node: Vector) -> _Groups:
    below = [
        groups
        for vector, groups in run.cache.items()
        if all(lower <= level for lower, level in zip(vector, node, strict=True))
    ]
    everyone = run.combinations.counts
    base = _Groups(np.arange(len(everyone)), everyone)
    return min(below, key=lambda groups: len(groups.members), default=base)


def _space(run: _Search, node: Vector) -> int:
    """Return how many keys a vector can have at most."""
    space = 1
    for hierarchy, level in zip(run.hierarchies, run.absolute(node), strict=True):
        space *= hierarchy.size(level)
    return space


def _keys(run: _Search, node: Vector, members: Ints) -> Ints:
    """Return one number for each member that is equal exactly for equal values.

    Mixed radix; where that would overflow, what is there is renumbered first.
    """
    keys = np.zeros(len(members), dtype=np.int64)
    space = 1
    for hierarchy, level, cells in zip(
        run.hierarchies, run.absolute(node), run.combinations.cells, strict=True
    ):
        size = hierarchy.size(level)
        if space > LARGEST_SPACE // size:
            distinct, keys = np.unique(keys, return_inverse=True)
            space = len(distinct)
        keys = keys * size + hierarchy.codes[level][cells[members]]
        space *= size
    return keys


def _count(keys: Ints, source: _Groups, space: int) -> _Groups:
    if space <= DENSE * len(keys):
        counts = np.bincount(keys, weights=source.counts, minlength=space).astype(np.int64)
        member = np.zeros(space, dtype=np.int64)
        member[keys[::-1]] = source.members[::-1]  # the first of each key stays
        present = np.flatnonzero(counts)
        return _Groups(member[present], counts[present])
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    counts = np.add.reduceat(source.counts[order], starts)
    return _Groups(source.members[order[starts]], counts)
