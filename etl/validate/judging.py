"""Great Expectations as the judge: how many rows fail each rule.

The judge sees a pandas frame made for it. Text stays text; every other value becomes a whole
number whose order and equality are the value's own (a decimal without its point, a day or
moment as its distance from 1970), because GX compares with floating-point bounds and its
pandas engine would round decimals and overflow on early dates. Numbers beyond 2**53, which
floats cannot tell apart, stay Python integers.

GX is imported inside functions: it costs seconds and hundreds of megabytes.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, assert_never

import polars as pl

from etl.contract.fields import Field
from etl.contract.model import Contract
from etl.errors import DefectError
from etl.validate.casting import readable
from etl.validate.literals import Value
from etl.validate.rules import (
    Among,
    Between,
    Length,
    Pattern,
    Readable,
    Required,
    Rule,
    Unique,
)

if TYPE_CHECKING:
    import pandas as pd

_EXACT = 2**53
_DAY_ZERO = date(1970, 1, 1)
_MOMENT_ZERO = datetime(1970, 1, 1, tzinfo=UTC)


def judge(typed: pl.LazyFrame, rules: Sequence[Rule], contract: Contract) -> dict[str, int]:
    """Let Great Expectations count the failing rows of every rule.

    Args:
        typed: What `cast_rows` returns; not modified.
        rules: The compiled rules.
        contract: Names the types.

    Returns:
        Failing rows by the rule's label. No value of a cell is kept, logged or returned.

    Raises:
        DefectError: GX could not answer for a rule.
    """
    fields = {field.name: field for field in contract.fields}
    frame = _pandas_frame(typed, rules, fields)
    counts: dict[str, int] = {}
    for result in _validate(frame, [expectation_of(rule, fields) for rule in rules], contract):
        label = str(result.expectation_config.meta["rule"])
        if "unexpected_count" not in result.result:
            raise _unjudged(contract, label)
        counts[label] = int(result.result["unexpected_count"])
    return counts


def expectation_of(rule: Rule, fields: dict[str, Field]) -> dict[str, Any]:
    """Return a rule as GX writes an expectation, about the judge's frame."""
    kind, kwargs = _kind_and_arguments(rule, fields[rule.fields[0]])
    meta = {"rule": rule.label}
    return {"type": f"expect_{kind}", "kwargs": kwargs, "severity": rule.severity, "meta": meta}


def _kind_and_arguments(rule: Rule, field: Field) -> tuple[str, dict[str, Any]]:
    column: dict[str, Any] = {"column": field.name}
    match rule.check:
        case Required():
            return "column_values_to_not_be_null", {"column": readable(field.name)}
        case Readable():
            helper = {"column": readable(field.name), "value_set": [True]}
            return "column_values_to_be_in_set", helper
        case Unique() if len(rule.fields) == 1:
            return "column_values_to_be_unique", column
        case Unique():
            together = {
                "column_list": list(rule.fields),
                "ignore_row_if": "any_value_is_missing",
            }
            return "compound_columns_to_be_unique", together
        case Between(least, most):
            return "column_values_to_be_between", column | _bounds(
                _code(least, field), _code(most, field)
            )
        case Length(least, most):
            return "column_value_lengths_to_be_between", column | _bounds(least, most)
        case Pattern(regex, is_wanted):
            kind = "to_match_regex" if is_wanted else "to_not_match_regex"
            return f"column_values_{kind}", column | {"regex": regex}
        case Among(values, is_wanted):
            kind = "to_be_in_set" if is_wanted else "to_not_be_in_set"
            return f"column_values_{kind}", column | {
                "value_set": [_code(value, field) for value in values]
            }
        case _ as unknown:
            assert_never(unknown)


def _bounds(least: object, most: object) -> dict[str, object]:
    bounds = {"min_value": least, "max_value": most}
    return {name: bound for name, bound in bounds.items() if bound is not None}


def _code(value: Value | None, field: Field) -> int | str | None:
    """Return the whole number that stands for a value; text stands for itself."""
    match value:
        case str() if field.type == "yearmonth":
            return int(value[:4]) * 12 + int(value[5:])
        case Decimal():
            return int(value.scaleb(field.decimals or 0))
        case datetime():
            return (value - _MOMENT_ZERO) // timedelta(microseconds=1)
        case date():
            return (value - _DAY_ZERO).days
        case time():
            return value.hour * 3600 + value.minute * 60 + value.second
        case _:
            return value


def _coded(field: Field) -> pl.Expr:
    """Do to a column what `_code` does to a value."""
    column = pl.col(field.name)
    match field.type:
        case "string":
            return column
        case "yearmonth":
            year = column.str.slice(0, 4).cast(pl.Int64)
            return year * 12 + column.str.slice(5, 2).cast(pl.Int64)
        case "time":
            return column.to_physical() // 1_000_000_000
        case _:
            return column.to_physical().cast(pl.Int64)


def _pandas_frame(
    typed: pl.LazyFrame, rules: Sequence[Rule], fields: dict[str, Field]
) -> pd.DataFrame:
    import pandas as pd

    helpers = [readable(name) for name in fields]
    ruled = {name for rule in rules for name in rule.fields if not _is_about_text(rule)}
    values = [_coded(field) for name, field in fields.items() if name in ruled]
    columns = typed.select(*values, *helpers).collect(engine="streaming")
    return pd.DataFrame({column.name: _pandas_column(column) for column in columns})


def _is_about_text(rule: Rule) -> bool:
    return isinstance(rule.check, Required | Readable)


def _pandas_column(column: pl.Series) -> pd.Series[Any]:
    """Nulls make numbers floats, which is exact up to 2**53; larger ones stay integers."""
    import pandas as pd

    if column.dtype == pl.Int64 and column.is_between(-_EXACT, _EXACT).not_().any():
        return pd.Series(column.to_list(), dtype=object)
    return column.to_pandas()


def _validate(
    frame: pd.DataFrame, expectations: list[dict[str, Any]], contract: Contract
) -> list[Any]:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # GX imports sre_constants
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig
        from great_expectations.exceptions.exceptions import GreatExpectationsError

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_pandas("validate").add_dataframe_asset("rows")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    suite = gx.ExpectationSuite(name="contract", expectations=expectations)
    counts_only = {"result_format": "BASIC", "partial_unexpected_count": 0}
    try:
        return list(batch.validate(suite, result_format=counts_only).results)
    except GreatExpectationsError:
        raise _unjudged(contract, "the table") from None  # GX's own message may quote values


def _unjudged(contract: Contract, what: str) -> DefectError:
    return DefectError(
        f"{contract.name}: Great Expectations could not judge {what}. Nothing was accepted;"
        " the live release stays. Report this to the developers.",
        dataset=contract.name,
    )
