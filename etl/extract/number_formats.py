"""What a spreadsheet's number format says about the number under it.

Most formats only decorate (thousands separators, decimals, colours, units): the stored number
is what counts. Two kinds change what the number is: dates and times, which are days since the
workbook's epoch, and masks, which give a code its leading zeros or its hyphens (`00000`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache


class Meaning(Enum):
    """What a number is by its format."""

    NUMBER = auto()
    DATE = auto()
    DATETIME = auto()
    TIME = auto()
    DURATION = auto()
    MASK = auto()


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A number format as far as it means something.

    Attributes:
        meaning: What the number is.
        code: The format's code as the workbook has it.
        is_plain_date: A date whose code any reader takes for one.
    """

    meaning: Meaning
    code: str = "General"
    is_plain_date: bool = False


PLAIN = NumberFormat(Meaning.NUMBER)

# Formats that a workbook names by number alone (ECMA-376 part 1, 18.8.30). 27 to 36 and 50 to 58
# depend on the language; these are Korean Excel's.
_BUILT_IN = {
    **dict.fromkeys((14, 15, 16, 17), "yyyy-mm-dd"),
    **dict.fromkeys((18, 19, 20, 21, 32, 33), "h:mm:ss"),
    22: "yyyy-mm-dd h:mm",
    **dict.fromkeys((27, 28, 29, 30, 31, 34, 35, 36), "yyyy-mm-dd"),
    **dict.fromkeys((45, 47), "mm:ss"),
    46: "[h]:mm:ss",
    **dict.fromkeys(range(50, 59), "yyyy-mm-dd"),
}
_PLAIN_BUILT_IN = frozenset({14, 15, 16, 17})
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_.|\*.|\[(?P<bracket>[^\]]*)\]?|(?P<plain>.)', re.DOTALL
)
_AM_PM = re.compile(r"am/pm|a/p|오전/오후", re.IGNORECASE)
_PLAIN_DATE = re.compile(r"[ymd]+(?:[-./ ]+[ymd]+)*[-./ ]*", re.IGNORECASE)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)(-?[0-9]+(?:\.[0-9]+)?)")
_NOT_A_MASK = re.compile(r"[.,%eE?/]")


@lru_cache(maxsize=4096)
def understand_format(number: int, code: str | None) -> NumberFormat:
    """Return what a number format means.

    Args:
        number: The format's number in the workbook.
        code: Its code, None where the workbook names it by number alone.

    Examples:
        >>> understand_format(14, None).meaning.name, understand_format(3, None).meaning.name
        ('DATE', 'NUMBER')
        >>> understand_format(180, 'yyyy"년" m"월" d"일" h:mm').meaning.name
        'DATETIME'
        >>> understand_format(181, "00000").meaning.name
        'MASK'
        >>> understand_format(183, '#,##0"명";[Red]-#,##0').meaning.name
        'NUMBER'
    """
    if code is None:
        code = _BUILT_IN.get(number, "General")
        is_plain = number in _PLAIN_BUILT_IN
    else:
        is_plain = _PLAIN_DATE.fullmatch(code) is not None
    meaning = _clock_meaning(_sections(code)[0]) or (
        Meaning.MASK if any(map(_is_mask, _sections(code))) else Meaning.NUMBER
    )
    return NumberFormat(meaning, code, is_plain and meaning is Meaning.DATE)


def apply_mask(code: str, number: int) -> str:
    """Return a whole number as its mask shows it, without words around it.

    Examples:
        >>> apply_mask("00000", 42), apply_mask("00000", 1234567)
        ('00042', '1234567')
        >>> apply_mask("000-0000-0000", 1012345678)
        '010-1234-5678'
        >>> apply_mask("[<=9999999]###-####;(0##) ###-####", 25551234)
        '(02) 555-1234'
        >>> apply_mask('"제"000"호"', 7)
        '007'
    """
    if set(code) == {"0"}:
        return f"{number:0{len(code) + (number < 0)}}"
    section = _section_for(code, number)
    if not _is_mask(section):
        return str(number)
    sign = "-" if number < 0 else ""
    return sign + _fill(_mask_parts(section), str(abs(number)))


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[str, ...]:
    """Split a code at the semicolons that stand outside quotes.

    Examples:
        >>> _sections('0";";-0')
        ('0";"', '-0')
    """
    sections = [""]
    for token in _TOKEN.finditer(code):
        if token["plain"] == ";":
            sections.append("")
        else:
            sections[-1] += token[0]
    return tuple(sections)


