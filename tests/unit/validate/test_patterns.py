from __future__ import annotations

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.validate.patterns import UnportableError, portable, whole


@pytest.mark.parametrize(
    ("pattern", "fits", "fails"),
    [
        pytest.param(r"\d{3}-\d-\d{6}", "184-1-000038", "184-1-00003", id="digits"),
        pytest.param("공영|민영", "민영", "공영민영", id="alternatives are held together"),
        pytest.param(r"([01]\d|2[0-3]):[0-5]\d|24:00", "24:00", "25:00", id="time of day"),
        pytest.param(r"[\d가-힣]+", "3가", "3a", id="digits within a class"),
        pytest.param(r"[^]\-]+", "ab", "a]", id="brackets and hyphens within a class"),
        pytest.param(r"a\.b\/c", "a.b/c", "axb/c", id="escaped punctuation"),
        pytest.param(r"(평일)(\+토요일)?", "평일+토요일", "평일토요일", id="groups"),
        pytest.param(".*?", "무엇이든", "두\n줄", id="a dot is no line break"),
        pytest.param(r"\d+", "12", "１２", id="digits are 0 to 9, not full-width ones"),
        pytest.param("\u1100\u1161+", "가", "나", id="a decomposed pattern fits composed text"),
    ],
)
def test_a_pattern_means_the_same_in_every_engine(pattern, fits, fails):
    spelled = whole(pattern)

    assert re.search(spelled, fits)
    assert not re.search(spelled, fails)
    assert pl.Series([fits, fails]).str.contains(spelled).to_list() == [True, False]


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r"\w+", id="Python counts circled numbers as letters, Rust does not"),
        pytest.param(r"\bword", id="word boundaries"),
        pytest.param(r"(?=x)", id="lookahead"),
        pytest.param(r"(?i)x", id="flags"),
        pytest.param(r"(?P<a>x)", id="named groups"),
        pytest.param(r"(x)\1", id="backreference"),
        pytest.param(r"\Ax\Z", id="anchors that engines spell differently"),
        pytest.param(r"\p{Hangul}", id="classes that Python lacks"),
        pytest.param(r"[[a]", id="a bracket that opens a nested class in Rust"),
        pytest.param(r"[a&&b]", id="an intersection in Rust"),
        pytest.param(r"a++", id="possessive in Python"),
        pytest.param(r"a{,3}", id="a bound that Rust refuses"),
        pytest.param(r"a{1001}", id="more than RE2 repeats"),
        pytest.param(r"a{2", id="an open brace"),
        pytest.param(r"*a", id="nothing to repeat"),
        pytest.param(r"(a", id="an open group"),
        pytest.param(r"[z-a]", id="a range that runs backwards"),
        pytest.param("a\\", id="a lone backslash"),
        pytest.param(r"\<a", id="a word start in Rust"),
    ],
)
def test_what_engines_read_differently_is_refused(pattern):
    with pytest.raises(UnportableError):
        portable(pattern)


@given(
    st.text(r"ab1가-]^[(){}*+?|.\d&~,", max_size=8),
    st.text("ab1가-] ①１\n&~,", max_size=5),
)
def test_whatever_is_let_through_finds_the_same(pattern, text):
    try:
        spelled = portable(pattern)
    except UnportableError:
        return
    if text.endswith("\n"):
        return  # values carry no outer blanks

    found = pl.Series([text]).str.contains(spelled).item()

    assert found == bool(re.search(spelled, text))
