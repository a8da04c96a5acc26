"""Make the public table of a dataset."""

from __future__ import annotations

import polars as pl

from etl.anonymise.generalising import generalise
from etl.anonymise.grouping import keep_large_groups, sort_by_values
from etl.contract.model import Contract
from etl.errors import DisclosureRiskError


def anonymise_table(accepted: pl.LazyFrame, contract: Contract) -> pl.LazyFrame:
    """Return the rows that may be seen by everybody.

    Args:
        accepted: Typed rows that honour the contract; not modified.
        contract: Says what is published, how coarse, and how large groups must be.

    Returns:
        The published columns only, sorted by their values. Groups below k are left out.
    """
    candidate = generalise(accepted, contract)
    if contract.privacy.k is not None:
        candidate = keep_large_groups(candidate, contract.quasi_identifiers, contract.privacy.k)
    return sort_by_values(candidate)


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
