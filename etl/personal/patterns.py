"""What a cell must hold to be looked at closely, as RE2 patterns.

They run on every cell, in Polars and in DuckDB alike, and find too much on purpose;
`etl.personal.confirming` decides on the few distinct texts that remain. RE2 has no
look-around, so each pattern takes the whole run of digits and separators around a candidate:
an extract carries what decides whether the digits stand alone or are a part of a longer number.

Full-width forms, other dashes and invisible characters hide nothing.
"""

from __future__ import annotations

from typing import Final

from etl.contract.model import PersonalKind

DASHES: Final = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"
INVISIBLE: Final = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
MASKS: Final = "*xX#\u25cb\u25cf\u25ef"

_DIGIT: Final = r"[0-9０-９]"
_GAP: Final = rf"[\s\pZ{DASHES[1:]}{INVISIBLE}.．,，()（）+＋/／·~_-]{{0,4}}"
_BEFORE: Final = rf"[(（+＋]?(?:{_DIGIT}{_GAP})*?"
_AFTER: Final = rf"(?:{_GAP}{_DIGIT})*"

_REGISTERED: Final = (
    rf"{_BEFORE}{_DIGIT}{{2}}[01０１]{_DIGIT}[0-3０-３]{_DIGIT}{_GAP}{_DIGIT}"
    rf"(?:{_DIGIT}{{6}}|[{MASKS}＊ｘＸ＃]{{6}}){_AFTER}"
)

PATTERNS: Final[dict[PersonalKind, str]] = {
    "resident-number": _REGISTERED,
    "foreigner-number": _REGISTERED,
    "mobile-number": (
        rf"{_BEFORE}(?:[0０]|[8８][2２]{_GAP}[0０]?{_GAP})[1１][016-9０１６-９]{_GAP}"
        rf"{_DIGIT}{{3,4}}{_GAP}{_DIGIT}{{4}}{_AFTER}"
    ),
    "card-number": (
        rf"{_BEFORE}{_DIGIT}{{4}}{_GAP}{_DIGIT}{{3,6}}{_GAP}{_DIGIT}{{3}}"
        rf"{_DIGIT}*{_GAP}{_DIGIT}{{3,7}}{_AFTER}"
    ),
    "email": r"[\pL\pN._%+'-]+[@＠﹫][\pL\pN-]+(?:[.．][\pL\pN-]+)+",
    "coordinates": rf"{_DIGIT}+[.．]{_DIGIT}{{4,}}",
}
