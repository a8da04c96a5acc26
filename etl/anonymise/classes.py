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
        self._known: dict[tuple[tuple[int, ...], Vector], tuple[Ints, int]] = {}

    def pack(self, cells: Sequence[npt.NDArray[Any]]) -> tuple[Ints, ...]:
        """Return for each pack the number of each combination, from its leaf codes."""
        return tuple(self._pack(fields, cells) for fields in self._packs)

    def number(self, vector: Vector, packs: Sequence[Ints]) -> Numbers:
        """Number each combination at a vector.

        Where the numbers would overflow, those that are there are numbered anew on the way.
        """
        numbers = np.zeros(len(packs[0]), dtype=np.int64)
        space, strides = 1, []
        for fields, pack in zip(self._packs, packs, strict=True):
            codes, size = self._codes(fields, vector)
            if size > 1 and space > LARGEST_SPACE // size:
                distinct, numbers = np.unique(numbers, return_inverse=True)
                space, strides = len(distinct), [0]
            strides.append(space)
            if size > 1:
                numbers += (codes * space).take(pack)
                space *= size
        return Numbers(numbers, space, tuple(strides) if len(strides) == len(packs) else ())

    def represent(self, vector: Vector, numbers: Ints, strides: Sequence[int]) -> tuple[Ints, ...]:
        """Return for each pack a combination of each number; the inverse of `number`."""
        packs = []
        for fields, stride in zip(self._packs, strides, strict=True):
            codes, size = self._codes(fields, vector)
            members = np.empty(size, dtype=np.int64)
            members[codes] = np.arange(len(codes))
            packs.append(members.take(numbers // stride % size))
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

    def _codes(self, fields: tuple[int, ...], vector: Vector) -> tuple[Ints, int]:
        """Return the number at a vector of each number of a pack, and how many there are."""
        key = (fields, tuple(vector[field] for field in fields))
        if key not in self._known:
            if len(self._known) >= REMEMBERED_CODES:
                self._known.clear()
            self._known[key] = self._reckon_codes(fields, vector)
        return self._known[key]

    def _reckon_codes(self, fields: tuple[int, ...], vector: Vector) -> tuple[Ints, int]:
        codes, size = np.zeros(1, dtype=np.int64), 1
        for field in fields:
            level = self._hierarchies[field].codes[vector[field]][self._leaves[field]]
            width = self._hierarchies[field].size(vector[field])
            codes = (codes[:, None] * width + level[None, :]).ravel()
            size *= width
        return codes, size


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


def group(
    radix: Radix, vector: Vector, source: Classes, *, numbered: bool = False
) -> tuple[Classes, Ints]:
    """Group classes of a finer vector.

    Args:
        radix: Numbers the classes.
        vector: What to group by.
        source: Classes of any vector that is nowhere coarser.
        numbered: Whether to tell for each of them the class that it falls into.

    Returns:
        The classes, and their positions for each of the source; empty when not asked for.
    """
    numbered_as = radix.number(vector, source.packs)
    numbers, counts = sum_counts(numbered_as.of_each, source.counts, numbered_as.space)
    if numbered_as.strides:
        packs = radix.represent(vector, numbers, numbered_as.strides)
    else:
        _, members = np.unique(numbered_as.of_each, return_index=True)
        packs = tuple(pack.take(members) for pack in source.packs)
    positions = _find(numbers, numbered_as) if numbered else numbers[:0]
    return Classes(packs, counts), positions


def sum_counts(numbers: Ints, counts: Floats, space: int) -> tuple[Ints, Floats]:
    """Sum counts by number; numbers are below `space`.

    Returns:
        The numbers that are there, in order, and their sums.

    Examples:
        >>> sum_counts(np.array([4, 0, 4]), np.array([2.0, 1.0, 3.0]), 5)
        (array([0, 4]), array([1., 5.]))
    """
    if space <= DENSE * len(numbers):
        totals = np.bincount(numbers, weights=counts, minlength=space)
        present = np.flatnonzero(totals)
        return present, totals[present]
    bits = int(counts.max(initial=0)).bit_length()
    if space > 1 << (LARGEST_BITS - bits):
        present, position = np.unique(numbers, return_inverse=True)
        return present, np.bincount(position, weights=counts)
    packed = (numbers << bits) | counts.astype(np.int64)
    packed.sort()
    ordered = packed >> bits
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    sums = np.add.reduceat((packed & ((1 << bits) - 1)).astype(np.float64), starts)
    return ordered[starts], sums


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
    return np.bincount(of_class, minlength=classes), np.maximum.reduceat(rows, starts)


def _find(numbers: Ints, among: Numbers) -> Ints:
    """Return the position of each combination's number among those that are there."""
    if among.space > DENSE * len(among.of_each):
        return np.searchsorted(numbers, among.of_each)
    position = np.empty(among.space, dtype=np.int64)
    position[numbers] = np.arange(len(numbers))
    return position.take(among.of_each)
