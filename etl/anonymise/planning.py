"""Decide how coarse the tables of a dataset become, and say what that costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from etl.anonymise.classes import Classes, Grouped, Radix, group, measure_diversity
from etl.anonymise.generalising import generalised_value
from etl.anonymise.grouping import Held
from etl.anonymise.hierarchy import Ints
from etl.anonymise.levels import Encoded, LevelledField, Rule, encode, find_levels
from etl.anonymise.metrics import AverageClassSize, Discernibility, Floats, Loss, Vector
from etl.anonymise.searching import Solution
from etl.contract.hierarchies import CodeList
from etl.contract.model import Contract
from etl.contract.vocabulary import TierName
from etl.errors import DisclosureRiskError

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

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> TierPlan:
        """Return the plan that `dataclasses.asdict` made a mapping of."""
        costs = {name: Cost(**cost) for name, cost in content["costs"].items()}
        return cls(**{**content, "costs": costs})


def levelled_fields(
    contract: Contract, code_lists: Mapping[str, CodeList] | None = None
) -> list[LevelledField]:  # fmt: skip
    """Return the quasi-identifiers of a contract with the expressions of their levels.

    The floor of each is that of the finest tier: it is where combinations are counted.
    """
    finest = contract.floors("agency")
    return [
        LevelledField(
            declared.name,
            tuple(
                generalised_value(declared.at_level(level), contract.timezone, code_lists)
                for level in range(len(declared.levels))
            ),
            finest[declared.name],
            declared.ceiling,
        )
        for declared in contract.fields
        if declared.role == "quasi-identifier"
    ]


def rule_of(contract: Contract, tier: TierName = "public") -> Rule:
    """Return what the table of a tier must satisfy."""
    privacy = contract.privacy
    limits: Any = privacy.tiers.agency if tier == "agency" and privacy.tiers else privacy
    held = [
        Held(name, contract.privacy.distinct_values(name) or 1, privacy.alpha)
        for name in contract.sensitive_fields
    ]
    if contract.unit_key is not None:
        held.append(Held(contract.unit_key, limits.k))
    return Rule(limits.k, limits.suppression, tuple(held))


def plan_tiers(
    table: pl.LazyFrame,
    contract: Contract,
    code_lists: Mapping[str, CodeList] | None = None,
    seconds: float | None = None,
) -> tuple[Encoded, dict[TierName, TierPlan]]:
    """Search the levels of each tier; those of the agency are nowhere coarser than the public.

    Args:
        table: Accepted rows; not modified.
        contract: What is required; its unit is not `none`.
        code_lists: Those that the contract names.
        seconds: Stop each search after so many, and state the gap.

    Raises:
        ContractError: A hierarchy does not cover every value or is not nested.
        DisclosureRiskError: No levels between floors and ceilings satisfy a tier.
    """
    rule = rule_of(contract)
    encoded = encode(table, levelled_fields(contract, code_lists), [h.column for h in rule.held])
    names = contract.quasi_identifiers
    floors = tuple(contract.floors("public").values())
    metric = contract.privacy.metric
    public = find_levels(encoded, rule, metric, seconds, floors=floors)
    if public is None:
        raise _impossible(contract, encoded, rule, "public")
    plans: dict[TierName, TierPlan] = {
        "public": _describe(encoded, names, rule, public, metric, floors, encoded.ceilings)
    }
    if contract.privacy.tiers is not None:
        finer = rule_of(contract, "agency")
        agency = find_levels(encoded, finer, metric, seconds, ceilings=public.vector)
        if agency is None:
            raise _impossible(contract, encoded, finer, "agency")
        plans["agency"] = _describe(
            encoded, names, finer, agency, metric, encoded.floors, public.vector
        )
    return encoded, plans


def _describe(
    encoded: Encoded, names: tuple[str, ...], rule: Rule, found: Solution, metric: str,
    floors: Any, ceilings: Any,
) -> TierPlan:  # fmt: skip
    view = _View.of(encoded, rule)
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
class _View:
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
    def of(cls, encoded: Encoded, rule: Rule) -> _View:
        radix, combinations = Radix(encoded.hierarchies, encoded.floors), encoded.combinations
        base = Classes(radix.pack(combinations.cells), combinations.counts.astype(float))
        return cls(radix, base, combinations.companions, rule)

    def above(self, grouped: Grouped) -> _View:
        """Return a view that starts from classes, for vectors that are nowhere finer.

        Companions stand beside the base alone: with them everything starts there.
        """
        return self if self.companions else _View(self.radix, grouped.classes, (), self.rule)

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


def _savings(view: _View, encoded: Encoded, found: Solution, position: int) -> tuple[int, int]:
    """Count the rows that a coarser level, or the absence, of one field would save."""
    top = encoded.hierarchies[position].height - 1
    raised = min(found.vector[position] + 1, top)
    return (
        found.suppressed - view.suppressed_at(_with(found.vector, position, raised)),
        found.suppressed - view.suppressed_at(_with(found.vector, position, top)),
    )


def _with(vector: Vector, position: int, level: int) -> Vector:
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


def _impossible(
    contract: Contract, encoded: Encoded, rule: Rule, tier: TierName
) -> DisclosureRiskError:  # fmt: skip
    """Say why no levels suffice, and which field stands most in the way."""
    view, top = _View.of(encoded, rule), encoded.ceilings
    least = view.suppressed_at(top)
    saved = [
        least - view.suppressed_at(_with(top, position, hierarchy.height - 1))
        for position, hierarchy in enumerate(encoded.hierarchies)
    ]
    costliest = encoded.fields[int(np.argmax(saved))].name
    rows = encoded.combinations.rows
    return DisclosureRiskError(
        f"{contract.name}: {least} of {rows} rows stand in groups below k = {rule.k} over"
        f" ({', '.join(contract.quasi_identifiers)}), or in too uniform ones, even at the coarsest"
        f" levels that the {tier} table may have; the contract allows"
        f" {rule.suppression:.1%}. Nothing was published; the live release stays. Leaving"
        f" {costliest} out would save {max(saved)} rows: raise its ceiling, generalise it"
        " further, or drop it.",
        dataset=contract.name,
        suppressed=least,
        accepted=rows,
    )
