from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.validate.normalise.numbers import read_integer, read_number, spell_plainly

FULL_WIDTH = str.maketrans("0123456789+-.,()", "０１２３４５６７８９＋－．，（）")


def integer(text, negative=(), power=0):
    return pl.select(read_integer(pl.lit(text), negative, power)).item()


def number(text, decimals=2, negative=(), power=0):
    return pl.select(read_number(pl.lit(text), decimals, negative, power)).item()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("1,058,610", 1_058_610, id="thousands separated"),
        pytest.param("-1,234", -1234, id="with a sign"),
        pytest.param("１，２３４", 1234, id="full-width, separators too"),
        pytest.param("\u22125", -5, id="the minus of typesetters"),
        pytest.param("－５", -5, id="full-width minus"),
        pytest.param("1,23", None, id="two digits after a separator"),
        pytest.param("1234,567", None, id="four digits before the first"),
        pytest.param("0,123", None, id="a zero in front of a separator"),
        pytest.param("1,,234", None, id="two separators"),
        pytest.param("1 234", None, id="a blank inside"),
        pytest.param("10²", None, id="a power is no digit"),
        pytest.param("①", None, id="a digit in a circle is a mark"),
        pytest.param("1,200원", None, id="a unit in the cell"),
        pytest.param("–5", None, id="a dash may be a bullet"),
        pytest.param("△5", None, id="a mark that is not declared"),
        pytest.param("(5)", None, id="parentheses that are not declared"),
        pytest.param("9,223,372,036,854,775,808", None, id="one more than fits"),
    ],
)
def test_whole_numbers_are_read_in_the_one_way_they_can_be_meant(text, value):
    assert integer(text) == value


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        pytest.param("△1,234", "△", -1234, id="white triangle"),
        pytest.param("△ 7", "△", -7, id="a blank after the mark"),
        pytest.param("▲3", "▲", -3, id="black triangle"),
        pytest.param("(1,234)", "()", -1234, id="parentheses"),
        pytest.param("（５）", "()", -5, id="full-width parentheses"),
        pytest.param("12", "△", 12, id="no mark"),
        pytest.param("△-5", "△", None, id="mark and sign"),
        pytest.param("▲3", "△", None, id="the other triangle"),
        pytest.param("(5", "()", None, id="half of the parentheses"),
    ],
)
def test_declared_marks_make_numbers_negative(text, mark, value):
    assert integer(text, [mark]) == value
    assert number(text, 0, [mark]) == value


@pytest.mark.parametrize(
    ("text", "power", "value"),
    [
        pytest.param("4925000.0", 3, 4_925_000_000, id="thousands, as a database writes them"),
        pytest.param("1.5", 8, 150_000_000, id="one and a half hundred million"),
        pytest.param("0.0001", 4, 1, id="as many decimals as the unit has places"),
        pytest.param("0.00001", 4, None, id="one more would be rounded"),
        pytest.param("999,999,999,999", 6, 999_999_999_999_000_000, id="eighteen digits"),
        pytest.param("1,000,000,000,000", 6, None, id="nineteen digits"),
    ],
)
def test_units_of_thousands_and_millions_multiply_exactly(text, power, value):
    assert integer(text, power=power) == value
    assert number(text, 0, power=power) == value


def test_decimals_are_kept_when_a_unit_multiplies():
    assert number("12.345", 2, power=1) == Decimal("123.45")
    assert number("12.3456", 2, power=1) is None


@given(st.integers(-(10**18) + 1, 10**18 - 1))
def test_thousands_and_full_width_lose_nothing(value):
    assert integer(f"{value:,}") == value
    assert integer(f"{value:,}".translate(FULL_WIDTH)) == value


@given(st.decimals(-(10**12), 10**12, places=4))
def test_thousands_of_decimals_lose_nothing(value):
    assert number(f"{value:,f}", 4) == value


@given(st.integers(0, 10**18 - 1), st.sampled_from(["△{:,}", "▲{}", "({:,})", "△ {}"]))
def test_declared_marks_lose_nothing(value, written):
    assert integer(written.format(value), ["△", "▲", "()"]) == -value


@given(st.text(max_size=12))
def test_text_that_is_no_number_is_left_as_it_is(text):
    spelled = spell_plainly(pl.Series([text])).item()

    assert spelled == text or set(spelled) & set("0123456789+-.,()")


@given(st.text("0123456789,.+-△()（），１２ ", max_size=10))
def test_what_is_read_at_all_has_the_digits_that_were_written(text):
    value = number(text, 10, ["△", "()"])

    if value is not None:
        written = [str(int(c)) for c in text.strip() if c.isdecimal()]
        assert "".join(written).strip("0") in f"{abs(value):f}".replace(".", "")
