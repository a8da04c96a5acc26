"""Checks built for fields; what does not fit a field's type is a ValueError in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from etl.contract.codelists import By, CodeSet
from etl.contract.demands import Operator
from etl.contract.fields import Field
from etl.validate.literals import ORDERED, read_bound, read_value
from etl.validate.rules import (
    Among,
    Between,
    Check,
    Compared,
    Length,
    Listed,
    Pattern,
    Recent,
    Sums,
)

NUMBERS = frozenset({"integer", "year", "number"})
_WIDEST_DECIMALS = 10


def between(field: Field, least: object, most: object, zone: str) -> Between:
    """Return bounds, both included."""
    low = None if least is None else read_bound(field, least, zone, is_least=True)
    high = None if most is None else read_bound(field, most, zone, is_least=False)
    _check_span(low, high)
    return Between(low, high)


def length(field: Field, least: int | None, most: int | None) -> Length:
    """Return bounds of the number of characters."""
    _need_text(field)
    _check_span(least, most)
    return Length(least, most)


def pattern(field: Field, regex: str, *, is_wanted: bool = True) -> Pattern:
    """Return a form that text must have, or must not."""
    _need_text(field)
    return Pattern(regex, is_wanted)


def among(field: Field, values: Iterable[object], zone: str, *, is_wanted: bool = True) -> Among:
    """Return a list that values must be in, or must not."""
    read = tuple(dict.fromkeys(read_value(field, value, zone) for value in values))
    return Among(read, is_wanted)


def compared(first: Field, operator: Operator, second: Field) -> Compared:
    """Return an order between two fields, which are numbers or of one type."""
    types = {first.type, second.type}
    if len(types) > 1 and not types <= NUMBERS:
        raise ValueError(f"{first.name} is {first.type} and {second.name} is {second.type}")
    if operator != "=" and not types <= ORDERED:
        raise ValueError(f"type {first.type} has no order")
    return Compared(operator)


def sums(fields: Sequence[Field], within: Decimal | int) -> Sums:
    """Return a sum of numbers."""
    for field in fields:
        if field.type not in ("integer", "number"):
            raise ValueError(f"a sum needs type integer or number; {field.name} is {field.type}")
    exact = Decimal(within)
    decimals = max(field.decimals or 0 for field in fields)
    if exact != round(exact, decimals):
        raise ValueError(f"within has more than the fields' {decimals} decimals")
    return Sums(exact)


def recent(field: Field, within: str) -> Recent:
    """Return how far a day may lie behind the latest one."""
    if field.type != "date":
        raise ValueError(f"recent needs type date; {field.name} is {field.type}")
    return Recent(within)


def listed(field: Field, codes: CodeSet, by: By, day: Field | None) -> Check:
    """Return membership of a code list, by the row's day where list and table have days."""
    _need_text(field)
    if day is None or day.type != "date" or not codes.is_dated:
        return Among(tuple(dict.fromkeys(code.value(by) for code in codes.codes)))
    entries = (
        (code.value(by), code.valid_from or date.min, code.valid_to or date.max)
        for code in codes.codes
    )
    return Listed(tuple(dict.fromkeys(entries)), day.name)


def _need_text(field: Field) -> None:
    if field.type != "string":
        raise ValueError(
            f"lengths, patterns and lists need type string; {field.name} is {field.type}"
        )


def _check_span(least: object, most: object) -> None:
    if least is None and most is None:
        raise ValueError("a bound is missing")
    if least is not None and most is not None and least > most:  # type: ignore[operator]
        raise ValueError("the lower bound is above the upper one")
