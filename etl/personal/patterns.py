"""What a cell must hold to be looked at closely, as RE2 patterns.

They run on every cell, in Polars and in DuckDB alike, and find too much on purpose;
`etl.personal.confirming` decides on the few distinct texts that remain. RE2 has no
look-around, so each pattern takes the whole run of digits and separators around a candidate:
an extract carries what decides whether the digits stand alone or are a part of a longer number.

Full-width forms, other dashes and invisible characters hide nothing.
"""

from __future__ import annotations

from typing import Final

from etl.contract.vocabulary import PersonalKind

DASHES: Final = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"
INVISIBLE: Final = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
MASKS: Final = "*xX#\u25cb\u25cf\u25ef"

_MASK: Final = rf"[{MASKS}＊ｘＸ＃]"
_GAP: Final = rf"[\s\pZ{DASHES[1:]}{INVISIBLE}.．,，()（）+＋/／·~_-]{{0,4}}"


def _digit(digits: str = "0-9０-９") -> str:
    return rf"(?:[{digits}][{INVISIBLE}]*)"


_ANY: Final = _digit()
_BEFORE: Final = rf"[(（+＋]?(?:{_ANY}{_GAP})*?"
_AFTER: Final = rf"(?:{_GAP}{_ANY})*"

_REGISTERED: Final = (  # year, month, day; sex and century; the rest, perhaps masked
    rf"{_BEFORE}{_ANY}{{2}}{_digit('01０１')}{_ANY}{_digit('0-3０-３')}{_ANY}{_GAP}{_ANY}"
    rf"(?:{_ANY}{{6}}|{_MASK}{{6}})(?:{_GAP}(?:{_ANY}|{_MASK}))*"
)

PATTERNS: Final[dict[PersonalKind, str]] = {
    "resident-number": _REGISTERED,
    "foreigner-number": _REGISTERED,
    "mobile-number": (
        rf"{_BEFORE}(?:{_digit('0０')}|{_digit('8８')}{_digit('2２')}{_GAP}{_digit('0０')}?{_GAP})"
        rf"{_digit('1１')}{_digit('016-9０１６-９')}{_GAP}{_ANY}{{3,4}}{_GAP}{_ANY}{{4}}{_AFTER}"
    ),
    "card-number": (
        rf"{_BEFORE}{_ANY}{{4}}{_GAP}{_ANY}{{3,6}}{_GAP}{_ANY}{{3}}"
        rf"{_ANY}*{_GAP}{_ANY}{{3,7}}{_AFTER}"
    ),
    "email": (
        rf"[\pL\pN._%+'{INVISIBLE}-]+[@＠﹫][\pL\pN{INVISIBLE}-]+"
        rf"(?:[.．][\pL\pN{INVISIBLE}-]+)+"
    ),
    "coordinates": rf"{_ANY}+[.．]{_ANY}{{4,}}",
}
