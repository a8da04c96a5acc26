"""Information loss: what generalisation and suppression take away.

All are computed on groups with counts, never on rows. Definitions follow ARX, so that
published optima can be compared (Prasser et al., *Software: Practice and Experience* 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from etl.anonymise.hierarchy import Hierarchy

Vector = tuple[int, ...]
Counts = npt.NDArray[np.int64]


class Metric(Protocol):
    """A measure that separates into fields, so that a bound needs no grouping."""

    name: str

    def bounds(self) -> list[npt.NDArray[np.float64]]:
        """Return for each field the loss of each level if nothing were suppressed."""
        ...

    def combine(self, parts: Sequence[npt.NDArray[np.float64] | float]) -> object:
        """Combine the parts of the fields into the loss of a vector."""
        ...

    def measure(self, vector: Vector, members: Counts, kept: Counts, suppressed: int) -> float:
        """Return the loss of a vector.

        Args:
            vector: Level of each field.
            members: A combination of each group, standing for all of it.
            kept: Rows of each group that are published; 0 for a suppressed group.
            suppressed: Rows that are left out.
        """
        ...


class Loss:
    """Normalised certainty penalty, combined as a geometric mean.

    A value costs the share of the domain that it stands for, a suppressed one costs all of
    it. `x_j = (sum of shares - N/|domain|) / (N - N/|domain|)`, and the loss of the table is
    the geometric mean of `1 + x_j`, minus 1 (ARX's `Loss`; NCP of Xu et al., KDD 2006).
    """

    name = "loss"

    def __init__(
        self, hierarchies: Sequence[Hierarchy], cells: Sequence[npt.NDArray[np.int64]],
        counts: Counts,
    ) -> None:  # fmt: skip
        """Take the base groups: the leaf code of each field, and how many rows each has."""
        self._hierarchies = hierarchies
        self._cells = cells
        self._rows = int(counts.sum())
        self._leaf_counts = [
            np.bincount(cell, weights=counts, minlength=len(hierarchy.leaves))
            for hierarchy, cell in zip(hierarchies, cells, strict=True)
        ]

    def bounds(self) -> list[npt.NDArray[np.float64]]:
        """Return for each field the loss of each level if nothing were suppressed."""
        return [
            np.array(
                [
                    self._normalised(position, float(leaf_counts @ shares[codes]))
                    for codes, shares in zip(hierarchy.codes, hierarchy.shares, strict=True)
                ]
            )
            for position, (hierarchy, leaf_counts) in enumerate(
                zip(self._hierarchies, self._leaf_counts, strict=True)
            )
        ]

    def combine(self, parts: Sequence[npt.NDArray[np.float64] | float]) -> object:
        """Return the geometric mean of `1 + part`, minus 1."""
        product: object = 1.0
        for part in parts:
            product = product * (1.0 + part)  # type: ignore[operator]
        return product ** (1.0 / len(parts)) - 1.0  # type: ignore[operator]

    def measure(self, vector: Vector, members: Counts, kept: Counts, suppressed: int) -> float:
        """Return the loss with suppressed rows at full cost."""
        parts = []
        for position, level in enumerate(vector):
            hierarchy = self._hierarchies[position]
            shares = hierarchy.shares[level][hierarchy.codes[level]]
            total = float(kept @ shares[self._cells[position][members]]) + suppressed
            parts.append(self._normalised(position, total))
        return float(self.combine(parts))  # type: ignore[arg-type]

    def _normalised(self, position: int, total: float) -> float:
        least = self._rows / len(self._hierarchies[position].leaves)
        span = self._rows - least
        return (total - least) / span if span > 0 else 0.0


class NonUniformEntropy:
    """Bits that generalisation takes away, summed over all rows and fields.

    `-log2(count(leaf) / count(generalised))` for every row and field, reckoned before
    suppression (ARX's `NonUniformEntropy`, precomputed variant; de Waal & Willenborg 1999).
    """

    name = "entropy"

    def __init__(
        self, hierarchies: Sequence[Hierarchy], cells: Sequence[npt.NDArray[np.int64]],
        counts: Counts,
    ) -> None:  # fmt: skip
        """Take the base groups: the leaf code of each field, and how many rows each has."""
        self._bounds = [
            np.array([_lost_bits(cell_counts, codes) for codes in hierarchy.codes])
            for hierarchy, cell_counts in (
                (h, np.bincount(cell, weights=counts, minlength=len(h.leaves)))
                for h, cell in zip(hierarchies, cells, strict=True)
            )
        ]

    def bounds(self) -> list[npt.NDArray[np.float64]]:
        """Return for each field the bits lost at each level."""
        return self._bounds

    def combine(self, parts: Sequence[npt.NDArray[np.float64] | float]) -> object:
        """Return the sum."""
        total: object = 0.0
        for part in parts:
            total = total + part  # type: ignore[operator]
        return total

    def measure(self, vector: Vector, members: Counts, kept: Counts, suppressed: int) -> float:  # noqa: ARG002
        """Return the bits lost; what is suppressed does not count, so that pruning is exact."""
        return float(sum(bound[level] for bound, level in zip(self._bounds, vector, strict=True)))


def _lost_bits(leaf_counts: npt.NDArray[np.float64], codes: npt.NDArray[np.int64]) -> float:
    present = leaf_counts > 0
    generalised = np.bincount(codes, weights=leaf_counts)[codes]
    return float(
        -(leaf_counts[present] * np.log2(leaf_counts[present] / generalised[present])).sum()
    )


class _Unseparable:
    """A metric of whole groups: nothing is known of a vector before it is grouped."""

    def __init__(
        self, hierarchies: Sequence[Hierarchy], cells: Sequence[npt.NDArray[np.int64]],
        counts: Counts,
    ) -> None:  # fmt: skip
        """Take the base groups: the leaf code of each field, and how many rows each has."""
        self._heights = [hierarchy.height for hierarchy in hierarchies]
        self._rows = int(counts.sum())

    def bounds(self) -> list[npt.NDArray[np.float64]]:
        """Return zero, the only bound that holds."""
        return [np.zeros(height) for height in self._heights]

    def combine(self, parts: Sequence[npt.NDArray[np.float64] | float]) -> object:
        """Return the sum."""
        total: object = 0.0
        for part in parts:
            total = total + part  # type: ignore[operator]
        return total


class Discernibility(_Unseparable):
    """Sum of squared group sizes, a suppressed row costing all rows (Bayardo & Agrawal 2005)."""

    name = "dm"

    def measure(self, vector: Vector, members: Counts, kept: Counts, suppressed: int) -> float:  # noqa: ARG002
        """Return the discernibility."""
        sizes = kept.astype(np.float64)
        return float(sizes @ sizes + suppressed * float(self._rows))


class AverageClassSize(_Unseparable):
    """Rows per group, all suppressed rows being one group (LeFevre et al. 2006)."""

    name = "aecs"

    def measure(self, vector: Vector, members: Counts, kept: Counts, suppressed: int) -> float:  # noqa: ARG002
        """Return the average size."""
        return self._rows / (int(np.count_nonzero(kept)) + bool(suppressed))


METRICS = {metric.name: metric for metric in (Loss, NonUniformEntropy, Discernibility,
                                              AverageClassSize)}  # fmt: skip
