"""Each kind of rule tells its fault and its remedy in Korean and in English."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest

from etl.validate.messages import advise
from etl.validate.rules import (
    Among,
    Compared,
    Exists,
    Listed,
    Recent,
    Rule,
    Sums,
    TableCheck,
    Totals,
    Unique,
)
from tests.unit.validate.tables import contract_of

CONTRACT = contract_of(
    {"name": "a", "title": {"ko": "국비", "en": "National"}},
    {"name": "b", "title": {"ko": "시비", "en": "City"}},
    {"name": "c", "title": {"ko": "예산", "en": "Budget"}},
)
MANY = Among(tuple(f"코드{number}" for number in range(21)))
CASES = [
    pytest.param(
        ("a", "b"), "compare", Compared("<="), "국비 ≤ 시비", "National ≤ City", id="compare"
    ),
    pytest.param(
        ("a", "b"), "compare", Compared("="), "국비 = 시비", "National = City", id="equal"
    ),
    pytest.param(
        ("a", "b", "c"),
        "sum",
        Sums(Decimal("0.50")),
        "국비 + 시비 = 예산 (차이 0.5까지)",
        "National + City = Budget (give or take 0.5)",
        id="a sum",
    ),
    pytest.param(
        ("a",), "recent", Recent("P18M"), "18개월 안", "at most 18 months before", id="recent"
    ),
    pytest.param(
        ("a",),
        "codelist",
        Listed((("가", date.min, date.max),), "b"),
        "코드 목록에 있고",
        "that day",
        id="a code by date",
    ),
    pytest.param(("a",), "codelist", MANY, "코드 목록에 있고", "code list", id="a long list"),
    pytest.param(("a",), "enum", MANY, "외 1개", "and 1 more", id="a long enumeration"),
    pytest.param(
        ("a",),
        "foreignKey",
        Exists("x-y", ("k",)),
        "참조하는 자료",
        "correct that dataset first: x-y",
        id="a foreign key",
    ),
    pytest.param(
        ("a", "b"), "unique", Unique(), "같은 행은 하나만", "Keep one", id="values together"
    ),
    pytest.param(
        ("c",), "total", Totals(), "합계를 바로잡으십시오", "correct the total", id="a total"
    ),
]


@pytest.mark.parametrize(("fields", "name", "check", "korean", "english"), CASES)
def test_a_rule_says_what_to_do(fields, name, check, korean, english):
    rule = Rule(fields, name, "critical", check)

    told = {language: advise(rule, CONTRACT, language) for language in ("ko", "en")}

    assert korean in told["ko"].remedy
    assert english in told["en"].fault + told["en"].remedy
    assert not re.search("[A-Za-z]", told["ko"].fault + told["ko"].remedy)


def test_no_rule_is_without_words():
    known = {type(case.values[2]) for case in CASES}

    assert set(TableCheck.__args__) <= known
