"""Code lists: one line per code and period, and nothing ambiguous."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from etl.contract.codelists import parse_code_set, read_code_set, read_code_sets, write_code_set
from etl.contract.origins import Origin
from etl.errors import ContractError

SCHEMAS = Path(__file__).parents[3] / "schemas"
ORIGIN = Origin.model_validate(
    {"title": {"ko": "시험"}, "source": "시험", "licence": "cc0", "issued": "2026-01-01"}
)


def parsed(text: str):
    return parse_code_set(text.encode(), "test", ORIGIN)


def test_a_code_carries_label_period_parent_synonyms_and_whatever_else():
    codes = parsed(
        "code,label,valid_from,valid_to,parent,synonyms,south\n"
        "1,도,,,,,\n"
        "11,가군,2000-01-01,2009-12-31,1,가|가 군,33.5\n"
    ).codes

    assert codes[1].label == "가군"
    assert codes[1].parent == "1"
    assert codes[1].synonyms == ("가", "가 군")
    assert codes[1].others == {"south": "33.5"}
    assert codes[0].valid_from is codes[0].valid_to is None


@pytest.mark.parametrize(
    ("day", "is_valid"),
    [
        pytest.param(date(1999, 12, 31), False, id="the day before"),
        pytest.param(date(2000, 1, 1), True, id="the first day"),
        pytest.param(date(2009, 12, 31), True, id="the last day"),
        pytest.param(date(2010, 1, 1), False, id="the day after"),
    ],
)
def test_both_ends_of_a_period_belong_to_it(day, is_valid):
    code = parsed("code,label,valid_from,valid_to\n1,가,2000-01-01,2009-12-31\n").codes[0]

    assert code.is_valid_on(day) is is_valid


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("", "empty", id="nothing"),
        pytest.param("code,label\n", "holds no code", id="a header alone"),
        pytest.param("code,name\n1,가\n", "lacks code or label", id="no label column"),
        pytest.param("code,label,label\n1,가,가\n", "a column twice", id="a column twice"),
        pytest.param("code,label\n1\n", "line 2 has other cells", id="a short line"),
        pytest.param("code,label\n1,\n", "line 2 has no code or no label", id="an empty label"),
        pytest.param("code,label,valid_from\n1,가,2000\n", "line 2 holds a date", id="a year"),
        pytest.param("code,label\n1,가\n1,나\n", "1 stands in it twice", id="a code twice"),
        pytest.param(
            "code,label,valid_from,valid_to\n1,가,2000-01-01,2001-01-01\n1,나,2001-01-01,\n",
            "1 stands in it twice for the same day",
            id="periods that share a day",
        ),
        pytest.param(
            "code,label,valid_from,valid_to\n1,가,2001-01-01,2000-01-01\n",
            "1 ends before it begins",
            id="a period that runs backwards",
        ),
        pytest.param("code,label,parent\n1,가,9\n", "the parent of 1", id="an unknown parent"),
        pytest.param('code,label\n1,"가\n', "no CSV", id="an open quotation mark"),
    ],
)
def test_a_list_that_breaks_the_form_is_refused_with_its_place(text, why):
    with pytest.raises(ContractError, match=why):
        parsed(text)


def test_text_that_is_not_utf8_is_refused():
    with pytest.raises(ContractError, match="not UTF-8"):
        parse_code_set("code,label\n1,가\n".encode("cp949"), "test", ORIGIN)


def test_a_code_may_come_back_under_another_name():
    codes = parsed("code,label,valid_from,valid_to\n1,가,,2000-12-31\n1,나,2001-01-01,\n")

    assert [code.label for code in codes.codes if code.is_valid_on(date(2026, 1, 1))] == ["나"]


def test_a_spelling_that_means_two_things_is_nobodys():
    codes = parsed("code,label,synonyms\n1,중구,중\n2,중구,\n3,동구,동|중\n")

    assert codes.spellings("code") == {"1": "1", "2": "2", "3": "3", "동구": "3", "동": "3"}
    assert codes.spellings("label")["중구"] == "중구"


def test_what_is_written_reads_back_the_same():
    for name in ("sido", "park_kinds", "kogl"):
        codes = read_code_set(SCHEMAS, name)

        assert write_code_set(codes.codes) == (SCHEMAS / f"codelists/{name}.csv").read_bytes()


def test_every_shipped_list_reads_and_says_where_it_comes_from():
    names = [file.stem for file in (SCHEMAS / "codelists").glob("*.csv")]

    assert names, "no code list found: this test would prove nothing"
    for codes in read_code_sets(SCHEMAS, names).values():
        assert codes.origin.source
        assert codes.origin.licence


def test_provinces_carry_their_names_by_date():
    codes = read_code_set(SCHEMAS, "sido").codes
    on = {
        day: {code.label for code in codes if code.is_valid_on(day)}
        for day in (date(2023, 6, 10), date(2024, 1, 18))
    }

    assert {"강원도", "전라북도"} <= on[date(2023, 6, 10)]
    assert {"강원특별자치도", "전북특별자치도"} <= on[date(2024, 1, 18)]
    assert len(on[date(2023, 6, 10)]) == len(on[date(2024, 1, 18)]) == 17


def test_a_list_without_an_origin_is_refused(tmp_path):
    (tmp_path / "codelists").mkdir()
    (tmp_path / "codelists/x.csv").write_text("code,label\n1,가\n")

    with pytest.raises(ContractError, match="title, source, licence and issued"):
        read_code_set(tmp_path, "x")
    with pytest.raises(ContractError, match="cannot be read"):
        read_code_set(tmp_path, "absent")
