from __future__ import annotations

from datetime import date, datetime, timedelta

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.personal.confirming import confirm
from etl.personal.patterns import PATTERNS

TODAY = date(2026, 11, 25)

PERSONAL = [
    pytest.param("resident-number", "960121-1021413", id="resident, with a hyphen"),
    pytest.param("resident-number", "9601211021413", id="resident, bare"),
    pytest.param("resident-number", "960121 1021413", id="resident, with a blank"),
    pytest.param("resident-number", "960121 - 1021413", id="resident, with a spaced hyphen"),
    pytest.param("resident-number", "960121–1021413", id="resident, with an en dash"),
    pytest.param("resident-number", "９６０１２１－１０２１４１３", id="resident, full width"),
    pytest.param("resident-number", "960121-\u200b1021413", id="resident, invisible character"),
    pytest.param("resident-number", "960121-1234567", id="resident, no check digit since 2020"),
    pytest.param("resident-number", "251124-3123456", id="resident, a child"),
    pytest.param("resident-number", "261125-4123456", id="resident, born today"),
    pytest.param("resident-number", "111125-1000000", id="resident, 115 years old"),
    pytest.param("resident-number", "담당(960121-1021413)님", id="resident, within a text"),
    pytest.param("resident-number", "번호는9601211021413.", id="resident, before a full stop"),
    pytest.param("resident-number", "20250101 960121-1021413", id="resident, after a date"),
    pytest.param("resident-number", "991332-1234567 960121-1021413", id="resident, after none"),
    pytest.param("resident-number", "960121-1******", id="resident, masked: birth and sex remain"),
    pytest.param("foreigner-number", "911124-5678906", id="foreigner"),
    pytest.param("foreigner-number", "050912-7000012", id="foreigner, born since 2000"),
    pytest.param("mobile-number", "010-1234-5678", id="mobile, with hyphens"),
    pytest.param("mobile-number", "01012345678", id="mobile, bare"),
    pytest.param("mobile-number", "010 1234 5678", id="mobile, with blanks"),
    pytest.param("mobile-number", "010.1234.5678", id="mobile, with points"),
    pytest.param("mobile-number", "010)1234-5678", id="mobile, with a bracket"),
    pytest.param("mobile-number", "(010) 1234-5678", id="mobile, in brackets"),
    pytest.param("mobile-number", "011-234-5678", id="mobile, of the second generation"),
    pytest.param("mobile-number", "+82 10-1234-5678", id="mobile, from abroad"),
    pytest.param("mobile-number", "+82-(0)10-1234-5678", id="mobile, with the optional zero"),
    pytest.param("mobile-number", "82-10-1234-5678", id="mobile, country without plus"),
    pytest.param("mobile-number", "０１０－１２３４－５６７８", id="mobile, full width"),
    pytest.param("mobile-number", "문의: 관리소장 010-1234-5678 (야간)", id="mobile, in a text"),
    pytest.param("card-number", "4111-1111-1111-1111", id="card, in fours"),
    pytest.param("card-number", "4111 1111 1111 1111", id="card, with blanks"),
    pytest.param("card-number", "5555555555554444", id="card, bare"),
    pytest.param("card-number", "3782-822463-10005", id="card, American Express"),
    pytest.param("card-number", "30569309025904", id="card, Diners"),
    pytest.param("card-number", "3530111333300000", id="card, JCB"),
    pytest.param("card-number", "9410-0000-0000-0005", id="card, domestic"),
    pytest.param("email", "gildong.hong@example.com", id="e-mail"),
    pytest.param("email", "문의hong+1@mail.example.go.kr까지", id="e-mail, in a text"),
    pytest.param("email", "hong＠example．com", id="e-mail, full width"),
    pytest.param("email", "hong\u200b@exam\u200bple.com", id="e-mail, invisible characters"),
    pytest.param("email", "홍길동@한국.kr", id="e-mail, internationalised"),
    pytest.param("coordinates", "36.31089095", id="latitude"),
    pytest.param("coordinates", "POINT(127.1234567 37.5)", id="longitude, in a text"),
]

CLEAN = [
    pytest.param("36.31089095", id="latitude"),
    pytest.param("127.0110711234", id="longitude with a mobile number's digits"),
    pytest.param("127.9001011234567", id="longitude with a resident number's digits"),
    pytest.param("200123.1234567", id="grid coordinate in metres"),
    pytest.param("184-1-000038", id="number of a car park"),
    pytest.param("41830-00029", id="number of a park"),
    pytest.param("042-606-6865", id="office telephone"),
    pytest.param("02-2100-1234", id="office telephone in the capital"),
    pytest.param("1588-1234", id="representative number"),
    pytest.param("2026-11-25", id="day"),
    pytest.param("20261125", id="bare day"),
    pytest.param("202611251230", id="minute"),
    pytest.param("20261125123045", id="second"),
    pytest.param("1594796022798", id="milliseconds since 1970"),
    pytest.param("5020000", id="code of an organisation"),
    pytest.param("4113510900", id="code of a district"),
    pytest.param("4113510900102720006", id="number of a parcel"),
    pytest.param("경기도 평택시 신장동 327-15 327-14 326-5~7", id="three lots in one address"),
    pytest.param("110111-0006246", id="corporate number, serial below a million"),
    pytest.param("960230-1021413", id="a day that no calendar has"),
    pytest.param("261126-3021413", id="birth in the future"),
    pytest.param("101125-1000000", id="116 years old"),
    pytest.param("960121-10214130", id="one digit too many behind"),
    pytest.param("1960121-1021413", id="one digit too many before"),
    pytest.param("2010-1234-5678", id="a year before"),
    pytest.param("821012345678", id="identifier of twelve digits"),
    pytest.param("4111-1111-1111-1112", id="a wrong check digit"),
    pytest.param("1111111111111117", id="a right check digit of no issuer"),
    pytest.param("4222222222222", id="thirteen bare digits begin like districts do"),
    pytest.param("100@20.30", id="price per piece"),
    pytest.param("", id="nothing"),
]


