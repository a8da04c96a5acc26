"""The published table's types and its data dictionary, compiled from the contract."""

from __future__ import annotations

import polars as pl

from etl.contract.fields import Field
from etl.contract.generalisation import Generalisation
from etl.contract.model import Contract

DICTIONARY_COLUMNS = (
    "name", "title_ko", "title_en", "description_ko", "description_en", "type", "decimals",
    "unit", "generalisation", "values", "personal_data_reason",
)  # fmt: skip


def published_dtype(field: Field) -> pl.DataType:
    """Return the type that a field has in the published Parquet.

    Codes are text, so that leading zeros stay; numbers are decimals, never floats.

    Examples:
        >>> from etl.contract.vocabulary import Label
        >>> published_dtype(Field(
        ...     name="latitude", title=Label(ko="위도"), type="number", decimals=8, role="open"
        ... ))
        Decimal(precision=18, scale=8)
    """
    if field.published_type == "number":
        return pl.Decimal(18, field.decimals or 0)
    return {
        "integer": pl.Int64(),
        "year": pl.Int64(),
        "boolean": pl.Boolean(),
        "date": pl.Date(),
        "datetime": pl.Datetime("us", "UTC"),
        "time": pl.Time(),
    }.get(field.published_type, pl.String())


def csv_text(field: Field) -> pl.Expr:
    """Return the canonical text of a published column, as it stands in the CSV."""
    value = pl.col(field.name)
    match field.published_type:
        case "datetime":
            return value.dt.strftime("%Y-%m-%dT%H:%M:%S.%6fZ")
        case "date":
            return value.dt.strftime("%Y-%m-%d")
        case "time":
            return value.dt.strftime("%H:%M:%S")
        case _:
            return value.cast(pl.String)


def dictionary_rows(contract: Contract) -> list[dict[str, str]]:
    """Describe each published column for the readers of the data."""
    return [_dictionary_row(field) for field in contract.published_fields]


def _dictionary_row(field: Field) -> dict[str, str]:
    description = field.description
    allowed = field.constraints.enum or ()
    return {
        "name": field.name,
        "title_ko": field.title.ko,
        "title_en": field.title.en or "",
        "description_ko": description.ko if description else "",
        "description_en": (description.en or "") if description else "",
        "type": field.published_type,
        "decimals": str(field.decimals) if field.published_type == "number" else "",
        "unit": field.unit or "",
        "generalisation": spell_generalisation(field.generalise),
        "values": " | ".join(map(str, allowed)) if field.generalise is None else "",
        "personal_data_reason": "; ".join(
            f"{declared.kind}: {declared.reason.ko}" for declared in field.declared_personal
        ),
    }


def spell_generalisation(way: Generalisation | None) -> str:
    """Return a generalisation in one short phrase.

    Examples:
        >>> spell_generalisation(Generalisation(band=5, top=80))
        'band 5, top 80'
    """
    if way is None:
        return ""
    parts = {"band": way.band, "bottom": way.bottom, "top": way.top, "date_part": way.date_part,
             "years": way.years, "words": way.words, "keep": way.keep, "table": way.table,
             "column": way.column}  # fmt: skip
    named = [f"{name} {value}" for name, value in parts.items() if value is not None]
    return ", ".join(named) or "all"
