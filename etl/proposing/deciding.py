"""Decide a column's type on all of its values.

A type is proposed only when every value casts under it as validation would cast it. What
is a code stays text, whatever its digits look like: a number has lost its leading zeros.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from etl.contract.fields import Field
from etl.contract.vocabulary import FieldType
from etl.validate.casting import cast_text

TEXT, CELLS = "text", "cells"

_CODE_HEADER = re.compile(
    r"(번호|코드|부호|우편|전화|팩스|아이디|식별자|\bno|(^|_|\b)id|(^|_|\b)(cd|code)|[a-z]ID)$",
    re.IGNORECASE,
)
_SERIAL_HEADER = re.compile(r"^(순번|연번|일련번호|no\.?)$", re.IGNORECASE)
_NUMBER = r"^[0-9][0-9.]*$"
# What could be a number is a date only where the header says so: 20260131, 2026.11, 0930.
_DATED_HEADERS: Final[tuple[tuple[re.Pattern[str], tuple[FieldType, ...]], ...]] = (
    (re.compile(r"(일자|일시|일|날짜|date|ymd|_dt)$", re.IGNORECASE), ("date", "datetime")),
    (re.compile(r"(시각|time|_tm)$", re.IGNORECASE), ("time",)),
    (re.compile(r"(월|기간|시점|month|_ym)$", re.IGNORECASE), ("yearmonth",)),
    (re.compile(r"(년도|연도|년|기간|시점|year|yr)$", re.IGNORECASE), ("year",)),
)
_DATED: Final[tuple[FieldType, ...]] = ("boolean", "date", "datetime", "time", "yearmonth", "year")
_PACKED_DAY = r"^(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])$"
_NEGATIVE: Final = {"△": r"^△", "▲": r"^▲", "()": r"^\([0-9]"}
_NOTHING: Final = frozenset({"-", "--", "null", "(null)", "n/a", "#n/a", "nan", "none", "na"})
_FEW_WORDS, _CODE_DIGITS, _CODE_VALUES = 6, 5, 10
_MAXIMUM_DECIMALS, _LONG_DIGITS = 10, 10
_ENUM_VALUES, _ENUM_CELLS, _ENUM_LENGTH = 20, 5, 20


@dataclass(frozen=True, slots=True)
class Decided:
    """What all values of a column have in common.

    Attributes:
        type: The narrowest type that fits every value.
        decimals: Places after the point of a `number`.
        negative: Marks of negative numbers.
        missing: Words of the file that stand for nothing.
        values: The few values of an enumeration; empty when it is none.
        is_complete: Whether no cell is empty.
        is_unique: Whether no value stands twice.
        is_code: Whether digits are kept as text.
    """

    type: FieldType
    decimals: int | None
    negative: tuple[str, ...]
    missing: tuple[str, ...]
    values: tuple[str, ...]
    is_complete: bool
    is_unique: bool
    is_code: bool


def decide_column(cells: pl.LazyFrame, header: str, unit: str | None, timezone: str) -> Decided:
    """Look at every value of a column once.

    Args:
        cells: One text column; empty cells are `""` or null.
        header: What the file calls it.
        unit: Its unit; what is measured is no code.
        timezone: Zone of datetimes that state none.
    """
    counted = _count(cells)
    filled = counted.filter(pl.col(TEXT) != "")
    words = _words_for_nothing(filled)
    values = filled.filter(~pl.col(TEXT).str.to_lowercase().is_in(_NOTHING))
    shape = _shape_of(values, header, unit, timezone)
    spoken = _spoken_nothing(values) if shape == _TEXT else ()
    if spoken:
        rest = values.filter(~pl.col(TEXT).is_in(spoken))
        narrower = _shape_of(rest, header, unit, timezone)
        if narrower.type != "string":
            values, shape, words = rest, narrower, (*words, *spoken)
    return Decided(
        type=shape.type,
        decimals=shape.decimals,
        negative=shape.negative,
        missing=words,
        values=_enumeration(values) if shape.type == "string" else (),
        is_complete=values.select(pl.col(CELLS).sum()).item() == counted[CELLS].sum(),
        is_unique=values.height > 0 and bool((values[CELLS] == 1).all()),
        is_code=shape.is_code,
    )


@dataclass(frozen=True, slots=True)
class _Shape:
    """A type, and how its values are written."""

    type: FieldType
    decimals: int | None = None
    negative: tuple[str, ...] = ()
    is_code: bool = False


_TEXT = _Shape("string")


def _shape_of(values: pl.DataFrame, header: str, unit: str | None, timezone: str) -> _Shape:
    """Return the first type under which every value casts."""
    if values.height == 0:
        return _TEXT
    dated = (_Shape(type_) for type_ in _dated_types(values, header))
    if found := _first_that_casts(dated, values, timezone):
        return found
    if unit is None and _is_code(values, header):
        return _Shape("string", is_code=True)
    return _first_that_casts(_numeric_shapes(values), values, timezone) or _TEXT


def _dated_types(values: pl.DataFrame, header: str) -> Sequence[FieldType]:
    if not values[TEXT].str.contains(_NUMBER).all():
        return _DATED
    return [type_ for said, types in _DATED_HEADERS if said.search(header) for type_ in types]


def _numeric_shapes(values: pl.DataFrame) -> Iterator[_Shape]:
    text = values[TEXT]
    marks = tuple(mark for mark, sign in _NEGATIVE.items() if text.str.contains(sign).any())
    yield _Shape("integer", negative=marks)
    places = text.str.extract(r"\.([0-9]+)").str.len_chars().max()
    if isinstance(places, int) and places <= _MAXIMUM_DECIMALS:
        yield _Shape("number", places, marks)


def _first_that_casts(
    shapes: Iterable[_Shape], values: pl.DataFrame, timezone: str
) -> _Shape | None:
    return next((shape for shape in shapes if _all_cast(values, shape, timezone)), None)


def _all_cast(values: pl.DataFrame, shape: _Shape, timezone: str) -> bool:
    content: dict[str, Any] = {"name": TEXT, "title": {"ko": TEXT}, "role": "open"}
    content |= {"type": shape.type, "negative": shape.negative}
    if shape.decimals is not None:
        content["decimals"] = shape.decimals
    field = Field.model_validate(content)
    return not values.select(cast_text(field, timezone).is_null().any()).item()


def _count(cells: pl.LazyFrame) -> pl.DataFrame:
    name = cells.collect_schema().names()[0]
    text = pl.col(name).fill_null("").str.strip_chars().alias(TEXT)
    counted = cells.select(text).group_by(TEXT).len(CELLS)
    return counted.sort(TEXT).collect(engine="streaming")


def _words_for_nothing(filled: pl.DataFrame) -> tuple[str, ...]:
    """Return the usual words for nothing that the column uses, as it spells them."""
    is_word = pl.col(TEXT).str.to_lowercase().is_in(_NOTHING)
    return tuple(filled.filter(is_word)[TEXT])


def _spoken_nothing(values: pl.DataFrame) -> tuple[str, ...]:
    """Return the few words without digits that stand among digits, as 교정중 does."""
    has_digit = pl.col(TEXT).str.contains(r"[0-9]")
    words = values.filter(~has_digit)
    others = values.filter(has_digit)
    is_few = words.height <= _FEW_WORDS and words[CELLS].sum() < others[CELLS].sum()
    is_measured = others.height > _ENUM_VALUES  # where few numbers stand, a word is one more kind
    return tuple(words[TEXT]) if words.height and is_few and is_measured else ()


def _is_code(values: pl.DataFrame, header: str) -> bool:
    digits = values.filter(pl.col(TEXT).str.contains(r"^[0-9]+$"))
    if digits.height == 0 or digits.height < values.height or _SERIAL_HEADER.search(header):
        return False
    if _CODE_HEADER.search(header) or bool(digits[TEXT].str.contains(_PACKED_DAY).all()):
        return True
    lengths = digits[TEXT].str.len_chars()
    has_zero = bool(digits[TEXT].str.contains(r"^0[0-9]").any())
    is_fixed = lengths.n_unique() == 1 and lengths[0] >= _CODE_DIGITS
    is_long = bool((lengths >= _LONG_DIGITS).all())
    return has_zero or is_long or (is_fixed and digits.height >= _CODE_VALUES)


def _enumeration(values: pl.DataFrame) -> tuple[str, ...]:
    """Return the values of a column that has few, each of them often."""
    if not 2 <= values.height <= _ENUM_VALUES:
        return ()
    is_short = values[TEXT].str.len_chars() <= _ENUM_LENGTH
    if not (is_short & (values[CELLS] >= _ENUM_CELLS)).all():
        return ()
    return tuple(values.sort(CELLS, TEXT, descending=[True, False])[TEXT])
