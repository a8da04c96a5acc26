"""How a department writes values, where a contract must say it for them to be understood.

What can be meant in one way only is read without a word (see `etl.validate.normalise`). These
keys decide the rest, each for one field. A key that does nothing for the field's type is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import StringConstraints

from etl.contract.units import power_between
from etl.contract.vocabulary import FieldName, FieldType, Grid, Strict, Text

if TYPE_CHECKING:
    from etl.contract.fields import Field

Format = Literal["date", "datetime", "partial-date", "closing-time", "phone", "address"]
NegativeMark = Literal["△", "▲", "()"]
Separators = Annotated[str, StringConstraints(pattern=r"^[+,;/|·ㆍ・]{1,7}$")]
Reason = Literal["none", "not-applicable", "unknown", "not-measured", "withheld", "error"]

MOST_DIGITS = 18
REGIONS = "sido"  # the code list by which the heads of addresses are spelled

_NUMERIC: tuple[FieldType, ...] = ("integer", "number")
_DATED: tuple[FieldType, ...] = ("date", "datetime", "yearmonth", "year")
_KEYS: dict[str, tuple[FieldType, ...]] = {
    "source_unit": _NUMERIC,
    "negative": _NUMERIC,
    "zero_values": _NUMERIC,
    "true_values": ("boolean",),
    "false_values": ("boolean",),
    "separators": ("string",),
}
_FORMATS: dict[Format, tuple[FieldType, ...]] = {
    "date": ("yearmonth", "year"),
    "datetime": ("date",),
    "partial-date": ("string",),
    "closing-time": ("time",),
    "phone": ("string",),
    "address": ("string",),
}


class MissingValue(Strict):
    """A text that means "nothing", and why there is nothing.

    Attributes:
        value: The text as it stands in the cell.
        reason: Why; counted by field in the figures on quality.
    """

    value: Text
    reason: Reason


class CoordinatePair(Strict):
    """Two fields that say together where something is.

    Attributes:
        longitude: Field of the coordinate to the east; published in degrees of WGS84.
        latitude: Field of the coordinate to the north.
        epsg: EPSG's number of the grid in which the source writes them; 4326 for degrees.
    """

    longitude: FieldName
    latitude: FieldName
    epsg: Grid = 4326

    @property
    def fields(self) -> tuple[str, str]:
        """Names of both fields."""
        return self.longitude, self.latitude


def find_mispaired(pairs: Sequence[CoordinatePair], fields: Sequence[Field]) -> str | None:
    """Say which pair of coordinates does not fit the fields; None when all do."""
    types = {field.name: field.type for field in fields}
    named = [name for pair in pairs for name in pair.fields]
    if len(set(named)) < len(named):
        return "a field stands on one side of one pair only"
    wrong = [name for name in named if types.get(name, "number") != "number"]
    return f"{wrong[0]} is no number" if wrong else None


def find_misspelling(field: Field) -> str | None:
    """Say which of a field's keys about spelling does not fit; None when all do."""
    for key, types in _KEYS.items():
        if getattr(field, key) and field.type not in types:
            return f"{_written(key)} needs type {' or '.join(types)}"
    if field.format is not None and (field.separators or field.codelist):
        return "format and separators or codelist are two ways to read one cell: name one"
    return _about_dates(field) or _about_words(field) or _about_unit(field)


def _about_dates(field: Field) -> str | None:
    if field.format is not None and field.type not in _FORMATS[field.format]:
        return f"format: {field.format} needs type {' or '.join(_FORMATS[field.format])}"
    if field.pivot is not None and field.type not in _DATED and field.format != "partial-date":
        return "pivot needs a type of dates, or format: partial-date"
    return None


def _about_words(field: Field) -> str | None:
    if bool(field.true_values) != bool(field.false_values):
        return "trueValues and falseValues belong together"
    lowered = [
        {word.lower() for word in words} for words in (field.true_values, field.false_values)
    ]
    if lowered[0] & lowered[1]:
        return "a text stands in trueValues and in falseValues"
    if set(field.zero_values) & set(field.missing_texts):
        return "a text stands in zero_values and in missingValues"
    return None


def _about_unit(field: Field) -> str | None:
    if field.source_unit is None:
        return None
    if field.unit is None:
        return "source_unit needs unit, the one that is published"
    power = power_between(field.source_unit, field.unit)
    if power is None:
        return f"{field.source_unit} cannot be converted to {field.unit} exactly"
    if power + (field.decimals or 0) > MOST_DIGITS:
        return f"{field.source_unit} with so many decimals has more than {MOST_DIGITS} digits"
    return None


def _written(key: str) -> str:
    return {"true_values": "trueValues", "false_values": "falseValues"}.get(key, key)
