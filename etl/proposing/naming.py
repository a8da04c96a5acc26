"""Name the fields of a proposed contract."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable, Sequence

from etl.contract.fields import MAXIMUM_NAME_BYTES
from etl.contract.model import RESERVED_NAMES
from etl.proposing.glossary import GLOSSARY

_LONGEST = max(map(len, GLOSSARY))


def name_fields(titles: Sequence[str]) -> list[str]:
    """Give each column a field name that a contract accepts, and none twice.

    Headers whose words are known are named in English; others keep their own letters.

    Examples:
        >>> name_fields(["주차장관리번호", "위도", "위도", "마을 이름(한글)", "2026년"])
        ['car_park_management_number', 'latitude', 'latitude_2', '마을_이름_한글', 'n2026년']
    """
    names: list[str] = []
    for number, title in enumerate(titles):
        others = {other.casefold() for other in (*titles[:number], *titles[number + 1 :])}
        taken = others | RESERVED_NAMES | {name.casefold() for name in names}
        names.append(_distinct(_english(title) or _spelled(title), taken))
    return names


def _english(title: str) -> str | None:
    """Translate a header word by word, longest word first; None when a word is unknown."""
    words = re.findall(r"\w+", unicodedata.normalize("NFC", title))
    found = [_translated(word) for word in words]
    if not words or any(translation is None for translation in found):
        return None
    name = "_".join(map(str, found)).lower()
    return name if re.match(r"[a-z]", name) else None


def _translated(word: str) -> str | None:
    if not word:
        return ""
    if latin := re.match(r"[A-Za-z]\w*", word, re.ASCII):
        others = _translated(word[latin.end() :])
        return None if others is None else "_".join(part for part in (latin[0], others) if part)
    for length in range(min(len(word), _LONGEST), 0, -1):
        english, rest = GLOSSARY.get(word[:length]), word[length:]
        if english is not None and (others := _translated(rest)) is not None:
            return f"{english}_{others}" if others else english
    return None


def _spelled(title: str) -> str:
    plain = unicodedata.normalize("NFC", title)
    letters = "".join(sign if _is_letter_or_digit(sign) else " " for sign in plain)
    name = "_".join(letters.lower().split())
    return name if name[:1].isalpha() else f"n{name}"


def _is_letter_or_digit(sign: str) -> bool:
    return sign.isalpha() or sign in string.digits


def _distinct(name: str, taken: Iterable[str]) -> str:
    known, number, candidate = set(taken), 1, _shortened(name, "")
    while candidate.casefold() in known:
        number += 1
        candidate = _shortened(name, f"_{number}")
    return candidate


def _shortened(name: str, ending: str) -> str:
    room = MAXIMUM_NAME_BYTES - len(ending)
    return name.encode()[:room].decode(errors="ignore") + ending
