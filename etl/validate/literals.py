"""Values that a contract or a suite writes down, read like the cells they are compared with."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime, time
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation

import polars as pl

from etl.contract.fields import Field
from etl.contract.vocabulary import FieldType
from etl.validate.casting import cast_text

Value = int | Decimal | str | date | time | datetime

ORDERED: frozenset[FieldType] = frozenset(
    {"integer", "year", "number", "date", "datetime", "time", "yearmonth"}
)


def read_value(field: Field, value: object, timezone: str) -> Value:
    """Read a value of the field's type.

    Args:
        field: Gives the type.
        value: What the contract or suite says.
        timezone: Zone of datetimes that state none.

    Raises:
        ValueError: It is no value of that type.
    """
    written = unicodedata.normalize("NFC", str(value).strip())
    text = pl.LazyFrame({field.name: [written]}, schema={field.name: pl.String})
    cast = text.select(cast_text(field, timezone).alias(field.name)).collect().item()
    if cast is None or isinstance(value, bool) or field.type == "boolean":
        raise ValueError(f"{value} is no value of type {field.type} to compare with")
    return cast  # type: ignore[no-any-return]


def read_bound(field: Field, value: object, timezone: str, *, is_least: bool) -> Value:
    """Read a bound, brought to the decimals of the field without moving a value across it.

    Raises:
        ValueError: The field's type has no order, or the bound is not of it.
    """
    if field.type not in ORDERED:
        raise ValueError(f"a minimum or maximum does not fit type {field.type}")
    if field.type not in ("integer", "number", "year"):
        return read_value(field, value, timezone)
    try:
        exact = Decimal(str(value))
        step = Decimal(1).scaleb(-(field.decimals or 0))
        rounded = exact.quantize(step, rounding=ROUND_CEILING if is_least else ROUND_FLOOR)
    except InvalidOperation:
        raise ValueError(f"{value} is no number of at most 18 digits") from None
    if abs(rounded) >= Decimal(10) ** 15 * step:
        raise ValueError(f"{value} has more than 15 digits with the field's decimals")
    return rounded if field.type == "number" else int(rounded)
