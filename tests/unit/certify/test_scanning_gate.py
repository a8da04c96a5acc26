"""Personal data in any kind of published column is found, whatever the column's role."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from etl.certify.measuring import verifier
from etl.certify.scanning import Finding, scan_personal
from tests.unit.certify.written import write_files
from tests.unit.validate.tables import contract_of

TODAY = date(2026, 11, 25)
RESIDENT, FOREIGNER = "900101-1234568", "900101-5234567"
PERSON = {"unit": "person", "unit_key": "none", "k": 2, "suppression": "2%"}


def scan(folder, contract, rows) -> list[Finding]:
    parquet = write_files(folder, contract, rows)
    with verifier(folder) as connection:
        return scan_personal(connection, parquet, contract, TODAY)


def found(folder, contract, rows) -> set[tuple[str, str, int]]:
    return {(one.field, one.kind, one.cells) for one in scan(folder, contract, rows)}


@pytest.mark.parametrize("role", ["open", "sensitive"])
@pytest.mark.parametrize(
    ("value", "kind"),
    [
        pytest.param(RESIDENT, "resident-number", id="resident number"),
        pytest.param("담당: 900101 1234568 (홍)", "resident-number", id="amid other text"),
        pytest.param("９００１０１－１２３４５６８", "resident-number", id="in full width"),
        pytest.param("900101-1******", "resident-number", id="masked"),
        pytest.param("9001011234568", "resident-number", id="without a dash"),
        pytest.param(FOREIGNER, "foreigner-number", id="foreigner number"),
        pytest.param("010-1234-5678", "mobile-number", id="mobile number"),
        pytest.param("+82 10 1234 5678", "mobile-number", id="mobile number from abroad"),
        pytest.param("4111-1111-1111-1111", "card-number", id="card"),
        pytest.param("hong@example.com", "email", id="e-mail"),
        pytest.param("36.351234, 127.384567", "coordinates", id="a place in a text"),
    ],
)
def test_text(tmp_path, role, value, kind):
    contract = contract_of({"name": "note", "role": role}, {"name": "other"})
    rows = [(value, "a"), ("없음", "b"), (None, None)]

    assert found(tmp_path, contract, rows) == {("note", kind, 1)}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param({"type": "string"}, "9001011234568", id="text"),
        pytest.param({"type": "integer"}, 9001011234568, id="an integer"),
        pytest.param({"type": "number", "decimals": 0}, Decimal(9001011234568), id="a decimal"),
        pytest.param(
            {"type": "number", "decimals": 2}, Decimal("9001011234568.00"), id="with zeros"
        ),
    ],
)
@pytest.mark.parametrize(
    ("role", "privacy"),
    [
        pytest.param("open", {"unit": "none"}, id="of things"),
        pytest.param("quasi-identifier", PERSON, id="of people"),
    ],
)
def test_a_resident_number_hides_in_no_type(tmp_path, field, value, role, privacy):
    contract = contract_of({"name": "n"} | field, {"name": "q", "role": role}, privacy=privacy)

    assert ("n", "resident-number", 1) in found(tmp_path, contract, [(value, "x"), (None, "x")])


def test_a_generalised_column_is_scanned_as_it_is_published(tmp_path):
    contract = contract_of(
        {"name": "born", "role": "quasi-identifier", "generalise": {"words": 1}}, privacy=PERSON
    )

    assert found(tmp_path, contract, [(RESIDENT,)]) == {("born", "resident-number", 1)}


@pytest.mark.parametrize(
    "value",
    ["042-606-6865", "184-1-000038", "2026-11-25", "36.3", "없음", "9999999999999", "1577-1000"],
)
def test_what_is_nobodys_passes(tmp_path, value):
    assert found(tmp_path, contract_of({"name": "note"}), [(value,)]) == set()


@pytest.mark.parametrize(
    ("decimals", "value", "privacy", "cells"),
    [
        pytest.param(8, "36.35123456", PERSON, 1, id="a latitude of a person"),
        pytest.param(8, "127.38451234", PERSON, 1, id="a longitude of a person"),
        pytest.param(2, "36.35", PERSON, 0, id="a coarse one"),
        pytest.param(8, "12.50000000", PERSON, 0, id="a number elsewhere"),
    ],
)
def test_places_in_numbers(tmp_path, decimals, value, privacy, cells):
    contract = contract_of(
        {"name": "at", "type": "number", "decimals": decimals},
        {"name": "q", "role": "quasi-identifier"},
        privacy=privacy,
    )
    rows = [(Decimal(value), "x"), (Decimal(0), "x"), (None, "x")]

    assert sum(one.cells for one in scan(tmp_path, contract, rows)) == cells


def test_a_declared_kind_is_told_as_such_and_no_other(tmp_path):
    reason = {"ko": "업무용 휴대전화"}
    contract = contract_of(
        {"name": "phone", "declared_personal": [{"kind": "mobile-number", "reason": reason}]},
        {"name": "note"},
    )
    rows = [("010-1234-5678", "010-1234-5678"), (RESIDENT, None)]

    assert {(one.field, one.kind, one.is_declared) for one in scan(tmp_path, contract, rows)} == {
        ("phone", "mobile-number", True),
        ("phone", "resident-number", False),
        ("note", "mobile-number", False),
    }


def test_an_empty_table_is_clean(tmp_path):
    assert scan(tmp_path, contract_of({"name": "note"}), []) == []
