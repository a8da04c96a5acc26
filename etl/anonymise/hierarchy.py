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
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from etl.errors import ContractError

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A hierarchy compiled to integers.

    Attributes:
        name: The field.
        leaves: Values at level 0, by code.
        codes: For each level the code that each leaf has there.
        labels: For each level the value of each code.
        shares: For each level and code the part of all leaves that it covers.
        counts: Rows of each leaf.
    """

    name: str
    leaves: tuple[Hashable, ...]
    codes: tuple[Ints, ...]
    labels: tuple[tuple[Hashable, ...], ...]
    shares: tuple[npt.NDArray[np.float64], ...]
    counts: Ints

    @property
    def height(self) -> int:
        """Number of levels, the original values included."""
        return len(self.codes)

    def size(self, level: int) -> int:
        """Number of values at a level."""
        return len(self.labels[level])


def compile_hierarchy(
    name: str, levels: Sequence[Sequence[Hashable]], counts: Sequence[int] | Ints | None = None
) -> Hierarchy:
    """Prove a hierarchy and compile it.

    Args:
        name: The field.
        levels: For each level, from the values themselves to the root, what each leaf is there.
        counts: Rows of each leaf; one each when they are not known.

    Raises:
        ContractError: The hierarchy is empty, not total, not single-rooted, not nested, or
            names a leaf twice. Values are counted, not quoted.

    Examples:
        >>> ages = compile_hierarchy("age", [(1, 7), ("0-4", "5-9"), ("*", "*")])
        >>> ages.height, ages.size(1), ages.shares[1].tolist()
        (3, 2, [0.5, 0.5])
    """
    leaves = levels[0]
    if not leaves:
        raise refuse_hierarchy(name, "it has no value")
    if any(len(column) != len(leaves) for column in levels):
        raise refuse_hierarchy(name, "it is not total: a value has no place at some level")
    encoded = [_encode(column) for column in levels]
    if repeated := len(leaves) - len(encoded[0][1]):
        raise refuse_hierarchy(name, f"{repeated} values stand in it twice")
    if len(encoded[-1][1]) != 1:
        raise refuse_hierarchy(name, f"it ends in {len(encoded[-1][1])} values instead of one")
    for level, ((lower, _), (upper, _)) in enumerate(pairwise(encoded)):
        if broken := _count_split(lower, upper):
            raise refuse_hierarchy(
                name, f"{broken} values of level {level} fall apart at the next one"
            )
    return Hierarchy(
        name=name,
        leaves=tuple(leaves),
        codes=tuple(codes for codes, _ in encoded),
        labels=tuple(labels for _, labels in encoded),
        shares=tuple(np.bincount(codes) / len(leaves) for codes, _ in encoded),
        counts=np.ones(len(leaves), np.int64) if counts is None else np.asarray(counts, np.int64),
    )


def _encode(column: Sequence[Hashable]) -> tuple[Ints, tuple[Hashable, ...]]:
    """Number the values of one level in the order of their first leaf."""
    numbers: dict[Hashable, int] = {}
    codes = np.fromiter(
        (numbers.setdefault(value, len(numbers)) for value in column), np.int64, len(column)
    )
    return codes, tuple(numbers)


def _count_split(lower: Ints, upper: Ints) -> int:
    """Count the values of a level that have more than one value above them."""
    pairs = np.unique(np.stack([lower, upper], axis=1), axis=0)
    return len(pairs) - len(np.unique(lower))


def refuse_hierarchy(name: str, why: str) -> ContractError:
    """Return the error that says why a hierarchy is not used."""
    return ContractError(
        f"The hierarchy of {name} cannot be used: {why}. Nothing was anonymised; the live"
        " release stays. Correct the hierarchy.",
        field=name,
    )
