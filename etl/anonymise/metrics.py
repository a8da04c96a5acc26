"""Information loss: what generalisation and suppression take away.

All are computed on classes with counts, never on rows. Definitions follow ARX, so that
published optima can be compared (Prasser et al., *Software: Practice and Experience* 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from etl.anonymise.hierarchy import Hierarchy, Ints

Vector = tuple[int, ...]
Floats = npt.NDArray[np.float64]


class Metric(Protocol):
    """A measure of what a vector takes away."""

    name: str

    def bounds(self) -> list[Floats]:
        """Return for each field the loss of each level if nothing were suppressed."""
        ...

    def combine(self, parts: Sequence[Any]) -> Any:
        """Combine the parts of the fields, numbers or arrays of them, into a loss."""
        ...

    def least(self, vector: Vector, bound: float, suppressed: int) -> float:
        """Return what a vector loses at least, once it is known how many rows it leaves out.

        Args:
            vector: Level of each field.
            bound: Its loss if nothing were suppressed.
            suppressed: Rows that are left out.
        """
        ...

    def measure(
        self, vector: Vector, leaves: Sequence[Floats], kept: Floats, suppressed: int
    ) -> float:  # fmt: skip
        """Return the loss of a vector.

        Args:
            vector: Level of each field.
            leaves: For each field the published rows of each leaf.
            kept: Rows of each class that are published; 0 for a suppressed class.
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

    def __init__(self, hierarchies: Sequence[Hierarchy], rows: int) -> None:
        """Take the hierarchies with the counts of their leaves, and the rows in all."""
        self._hierarchies = hierarchies
        self._rows = rows
        self._shares = [
            [shares[codes] for codes, shares in zip(h.codes, h.shares, strict=True)]
            for h in hierarchies
        ]
        self._totals = [
            [float((h.counts * shares).sum()) for shares in levels]
            for h, levels in zip(hierarchies, self._shares, strict=True)
        ]
        self._most = [[float(shares.max()) for shares in levels] for levels in self._shares]

    def bounds(self) -> list[Floats]:
        """Return for each field the loss of each level if nothing were suppressed."""
        return [
            np.array([self._normalised(position, total) for total in totals])
            for position, totals in enumerate(self._totals)
        ]

    def combine(self, parts: Sequence[Any]) -> Any:
        """Return the geometric mean of `1 + part`, minus 1."""
        product: Any = 1.0
        for part in parts:
            product = product * (1.0 + part)
        return product ** (1.0 / len(parts)) - 1.0

    def least(self, vector: Vector, bound: float, suppressed: int) -> float:  # noqa: ARG002
        """Return the loss if those rows are left out that stood for most already."""
        return float(self.combine([
            self._normalised(position, total[level] + suppressed * (1.0 - most[level]))
            for position, (level, total, most) in enumerate(
                zip(vector, self._totals, self._most, strict=True)
            )
        ]))  # fmt: skip

    def measure(
        self, vector: Vector, leaves: Sequence[Floats], kept: Floats, suppressed: int  # noqa: ARG002
    ) -> float:  # fmt: skip
        """Return the loss with suppressed rows at full cost."""
        return float(self.combine(self.parts(vector, leaves, suppressed)))

    def parts(self, vector: Vector, leaves: Sequence[Floats], suppressed: int) -> list[float]:
        """Return the loss of each field, from 0 (as it was) to 1 (nothing remains)."""
        return [
            self._normalised(
                position, float((rows * self._shares[position][level]).sum()) + suppressed
            )
            for position, (level, rows) in enumerate(zip(vector, leaves, strict=True))
        ]

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

    def __init__(self, hierarchies: Sequence[Hierarchy], rows: int) -> None:  # noqa: ARG002
        """Take the hierarchies with the counts of their leaves."""
        self._bounds = [
            np.array([_lost_bits(h.counts.astype(np.float64), codes) for codes in h.codes])
            for h in hierarchies
        ]

    def bounds(self) -> list[Floats]:
        """Return for each field the bits lost at each level."""
        return self._bounds

    def combine(self, parts: Sequence[Any]) -> Any:
        """Return the sum."""
        return sum(parts, start=0.0)

    def least(self, vector: Vector, bound: float, suppressed: int) -> float:  # noqa: ARG002
        """Return the bound; what is suppressed does not count."""
        return bound

    def measure(
        self, vector: Vector, leaves: Sequence[Floats], kept: Floats, suppressed: int  # noqa: ARG002
    ) -> float:  # fmt: skip
        """Return the bits lost; what is suppressed does not count, so that pruning is exact."""
        return float(sum(bound[level] for bound, level in zip(self._bounds, vector, strict=True)))


def _lost_bits(counts: Floats, codes: Ints) -> float:
    present = counts > 0
    generalised = np.bincount(codes, weights=counts)[codes]
    return float(-(counts[present] * np.log2(counts[present] / generalised[present])).sum())


class _Unseparable:
    """A metric of whole classes: nothing is known of a vector before it is grouped."""

    def __init__(self, hierarchies: Sequence[Hierarchy], rows: int) -> None:
        """Take the hierarchies, and the rows in all."""
        self._heights = [hierarchy.height for hierarchy in hierarchies]
        self._rows = rows

    def bounds(self) -> list[Floats]:
        """Return zero, the only bound that holds."""
        return [np.zeros(height) for height in self._heights]

    def combine(self, parts: Sequence[Any]) -> Any:
        """Return the sum."""
        return sum(parts, start=0.0)

    def least(self, vector: Vector, bound: float, suppressed: int) -> float:  # noqa: ARG002
        """Return the bound; of the classes that remain nothing is known yet."""
        return bound


class Discernibility(_Unseparable):
    """Sum of squared class sizes, a suppressed row costing all rows (Bayardo & Agrawal 2005)."""

    name = "dm"

    def measure(
        self, vector: Vector, leaves: Sequence[Floats], kept: Floats, suppressed: int  # noqa: ARG002
    ) -> float:  # fmt: skip
        """Return the discernibility."""
        sizes = kept.astype(np.float64)
        return float(sizes @ sizes + suppressed * float(self._rows))


class AverageClassSize(_Unseparable):
    """Rows per class, all suppressed rows being one class (LeFevre et al. 2006)."""

    name = "aecs"

    def measure(
        self, vector: Vector, leaves: Sequence[Floats], kept: Floats, suppressed: int  # noqa: ARG002
    ) -> float:  # fmt: skip
        """Return the average size."""
        return self._rows / (int(np.count_nonzero(kept)) + bool(suppressed))


METRICS: dict[str, type[Loss | NonUniformEntropy | Discernibility | AverageClassSize]] = {
    "loss": Loss,
    "entropy": NonUniformEntropy,
    "dm": Discernibility,
    "aecs": AverageClassSize,
}
