"""Tell what a cell looks like: a number, a word, a mark for nothing, a remark."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Shape = Literal["blank", "number", "code", "mixed", "words", "nothing"]

SHAPES: tuple[Shape, ...] = ("blank", "number", "code", "mixed", "words", "nothing")

_NUMBER = re.compile(
    r"[-+−△▲(]?\s*[₩￦$€]?\s*(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?([eE][-+]?\d+)?\s*[%)]?", re.ASCII
)
_NULL_WORDS = ("null", "NULL", "Null", "(NULL)", "none", "None", "NONE", "없음", "해당없음", "미상")
_DASHES = ("-", "–", "—", ".", "..", "...", "…", "x", "X", "*", "N/A", "n/a", "NA", "NaN", "nan")
_ERRORS = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!")
_TRUTHS = ("true", "false", "TRUE", "FALSE", "True", "False")
_NOTHING = frozenset((*_NULL_WORDS, *_DASHES, *_ERRORS, *_TRUTHS))
_UNIT = re.compile(
    r"^[\s(\[<【]*(단위|unit)\s*[:：)]|^[\s(\[<]*단\s*위\s*[:：]|^\s*[(\[]\s*단위[^)\]]*[)\]]\s*$",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"^[\s(\[<]*("
    r"단\s*위\s*[:：)]|[※＊☞○●■□▶▷◎◇◆†‡]|\*|(자료\s*출처|자료|출처|주|주석|비고|참고|참조|작성|작성일|작성자|담당|문의|"
    r"기준|기준일|기준일자|조회기간|출력일|출력일시|다운로드|자료원|자료제공|제공)\s*\d*\s*[)）:：]|"
    r"(source|sources|note|notes|footnote|unit|quelle|fußnote)\w*(\(\w*\))?\s*\d*\s*[:.)]|\d+\)\s)",
    re.IGNORECASE,
)
_AS_OF = re.compile(
    r"^[\s(\[<'’]*(\d{2,4}\s*[.년/-]\s*)?(\d{1,2}\s*[.월/-]?\s*)?(\d{1,2}\s*[.일]?\s*)?(말일?)?\s*(현재|기준)[\s)\]>.]*$"
)
_RULE = re.compile(r"^[\s*=_\-#~·.─━]{4,}$")
_BRACKETS = re.compile(r"[\s\u3000()\[\]<>【】〈〉:：·]+")
_KOREAN_MARKERS = ("합계", "소계", "계", "총계", "총합계", "총합", "누계")
MARKERS = frozenset((*_KOREAN_MARKERS, "total", "totals", "subtotal", "grandtotal"))


@lru_cache(1 << 16)
def shape_of(cell: str) -> Shape:
    """Return what a cell looks like.

    Examples:
        >>> [shape_of(cell) for cell in (" ", "1,430", "2023-08-31", "0세", "공원명", "-")]
        ['blank', 'number', 'code', 'mixed', 'words', 'nothing']
    """
    text = cell.strip()
    if not text:
        return "blank"
    if text in _NOTHING:
        return "nothing"
    has_digit = any(character.isdigit() for character in text)
    if has_digit and _NUMBER.fullmatch(text):
        return "number"
    has_letter = any(character.isalpha() for character in text)
    if has_digit:
        return "mixed" if has_letter else "code"
    return "words" if has_letter else "nothing"


def is_remark(cell: str) -> bool:
    """Tell whether a cell speaks about the table: its unit, source, date, a note, a rule.

    Examples:
        >>> [is_remark(cell) for cell in ("( 단위 : km )", " 2020.12.31 기준", "주차장")]
        [True, True, False]
    """
    return bool(
        _REMARK.search(cell) or _AS_OF.search(cell) or _RULE.search(cell) or _UNIT.search(cell)
    )


def is_total_marker(cell: str) -> bool:
    """Tell whether a cell says that its row sums others up.

    Examples:
        >>> [is_total_marker(cell) for cell in ("합 계", "[소계]", "Total", "계산동", "")]
        [True, True, True, False, False]
    """
    return _BRACKETS.sub("", cell).casefold() in MARKERS


def year_of(cell: str) -> int | None:
    """Return the year that a cell is, such as `2020` or `2020년`.

    Examples:
        >>> [year_of(cell) for cell in ("2020", " 2020년", "2020.0", "20200")]
        [2020, 2020, None, None]
    """
    found = re.fullmatch(r"\s*((?:19|20)\d\d)\s*년?도?\s*", cell)
    return int(found[1]) if found else None
