"""A column's type rests on all of its values, and codes stay text."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.proposing.deciding import decide_column

SEOUL = "Asia/Seoul"


def decide(values, header="항목", unit=None):
    return decide_column(pl.LazyFrame({header: values}), header, unit, SEOUL)


@pytest.mark.parametrize(
    ("header", "values", "type_", "decimals"),
    [
        pytest.param("면수", ["1", "22", "333"], "integer", None, id="whole numbers"),
        pytest.param("면수", ["1", "22", "", None], "integer", None, id="empty cells do not count"),
        pytest.param("면적", ["1.5", "22", "3.25"], "number", 2, id="the most decimals decide"),
        pytest.param("면적", ["1.12345678901"], "string", None, id="more decimals than are kept"),
        pytest.param("일자", ["2026-01-31", "2026-02-28"], "date", None, id="dates"),
        pytest.param("일자", ["2026-01-31", "2026-02-30"], "string", None, id="one day too many"),
        pytest.param("일자", ["20260131", "20260228"], "date", None, id="packed days, so called"),
        pytest.param(
            "값", ["20260131", "20260228"], "string", None, id="packed days, not so called"
        ),
        pytest.param("일자", ["2026.1.31", "2026. 2. 28."], "date", None, id="days with points"),
        pytest.param("일시", ["20260131100000"], "datetime", None, id="packed moments, so called"),
        pytest.param("사용월", ["2026.01", "2026.12"], "yearmonth", None, id="months, so called"),
        pytest.param("면적", ["2026.01", "2026.12"], "number", 2, id="amounts like months"),
        pytest.param("건수", ["0930", "1200"], "string", None, id="digits like times"),
        pytest.param("금액", ["1,234", "12"], "integer", None, id="thousands set apart"),
        pytest.param("증감", ["△5", "1,234.5"], "number", 1, id="marks of negatives"),
        pytest.param("일시", ["2026-01-31 10:00"], "datetime", None, id="moments"),
        pytest.param("시각", ["00:00", "23:59"], "time", None, id="times"),
        pytest.param("시각", ["00:00", "24:00"], "string", None, id="midnight at the end of a day"),
        pytest.param("월", ["2026-01", "2026-12"], "yearmonth", None, id="months"),
        pytest.param("설치연도", ["2015", "2023"], "year", None, id="years by their header"),
        pytest.param("설치개수", ["2015", "2023"], "integer", None, id="counts like years"),
        pytest.param("여부", ["Y", "N"], "boolean", None, id="yes and no"),
        pytest.param("여부", ["1", "0"], "integer", None, id="ones and zeros stay numbers"),
        pytest.param("이름", ["가", "나"], "string", None, id="words"),
        pytest.param("빈칸", ["", None], "string", None, id="nothing at all"),
        pytest.param("역ID", ["0150", "1234"], "string", None, id="leading zeros are a code"),
        pytest.param("항목", ["01", "2"], "string", None, id="one leading zero is enough"),
        pytest.param("지점번호", ["108", "9"], "string", None, id="a number by its header"),
        pytest.param("sgng_cd", ["110", "9"], "string", None, id="a code by its English header"),
        pytest.param("순번", ["1", "2"], "integer", None, id="a serial number is counted"),
        pytest.param("항목", ["1234567890", "2345678901"], "string", None, id="long digits"),
        pytest.param("항목", [f"1{n:04d}" for n in range(12)], "string", None, id="fixed width"),
        pytest.param(
            "항목", ["10000", "20000"], "integer", None, id="too few to be of fixed width"
        ),
    ],
)
def test_the_narrowest_type_that_fits_every_value(header, values, type_, decimals):
    decided = decide(values, header)

    assert (decided.type, decided.decimals) == (type_, decimals)


def test_what_has_a_unit_is_no_code():
    values = [f"1{n:04d}" for n in range(12)]

    assert decide(values, "예산액", unit="천원").type == "integer"


def test_the_usual_words_for_nothing_are_told_from_values():
    decided = decide(["1", "-", "null", "2", ""])

    assert (decided.type, set(decided.missing)) == ("integer", {"-", "null"})
    assert not decided.is_complete


def test_a_word_among_many_measurements_stands_for_nothing():
    decided = decide([f"0.{n:03d}" for n in range(100)] + ["교정중"] * 3)

    assert (decided.type, decided.decimals, decided.missing) == ("number", 3, ("교정중",))


def test_a_word_among_few_numbers_is_one_more_kind():
    decided = decide(["1", "2", "3", "기타"] * 10)

    assert (decided.type, decided.missing) == ("string", ())
    assert set(decided.values) == {"1", "2", "3", "기타"}


@pytest.mark.parametrize(
    ("values", "are_few"),
    [
        pytest.param(["가", "나"] * 5, True, id="each often"),
        pytest.param(["가"] * 9 + ["나"], False, id="one value once"),
        pytest.param(["가"] * 9, False, id="one value only"),
        pytest.param([f"값{n}" for n in range(21)] * 5, False, id="too many"),
    ],
)
def test_only_few_and_frequent_values_are_an_enumeration(values, are_few):
    assert bool(decide(values).values) == are_few


def test_a_column_is_unique_and_complete_only_without_repeats_and_gaps():
    assert decide(["가", "나"]).is_unique
    assert decide(["가", "나"]).is_complete
    assert not decide(["가", "가"]).is_unique
    assert not decide(["가", ""]).is_complete


@given(st.lists(st.one_of(st.none(), st.text(max_size=6), st.sampled_from(["-", "1", "2.5"]))))
def test_any_column_gets_a_type_under_which_nothing_is_lost(values):
    decided = decide(values)

    words = {(value or "").strip() for value in values} - {""}
    assert set(decided.missing) <= words
    assert set(decided.values) <= words