def _clock_meaning(section: str) -> Meaning | None:
    """Return which of date and clock a section shows, None for neither."""
    letters, elapsed = "", ""
    for token in _TOKEN.finditer(_AM_PM.sub("", section)):
        letters += (token["plain"] or "").lower()
        if token["bracket"] and set(token["bracket"].lower()) <= set("hms"):
            elapsed += token["bracket"].lower()
    if elapsed:
        return Meaning.DURATION
    if "general" in letters:
        return None
    has_clock = "h" in letters or "s" in letters
    has_day = "y" in letters or "d" in letters or "e" in letters.replace("e+", "").replace("e-", "")
    if not has_clock:
        return Meaning.DATE if has_day or "m" in letters else None
    return Meaning.DATETIME if has_day else Meaning.TIME


@lru_cache(maxsize=1024)
def _mask_parts(section: str) -> list[tuple[str, bool]]:
    """Return a section's signs in order, each with whether it stands for a digit."""
    parts = []
    for token in _TOKEN.finditer(section):
        if token["plain"] is not None:
            parts.append((token["plain"], token["plain"] in "0#"))
        elif token["quoted"] is not None or token["escaped"] is not None:
            parts.append((token["quoted"] or token["escaped"] or "", False))
    return _trim_words(parts)


def _trim_words(parts: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """Drop words, blanks and signs of currency around the digits; brackets stay."""
    digits = [place for place, (_, is_digit) in enumerate(parts) if is_digit]
    if not digits:
        return []
    first, last = digits[0], digits[-1]
    return [
        (text, is_digit)
        for place, (text, is_digit) in enumerate(parts)
        if first <= place <= last or text in {"(", ")"}
    ]


@lru_cache(maxsize=1024)
def _is_mask(section: str) -> bool:
    """Tell whether a section pads with zeros or puts signs between the digits.

    A blank between digits groups thousands (`# ##0`), as a comma does.
    """
    parts = _mask_parts(section)
    plain = "".join(token["plain"] or "" for token in _TOKEN.finditer(section))
    shown = "".join(text if is_digit else "-" for text, is_digit in parts if text.strip())
    shown = shown.strip("-")
    is_joined = "-" in shown and len(shown.replace("-", "")) > 2
    return not _NOT_A_MASK.search(plain) and ("00" in shown[:2] or is_joined)


def _section_for(code: str, number: int) -> str:
    """Return the section that shows a number, by its condition or by its sign."""
    sections = [section for section in _sections(code) if "@" not in section]
    for section in sections:
        condition = _CONDITION.search(section)
        if condition and _holds(number, condition[1], float(condition[2])):
            return section
    without = [section for section in sections if not _CONDITION.search(section)]
    return (without or sections or [code])[0]


def _holds(number: int, sign: str, bound: float) -> bool:
    return {
        "<": number < bound,
        ">": number > bound,
        "<=": number <= bound,
        ">=": number >= bound,
        "=": number == bound,
        "<>": number != bound,
    }[sign]


def _fill(parts: list[tuple[str, bool]], digits: str) -> str:
    """Fill a mask from the right; what does not fit stands in front."""
    filled = list(_fill_backwards(parts, digits))
    return "".join(reversed(filled))


def _fill_backwards(parts: list[tuple[str, bool]], digits: str) -> Iterator[str]:
    places = sum(is_digit for _, is_digit in parts)
    for text, is_digit in reversed(parts):
        if not is_digit:
            yield text
            continue
        places -= 1
        if places == 0:
            yield digits or ("0" if text == "0" else "")
            digits = ""
        else:
            yield digits[-1:] or ("0" if text == "0" else "")
            digits = digits[:-1]
