"""Group combinations into classes: whole numbers in, whole numbers out.

The inner loop of the search. A class is told by one number, the mixed radix of its codes;
numbers are counted directly where there are few, and sorted once, packed with their
positions, where there are many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from etl.anonymise.hierarchy import Hierarchy, Ints
from etl.anonymise.metrics import Vector

DENSE = 4  # numbers are counted directly when there are at most so many per combination
LARGEST_SPACE = 1 << 62  # beyond it the numbers of classes would overflow without a word


@dataclass(frozen=True, slots=True)
class Classes:
    """Combinations that are equal at some vector.

    Attributes:
        cells: For each field the leaf code of one combination of each class.
        counts: Rows of each class.
    """

    cells: tuple[Ints, ...]
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
    """Numbers of classes: equal exactly where all codes are equal."""

    def __init__(self, hierarchies: Sequence[Hierarchy]) -> None:
        """Take the hierarchies, in the order of the fields."""
        self._codes = [hierarchy.codes for hierarchy in hierarchies]
        self._sizes = [
            [hierarchy.size(level) for level in range(hierarchy.height)]
            for hierarchy in hierarchies
        ]

    def number(self, vector: Vector, cells: Sequence[Ints]) -> tuple[Ints, int]:
        """Return the number of each combination at a vector, and how many there may be.

        Where the numbers would overflow, those that are there are numbered anew on the way.
        """
        numbers = np.zeros(len(cells[0]), dtype=np.int64)
        space = 1
        for codes, sizes, level, cell in zip(self._codes, self._sizes, vector, cells, strict=True):
            size = sizes[level]
            if size == 1:
                continue
            if space > LARGEST_SPACE // size:
                distinct, numbers = np.unique(numbers, return_inverse=True)
                space = len(distinct)
            if space > 1:
                numbers *= size
                numbers += codes[level].take(cell)
            else:
                numbers = codes[level].take(cell)
            space *= size
        return numbers, space


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
    numbers, space = radix.number(vector, source.cells)
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
    return Classes(tuple(cell.take(members) for cell in source.cells), counts)
