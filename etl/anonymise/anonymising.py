"""Make the tables of a dataset: one for everybody and, where asked, one for agencies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from etl.anonymise.describing import TierPlan
from etl.anonymise.generalising import generalise
from etl.anonymise.grouping import sort_by_values
from etl.anonymise.levels import apply_levels, encode
from etl.anonymise.planning import Pinned, levelled_fields, plan_tiers, rule_of
from etl.contract.hierarchies import CodeList
from etl.contract.model import Contract
from etl.contract.vocabulary import TierName
from etl.errors import DisclosureRiskError


@dataclass(frozen=True, slots=True)
class Anonymisation:
    """The tables of a dataset, not computed yet.

    Attributes:
        tables: For each tier the published columns only, sorted by their values.
        plans: How each tier's table is made; none where no row is about a person.
        units: The same rows with the key of units beside, for the verifier alone; none where
            every row counts as a unit.
    """

    tables: dict[TierName, pl.LazyFrame]
    plans: dict[TierName, TierPlan]
    units: dict[TierName, pl.LazyFrame]


def anonymise_tiers(
    accepted: pl.LazyFrame, contract: Contract,
    code_lists: Mapping[str, CodeList] | None = None, seconds: float | None = None,
    pinned: Pinned | None = None,
) -> Anonymisation:  # fmt: skip
    """Return the rows that may be seen, by tier, and how they are made.

    Args:
        accepted: Typed rows that honour the contract; not modified.
        contract: Says what is published, how coarse, and how large groups must be.
        code_lists: Those that the contract names.
        seconds: Stop each search after so many, and state the gap; without a limit the result
            depends on the data alone.
        pinned: Levels of an earlier release, which are kept.

    Raises:
        ContractError: A hierarchy does not cover every value or is not nested.
        DisclosureRiskError: No allowed levels are anonymous, or nothing would remain.
    """
    if contract.privacy.k is None:
        return Anonymisation(
            {"public": sort_by_values(generalise(accepted, contract, code_lists))}, {}, {}
        )
    encoded, plans = plan_tiers(accepted, contract, code_lists, seconds, pinned)
    for plan in plans.values():
        _require_rows(contract, plan)

    names = [field.name for field in contract.published_fields]
    key = contract.unit_key
    follows = pinned is not None and key is None  # whose row it is decides who came

    def make(columns: Sequence[str]) -> dict[TierName, pl.LazyFrame]:
        return {
            tier: apply_levels(
                accepted, encoded, plan.levels, rule_of(contract, tier), columns,
                pinned.tables if pinned is not None and follows and tier == "public" else (),
            )
            for tier, plan in plans.items()
        }  # fmt: skip

    return Anonymisation(make(names), plans, {} if key is None else make([*names, key]))


def anonymise_table(
    accepted: pl.LazyFrame, contract: Contract, code_lists: Mapping[str, CodeList] | None = None
) -> pl.LazyFrame:
    """Return the public table at the finest levels that may be published.

    However many rows that leaves out: for the few rows of an example no search says anything.

    Args:
        accepted: Typed rows that honour the contract; not modified.
        contract: Says what is published, how coarse, and how large groups must be.
        code_lists: Those that the contract names.
    """
    if contract.privacy.k is None:
        return sort_by_values(generalise(accepted, contract, code_lists))
    fields = levelled_fields(contract, code_lists)
    rule = rule_of(contract)
    encoded = encode(accepted, fields, [held.column for held in rule.held])
    columns = [field.name for field in contract.published_fields]
    return apply_levels(accepted, encoded, contract.floors("public"), rule, columns)


def _require_rows(contract: Contract, plan: TierPlan) -> None:
    """Refuse a table of which nothing is left."""
    if plan.suppressed < plan.rows:
        return
    raise DisclosureRiskError(
        f"{contract.name}: none of {plan.rows} rows stands in a group of k = {plan.k} over"
        f" ({', '.join(contract.quasi_identifiers)}). Nothing was published; the live release"
        " stays. Generalise one of these fields further in the contract.",
        dataset=contract.name,
        suppressed=plan.suppressed,
        accepted=plan.rows,
    )