@pytest.mark.parametrize(("kind", "text"), PERSONAL)
def test_personal_data_is_found_in_every_spelling(kind, text):
    assert confirm(kind, text, TODAY)


@pytest.mark.parametrize("text", CLEAN)
def test_what_only_looks_alike_is_left_alone(text):
    found = [kind for kind in PATTERNS if kind != "coordinates" and confirm(kind, text, TODAY)]

    assert found == []


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        pytest.param("33.0001", True, id="south"),
        pytest.param("38.9999", True, id="north"),
        pytest.param("131.9999", True, id="east"),
        pytest.param("32.9999", False, id="too far south"),
        pytest.param("132.0001", False, id="too far east"),
        pytest.param("37.567", False, id="three places are a hundred metres"),
        pytest.param("37.5670000000", False, id="zeros are no precision"),
    ],
)
def test_coordinates_are_precise_degrees_within_korea(text, is_found):
    assert confirm("coordinates", text, TODAY) is is_found


@pytest.mark.parametrize(("kind", "text"), PERSONAL)
def test_no_pattern_overlooks_what_would_be_confirmed(kind, text):
    matched = pl.Series([text]).str.contains(PATTERNS[kind]).to_list()

    assert matched == [True]


@pytest.mark.parametrize(("kind", "text"), PERSONAL)
def test_an_extract_of_duckdb_is_confirmed_as_the_cell_is(kind, text):
    extracts = extracted_by_duckdb(text, kind)

    assert any(confirm(kind, extract, TODAY) for extract in extracts)


@pytest.mark.parametrize("text", CLEAN)
def test_an_extract_of_duckdb_turns_nothing_clean_into_a_hit(text):
    found = [
        kind
        for kind in PATTERNS
        if kind != "coordinates"
        and any(confirm(kind, extract, TODAY) for extract in extracted_by_duckdb(text, kind))
    ]

    assert found == []


pieces = st.sampled_from(
    [case.values[1] for case in PERSONAL]
    + [case.values[0] for case in CLEAN]
    + ["1", "12.", "960121", "1234567", "010", "+82", "가", "x", "5555", "-"]
)
joints = st.sampled_from(
    ["", " ", "-", ", ", "\n", ")", "(", ".", "/", " - ", "\u200b", "~", " " * 9]
)


@given(st.lists(st.tuples(pieces, joints), max_size=5), st.sampled_from(list(PATTERNS)))
def test_cell_and_extracts_are_judged_alike_whatever_stands_side_by_side(parts, kind):
    cell = "".join(text for part in parts for text in part)

    extracts = extracted_by_duckdb(cell, kind)

    assert confirm(kind, cell, TODAY) == any(confirm(kind, text, TODAY) for text in extracts)


births = st.dates(TODAY - timedelta(days=115 * 365), TODAY)
around = st.text(alphabet="가나 (),:/A.", max_size=6)


@given(births, st.integers(0, 10**6 - 1), st.sampled_from(["-", "", " ", " - ", "－", "‑"]), around)
def test_every_living_resident_is_found_wherever_the_number_stands(born, serial, separator, text):
    sex = 1 if born.year < 2000 else 3
    cell = f"{text}{born:%y%m%d}{separator}{sex}{serial:06d}{text}"

    assert confirm("resident-number", cell, TODAY)
    assert pl.Series([cell]).str.contains(PATTERNS["resident-number"]).all()


@given(st.decimals(33, 39, places=10), st.decimals(124, 132, places=10))
def test_no_pair_of_coordinates_is_taken_for_a_number_of_a_person(latitude, longitude):
    cells = [str(latitude), str(longitude), f"{latitude}, {longitude}", f"{longitude} {latitude}"]

    found = [
        (kind, cell)
        for kind in ("resident-number", "foreigner-number", "mobile-number", "card-number")
        for cell in cells
        if confirm(kind, cell, TODAY)
    ]

    assert found == []


@given(st.builds(datetime.combine, st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.times()))
def test_no_timestamp_is_taken_for_a_number_of_a_person(moment):
    cells = [moment.strftime(shape) for shape in ("%Y%m%d%H%M", "%Y%m%d%H%M%S", "%Y-%m-%d %H:%M")]

    found = [
        (kind, cell)
        for kind in ("resident-number", "foreigner-number", "mobile-number", "card-number")
        for cell in cells
        if confirm(kind, cell, TODAY)
    ]

    assert found == []


@given(st.from_regex(r"\A0(2|[3-6][1-5]|70)-[0-9]{3,4}-[0-9]{4}\Z"))
def test_no_office_telephone_is_taken_for_a_mobile_number(number):
    assert not confirm("mobile-number", number, TODAY)


def extracted_by_duckdb(text: str, kind: str) -> list[str]:
    [(extracts,)] = duckdb.execute(
        "SELECT regexp_extract_all($text, $pattern)", {"text": text, "pattern": PATTERNS[kind]}
    ).fetchall()
    return extracts
