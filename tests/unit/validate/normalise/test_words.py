from __future__ import annotations

import polars as pl
import pytest

from etl.validate.normalise.booleans import read_boolean
from etl.validate.normalise.damage import is_damaged


@pytest.mark.parametrize(
    ("word", "read"),
    [
        *[(word, True) for word in ("Y", "y", "TRUE", "1", "예", "유", "○")],
        *[(word, False) for word in ("N", "n", "FALSE", "0", "아니오", "아니요", "무", "×")],
        *[(word, None) for word in ("O", "X", "있음", "2", "△", "")],
    ],
)
def test_words_for_yes_and_no(word, read):
    assert pl.select(read_boolean(pl.lit(word))).item() is read


@pytest.mark.parametrize(
    ("word", "read"), [("o", True), ("X", False), ("0", None), ("Y", None), ("없음", False)]
)
def test_declared_words_replace_the_usual_ones(word, read):
    assert pl.select(read_boolean(pl.lit(word), ["O"], ["X", "없음"])).item() is read


@pytest.mark.parametrize(
    ("text", "is_so"),
    [
        ("3.09E+11", True),
        ("1E-05", True),
        ("Nov-23", True),
        ("1-Sep", True),
        ("23.Dec", True),
        ("#REF!", True),
        ("NOV-23", False),
        ("E-11", False),
        ("12E+05", False),
        ("5월 1일", False),
        ("#1", False),
        ("11-23", False),
    ],
)
def test_what_a_spreadsheet_leaves_is_told_from_text(text, is_so):
    assert pl.select(is_damaged(pl.lit(text))).item() is is_so
