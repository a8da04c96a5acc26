"""Numbers of persons, corporations and cards: what makes one possible."""

from __future__ import annotations

from datetime import date
from typing import Final

OLDEST_AGE: Final = 115

_CENTURY: Final = {
    **dict.fromkeys("1256", 1900),
    **dict.fromkeys("3478", 2000),
    **dict.fromkeys("90", 1800),
}
_CORPORATE_WEIGHTS: Final = (1, 2) * 6
_UNIONPAY: Final = (6200, 6299)
# First four digits by length: Visa, Diners, Amex, JCB, Mastercard, Discover, and Korea's own 9.
_ISSUERS: Final = {
    13: ((4000, 4999),),
    14: ((3000, 3059), (3600, 3699), (3800, 3999)),
    15: ((3400, 3499), (3700, 3799)),
    16: (
        *((2221, 2720), (3528, 3589), (4000, 4999), (5100, 5599)),
        *((6011, 6011), _UNIONPAY, (6440, 6599), (9000, 9999)),
    ),
    **dict.fromkeys((17, 18, 19), (_UNIONPAY,)),
}


def is_foreigner(digits: str) -> bool:
    """Tell a foreigner registration number from a resident registration number.

    Examples:
        >>> is_foreigner("9111245678906")
        True
    """
    return digits[6] in "5678"


def is_born(digits: str, today: date) -> bool:
    """Return whether seven or more digits begin with the birth and sex of a living person.

    The seventh digit gives the century (주민등록법 시행규칙 제2조). The checksum decides
    nothing: since 5 October 2020 the last six digits are drawn at random.

    Examples:
        >>> is_born("9601211", date(2026, 11, 25)), is_born("9602301", date(2026, 11, 25))
        (True, False)
    """
    year = _CENTURY[digits[6]] + int(digits[:2])
    try:
        born = date(year, int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        return False
    birthday_is_ahead = (today.month, today.day) < (born.month, born.day)
    return born <= today and today.year - year - birthday_is_ahead <= OLDEST_AGE


def has_corporate_checksum(digits: str) -> bool:
    """Return whether thirteen digits may be a corporate registration number.

    Weights 1 and 2 in turn, modulo 10 (법인 및 재외국민의 부동산등기용등록번호 부여에 관한 규칙).

    Examples:
        >>> has_corporate_checksum("1301110006246"), has_corporate_checksum("1301110006247")
        (True, False)
    """
    total = sum(
        weight * int(digit) for weight, digit in zip(_CORPORATE_WEIGHTS, digits, strict=False)
    )
    return (10 - total % 10) % 10 == int(digits[12])


def is_card(digits: str) -> bool:
    """Return whether digits pass Luhn (ISO/IEC 7812-1) and begin as an issuer's do.

    Examples:
        >>> is_card("4111111111111111"), is_card("4111111111111112"), is_card("1111111111111117")
        (True, False, False)
    """
    return _has_issuer(digits) and _passes_luhn(digits)


def _passes_luhn(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _has_issuer(digits: str) -> bool:
    first = int(digits[:4])
    return any(low <= first <= high for low, high in _ISSUERS.get(len(digits), ()))
