"""Make the public table of a dataset."""

from __future__ import annotations

import polars as pl

from etl.anonymise.generalising import generalise, generalised_value
from etl.anonymise.grouping import keep_large_groups, sort_by_values
from etl.contract.model import Contract
from etl.errors import DisclosureRiskError

UNIT_KEY = "__unit_key"


def anonymise_table(accepted: pl.LazyFrame, contract: Contract) -> pl.LazyFrame:
    """Return the rows that may be seen by everybody.

    Args:
        accepted: Typed rows that honour the contract; not modified.
        contract: Says what is published, how coarse, and how large groups must be.

    Returns:
        The published columns only, sorted by their values. Groups below k are left out.
    """
    privacy = contract.privacy
    if privacy.unit == "none" or privacy.k is None:
        return sort_by_values(generalise(accepted, contract))
    if privacy.unit_key in (None, "none"):
        candidate, unit_key = generalise(accepted, contract), None
    else:
        candidate, unit_key = _with_unit_key(accepted, contract, str(privacy.unit_key)), UNIT_KEY
    kept = keep_large_groups(candidate, contract.quasi_identifiers, privacy.k, unit_key)
    return sort_by_values(kept.drop(UNIT_KEY, strict=False))


def require_suppression(contract: Contract, accepted: int, published: int) -> None:
    """Refuse a table of which too much had to be left out.

    Raises:
        DisclosureRiskError: More rows are suppressed than the contract allows, or all of them.
    """
    suppressed = accepted - published
    limit = contract.privacy.suppression
    if limit is None or (suppressed <= limit * accepted and published > 0):
        return
    raise DisclosureRiskError(
        f"{contract.name}: {suppressed} of {accepted} rows stand in groups below"
        f" k = {contract.privacy.k} over ({', '.join(contract.quasi_identifiers)}); the contract"
        f" allows {limit:.1%}. Nothing was published; the live release stays. Generalise one of"
        " these fields further in the contract.",
        dataset=contract.name,
        suppressed=suppressed,
        accepted=accepted,
    )


def _with_unit_key(accepted: pl.LazyFrame, contract: Contract, unit_key: str) -> pl.LazyFrame:
    """Generalise, and carry the key along that tells units apart."""
    published = (generalised_value(field) for field in contract.published_fields)
    return accepted.select(*published, pl.col(unit_key).alias(UNIT_KEY))
