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

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from etl.anonymise.classes import (
    Classes,
    Diversity,
    Grouped,
    Radix,
    group,
    measure_diversity,
)
from etl.anonymise.hierarchy import Hierarchy, Ints
from etl.anonymise.lattice import LARGEST_LATTICE, OPEN, TESTED, LaidOut, Lattice, Unfolded
from etl.anonymise.metrics import Metric, Vector
from etl.errors import ContractError

Flags = npt.NDArray[np.bool_]
CACHED_CLASS_SETS = 200
WORTH_CACHING = 0.7  # classes are kept when they are at most this part of what they came from
CACHED_PER_COMBINATION = 3  # cached classes in all, in multiples of the base
DIGITS = 12  # losses that agree in so many digits are ties: sums of floats differ in the last ones


@dataclass(frozen=True, slots=True)
class Combinations:
    """Distinct combinations of quasi-identifiers, with how many rows each has.

    Attributes:
        cells: For each quasi-identifier the leaf code of each combination.
        counts: Rows of each combination.
        companions: Codes of further fields that a requirement speaks of: sensitive ones, or
            the key of units. Combinations are then distinct over these, too.
    """

    cells: tuple[Ints, ...]
    counts: Ints
    companions: tuple[Ints, ...] = ()

    @property
    def rows(self) -> int:
        """Rows in all."""
        return int(self.counts.sum())


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a published table must satisfy.

    Attributes:
        k: Rows of the smallest class.
        suppression: Largest share of rows that may be left out.
        diversity: What each class must hold of each companion.
        floors: Lowest level allowed for each field; empty for no limit.
        ceilings: Highest level allowed for each field; empty for no limit.
    """

    k: int
    suppression: float
    diversity: tuple[Diversity, ...] = ()
    floors: Vector = ()
    ceilings: Vector = ()

    def allowed(self, rows: int) -> int:
        """Return how many of so many rows may be left out.

        Examples:
            >>> Requirements(k=5, suppression=0.29).allowed(100)
            29
        """
        return math.floor(Decimal(str(self.suppression)) * rows)


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


def search(
    combinations: Combinations,
    hierarchies: Sequence[Hierarchy],
    requirements: Requirements,
    make_metric: Callable[[Sequence[Hierarchy], int], Metric],
    seconds: float | None = None,
    clock: Callable[[], float] = time.monotonic,
    obliged: Flags | None = None,
) -> Solution | None:
    """Return the vector of least loss that satisfies the requirements.

    Ties go to the smallest vector, so the result depends on the data alone: not on the order
    of rows, threads or time, unless the time limit stopped the search.

    Args:
        combinations: What is to be generalised.
        hierarchies: One for each quasi-identifier, proven, with the counts of their leaves.
        requirements: k, suppression, diversity, floors and ceilings.
        make_metric: Builds the metric from hierarchies and the number of rows.
        seconds: Stop after so many, and state the gap.
        clock: Tells the seconds.
        obliged: Combinations that may not be left out, whatever the limit allows.

    Returns:
        The solution, or None when no vector that was looked at is feasible.

    Raises:
        ContractError: The lattice is too large to be gone through.
    """
    run = _Search.begin(
        combinations, hierarchies, requirements, make_metric, is_timed=seconds is not None
    )
    run.obliged = None if obliged is None else np.flatnonzero(obliged)
    until = math.inf if seconds is None else clock() + seconds
    for number in run.lattice.order():
        if run.is_beaten(number):
            return run.solution(math.inf)
        if run.checks and clock() > until:
            return run.solution(run.lattice.bound(number))
        if run.lattice.state(number) == OPEN and run.prunes:
            run.bisect(run.lattice.path(number))
        if run.lattice.state(number) == OPEN:
            run.check(number)
    return run.solution(run.lattice.cut_at)


@dataclass(slots=True)
class _Search:
    """What is searched, what is known of it, and the best so far."""

    combinations: Combinations
    requirements: Requirements
    metric: Metric
    radix: Radix
    lattice: Lattice
    allowed: int
    base: Classes
    cache: _Cache
    obliged: Ints | None = None
    best: int | None = None
    best_loss: float = math.inf
    best_suppressed: int = 0
    checks: int = 0

    @classmethod
    def begin(
        cls,
        combinations: Combinations,
        hierarchies: Sequence[Hierarchy],
        requirements: Requirements,
        make_metric: Callable[[Sequence[Hierarchy], int], Metric],
        *,
        is_timed: bool,
    ) -> _Search:
        metric = make_metric(hierarchies, combinations.rows)
        floors = requirements.floors or tuple(0 for _ in hierarchies)
        ceilings = requirements.ceilings or tuple(h.height - 1 for h in hierarchies)
        radix = Radix(hierarchies, floors)
        base = Classes(radix.pack(combinations.cells), combinations.counts.astype(float))
        return cls(
            combinations=combinations,
            requirements=requirements,
            metric=metric,
            radix=radix,
            lattice=_span(metric, floors, ceilings, is_timed=is_timed),
            allowed=requirements.allowed(combinations.rows),
            base=base,
            cache=_Cache(floors, base),
        )

    @property
    def prunes(self) -> bool:
        """Whether a vector can be infeasible at all; without that, paths teach nothing."""
        return self.allowed < self.combinations.rows or self.obliged is not None

    def is_beaten(self, number: int) -> bool:
        """Tell whether neither a vector nor any after it can win or tie."""
        return _rounded(self.lattice.bound(number)) > self.best_loss

    def bisect(self, path: Sequence[int]) -> None:
        """Find where a path becomes feasible; every vector that is looked at is marked."""
        low, high = 0, len(path) - 1
        while low <= high:
            middle = (low + high) // 2
            if self.check(path[middle]):
                high = middle - 1
            else:
                low = middle + 1

    def check(self, number: int) -> bool:
        """Group by a vector; mark what follows from it, and keep it if it is the best.

        Returns:
            Whether it satisfies what finer vectors cannot satisfy without it: k and distinct
            values. A largest share is held for the vector alone, because it is not inherited.
        """
        if (state := self.lattice.state(number)) != OPEN:
            return state == TESTED
        self.checks += 1
        vector = self.lattice.vector(number)
        grouped = self._group(vector)
        kept = grouped.counts >= self.requirements.k
        suppressed = _suppressed(grouped, kept)
        if suppressed > self.allowed:
            return self._refute(number)
        fits = True
        if self.requirements.diversity or self.obliged is not None:
            grouped = group(self.radix, vector, self.base)
            numbers = grouped.positions
            kept, is_inherited = self._diverse(grouped, numbers)
            if not self._fits(grouped, numbers, is_inherited):
                return self._refute(number)
            fits = self._fits(grouped, numbers, kept)
            suppressed = _suppressed(grouped, kept)
        self.lattice.accept(number)
        if fits and not self._is_worse(number, vector, suppressed):
            self._offer(number, vector, grouped, kept, suppressed)
        return True

    def solution(self, lowest_open: float) -> Solution | None:
        """Return the best vector; optimal when the bound of what was not seen is above it."""
        if self.best is None:
            return None
        vector = self.lattice.vector(self.best)
        is_optimal = _rounded(lowest_open) >= self.best_loss
        gap = 0.0 if is_optimal else (self.best_loss - lowest_open) / self.best_loss
        return Solution(
            vector, self.best_loss, self.best_suppressed, is_optimal, gap, self.checks
        )  # fmt: skip

    def _refute(self, number: int) -> bool:
        self.lattice.refute(number)
        return False

    def _is_worse(self, number: int, vector: Vector, suppressed: int) -> bool:
        """Tell whether a vector cannot win or tie, by what its suppressed rows cost at least."""
        least = self.metric.least(vector, self.lattice.bound(number), suppressed)
        return _rounded(least) > self.best_loss

    def _offer(
        self, number: int, vector: Vector, grouped: Grouped,
        kept: Flags, suppressed: int,
    ) -> None:  # fmt: skip
        classes = grouped.classes
        rows = np.where(kept, classes.counts, 0)
        loss = _rounded(
            self.metric.measure(
                vector, self.radix.count_leaves(classes.packs, rows), rows, suppressed
            )
        )
        if self.best is None or (loss, number) < (self.best_loss, self.best):
            self.best, self.best_loss, self.best_suppressed = number, loss, suppressed

    def _fits(self, grouped: Grouped, numbers: Ints, kept: Flags) -> bool:
        """Tell whether few enough rows are left out, and none that has to stay."""
        if self.obliged is not None and not kept[numbers[self.obliged]].all():
            return False
        return _suppressed(grouped, kept) <= self.allowed

    def _diverse(self, grouped: Grouped, numbers: Ints) -> tuple[Flags, Flags]:
        """Tell which classes pass, and which do so in a way that coarser vectors inherit.

        Grouped from the start, where companions still stand beside.
        """
        is_inherited = grouped.counts >= self.requirements.k
        kept = is_inherited.copy()
        wanted = self.requirements.diversity
        for codes, held in zip(self.combinations.companions, wanted, strict=bool(wanted)):
            distinct, largest = measure_diversity(numbers, codes, self.base.counts)
            is_inherited &= distinct >= held.distinct
            if held.largest_share is not None:
                kept &= largest <= np.floor(grouped.counts * held.largest_share + 1e-9)
        return kept & is_inherited, is_inherited

    def _group(self, vector: Vector) -> Grouped:
        """Group by a vector, starting from the fewest classes that a finer one left."""
        source = self.cache.coarsest_below(vector)
        grouped = group(self.radix, vector, source)
        if len(grouped.counts) <= WORTH_CACHING * len(source.counts):
            self.cache.put(vector, grouped)
        return grouped


def _suppressed(grouped: Grouped, kept: Flags) -> int:
    return int(grouped.counts[~kept].sum())


class _Cache:
    """Classes of vectors seen before; the base stays, of the others the oldest goes."""

    def __init__(self, floors: Vector, base: Classes) -> None:
        self._levels = np.full((CACHED_CLASS_SETS, len(floors)), np.iinfo(np.int64).max)
        self._sizes = np.zeros(CACHED_CLASS_SETS, np.int64)
        self._classes = [base] * CACHED_CLASS_SETS
        self._largest = (1 + CACHED_PER_COMBINATION) * len(base.counts)
        self._next = 0
        self.put(floors, base)

    def put(self, vector: Vector, found: Grouped | Classes) -> None:
        """Keep classes in the place of the oldest, unless all together grow too large."""
        place, size = self._next, len(found.counts)
        if int(self._sizes.sum() - self._sizes[place]) + size > self._largest:
            return
        self._levels[place] = vector
        self._sizes[place] = size
        self._classes[place] = found.classes if isinstance(found, Grouped) else found
        self._next = place % (CACHED_CLASS_SETS - 1) + 1

    def coarsest_below(self, vector: Vector) -> Classes:
        """Return the fewest classes of any vector that is nowhere coarser."""
        is_finer = (self._levels <= np.array(vector)).all(axis=1)
        sizes = np.where(is_finer, self._sizes, np.iinfo(np.int64).max)
        return self._classes[int(sizes.argmin())]


def _span(metric: Metric, floors: Vector, ceilings: Vector, *, is_timed: bool) -> Lattice:
    """Lay the lattice out; unfold one that is too large for that, where a time limit ends it."""
    vectors = math.prod(top - low + 1 for top, low in zip(ceilings, floors, strict=True))
    if vectors <= LARGEST_LATTICE:
        return LaidOut(metric, floors, ceilings)
    if is_timed:
        return Unfolded(metric, floors, ceilings)
    raise ContractError(
        f"The hierarchies span {vectors} combinations of levels; at most {LARGEST_LATTICE} are"
        " searched without a time limit. Nothing was anonymised. Raise floors, lower ceilings or"
        " name fewer levels in the contract; or give a time limit, and the gap is stated."
    )


def _rounded(loss: float) -> float:
    return float(f"{loss:.{DIGITS}g}")
