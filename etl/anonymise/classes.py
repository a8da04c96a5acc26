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
LARGEST_SPACE = 1 << 62  # beyond it the numbers of classes would overflow without a word


@dataclass(frozen=True, slots=True)
class Classes:
    """Combinations that are equal at some vector.

    Attributes:
        packs: For each pack of fields the number of one combination of each class.
        counts: Rows of each class.
    """

    packs: tuple[npt.NDArray[Any], ...]
    counts: Ints


@dataclass(frozen=True, slots=True)
class Diversity:
    """What each class must hold of one further field.

    Attributes:
        distinct: How many values at least; for the key of units this is their *k*.
        largest_share: Which part of the class its most frequent value may be at most.
    """

    distinct: int = 1
    largest_share: float | None = None


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

    def pack(self, cells: Sequence[npt.NDArray[Any]]) -> tuple[npt.NDArray[Any], ...]:
        """Return for each pack the number of each combination, from its leaf codes."""
        return tuple(self._pack(fields, cells) for fields in self._packs)

    def number(
        self, vector: Vector, packs: Sequence[npt.NDArray[Any]]
    ) -> tuple[Ints, int]:  # fmt: skip
        """Return the number of each combination at a vector, and how many there may be.

        Where the numbers would overflow, those that are there are numbered anew on the way.
        """
        numbers = np.zeros(len(packs[0]), dtype=np.int64)
        space = 1
        for fields, pack in zip(self._packs, packs, strict=True):
            codes, size = self._codes(fields, vector)
            if size == 1:
                continue
            if space > LARGEST_SPACE // size:
                distinct, numbers = np.unique(numbers, return_inverse=True)
                space = len(distinct)
            if space > 1:
                numbers *= size
                numbers += codes.take(pack)
            else:
                numbers = codes.take(pack)
            space *= size
        return numbers, space

    def count_leaves(self, packs: Sequence[npt.NDArray[Any]], rows: Ints) -> list[Floats]:
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

    def _pack(self, fields: Sequence[int], cells: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        size = math.prod(len(self._leaves[field]) for field in fields)
        packed = np.zeros(len(cells[0]), dtype=np.int64)
        for field in fields:
            floor = self._hierarchies[field].codes[self._floors[field]]
            packed *= len(self._leaves[field])
            packed += floor.take(cells[field])
        return packed.astype(np.min_scalar_type(size))

    def _codes(self, fields: Sequence[int], vector: Vector) -> tuple[Ints, int]:
        """Return the number at a vector of each number of a pack, and how many there are."""
        codes, size = np.zeros(1, dtype=np.int64), 1
        for field in fields:
            level = self._hierarchies[field].codes[vector[field]][self._leaves[field]]
            width = self._hierarchies[field].size(vector[field])
            codes = (codes[:, None] * width + level[None, :]).ravel()
            size *= width
        return codes, size


def _choose_packs(sizes: Sequence[int]) -> list[list[int]]:
    """Put fields into packs of at most `LARGEST_PACK` numbers, one after the other."""
    packs: list[list[int]] = []
    space = LARGEST_PACK + 1
    for field in sorted(range(len(sizes)), key=lambda field: (sizes[field], field)):
        if space * sizes[field] > LARGEST_PACK:
            packs.append([])
            space = 1
        packs[-1].append(field)
        space *= sizes[field]
    return packs


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
    numbers, space = radix.number(vector, source.packs)
    if space <= DENSE * len(numbers):
        return _count(numbers, space, source, numbered=numbered)
    return _sort(numbers, space, source, numbered=numbered)


def measure_diversity(numbers: Ints, codes: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Measure a further field within each class.

    Args:
        numbers: Class of each combination, counted from 0 without gaps.
        codes: Value of the field for each combination.
        counts: Rows of each combination.

    Returns:
        For each class how many values it holds, and the rows of its most frequent one.
    """
    width = int(codes.max(initial=0)) + 1
    pairs, position = np.unique(numbers * width + codes, return_inverse=True)
    rows = np.bincount(position, weights=counts).astype(np.int64)
    of_class = pairs // width
    largest = np.zeros(int(numbers.max(initial=-1)) + 1, dtype=np.int64)
    np.maximum.at(largest, of_class, rows)
    return np.bincount(of_class).astype(np.int64), largest


def _count(numbers: Ints, space: int, source: Classes, *, numbered: bool) -> tuple[Classes, Ints]:
    totals = np.bincount(numbers, weights=source.counts, minlength=space)
    present = np.flatnonzero(totals)
    member = np.empty(space, dtype=np.int64)
    member[numbers] = np.arange(len(numbers))
    classes = _classes(source, member[present], totals[present].astype(np.int64))
    if not numbered:
        return classes, present[:0]
    position = np.empty(space, dtype=np.int64)
    position[present] = np.arange(len(present))
    return classes, position[numbers]


def _sort(numbers: Ints, space: int, source: Classes, *, numbered: bool) -> tuple[Classes, Ints]:
    bits = len(numbers).bit_length()
    if space > 1 << (62 - bits):
        _, numbers = np.unique(numbers, return_inverse=True)
    packed = (numbers << bits) | np.arange(len(numbers))
    packed.sort()
    ordered, order = packed >> bits, packed & ((1 << bits) - 1)
    is_first = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    starts = np.flatnonzero(is_first)
    counts = np.add.reduceat(source.counts[order], starts)
    classes = _classes(source, order[starts], counts)
    if not numbered:
        return classes, starts[:0]
    position = np.empty(len(numbers), dtype=np.int64)
    position[order] = np.cumsum(is_first) - 1
    return classes, position


def _classes(source: Classes, members: Ints, counts: Ints) -> Classes:
    return Classes(tuple(pack.take(members) for pack in source.packs), counts)
