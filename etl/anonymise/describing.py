"""Say how a table is made, and what each quasi-identifier costs in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from etl.anonymise.classes import Classes, Grouped, Radix, group, measure_diversity
from etl.anonymise.hierarchy import Ints
from etl.anonymise.levels import Encoded, Rule
from etl.anonymise.metrics import AverageClassSize, Discernibility, Floats, Loss, Vector
from etl.anonymise.searching import Solution

HISTOGRAM = (2, 3, 5, 10, 20, 50, 100, 500, 1000)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one quasi-identifier costs at the chosen levels.

    Attributes:
        level: Chosen level.
        loss: Part of its information that is lost, suppressed rows included.
        saved_if_raised: Rows that one level more would save; none at the last level.
        saved_if_dropped: Rows that leaving the field out would save.
    """

    level: int
    loss: float
    saved_if_raised: int
    saved_if_dropped: int


@dataclass(frozen=True, slots=True)
class TierPlan:
    """How one table is made; restricted, because it counts what was left out.

    Attributes:
        k: Smallest group required.
        suppression: Largest share of rows that may be left out.
        levels: Level of each quasi-identifier.
        loss: Loss by the metric.
        metric: What was lost least.
        optimal: Whether it is proven that nothing loses less.
        gap: How much less, relatively, another could lose.
        checks: Vectors that were looked at.
        lattice: Vectors that there are.
        rows: Rows that came in.
        suppressed: Rows that are left out.
        classes: Smallest, 5th percentile, median and largest size of the published groups, and
            how many there are.
        histogram: Groups, left-out ones included, by size: up to each bound, and above.
        average_class_size, discernibility: Further metrics, for comparison.
        costs: What each quasi-identifier costs.
        pinned: The release whose levels were kept; empty where they were searched.
    """

    k: int
    suppression: float
    levels: dict[str, int]
    loss: float
    metric: str
    optimal: bool
    gap: float
    checks: int
    lattice: int
    rows: int
    suppressed: int
    classes: dict[str, int]
    histogram: list[list[int]]
    average_class_size: float
    discernibility: float
    costs: dict[str, Cost] = field(default_factory=dict)
    pinned: str = ""

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> TierPlan:
        """Return the plan that `dataclasses.asdict` made a mapping of."""
        costs = {name: Cost(**cost) for name, cost in content["costs"].items()}
        return cls(**{**content, "costs": costs})


def describe(
    encoded: Encoded, names: tuple[str, ...], rule: Rule, found: Solution, metric: str,
    floors: Vector, ceilings: Vector,
) -> TierPlan:  # fmt: skip
    """Return how a table is made at the levels that were found, and what that costs."""
    view = View.of(encoded, rule)
    grouped, kept = view.classes_at(found.vector)
    rows = np.where(kept, grouped.counts, 0)
    sizes = grouped.counts[kept]
    total = encoded.combinations.rows
    loss = Loss(encoded.hierarchies, total)
    leaves = view.radix.count_leaves(grouped.classes.packs, rows)
    parts = loss.parts(found.vector, leaves, found.suppressed)
    unseparable = (found.vector, leaves, rows, found.suppressed)
    coarser = view.above(grouped)
    return TierPlan(
        k=rule.k,
        suppression=rule.suppression,
        levels=dict(zip(names, found.vector, strict=True)),
        loss=found.loss,
        metric=metric,
        optimal=found.is_optimal,
        gap=found.gap,
        checks=found.checks,
        lattice=int(np.prod([high - low + 1 for low, high in zip(floors, ceilings, strict=True)])),
        rows=total,
        suppressed=found.suppressed,
        classes=_class_sizes(sizes),
        histogram=_histogram(grouped.counts, kept),
        average_class_size=AverageClassSize(encoded.hierarchies, total).measure(*unseparable),
        discernibility=Discernibility(encoded.hierarchies, total).measure(*unseparable),
        costs={
            name: Cost(found.vector[i], parts[i], *_savings(coarser, encoded, found, i))
            for i, name in enumerate(names)
        },
    )


@dataclass(frozen=True, slots=True)
class View:
    """Combinations, and what a class of them must hold.

    Attributes:
        radix: Numbers the classes.
        base: Where classes are grouped from.
        companions: Codes of the fields that the rule speaks of, for each of the base.
        rule: What must hold.
    """

    radix: Radix
    base: Classes
    companions: tuple[Ints, ...]
    rule: Rule

    @classmethod
    def of(cls, encoded: Encoded, rule: Rule) -> View:
        """Return the view of a whole table."""
        radix, combinations = Radix(encoded.hierarchies, encoded.floors), encoded.combinations
        base = Classes(radix.pack(combinations.cells), combinations.counts.astype(float))
        return cls(radix, base, combinations.companions, rule)

    def above(self, grouped: Grouped) -> View:
        """Return a view that starts from classes, for vectors that are nowhere finer.

        Companions stand beside the base alone: with them everything starts there.
        """
        return self if self.companions else View(self.radix, grouped.classes, (), self.rule)

    def classes_at(self, vector: Vector) -> tuple[Grouped, npt.NDArray[np.bool_]]:
        """Group by a vector; tell which classes have enough rows and, where asked, diversity."""
        classes = group(self.radix, vector, self.base)
        kept = classes.counts >= self.rule.k
        for held, codes in zip(self.rule.held, self.companions, strict=True):
            distinct, largest = measure_diversity(classes.positions, codes, self.base.counts)
            kept &= distinct >= held.distinct
            if held.largest_share is not None:
                kept &= largest <= np.floor(classes.counts * held.largest_share + 1e-9)
        return classes, kept

    def suppressed_at(self, vector: Vector) -> int:
        """Count the rows that a vector leaves out."""
        classes, kept = self.classes_at(vector)
        return int(classes.counts[~kept].sum())


def _savings(view: View, encoded: Encoded, found: Solution, position: int) -> tuple[int, int]:
    """Count the rows that a coarser level, or the absence, of one field would save."""
    top = encoded.hierarchies[position].height - 1
    raised = min(found.vector[position] + 1, top)
    return (
        found.suppressed - view.suppressed_at(raise_to(found.vector, position, raised)),
        found.suppressed - view.suppressed_at(raise_to(found.vector, position, top)),
    )


def raise_to(vector: Vector, position: int, level: int) -> Vector:
    """Return a vector with one of its levels replaced."""
    return (*vector[:position], level, *vector[position + 1 :])


def _class_sizes(sizes: Floats) -> dict[str, int]:
    if not len(sizes):
        return {"count": 0, "smallest": 0, "percentile_5": 0, "median": 0, "largest": 0}
    ordered = np.sort(sizes)
    return {
        "count": len(ordered),
        "smallest": int(ordered[0]),
        "percentile_5": int(ordered[(len(ordered) - 1) // 20]),
        "median": int(ordered[(len(ordered) - 1) // 2]),
        "largest": int(ordered[-1]),
    }


def _histogram(sizes: Floats, kept: npt.NDArray[np.bool_]) -> list[list[int]]:
    """Count groups by size: upper bound (0: no bound), published and left-out ones."""
    bins = np.searchsorted(HISTOGRAM, sizes, side="left")
    length = len(HISTOGRAM) + 1
    published = np.bincount(bins[kept], minlength=length)
    left_out = np.bincount(bins[~kept], minlength=length)
    bounds = (*HISTOGRAM, 0)
    return [
        [bound, int(inside), int(outside)]
        for bound, inside, outside in zip(bounds, published, left_out, strict=True)
    ]
