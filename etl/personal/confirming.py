"""Decide on the texts that a pattern let through.

| kind | what makes it one | source |
|---|---|---|
| `resident-number` | birth of a living person, sex and century 1 to 4 | 주민등록법 시행규칙 제2조 |
| `foreigner-number` | the same with 5 to 8 | 출입국관리법 제31조 제5항 |
| `mobile-number` | 010 and eight more; 011, 016–019 and seven or eight | 전기통신번호관리세칙 |
| `card-number` | check digit, and the first digits of an issuer | ISO/IEC 7812-1 |
| `email` | a local part, and a domain with a point | RFC 5321 |
| `coordinates` | degrees within Korea, to a house | WGS84 |
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

from etl.contract.vocabulary import PersonalKind
from etl.personal.numbers import is_born, is_card, is_foreigner
from etl.personal.patterns import DASHES, INVISIBLE, MASKS

PRECISE_PLACES: Final = 4  # 0.0001 degrees (WGS84) are about 10 m: one house

_PLAIN: Final = str.maketrans(dict.fromkeys(DASHES, "-") | dict.fromkeys(INVISIBLE, ""))
_RESIDENT: Final = re.compile(
    rf"(?<!\d)(\d{{6}})([\s-]{{0,3}})(\d)(\d{{6}}(?!\d)|[{MASKS}]{{6}})", re.ASCII
)
_MOBILE: Final = re.compile(
    r"(?<!\d)(?:(?:(?:\+|00)82[\s().-]{0,3}|82[\s().-]{1,3})0?[\s().-]{0,3}1|\(?01)"
    r"(?:0[\s().~/·-]{0,3}\d{4}|[16-9][\s().~/·-]{0,3}\d{3,4})[\s().~/·-]{0,3}\d{4}(?!\d)",
    re.ASCII,
)
GROUPED_CARD: Final = re.compile(
    r"(?<!\d)(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{1,3})?|\d{4}([ -])\d{6}\2\d{4,5}"
    r"|\d{4}([ -])\d{3}\3\d{3}\3\d{3})(?!\d)",
    re.ASCII,
)
_BARE_CARD: Final = re.compile(r"(?<!\d)\d{14,19}(?!\d)", re.ASCII)
_EMAIL: Final = re.compile(
    r"(?<![\w%+'-])[\w%+'-](?:[\w.%+'-]{0,62}[\w%+'-])?"
    r"@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24}"
)
_DECIMAL: Final = re.compile(r"(?<!\d)\d{2,3}\.\d{4,}", re.ASCII)


def confirm(kind: PersonalKind, text: str, today: date) -> bool:
    """Return whether a text holds personal data of a kind.

    Args:
        kind: What to look for.
        text: A whole cell, or what `PATTERNS[kind]` extracted from one.
        today: Until when people may have been born.

    Examples:
        >>> confirm("resident-number", "담당 ９６０１２１－１０２１４１３", date(2026, 11, 25))
        True
        >>> confirm("resident-number", "36.31089095", date(2026, 11, 25))
        False
        >>> confirm("mobile-number", "+82 10-1234-5678", date(2026, 11, 25))
        True
        >>> confirm("mobile-number", "127.0110711234", date(2026, 11, 25))
        False
    """
    return _FINDERS[kind](plain(text), today)


def plain(text: str) -> str:
    """Return a text without what only looks different: width, dashes, invisible characters.

    Examples:
        >>> plain("９００１０１–１２３４５６７")
        '900101-1234567'
    """
    return unicodedata.normalize("NFKC", text).translate(_PLAIN)


def _finds_resident(text: str, today: date) -> bool:
    return any(not is_foreigner(digits) for digits in _registered(text, today))


def _finds_foreigner(text: str, today: date) -> bool:
    return any(is_foreigner(digits) for digits in _registered(text, today))


def _registered(text: str, today: date) -> Iterator[str]:
    """Yield the registration numbers, the last six digits perhaps masked.

    A point does not separate: grid coordinates in metres look like 200123.1234567.
    """
    for match in _RESIDENT.finditer(text):
        front, separator, sex, rest = match.groups()
        digits = f"{front}{sex}{rest}"
        if is_born(digits, today) and (separator or not _is_part_of_decimal(match)):
            yield digits


def _finds_mobile(text: str, _: date) -> bool:
    return any(
        not (match[0].isdigit() and _is_part_of_decimal(match)) for match in _MOBILE.finditer(text)
    )


def _finds_card(text: str, _: date) -> bool:
    grouped = (re.sub(r"\D", "", match[0]) for match in GROUPED_CARD.finditer(text))
    return any(map(is_card, grouped)) or any(map(is_card, bare_cards(text)))


def bare_cards(text: str) -> Iterator[str]:
    """Yield the numbers of a plain text that are as long as those of cards."""
    return (match[0] for match in _BARE_CARD.finditer(text) if not _is_part_of_decimal(match))


def _finds_email(text: str, _: date) -> bool:
    return _EMAIL.search(text) is not None


def _finds_coordinates(text: str, _: date) -> bool:
    """Look for degrees within Korea to four places, which tells a house."""
    return any(_is_precise_degree(match[0]) for match in _DECIMAL.finditer(text))


def _is_precise_degree(decimal: str) -> bool:
    whole, _, places = decimal.partition(".")
    is_in_korea = 33 <= int(whole) < 39 or 124 <= int(whole) < 132
    return is_in_korea and len(places.rstrip("0")) >= PRECISE_PLACES


def _is_part_of_decimal(match: re.Match[str]) -> bool:
    before, after = match.string[: match.start()], match.string[match.end() :]
    return bool(re.search(r"\d\.$", before) or re.match(r"\.\d", after))


_FINDERS: Final[dict[PersonalKind, Callable[[str, date], bool]]] = {
    "resident-number": _finds_resident,
    "foreigner-number": _finds_foreigner,
    "mobile-number": _finds_mobile,
    "card-number": _finds_card,
    "email": _finds_email,
    "coordinates": _finds_coordinates,
}
