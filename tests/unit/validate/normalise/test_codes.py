from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.contract.codelists import CodeSet, parse_code_set, read_code_set
from etl.contract.origins import Origin
from etl.errors import ContractError
from etl.validate.casting import cast_rows, readable
from etl.validate.normalise.addresses import spell_address
from etl.validate.normalise.codes import spell_code, spell_several
from etl.validate.normalise.phones import spell_phone
from tests.unit.validate.tables import contract_of, landed

SCHEMAS = Path(__file__).parents[4] / "schemas"
REGIONS = read_code_set(SCHEMAS, "sido")
ORIGIN = Origin.model_validate(
    {"title": {"ko": "시험"}, "source": "x", "licence": "x", "issued": "2026-01-01"}
)


def codes(text: str) -> CodeSet:
    return parse_code_set(text.encode(), "test", ORIGIN)


ROADS = codes(
    "code,label,synonyms\n01,고속국도,1\n02,일반국도,2|국도\n05,시도,5\n06,군도,6|국도\n99,기타,\n"
)
PAYMENTS = codes(
    "code,label,synonyms\ncash,현금,\ncard,신용카드,카드|카드결제|신용\ntransfer,계좌이체,이체|계좌\n"
)


@pytest.mark.parametrize(
    ("text", "code", "label"),
    [
        pytest.param("05", "05", "시도", id="the code"),
        pytest.param("5", "05", "시도", id="the code without its zero, a synonym"),
        pytest.param("시도", "05", "시도", id="the label"),
        pytest.param("국도", "국도", "국도", id="a synonym of two codes is left alone"),
        pytest.param("농로", "농로", "농로", id="what the list does not know is left alone"),
    ],
)
def test_spellings_of_a_code_become_one(text, code, label):
    assert pl.select(spell_code(pl.lit(text), ROADS, "code")).item() == code
    assert pl.select(spell_code(pl.lit(text), ROADS, "label")).item() == label


@pytest.mark.parametrize(
    ("text", "day", "read"),
    [
        pytest.param("강원", date(2023, 6, 10), "강원도", id="the day before"),
        pytest.param("강원", date(2023, 6, 11), "강원특별자치도", id="the day"),
        pytest.param("강원도", date(2024, 1, 1), "강원특별자치도", id="the old name"),
        pytest.param("강원특별자치도", date(2022, 1, 1), "강원도", id="the new name too early"),
        pytest.param("전북", date(2024, 1, 17), "전라북도", id="전북, the day before"),
        pytest.param("전라북도", date(2024, 1, 18), "전북특별자치도", id="전북, the day"),
        pytest.param("제주", date(2006, 6, 30), "제주도", id="제주, the day before"),
        pytest.param("제주", date(2006, 7, 1), "제주특별자치도", id="제주, the day"),
        pytest.param("서울", date(2024, 1, 1), "서울특별시", id="a name that never changed"),
        pytest.param("세종", date(2012, 6, 30), "세종", id="before there was one"),
        pytest.param("평양", date(2024, 1, 1), "평양", id="not of the list"),
        pytest.param("강원", None, "강원", id="no day: two names are possible"),
        pytest.param("서울", None, "서울특별시", id="no day: one name is possible"),
        pytest.param("강원도", None, "강원도", id="no day: a label stays"),
    ],
)
def test_a_region_is_called_as_on_its_day(text, day, read):
    rows = pl.DataFrame({"text": [text], "day": [day]}, schema={"text": pl.String, "day": pl.Date})

    spelled = rows.select(spell_code(pl.col("text"), REGIONS, "label", pl.col("day")))

    assert spelled.item() == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param("서울 송파구 송이로 123", "서울특별시 송파구 송이로 123", id="short"),
        pytest.param("강원 원주시 서원대로 1", "강원특별자치도 원주시 서원대로 1", id="renamed"),
        pytest.param("서울특별시  종로구", "서울특별시  종로구", id="as it should be"),
        pytest.param("광주 북구 용봉로 1", "광주광역시 북구 용봉로 1", id="광주 with its 구"),
        pytest.param("광주시 오포읍 1", "광주시 오포읍 1", id="광주 of 경기도 stays"),
        pytest.param(
            "세종 한누리대로 1", "세종특별자치시 한누리대로 1", id="세종 has no districts"
        ),
        pytest.param("제주 제주시 1", "제주특별자치도 제주시 1", id="제주"),
        pytest.param("종로구 세종로 1", "종로구 세종로 1", id="no region in front"),
        pytest.param("서울", "서울", id="nothing behind it"),
    ],
)
def test_only_the_head_of_an_address_is_written_out(text, read):
    assert pl.select(spell_address(pl.lit(text), REGIONS, pl.lit(date(2026, 1, 1)))).item() == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param("현금+신용카드", "cash+card", id="as it should be"),
        pytest.param("신용카드, 현금", "cash+card", id="another order and separator"),
        pytest.param("카드/현금/카드결제", "cash+card", id="synonyms of one value"),
        pytest.param("현금,", "cash", id="nothing after the last separator"),
        pytest.param("현금 카드", None, id="a blank is no separator"),
        pytest.param("현금+상품권", None, id="one value is not of the list"),
        pytest.param(",", None, id="no value"),
    ],
)
def test_several_values_are_spelled_by_a_list_in_its_order(text, read):
    assert pl.select(spell_several(pl.lit(text), "+,/", PAYMENTS)).item() == read


