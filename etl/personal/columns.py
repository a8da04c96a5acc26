"""Judge one column's candidates together.

A tenth of all numbers passes a check digit by chance, so two kinds are judged by their
column: a column of corporate numbers is none of resident numbers, and a column of long
identifiers is none of cards. What is ambiguous even so counts as personal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Final

from etl.contract.vocabulary import PersonalKind
from etl.personal.confirming import GROUPED_CARD, bare_cards, confirm, plain
from etl.personal.numbers import has_corporate_checksum, is_card

FEW: Final = 20  # below it a column's shares say nothing


def count_hits(kind: PersonalKind, texts: Mapping[str, int], today: date) -> int:
    """Count the cells of one column that hold personal data of a kind.

    Args:
        kind: What to look for.
        texts: Distinct texts of the column, with how many cells hold each. Those that do not
            match `PATTERNS[kind]` may be left out.
        today: See `confirm`.
    """
    is_excused = _EXCUSES.get(kind, _excuse_nothing)(texts)
    return sum(
        cells
        for text, cells in texts.items()
        if confirm(kind, text, today) and not is_excused(text)
    )


def _excuse_nothing(_: Iterable[str]) -> Callable[[str], bool]:
    return lambda _: False


def _excuse_corporate(texts: Iterable[str]) -> Callable[[str], bool]:
    """Excuse cells that pass the corporate check where nearly the whole column does."""
    numbers = {text: digits for text in texts if (digits := _lone_number(text))}
    corporate = {text for text, digits in numbers.items() if has_corporate_checksum(digits)}
    is_corporate = len(numbers) >= FEW and len(corporate) >= 0.95 * len(numbers)
    return corporate.__contains__ if is_corporate else _excuse_nothing(())


def _lone_number(text: str) -> str | None:
    match = re.fullmatch(r"\s*(\d{6})-?(\d{7})\s*", plain(text), re.ASCII)
    return match[1] + match[2] if match else None


def _excuse_identifiers(texts: Iterable[str]) -> Callable[[str], bool]:
    """Excuse bare numbers where no more of the column pass the card check than by chance."""
    bare = [(text, number) for text in texts for number in bare_cards(plain(text))]
    cards = {text for text, number in bare if is_card(number)}
    is_chance = len(bare) >= FEW and len(cards) < 0.5 * len(bare)
    if not is_chance:
        return _excuse_nothing(())
    return lambda text: text in cards and not GROUPED_CARD.search(plain(text))


_EXCUSES: Final[dict[PersonalKind, Callable[[Iterable[str]], Callable[[str], bool]]]] = {
    "resident-number": _excuse_corporate,
    "foreigner-number": _excuse_corporate,
    "card-number": _excuse_identifiers,
}
