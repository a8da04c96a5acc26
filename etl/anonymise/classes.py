"""Group combinations into classes: whole numbers in, whole numbers out.

The inner loop of the search. A class is told by one number, the mixed radix of its codes;
numbers are counted directly where there are few, and sorted once, packed with their
positions, where there are many.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from etl.anonymise.hierarchy import Hierarchy, Ints
from etl.anonymise.metrics import Floats, Vector

DENSE = 2  # numbers are counted directly when there are at most so many per combination
LARGEST_PACK = 1 << 15  # its table of codes stays in the cache of a processor
LARGEST_BITS = 62
LARGEST_SPACE = 1 << LARGEST_BITS  # beyond it the numbers of classes would overflow without a word
REMEMBERED_CODES = 512  # tables of codes, 256 kB at most each


@dataclass(frozen=True, slots=True)
class Classes:
    """Combinations that are equal at some vector.

    Attributes:
        packs: For each pack of fields the number of one combination of each class.
        counts: Rows of each class: whole numbers, kept as floats because NumPy sums these
            without a copy, and exact below 2^53.
    """

    packs: tuple[Ints, ...]
    counts: Floats


@dataclass(frozen=True, slots=True)
class Diversity:
    """What each class must hold of one further field.

    Attributes:
        distinct: How many values at least; for the key of units this is their *k*.
        largest_share: Which part of the class its most frequent value may be at most.
    """

    distinct: int = 1
    largest_share: float | None = None


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers of combinations at a vector.

    Attributes:
        of_each: The number of each combination.
        space: All are below it.
        strides: What one step of each pack adds; empty where they were numbered anew.
    """

    of_each: Ints
    space: int
    strides: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Codes:
    """A pack at a vector.

    Attributes:
        codes: What each number of the pack becomes.
        members: One number of the pack for each code.
    """

    codes: Ints
    members: Ints


