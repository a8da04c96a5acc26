"""The lattice of level vectors: what each costs at least, and what is known of it.

Vectors are counted from the floors and go by their number, whose order is that of the vectors.
A lattice that fits in memory is laid out whole; a larger one is unfolded from its bottom as far
as the search comes, which only a time limit ends.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush

import numpy as np
import numpy.typing as npt

from etl.anonymise.hierarchy import Ints
from etl.anonymise.metrics import Metric, Vector

INFEASIBLE, OPEN, TESTED = -1, 0, 1
LARGEST_LATTICE = 50_000_000  # laid out whole: about a gigabyte with the order of its vectors
MOST_UNFOLDED = 2_000_000  # vectors that wait their turn, in a lattice that is not laid out


class Lattice(ABC):
    """Vectors between floors and ceilings.

    Attributes:
        size: How many there are.
        cut_at: Bound of the first vector that was not reached; infinite while all can be.
    """

    def __init__(self, metric: Metric, floors: Vector, ceilings: Vector) -> None:
        """Take what a vector costs, and between which levels they lie."""
        self._metric = metric
        self._floors = floors
        self._shape = tuple(top - low + 1 for top, low in zip(ceilings, floors, strict=True))
        self._strides = [math.prod(self._shape[field + 1 :]) for field in range(len(floors))]
        self._parts = [
            np.asarray(values[low : top + 1], np.float64)
            for values, low, top in zip(metric.bounds(), floors, ceilings, strict=True)
        ]
        self.size = math.prod(self._shape)
        self.cut_at = math.inf

    @abstractmethod
    def order(self) -> Iterator[int]:
        """Return vectors by what they cost at least, the cheapest first."""

    @abstractmethod
    def bound(self, number: int) -> float:
        """Return what a vector costs at least."""

    @abstractmethod
    def state(self, number: int) -> int:
        """Return what is known of a vector."""

    @abstractmethod
    def accept(self, number: int) -> None:
        """Mark a vector as tested."""

    @abstractmethod
    def refute(self, number: int) -> None:
        """Mark a vector, and all that are nowhere coarser, as infeasible."""

    def vector(self, number: int) -> Vector:
        """Return the levels of a vector."""
        return tuple(
            level + low for level, low in zip(self._relative(number), self._floors, strict=True)
        )

    def path(self, number: int) -> list[int]:
        """Return a way from a vector to the top, by the untested steps that cost least."""
        left = [
            size - 1 - level
            for size, level in zip(self._shape, self._relative(number), strict=True)
        ]
        path = [number]
        while steps := [
            (self.bound(number + stride), number + stride, field)
            for field, stride in enumerate(self._strides)
            if left[field] and self.state(number + stride) == OPEN
        ]:
            _, number, raised = min(steps)
            left[raised] -= 1
            path.append(number)
        return path

    def _relative(self, number: int) -> list[int]:
        levels = []
        for stride in self._strides:
            level, number = divmod(number, stride)
            levels.append(level)
        return levels


class LaidOut(Lattice):
    """A lattice whose bounds and states stand in arrays."""

    def __init__(self, metric: Metric, floors: Vector, ceilings: Vector) -> None:
        """Lay it out."""
        super().__init__(metric, floors, ceilings)
        last = len(floors) - 1
        parts = [part.reshape([-1] + [1] * (last - i)) for i, part in enumerate(self._parts)]
        whole = np.broadcast_to(np.asarray(metric.combine(parts)), self._shape)
        self._bounds: npt.NDArray[np.float64] = np.ascontiguousarray(whole, np.float64)
        self._states = np.zeros(self._shape, np.int8)

    def order(self) -> Iterator[int]:
        """Return vectors by bound, then by height, then by number."""
        height: Ints = np.zeros(1, np.int64)
        for size in self._shape:
            height = (height[:, None] + np.arange(size)).ravel()
        numbers = np.arange(self.size)
        return map(int, np.lexsort((numbers, height, self._bounds.ravel())))

    def bound(self, number: int) -> float:
        """Return what a vector costs at least."""
        return self._bounds.item(number)

    def state(self, number: int) -> int:
        """Return what is known of a vector."""
        return self._states.item(number)

    def accept(self, number: int) -> None:
        """Mark a vector as tested."""
        self._states.flat[number] = TESTED

    def refute(self, number: int) -> None:
        """Mark a vector, and all that are nowhere coarser, as infeasible."""
        below = tuple(slice(0, level + 1) for level in self._relative(number))
        self._states[below] = INFEASIBLE


class Unfolded(Lattice):
    """A lattice of which only what was reached is kept."""

    def __init__(self, metric: Metric, floors: Vector, ceilings: Vector) -> None:
        """Begin with nothing known."""
        super().__init__(metric, floors, ceilings)
        self._tested: set[int] = set()
        self._refuted = np.empty((0, len(floors)), np.int64)

    def order(self) -> Iterator[int]:
        """Return vectors by bound, unfolding each from the one below it in its last raised field.

        Bounds only grow along the way, so none comes too late.
        """
        waiting = [(self.bound(0), 0, 0)]
        while waiting:
            bound, number, last = heappop(waiting)
            yield number
            if len(waiting) > MOST_UNFOLDED:
                self.cut_at = bound
                return
            levels = self._relative(number)
            for field in range(last, len(levels)):
                if levels[field] < self._shape[field] - 1:
                    above = number + self._strides[field]
                    heappush(waiting, (self.bound(above), above, field))

    def bound(self, number: int) -> float:
        """Return what a vector costs at least."""
        levels: Sequence[int] = self._relative(number)
        parts = [part.item(level) for part, level in zip(self._parts, levels, strict=True)]
        return float(self._metric.combine(parts))

    def state(self, number: int) -> int:
        """Return what is known of a vector."""
        if number in self._tested:
            return TESTED
        is_finer = (np.array(self._relative(number)) <= self._refuted).all(axis=1)
        return INFEASIBLE if is_finer.any() else OPEN

    def accept(self, number: int) -> None:
        """Mark a vector as tested."""
        self._tested.add(number)

    def refute(self, number: int) -> None:
        """Keep a vector among the coarsest infeasible ones."""
        levels = np.array(self._relative(number))
        coarser = self._refuted[~(self._refuted <= levels).all(axis=1)]
        self._refuted = np.vstack([coarser, levels])
