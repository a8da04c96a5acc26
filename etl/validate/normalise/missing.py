"""Why cells hold nothing, where the contract tells one word for it from another.

A missing value is null whatever stood there; what stood there is lost from the published table.
How often each reason was given is counted by field, for the figures on quality.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import polars as pl

from etl.contract.model import Contract
from etl.contract.spelling import MissingValue


def count_missing(rows: pl.LazyFrame, contract: Contract) -> dict[str, dict[str, int]]:
    """Count the cells that say why they hold nothing.

    Args:
        rows: The landed rows; not modified, and not read where no field declares a reason.
        contract: Says which texts mean nothing, and why.

    Returns:
        Cells by reason, for each field that declares one; a reason that nobody gave counts 0.
    """
    declared = list(_declared(contract))
    if not declared:
        return {}
    counts = rows.select(
        _is_given(field, missing).sum().alias(str(number))
        for number, (field, missing) in enumerate(declared)
    ).collect(engine="streaming")
    found: dict[str, dict[str, int]] = {}
    for (field, missing), count in zip(declared, counts.row(0), strict=True):
        reasons = found.setdefault(field, {})
        reasons[missing.reason] = reasons.get(missing.reason, 0) + int(count)
    return found


def _declared(contract: Contract) -> Iterator[tuple[str, MissingValue]]:
    for field in contract.fields:
        for missing in field.missing_values:
            if isinstance(missing, MissingValue):
                yield field.name, missing


def _is_given(field: str, missing: MissingValue) -> pl.Expr:
    return pl.col(field).str.strip_chars() == unicodedata.normalize("NFC", missing.value)
