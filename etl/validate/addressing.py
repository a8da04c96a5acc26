"""One scan that marks every failing row, and the address of each failure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from etl.contract.model import Contract
from etl.errors import DefectError
from etl.validate.casting import ROW
from etl.validate.locating import locate
from etl.validate.rules import Rule

NO_TOTALS = pl.DataFrame(schema={ROW: pl.Int64, "label": pl.String})


def collect_marks(
    typed: pl.LazyFrame,
    rules: Sequence[Rule],
    contract: Contract,
    extra: Sequence[pl.Expr] = (),
    references: Mapping[str, pl.LazyFrame] | None = None,
) -> pl.DataFrame:
    """Collect one bit per row and rule.

    Args:
        typed: What `cast_rows` returns; not modified.
        rules: The compiled rules.
        contract: Named in the error.
        extra: What else to take from the same scan.
        references: Rows that foreign keys point to, by dataset.

    Returns:
        What `locate` returns.

    Raises:
        DefectError: Two rows share an address.
    """
    marks = locate(typed, rules, extra, references).collect(engine="streaming")
    if not _are_distinct(marks[ROW]):
        raise DefectError(
            f"{contract.name}: two landed rows share an address. Nothing was accepted; the live"
            " release stays. Report this to the developers.",
            dataset=contract.name,
        )
    return marks


def address_issues(
    marks: pl.DataFrame, rules: Sequence[Rule], wrong_totals: pl.DataFrame = NO_TOTALS
) -> pl.LazyFrame:
    """Return every failure with its row.

    Args:
        marks: What `collect_marks` returns.
        rules: The rules that were asked, those about total rows included.
        wrong_totals: What `check_totals` returns.

    Returns:
        `_row`, field, rule, severity, in order of rows, then of rules; no values.
    """
    labels = [rule.label for rule in rules]
    about_rows = [label for label in labels if label in marks.columns]
    names = pl.LazyFrame(
        {
            "label": labels,
            "order": range(len(rules)),
            "field": [rule.field for rule in rules],
            "rule": [rule.name for rule in rules],
            "severity": [rule.severity for rule in rules],
        },
        schema_overrides={"label": pl.String},
    )
    failures = (
        marks.lazy()
        .filter(pl.any_horizontal(about_rows))
        .unpivot(about_rows, index=ROW, variable_name="label", value_name="fails")
        .filter(pl.col("fails"))
        .select(ROW, "label")
    )
    every = pl.concat([failures, wrong_totals.lazy()])
    return every.join(names, on="label").sort(ROW, "order").select(ROW, "field", "rule", "severity")


def _are_distinct(addresses: pl.Series) -> bool:
    """Tell whether no address stands twice; those of a file rise, which is quickly seen."""
    if addresses.is_sorted():
        return not (addresses.diff() == 0).any()
    return addresses.n_unique() == addresses.len()