@given(st.lists(st.sampled_from(["현금", "카드", "수표"]), min_size=1), st.sampled_from("+,·/"))
def test_several_values_lose_only_order_and_repetition(values, separator):
    spelled = pl.select(spell_several(pl.lit(separator.join(values)), "+,·/")).item()

    assert spelled.split("+") == sorted(set(values))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param("02-3400-1114", "02-3400-1114", id="as it should be"),
        pytest.param("02 4675058", "02-467-5058", id="a blank"),
        pytest.param("0226941622", "02-2694-1622", id="digits alone"),
        pytest.param("02  838 0066", "02-838-0066", id="two blanks"),
        pytest.param("02)838-0066", "02-838-0066", id="half a pair of parentheses"),
        pytest.param("031-8082-6623", "031-8082-6623", id="four digits of exchange"),
        pytest.param("07049600011", "070-4960-0011", id="internet"),
        pytest.param("15443113", "1544-3113", id="a nationwide number"),
        pytest.param("050212345678", "0502-1234-5678", id="a number for life"),
        pytest.param("7656430", None, id="no area code"),
        pytest.param("02", None, id="an area code alone"),
        pytest.param("02   00000", None, id="too short"),
        pytest.param("042-823-4401~5", None, id="several numbers"),
        pytest.param("1577-2299\n시설관리팀(내선3551)", None, id="an extension"),
        pytest.param("020022666821", None, id="zeros in between"),
    ],
)
def test_telephone_numbers_have_one_form(text, read):
    assert pl.select(spell_phone(pl.lit(text))).item() == read


@given(st.sampled_from(["02", "031", "064", "070", "010"]), st.integers(2_000_000, 99_999_999))
def test_a_telephone_number_keeps_its_digits(area, number):
    written = f"{area}{number}"
    spelled = pl.select(spell_phone(pl.lit(written))).item()

    assert spelled.replace("-", "") == written
    assert pl.select(spell_phone(pl.lit(spelled))).item() == spelled


def test_a_contract_chooses_how_codes_are_spelled():
    contract = contract_of(
        {"name": "region", "codelist": {"name": "sido", "by": "label"}},
        {"name": "address", "format": "address"},
        {"name": "paid", "codelist": "payments", "separators": "+,"},
        {"name": "phone", "format": "phone"},
        {"name": "as_of", "type": "date"},
        reference_date={"field": "as_of"},
    )
    rows = landed(
        region=["강원", "강원", ""],
        address=["강원 원주시", "강원 원주시", ""],
        paid=["카드,현금", "외상", ""],
        phone=["02 4675058", "02", ""],
        as_of=["2022.1.1.", "2024-01-01", ""],
    )

    typed = cast_rows(rows, contract, codelists={"sido": REGIONS, "payments": PAYMENTS}).collect()

    assert typed["region"].to_list() == ["강원도", "강원특별자치도", None]
    assert typed["address"].to_list() == ["강원도 원주시", "강원특별자치도 원주시", None]
    assert typed["paid"].to_list() == ["cash+card", None, None]
    assert typed[readable("paid")].to_list() == [True, False, None]
    assert typed[readable("phone")].to_list() == [True, False, None]


def test_a_code_list_that_is_not_there_is_the_stewards():
    contract = contract_of({"name": "address", "format": "address"})

    with pytest.raises(ContractError, match="address: there is no code list sido"):
        cast_rows(landed(address=["서울"]), contract, codelists={})
