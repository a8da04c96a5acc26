"""Generalisation hierarchies: proven before use, then compiled to integers.

A hierarchy is a table with one row for each value of a field and one column for each level,
the value itself first. It may be used once it is *total* (every level has a value),
*single-rooted* (the last level is one value) and *nested* (values that are equal at one level
are equal at all later ones). Without nesting, rolling groups up is wrong and the search would
claim anonymity that the table does not have.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from etl.errors import ContractError

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A hierarchy compiled to integers.

    Attributes:
        name: The field.
        leaves: Values at level 0, by code.
        codes: For each level the code that each leaf has there.
        labels: For each level the value of each code.
        shares: For each level and code the part of all leaves that it covers.
    """

    name: str
    leaves: tuple[Hashable, ...]
    codes: tuple[Codes, ...]
    labels: tuple[tuple[Hashable, ...], ...]
    shares: tuple[npt.NDArray[np.float64], ...]

    @property
    def height(self) -> int:
        """Number of levels, the original values included."""
        return len(self.codes)

    def size(self, level: int) -> int:
        """Number of values at a level."""
        return len(self.labels[level])


def compile_hierarchy(name: str, rows: Sequence[Sequence[Hashable]]) -> Hierarchy:
    """Prove a hierarchy and compile it.

    Args:
        name: The field.
        rows: One sequence of equal length for each leaf, from the leaf to the root.

    Raises:
        ContractError: The hierarchy is empty, not total, not single-rooted, not nested, or
            names a leaf twice. Values are counted, not quoted.

    Examples:
        >>> ages = compile_hierarchy("age", [(1, "0-4", "*"), (7, "5-9", "*")])
        >>> ages.height, ages.size(1), ages.shares[1].tolist()
        (3, 2, [0.5, 0.5])
    """
    if not rows:
        raise _refuse(name, "it has no value")
    height = len(rows[0])
    if any(len(row) != height or None in row[1:] for row in rows):
        raise _refuse(name, "it is not total: a row has fewer levels than another")
    columns = list(zip(*rows, strict=True))
    encoded = [_encode(column) for column in columns]
    if len(encoded[0][1]) != len(rows):
        raise _refuse(name, f"{len(rows) - len(encoded[0][1])} values stand in it twice")
    if len(encoded[-1][1]) != 1:
        raise _refuse(name, f"it ends in {len(encoded[-1][1])} values instead of one")
    for level, ((lower, _), (upper, _)) in enumerate(zip(encoded, encoded[1:], strict=False)):
        if broken := _count_split(lower, upper):
            raise _refuse(name, f"{broken} values of level {level} fall apart at the next one")
    return Hierarchy(
        name=name,
        leaves=tuple(columns[0]),
        codes=tuple(codes for codes, _ in encoded),
        labels=tuple(labels for _, labels in encoded),
        shares=tuple(np.bincount(codes) / len(rows) for codes, _ in encoded),
    )


def _encode(column: Sequence[Hashable]) -> tuple[Codes, tuple[Hashable, ...]]:
    """Number the values of one level in the order of their first leaf."""
    numbers: dict[Hashable, int] = {}
    codes = np.fromiter(
        (numbers.setdefault(value, len(numbers)) for value in column), np.int64, len(column)
    )
    return codes, tuple(numbers)


def _count_split(lower: Codes, upper: Codes) -> int:
    """Count the values of a level that have more than one value above them."""
    pairs = np.unique(np.stack([lower, upper], axis=1), axis=0)
    return len(pairs) - len(np.unique(lower))


def _refuse(name: str, why: str) -> ContractError:
    return ContractError(
        f"The hierarchy of {name} cannot be used: {why}. Nothing was anonymised; the live"
        " release stays. Correct the hierarchy.",
        field=name,
    )
