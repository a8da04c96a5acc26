"""Decide how coarse the tables of a dataset become, and say what that costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from etl.anonymise.describing import TierPlan, View, describe, raise_to
from etl.anonymise.generalising import generalised_value
from etl.anonymise.grouping import Held
from etl.anonymise.levels import Encoded, LevelledField, Rule, encode, find_levels
from etl.anonymise.metrics import (
    METRICS,
    Vector,
)
from etl.anonymise.searching import Solution
from etl.contract.hierarchies import CodeList
from etl.contract.model import Contract
from etl.contract.vocabulary import TierName
from etl.errors import DisclosureRiskError


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


@dataclass(frozen=True, slots=True)
class Pinned:
    """Levels that stay as they are, so that releases can be compared and none is minimal.

    Attributes:
        release: Whose levels they are.
        levels: For each tier the level of each quasi-identifier.
        tables: Public tables that were published at them.
    """

    release: str
    levels: Mapping[TierName, Mapping[str, int]]
    tables: Sequence[pl.LazyFrame] = ()


def plan_tiers(
    table: pl.LazyFrame,
    contract: Contract,
    code_lists: Mapping[str, CodeList] | None = None,
    seconds: float | None = None,
    pinned: Pinned | None = None,
) -> tuple[Encoded, dict[TierName, TierPlan]]:
    """Find the levels of each tier.

    The public table comes first: nothing that it loses is lost for another table's sake. The
    agency's is the finest of those from which the public one follows: nowhere coarser, and
    without any row of the public table left out.

    Args:
        table: Accepted rows; not modified.
        contract: What is required; its unit is not `none`.
        code_lists: Those that the contract names.
        seconds: Stop each search after so many, and state the gap.
        pinned: Levels that are kept instead of searched.

    Raises:
        ContractError: A hierarchy does not cover every value or is not nested.
        DisclosureRiskError: No levels between floors and ceilings satisfy a tier, or the pinned
            ones do not.
    """
    rule = rule_of(contract)
    encoded = encode(table, levelled_fields(contract, code_lists), [h.column for h in rule.held])
    planner = _Planner(contract, encoded, seconds, pinned)
    floors = tuple(contract.floors("public").values())
    public, plan = planner.plan("public", floors, encoded.ceilings)
    plans: dict[TierName, TierPlan] = {"public": plan}
    if contract.privacy.tiers is not None:
        classes, kept = View.of(encoded, rule).classes_at(public.vector)
        obliged = kept[classes.positions]
        _, plans["agency"] = planner.plan("agency", encoded.floors, public.vector, obliged)
    return encoded, plans


@dataclass(frozen=True, slots=True)
class _Planner:
    """Finds the levels of one tier after the other."""

    contract: Contract
    encoded: Encoded
    seconds: float | None
    pinned: Pinned | None

    def plan(
        self, tier: TierName, floors: Vector, ceilings: Vector,
        obliged: npt.NDArray[np.bool_] | None = None,
    ) -> tuple[Solution, TierPlan]:  # fmt: skip
        rule, names = rule_of(self.contract, tier), self.contract.quasi_identifiers
        metric = self.contract.privacy.metric
        levels = self.pinned.levels.get(tier) if self.pinned else None
        low, high = floors, ceilings
        if levels is not None:
            low = high = tuple(levels[name] for name in names)
        found = find_levels(self.encoded, rule, metric, self.seconds, low, high, obliged)
        if found is None:
            raise self._refusal(tier, rule, levels)
        if self.pinned is not None and levels is not None:
            found = replace(found, is_optimal=False, gap=self._gap(found, floors))
        plan = describe(self.encoded, names, rule, found, metric, floors, ceilings)
        kept = self.pinned.release if self.pinned and levels is not None else ""
        return found, replace(plan, pinned=kept)

    def _gap(self, found: Solution, floors: Vector) -> float:
        """Return how much less, at most, other levels could lose; nothing was searched."""
        metric = METRICS[self.contract.privacy.metric](
            self.encoded.hierarchies, self.encoded.combinations.rows
        )
        bounds = zip(metric.bounds(), floors, strict=True)
        least = float(metric.combine([levels[low] for levels, low in bounds]))
        return (found.loss - least) / found.loss if found.loss > 0 else 0.0

    def _refusal(
        self, tier: TierName, rule: Rule, levels: Mapping[str, int] | None
    ) -> DisclosureRiskError:
        if self.pinned is None or levels is None:
            return _impossible(self.contract, self.encoded, rule, tier)
        vector = tuple(levels[name] for name in self.contract.quasi_identifiers)
        return _outgrown(
            self.contract, self.pinned.release, tier, rule,
            View.of(self.encoded, rule).suppressed_at(vector), self.encoded.combinations.rows,
        )  # fmt: skip


def _impossible(
    contract: Contract, encoded: Encoded, rule: Rule, tier: TierName
) -> DisclosureRiskError:  # fmt: skip
    """Say why no levels suffice, and which field stands most in the way."""
    view, top = View.of(encoded, rule), encoded.ceilings
    least = view.suppressed_at(top)
    saved = [
        least - view.suppressed_at(raise_to(top, position, hierarchy.height - 1))
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


def _outgrown(
    contract: Contract, release: str, tier: TierName, rule: Rule, suppressed: int, rows: int
) -> DisclosureRiskError:  # fmt: skip
    """Say that the levels of the last release are too fine by now."""
    return DisclosureRiskError(
        f"{contract.name}: at the levels of release {release} the {tier} table would leave out"
        f" {suppressed} of {rows} rows; the contract allows {rule.suppression:.1%}, and the agency"
        " table may leave out nothing that is public. Nothing was published; the live release"
        " stays. Decide for new levels: raise the contract's version, and they are searched.",
        dataset=contract.name,
        suppressed=suppressed,
        accepted=rows,
    )
