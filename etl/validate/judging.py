"""Great Expectations as the judge: how many rows fail each rule.

The judge sees a pandas frame made for it by `judged_frame`, and the bounds of rules as the
same kind of whole numbers.

GX is imported inside functions: it costs seconds and hundreds of megabytes.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, assert_never

import polars as pl

from etl.contract.demands import Operator
from etl.contract.durations import day_before
from etl.contract.fields import Field
from etl.contract.model import Contract
from etl.errors import DefectError
from etl.validate.casting import readable
from etl.validate.judged_frame import helper, judged_frame, operand
from etl.validate.literals import Value
from etl.validate.rules import (
    Among,
    Between,
    Compared,
    Exists,
    Length,
    Listed,
    Pattern,
    Readable,
    Recent,
    Required,
    Rule,
    Sums,
    TableCheck,
    Totals,
    Unique,
)

if TYPE_CHECKING:
    import pandas as pd

_DAY_ZERO = date(1970, 1, 1)
_MOMENT_ZERO = datetime(1970, 1, 1, tzinfo=UTC)


def judge(
    typed: pl.LazyFrame,
    rules: Sequence[Rule],
    contract: Contract,
    references: Mapping[str, pl.LazyFrame] | None = None,
) -> dict[str, int]:
    """Let Great Expectations count the failing rows of every rule.

    Args:
        typed: What `cast_rows` returns; not modified.
        rules: The compiled rules.
        contract: Names the types.
        references: Rows that foreign keys point to, by dataset.

    Returns:
        Failing rows by the rule's label. No value of a cell is kept, logged or returned.

    Raises:
        DefectError: GX could not answer for a rule.
    """
    fields = {field.name: field for field in contract.fields}
    frame = judged_frame(typed, rules, fields, references or {})
    expectations = [_expectation(rule, fields, frame) for rule in rules]
    counts: dict[str, int] = {}
    for result in _validate(frame, expectations, contract):
        label = str(result.expectation_config.meta["rule"])
        if "unexpected_count" not in result.result:
            raise _unjudged(contract, label)
        counts[label] = int(result.result["unexpected_count"])
    return counts


def _expectation(rule: Rule, fields: Mapping[str, Field], frame: pd.DataFrame) -> dict[str, Any]:
    """Return a rule as GX writes an expectation, about the judge's frame."""
    kind, kwargs = _kind_and_arguments(rule, fields[rule.fields[0]], frame)
    meta = {"rule": rule.label}
    return {"type": f"expect_{kind}", "kwargs": kwargs, "severity": rule.severity, "meta": meta}


def _kind_and_arguments(
    rule: Rule, field: Field, frame: pd.DataFrame
) -> tuple[str, dict[str, Any]]:
    column: dict[str, Any] = {"column": field.name}
    match rule.check:
        case Required():
            return "column_values_to_not_be_null", {"column": readable(field.name)}
        case Readable():
            return _is_true(readable(field.name))
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
        case _ as check:
            return _together(rule, check, field, frame)


def _together(
    rule: Rule, check: TableCheck | Totals, field: Field, frame: pd.DataFrame
) -> tuple[str, dict[str, Any]]:
    match check:
        case Compared(operator):
            return _in_order(operator, *(operand(rule, name) for name in rule.fields))
        case Sums(within):
            largest = int(within.scaleb(frame.attrs[rule.label]))
            bounds = _bounds(-largest, largest)
            return "column_values_to_be_between", {"column": helper(rule), **bounds}
        case Recent(within):
            bounds = _bounds(_first_recent_day(frame[field.name], within), None)
            return "column_values_to_be_between", {"column": field.name, **bounds}
        case Listed() | Exists():
            return _is_true(helper(rule))
        case Totals():
            raise TypeError(f"{rule.label} is not about rows")
        case _ as unknown:
            assert_never(unknown)


def _is_true(column: str) -> tuple[str, dict[str, Any]]:
    return "column_values_to_be_in_set", {"column": column, "value_set": [True]}


def _in_order(operator: Operator, first: str, second: str) -> tuple[str, dict[str, Any]]:
    pair = {"ignore_row_if": "either_value_is_missing"}
    if operator == "=":
        return "column_pair_values_to_be_equal", {"column_A": first, "column_B": second, **pair}
    return "column_pair_values_a_to_be_greater_than_b", {
        "column_A": second, "column_B": first, "or_equal": operator == "<=", **pair,
    }  # fmt: skip


def _first_recent_day(days: pd.Series[Any], within: str) -> int:
    known = days.dropna()
    if known.empty:
        return 0
    day = _DAY_ZERO + timedelta(days=int(known.max()))
    return (day_before(day, within) - _DAY_ZERO).days


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
