"""Units in which amounts are written, and by how much two of them differ.

A unit may count in thousands or millions of another, as Korean tables do: 천원 and 백만원 are
10³ and 10⁶ 원, 천명 is 10³ 명. Only such units are converted, and only exactly; a unit of
another measure (km and m) is never.
"""

from __future__ import annotations

import re
import unicodedata

_POWERS = {
    "십": 1, "백": 2, "천": 3, "만": 4, "십만": 5, "백만": 6, "천만": 7,
    "억": 8, "십억": 9, "백억": 10, "천억": 11, "조": 12,
}  # fmt: skip
_SCALED = re.compile(rf"({'|'.join(sorted(_POWERS, key=len, reverse=True))})(.+)")

# Words that count things say what is counted, not how much one is: they may differ.
_COUNTERS = frozenset(
    {"개", "개소", "건", "곳", "기", "대", "면", "명", "인", "회", "가구", "세대", "권", "석"}
)


def power_between(source: str, unit: str) -> int | None:
    """Return the power of ten by which a number in one unit grows in another.

    Args:
        source: Unit in which numbers are written.
        unit: Unit in which they are published.

    Returns:
        None where the units are of different measures, or numbers would shrink.

    Examples:
        >>> power_between("백만원", "원"), power_between("억 원", "천원")
        (6, 5)
        >>> power_between("㎢", "km2"), power_between("개", "면")
        (0, 0)
        >>> power_between("원", "천원"), power_between("km", "m")
        (None, None)
    """
    written, wanted = _plain(source), _plain(unit)
    if written == wanted or {written, wanted} <= _COUNTERS:
        return 0
    (power, base), (wanted_power, wanted_base) = _split(written), _split(wanted)
    if base != wanted_base or power < wanted_power:
        return None
    return power - wanted_power


def is_scaled(unit: str) -> bool:
    """Tell whether a unit counts in tens, thousands or millions of another.

    Examples:
        >>> is_scaled("천원"), is_scaled("원"), is_scaled("만")
        (True, False, False)
    """
    return _split(_plain(unit))[0] > 0


def _plain(unit: str) -> str:
    return "".join(unicodedata.normalize("NFKC", unit).split())


def _split(unit: str) -> tuple[int, str]:
    scaled = _SCALED.fullmatch(unit)
    return (_POWERS[scaled[1]], scaled[2]) if scaled else (0, unit)
