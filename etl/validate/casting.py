"""Text to typed values, strictly and without loss.

Outer blanks go, missing values become null, text is brought to NFC with LF line breaks;
whatever else would change a value is a fault of rule `type`. More tolerant spellings
(thousands separators, other date shapes) belong to normalisers that a contract chooses.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import polars as pl

from etl.contract.fields import Field
from etl.contract.model import Contract
from etl.contract.vocabulary import FieldType
from etl.errors import DefectError

ROW = "_row"

# Ten and more digits with a zero in front are a code or a telephone number: reading them as a
# number would cut the zero, by which the release gate knows them for what they are.
_DIGITS = r"(?:[0-9]{1,9}|[1-9][0-9]*)"
_INTEGER = rf"^[+-]?{_DIGITS}$"
_YEAR = r"^[0-9]{4}$"
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_TIME = rf"^{_CLOCK}(?::[0-5][0-9])?$"
_YEARMONTH = r"^[0-9]{4}-(?:0[1-9]|1[0-2])$"
_DATETIME = (
    rf"^(?<day>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})[T ](?<clock>{_CLOCK})"
    r"(?::(?<second>[0-5][0-9])(?:\.(?<fraction>[0-9]{1,6}))?)?"
    rf"(?<zone>Z|[+-]{_CLOCK})?$"
)
_TRUE = ("y", "true", "1")
_FALSE = ("n", "false", "0")
_FIRST_DAY = pl.date(1, 1, 1)
_LAST_YEAR = 9999

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


def cast_rows(rows: pl.LazyFrame, contract: Contract) -> pl.LazyFrame:
    """Cast the text of every field to its type.

    Args:
        rows: `_row` and one text column per field; not modified.
        contract: Names the types.

    Returns:
        `_row`, each field as its type (null where nothing or nothing readable stands),
        and the field's helper column (see `readable`). Row order is kept.

    Raises:
        DefectError: The landed columns are not those of the contract.
    """
    _check_columns(rows, contract)
    texts = rows.select(ROW, *(_cell_text(field, contract) for field in contract.fields))
    values = texts.select(
        ROW,
        *(cast_text(field, contract.timezone).alias(field.name) for field in contract.fields),
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


def cast_text(field: Field, timezone: str) -> pl.Expr:
    """Read a field's text as its type; null where that would lose or guess anything.

    Args:
        field: Gives name, type and decimals.
        timezone: Zone of datetimes that state none.
    """
    text = pl.col(field.name)
    if field.type == "number":
        return _read_number(text, field.decimals or 0)
    if field.type == "datetime":
        return _read_datetime(text, timezone)
    return _READERS[field.type](text)


def _check_columns(rows: pl.LazyFrame, contract: Contract) -> None:
    schema = rows.collect_schema()
    missing = [field.name for field in contract.fields if schema.get(field.name) != pl.String]
    if missing or schema.get(ROW) != pl.Int64:
        raise DefectError(
            f"{contract.name}: the landed rows lack text columns for"
            f" {', '.join(missing) or ROW}. Nothing was validated. Report this to the developers."
        )


def _cell_text(field: Field, contract: Contract) -> pl.Expr:
    missing = {"", *contract.missing_values, *field.missing_values}
    text = _plain(pl.col(field.name)) if field.type == "string" else pl.col(field.name)
    text = text.str.strip_chars()
    is_missing = text.is_in(sorted({unicodedata.normalize("NFC", m).strip() for m in missing}))
    return pl.when(~is_missing).then(text).alias(field.name)


def _plain(text: pl.Expr) -> pl.Expr:
    lines = text.str.replace_all(r"\r\n?", "\n")
    return lines.map_batches(_composed, return_dtype=pl.String, is_elementwise=True)


def _composed(cells: pl.Series) -> pl.Series:
    """Bring cells to NFC; most are, and looking costs a fifth of normalising them."""
    if cells.str.contains(MAY_CHANGE).any():
        return cells.str.normalize("NFC")
    return cells


def _read_string(text: pl.Expr) -> pl.Expr:
    return pl.when(~text.str.contains("\0", literal=True)).then(text)


def _read_integer(text: pl.Expr) -> pl.Expr:
    return pl.when(text.str.contains(_INTEGER)).then(text.cast(pl.Int64, strict=False))


def _read_year(text: pl.Expr) -> pl.Expr:
    year = text.cast(pl.Int64, strict=False)
    return pl.when(text.str.contains(_YEAR) & (year >= 1)).then(year)


def _read_boolean(text: pl.Expr) -> pl.Expr:
    word = text.str.to_lowercase()
    return pl.when(word.is_in(_TRUE)).then(True).when(word.is_in(_FALSE)).then(False)


def _read_date(text: pl.Expr) -> pl.Expr:
    day = text.str.to_date("%Y-%m-%d", strict=False)
    return pl.when(text.str.contains(_DATE) & (day >= _FIRST_DAY)).then(day)


def _read_time(text: pl.Expr) -> pl.Expr:
    has_seconds = text.str.len_chars() > len("HH:MM")
    clock = pl.when(has_seconds).then(text).otherwise(text + ":00")
    return pl.when(text.str.contains(_TIME)).then(clock.str.to_time("%H:%M:%S", strict=False))


def _read_yearmonth(text: pl.Expr) -> pl.Expr:
    return pl.when(text.str.contains(_YEARMONTH) & ~text.str.starts_with("0000")).then(text)


def _read_number(text: pl.Expr, decimals: int) -> pl.Expr:
    """Digits beyond the declared decimals are allowed only where they are zeros."""
    fraction = rf"\.[0-9]{{1,{decimals}}}0*" if decimals else r"\.0+"
    pattern = rf"^[+-]?(?:{_DIGITS}(?:{fraction})?|{fraction})$"
    return pl.when(text.str.contains(pattern)).then(
        text.cast(pl.Decimal(18, decimals), strict=False)
    )


def _read_datetime(text: pl.Expr, timezone: str) -> pl.Expr:
    part = text.str.extract_groups(_DATETIME).struct
    stamp = pl.concat_str(
        part.field("day"),
        pl.lit(" "),
        part.field("clock"),
        pl.lit(":"),
        part.field("second").fill_null("00"),
        pl.lit("."),
        part.field("fraction").fill_null("").str.pad_end(6, "0"),
    ).str.to_datetime("%Y-%m-%d %H:%M:%S%.6f", time_unit="us", strict=False)
    zone = part.field("zone")
    local = stamp.dt.replace_time_zone(timezone, ambiguous="null", non_existent="null")
    moment = (
        pl.when(zone.is_null())
        .then(local.dt.convert_time_zone("UTC"))
        .otherwise(stamp.dt.replace_time_zone("UTC") - _offset(zone))
    )
    is_calendar = (stamp.dt.date() >= _FIRST_DAY) & (moment.dt.date() >= _FIRST_DAY)
    return pl.when(is_calendar & (moment.dt.year() <= _LAST_YEAR)).then(moment)


def _offset(zone: pl.Expr) -> pl.Expr:
    minutes = (
        zone.str.slice(1, 2).cast(pl.Int64, strict=False).fill_null(0) * 60
        + zone.str.slice(4, 2).cast(pl.Int64, strict=False).fill_null(0)
    ) * pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    return pl.duration(minutes=minutes)


_READERS: dict[FieldType, Callable[[pl.Expr], pl.Expr]] = {
    "string": _read_string,
    "integer": _read_integer,
    "year": _read_year,
    "boolean": _read_boolean,
    "date": _read_date,
    "time": _read_time,
    "yearmonth": _read_yearmonth,
}
