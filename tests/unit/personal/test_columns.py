from __future__ import annotations

from datetime import date

import pytest

from etl.personal.columns import count_hits
from etl.personal.numbers import has_corporate_checksum, is_card

TODAY = date(2026, 11, 25)
RESIDENT = "960121-1021413"


def test_hits_are_cells_and_not_distinct_texts():
    assert count_hits("resident-number", {RESIDENT: 7, "없음": 3}, TODAY) == 7


def test_a_column_of_corporate_numbers_is_none_of_residents():
    numbers = corporate_numbers(40)

    assert count_hits("resident-number", dict.fromkeys(numbers, 1), TODAY) == 0


def test_a_resident_among_corporations_is_still_found():
    texts = dict.fromkeys([*corporate_numbers(40), RESIDENT], 1)

    assert not has_corporate_checksum(RESIDENT.replace("-", ""))
    assert count_hits("resident-number", texts, TODAY) == 1


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(["110111-1234569"], id="too few numbers to tell"),
        pytest.param(["960121-1021413", "710315-1204569"] * 30, id="most fail the corporate check"),
    ],
)
def test_what_may_be_either_counts_as_a_resident(texts):
    assert count_hits("resident-number", dict.fromkeys(texts, 1), TODAY) > 0


def test_a_column_of_long_identifiers_is_none_of_cards():
    identifiers = [f"4113{number:012d}" for number in range(0, 40_000, 17)]

    assert any(map(is_card, identifiers))
    assert count_hits("card-number", dict.fromkeys(identifiers, 1), TODAY) == 0


def test_a_grouped_card_among_identifiers_is_still_found():
    identifiers = [f"4113{number:012d}" for number in range(0, 40_000, 17)]
    texts = dict.fromkeys([*identifiers, "4111-1111-1111-1111"], 1)

    assert count_hits("card-number", texts, TODAY) == 1


def test_a_column_of_cards_is_found_whole():
    cards = [f"{front:012d}" for front in range(4111_0000_0000, 4111_0000_0040)]
    cards = [digits + luhn for digits in cards for luhn in checks(digits)]

    assert count_hits("card-number", dict.fromkeys(cards, 1), TODAY) == len(cards) == 40


def corporate_numbers(count: int) -> list[str]:
    """Numbers whose first seven digits are a birthday too."""
    fronts = [f"110111-3{serial:05d}" for serial in range(count)]
    return [
        front + str(check)
        for front in fronts
        for check in range(10)
        if has_corporate_checksum(front.replace("-", "") + str(check))
    ]


def checks(digits: str) -> list[str]:
    return [f"{tail:04d}" for tail in range(10) if is_card(f"{digits}{tail:04d}")]