class Radix:
    """Numbers of classes: equal exactly where all codes are equal.

    Fields with few values go in packs, so that a check looks up two or three numbers for each
    combination and not one for each field.
    """

    def __init__(self, hierarchies: Sequence[Hierarchy], floors: Vector) -> None:
        """Take the hierarchies, and the finest levels that will be asked for."""
        self._hierarchies = hierarchies
        self._floors = floors
        self._leaves = [
            np.unique(hierarchy.codes[floor], return_index=True)[1]
            for hierarchy, floor in zip(hierarchies, floors, strict=True)
        ]
        self._packs = _choose_packs([len(leaves) for leaves in self._leaves])
        self._known: dict[tuple[tuple[int, ...], Vector], _Codes] = {}

    def pack(self, cells: Sequence[npt.NDArray[Any]]) -> tuple[Ints, ...]:
        """Return for each pack the number of each combination, from its leaf codes."""
        return tuple(self._pack(fields, cells) for fields in self._packs)

    def number(self, vector: Vector, packs: Sequence[Ints]) -> Numbers:
        """Number each combination at a vector.

        Where the numbers would overflow, those that are there are numbered anew on the way.
        """
        numbers: Ints | None = None
        space, strides = 1, []
        for fields, pack in zip(self._packs, packs, strict=True):
            table = self._codes(fields, vector)
            size = len(table.members)
            if numbers is None:
                numbers = table.codes.take(pack)
            elif size > 1:
                if space > LARGEST_SPACE // size:
                    distinct, numbers = np.unique(numbers, return_inverse=True)
                    space, strides = len(distinct), [0]
                numbers += (table.codes * space).take(pack)
            strides.append(space)
            space *= size
        if numbers is None:
            raise ValueError("there is nothing to number classes by")
        return Numbers(numbers, space, tuple(strides) if len(strides) == len(packs) else ())

    def represent(self, vector: Vector, numbers: Ints, strides: Sequence[int]) -> tuple[Ints, ...]:
        """Return for each pack a combination of each number; the inverse of `number`."""
        packs = []
        for fields, stride in zip(self._packs, strides, strict=True):
            table = self._codes(fields, vector)
            packs.append(table.members.take(numbers // stride % len(table.members)))
        return tuple(packs)

    def count_leaves(self, packs: Sequence[Ints], rows: Floats) -> list[Floats]:
        """Sum rows by field and leaf, each leaf at the floor standing for its equals there."""
        counted: list[Floats] = [np.zeros(0)] * len(self._hierarchies)
        for fields, pack in zip(self._packs, packs, strict=True):
            shape = [len(self._leaves[field]) for field in fields]
            totals = np.bincount(pack, weights=rows, minlength=math.prod(shape)).reshape(shape)
            for axis, field in enumerate(fields):
                others = tuple(other for other in range(len(fields)) if other != axis)
                counted[field] = np.zeros(len(self._hierarchies[field].leaves))
                counted[field][self._leaves[field]] = totals.sum(axis=others)
        return counted

    def _pack(self, fields: Sequence[int], cells: Sequence[npt.NDArray[Any]]) -> Ints:
        narrow = np.min_scalar_type(math.prod(len(self._leaves[field]) for field in fields))
        packed = np.zeros(len(cells[0]), dtype=narrow)
        for field in fields:
            floor = self._hierarchies[field].codes[self._floors[field]].astype(narrow)
            packed *= narrow.type(len(self._leaves[field]))
            packed += floor.take(cells[field])
        return packed.astype(np.int64)

    def _codes(self, fields: tuple[int, ...], vector: Vector) -> _Codes:
        key = (fields, tuple(vector[field] for field in fields))
        if key not in self._known:
            if len(self._known) >= REMEMBERED_CODES:
                self._known.clear()
            self._known[key] = self._reckon_codes(fields, vector)
        return self._known[key]

    def _reckon_codes(self, fields: tuple[int, ...], vector: Vector) -> _Codes:
        codes, size = np.zeros(1, dtype=np.int64), 1
        for field in fields:
            level = self._hierarchies[field].codes[vector[field]][self._leaves[field]]
            width = self._hierarchies[field].size(vector[field])
            codes = (codes[:, None] * width + level[None, :]).ravel()
            size *= width
        members = np.empty(size, dtype=np.int64)
        members[codes] = np.arange(len(codes))
        return _Codes(codes, members)


def _choose_packs(sizes: Sequence[int]) -> list[tuple[int, ...]]:
    """Put fields into packs of at most `LARGEST_PACK` numbers, one after the other."""
    packs: list[list[int]] = []
    space = LARGEST_PACK + 1
    for field in sorted(range(len(sizes)), key=lambda field: (sizes[field], field)):
        if space * sizes[field] > LARGEST_PACK:
            packs.append([])
            space = 1
        packs[-1].append(field)
        space *= sizes[field]
    return [tuple(pack) for pack in packs]


@dataclass(frozen=True, slots=True)
class Grouped:
    """Classes of a finer vector, grouped; what is seldom asked for is reckoned when it is.

    Attributes:
        counts: Rows of each class.
    """

    counts: Floats
    _radix: Radix
    _vector: Vector
    _source: Classes
    _numbers: Numbers
    _present: Ints

    @property
    def classes(self) -> Classes:
        """The classes, each told by one combination."""
        if self._numbers.strides:
            packs = self._radix.represent(self._vector, self._present, self._numbers.strides)
        else:
            _, members = np.unique(self._numbers.of_each, return_index=True)
            packs = tuple(pack.take(members) for pack in self._source.packs)
        return Classes(packs, self.counts)

    @property
    def positions(self) -> Ints:
        """For each class of the source the position of the one that it falls into."""
        of_each, space = self._numbers.of_each, self._numbers.space
        if space > DENSE * len(of_each):
            return np.searchsorted(self._present, of_each)
        position = np.empty(space, dtype=np.int64)
        position[self._present] = np.arange(len(self._present))
        return position.take(of_each)


def group(radix: Radix, vector: Vector, source: Classes) -> Grouped:
    """Group classes of a finer vector.

    Args:
        radix: Numbers the classes.
        vector: What to group by.
        source: Classes of any vector that is nowhere coarser.
    """
    numbers = radix.number(vector, source.packs)
    present, counts = sum_counts(numbers.of_each, source.counts, numbers.space)
    return Grouped(counts, radix, vector, source, numbers, present)


def sum_counts(numbers: Ints, counts: Floats, space: int) -> tuple[Ints, Floats]:
    """Sum counts by number; numbers are below `space`.

    Returns:
        The numbers that are there, in order, and their sums.

    Examples:
        >>> sum_counts(np.array([4, 0, 4]), np.array([2.0, 1.0, 3.0]), 5)
        (array([0, 4]), array([1., 5.]))
    """
    if space <= DENSE * len(numbers):
        totals = _sums(numbers, counts)
        present = np.flatnonzero(totals)
        return present, totals[present]
    bits = int(counts.max(initial=0)).bit_length()
    if space > 1 << (LARGEST_BITS - bits):
        present, position = np.unique(numbers, return_inverse=True)
        return present, _sums(position, counts)
    packed = (numbers << bits) | counts.astype(np.int64)
    packed.sort()
    ordered = packed >> bits
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    sums = np.add.reduceat((packed & ((1 << bits) - 1)).astype(np.float64), starts)
    return ordered[starts], sums


def _sums(positions: Ints, counts: Floats) -> Floats:
    return np.bincount(positions, weights=counts).astype(np.float64, copy=False)


def measure_diversity(numbers: Ints, codes: Ints, counts: Floats) -> tuple[Ints, Floats]:
    """Measure a further field within each class.

    Args:
        numbers: Class of each combination, counted from 0 without gaps.
        codes: Value of the field for each combination.
        counts: Rows of each combination.

    Returns:
        For each class how many values it holds, and the rows of its most frequent one.
    """
    width, classes = int(codes.max(initial=0)) + 1, int(numbers.max(initial=-1)) + 1
    pairs, rows = sum_counts(numbers * width + codes, counts, classes * width)
    of_class = pairs // width
    starts = np.flatnonzero(np.concatenate([[True], of_class[1:] != of_class[:-1]]))
    values = np.diff(np.append(starts, len(of_class)))
    return values, np.maximum.reduceat(rows, starts)
