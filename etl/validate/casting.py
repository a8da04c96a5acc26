"""Text to typed values, strictly and without loss.

Outer blanks go, missing values become null, text is brought to NFC with LF line breaks, and
the spellings that can be meant in one way only, or that the contract declares, are read by
`etl.validate.normalise`; whatever else would change a value is a fault of rule `type`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping

import polars as pl

from etl.contract.codelists import CodeSet
from etl.contract.fields import Field
from etl.contract.model import Contract
from etl.contract.spelling import CoordinatePair
from etl.contract.vocabulary import FieldType
from etl.errors import ContractError, DefectError
from etl.validate.normalise.addresses import spell_address
from etl.validate.normalise.booleans import read_boolean
from etl.validate.normalise.codes import spell_code, spell_several
from etl.validate.normalise.coordinates import WGS84, keep_inside, project, round_to
from etl.validate.normalise.damage import is_damaged
from etl.validate.normalise.dates import (
    read_date,
    read_partial_date,
    read_year,
    read_yearmonth,
)
from etl.validate.normalise.moments import read_moment
from etl.validate.normalise.numbers import read_integer, read_number
from etl.validate.normalise.phones import spell_phone
from etl.validate.normalise.scaling import find_powers
from etl.validate.normalise.times import read_time

ROW = "_row"

# All characters but ranges in which NFC changes nothing, alone or side by side: Latin-1 and
# its neighbours, dashes and quotation marks, letters in circles, shapes, the brackets, letters
# and squared units of CJK, ideographs, Hangul syllables, full-width forms.
MAY_CHANGE = (
    r"[^\x{00}-\x{2ff}\x{2010}-\x{2027}\x{2460}-\x{26ff}\x{3000}-\x{3029}\x{3130}-\x{318f}"
    r"\x{3200}-\x{33ff}\x{4e00}-\x{9fff}\x{ac00}-\x{d7a3}\x{ff00}-\x{ffef}]"
)


def readable(field: str) -> str:
    """Name the helper column that says whether a field's text could be read.

    True, False, or null where there is no text. The colon keeps it apart from any field.

    Examples:
        >>> readable("capacity")
        'capacity:readable'
    """
    return f"{field}:readable"


def cast_rows(
    rows: pl.LazyFrame,
    contract: Contract,
    units: Mapping[str, str] | None = None,
    codelists: Mapping[str, CodeSet] | None = None,
) -> pl.LazyFrame:
    """Cast the text of every field to its type.

    Args:
        rows: `_row` and one text column per field; not modified.
        contract: Names the types.
        units: Unit that the file itself states, by field; see `scaling.find_powers`.
        codelists: Code lists that the contract names, by name; without any, codes are left as
            they are spelled.

    Returns:
        `_row`, each field as its type (null where nothing or nothing readable stands),
        and the field's helper column (see `readable`). Row order is kept.

    Raises:
        DefectError: The landed columns are not those of the contract.
        SourceFormatError: The file states a unit that is not the contract's.
        ContractError: The file counts in thousands or millions, and the contract names no unit;
            or a code list is not there.
    """
    _check_columns(rows, contract)
    powers = find_powers(contract, units or {})
    texts = rows.select(ROW, *(_cell_text(field, contract) for field in contract.fields))
    values = texts.select(
        ROW,
        *(
            _value(field, contract, powers, codelists).alias(field.name)
            for field in contract.fields
        ),
        *(
            pl.col(field.name).is_not_null().alias(readable(field.name))
            for field in contract.fields
        ),
    )
    return values.with_columns(
        pl.when(pl.col(readable(field.name)))
        .then(pl.col(field.name).is_not_null())
        .alias(readable(field.name))
        for field in contract.fields
    )


def cast_text(field: Field, timezone: str, power: int = 0) -> pl.Expr:
    """Read a field's text as its type; null where that would lose or guess anything.

    Args:
        field: Gives name, type and how values are written.
        timezone: Zone of datetimes that state none.
        power: Numbers count in units of ten to this power.
    """
    return _READERS[field.type](pl.col(field.name), field, timezone, power)


def _value(
    field: Field,
    contract: Contract,
    powers: Mapping[str, int],
    codelists: Mapping[str, CodeSet] | None,
) -> pl.Expr:
    if pair := contract.pair_of(field.name):
        return _coordinate(field, pair, contract)
    value = cast_text(field, contract.timezone, powers.get(field.name, 0))
    codes = _codes(field, contract, codelists)
    by = field.codelist.by if field.codelist else "code"
    if field.separators:
        return spell_several(value, field.separators, codes, by)
    if codes is None or field.type != "string":
        return value
    if field.format == "address":
        return spell_address(value, codes, _reference_day(contract))
    return spell_code(value, codes, by, _reference_day(contract))


def _coordinate(field: Field, pair: CoordinatePair, contract: Contract) -> pl.Expr:
    sides = {side.name: cast_text(side, contract.timezone) for side in contract.fields
             if side.name in pair.fields}  # fmt: skip
    if pair.epsg == WGS84:
        return keep_inside(sides[field.name], sides[pair.longitude], sides[pair.latitude])
    place = project(pl.col(pair.longitude), pl.col(pair.latitude), pair.epsg)
    side = "longitude" if field.name == pair.longitude else "latitude"
    return round_to(place.struct.field(side), field.decimals or 0)


def _codes(
    field: Field, contract: Contract, codelists: Mapping[str, CodeSet] | None
) -> CodeSet | None:
    name = field.code_list_name
    if name is None or codelists is None:
        return None
    if name not in codelists:
        raise ContractError(
            f"{contract.name}: {field.name}: there is no code list {name} in schemas/codelists/."
            " Nothing was validated; the live release stays. Import the list, or correct the"
            " contract.",
            dataset=contract.name,
        )
    return codelists[name]


def _reference_day(contract: Contract) -> pl.Expr | None:
    named = contract.reference_date.field if contract.reference_date else None
    for field in contract.fields:
        if field.name == named:
            value = cast_text(field, contract.timezone)
            is_moment = field.type == "datetime"
            return value.dt.convert_time_zone(contract.timezone).dt.date() if is_moment else value
    return None


def _check_columns(rows: pl.LazyFrame, contract: Contract) -> None:
    schema = rows.collect_schema()
    missing = [field.name for field in contract.fields if schema.get(field.name) != pl.String]
    if missing or schema.get(ROW) != pl.Int64:
        raise DefectError(
            f"{contract.name}: the landed rows lack text columns for"
            f" {', '.join(missing) or ROW}. Nothing was validated. Report this to the developers."
        )


def _cell_text(field: Field, contract: Contract) -> pl.Expr:
    text = _plain(pl.col(field.name)) if field.type == "string" else pl.col(field.name)
    text = text.str.strip_chars()
    if field.zero_values:
        text = pl.when(text.is_in(_texts(field.zero_values))).then(pl.lit("0")).otherwise(text)
    is_missing = text.is_in(_texts(["", *contract.missing_values, *field.missing_texts]))
    return pl.when(~is_missing).then(text).alias(field.name)


def _texts(texts: Iterable[str]) -> list[str]:
    return sorted({unicodedata.normalize("NFC", text).strip() for text in texts})


def _plain(text: pl.Expr) -> pl.Expr:
    lines = text.str.replace_all(r"\r\n?", "\n")
    return lines.map_batches(_composed, return_dtype=pl.String, is_elementwise=True)


def _composed(cells: pl.Series) -> pl.Series:
    """Bring cells to NFC; most are, and looking costs a fifth of normalising them."""
    if cells.str.contains(MAY_CHANGE).any():
        return cells.str.normalize("NFC")
    return cells


def _read_string(text: pl.Expr, field: Field) -> pl.Expr:
    if field.format == "partial-date":
        return read_partial_date(text, field.pivot)
    if field.format == "phone":
        return spell_phone(text)
    return pl.when(~text.str.contains("\0", literal=True) & ~is_damaged(text)).then(text)


_READERS: dict[FieldType, Callable[[pl.Expr, Field, str, int], pl.Expr]] = {
    "string": lambda text, field, *_: _read_string(text, field),
    "integer": lambda text, field, _, power: read_integer(text, field.negative, power),
    "number": lambda text, field, _, power: read_number(
        text, field.decimals or 0, field.negative, power
    ),
    "boolean": lambda text, field, *_: read_boolean(text, field.true_values, field.false_values),
    "year": lambda text, field, *_: read_year(
        text, field.pivot, drops_month=field.format == "date"
    ),
    "yearmonth": lambda text, field, *_: read_yearmonth(
        text, field.pivot, drops_day=field.format == "date"
    ),
    "date": lambda text, field, *_: read_date(
        text, field.pivot, drops_time=field.format == "datetime"
    ),
    "datetime": lambda text, field, zone, _: read_moment(text, zone, field.pivot),
    "time": lambda text, field, *_: read_time(text, is_closing=field.format == "closing-time"),
}
