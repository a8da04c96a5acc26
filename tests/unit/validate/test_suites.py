from __future__ import annotations

import json
from pathlib import Path

import pytest

from etl.contract.codelists import read_code_sets
from etl.contract.loading import load_contracts
from etl.errors import ContractError
from etl.validate.checking import check_table
from etl.validate.compiling import compile_rules
from etl.validate.reading import read_suites
from etl.validate.suites import canonical, parse_suite
from tests.unit.validate.tables import contract_of, landed

ROOT = Path(__file__).parents[3]
RANGE = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "min_value": 1}}


def text_of(**keys: object) -> bytes:
    return json.dumps({"name": "shared", "expectations": [RANGE]} | keys).encode()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param(b"{", "Invalid JSON", id="no JSON"),
        pytest.param(b"\xff", "Invalid JSON", id="no UTF-8"),
        pytest.param(text_of(expectations=[]), "expectations", id="nothing expected"),
        pytest.param(text_of(id="b7"), "id: Extra inputs", id="unknown key"),
        pytest.param(text_of(name="other"), "name: is not that of the file", id="another name"),
        pytest.param(
            text_of(expectations=[RANGE | {"severity": "fatal"}]),
            "expectations.0.severity",
            id="unknown severity",
        ),
    ],
)
def test_a_file_that_is_no_suite_is_refused_with_its_place(content, complaint):
    with pytest.raises(ContractError, match=complaint) as caught:
        parse_suite(content, name="shared")

    assert caught.value.message.startswith("expectations/shared.json: ")


def test_spelling_does_not_change_a_suites_canonical_text():
    spelled = json.dumps(json.loads(text_of()), indent=4).encode()

    assert canonical(parse_suite(spelled, name="shared")) == canonical(
        parse_suite(text_of(), name="shared")
    )


def test_every_suite_of_the_repository_fits_the_contracts_that_name_it():
    suites = read_suites(ROOT / "expectations")
    contracts, broken = load_contracts(ROOT / "schemas")
    named = {use.suite for contract in contracts for use in contract.expectations}
    offered = {name for name, suite in suites.items() if "$PARAMETER" in canonical(suite)}

    assert contracts, "no contract found: this test would prove nothing"
    assert not broken
    assert named <= set(suites)
    assert set(suites) - named <= offered, "a suite that nobody names is dead"
    for contract in contracts:
        codelists = read_code_sets(ROOT / "schemas", contract.codelists)
        assert compile_rules(contract, suites, codelists)


BUDGET = {
    "suite": "money_split",
    "parameters": {"parts": ["national", "province", "municipal", "other"], "total": "budget"},
}
PLACE = {
    "suite": "inside_municipality",
    "parameters": {"latitude": "latitude", "longitude": "longitude"},
    "area": {"codelist": "sido", "code": "36"},
}


def test_money_that_does_not_add_up_is_found():
    names = [*BUDGET["parameters"]["parts"], "budget"]
    contract = contract_of(
        *({"name": name, "type": "integer"} for name in names), expectations=[BUDGET]
    )
    rows = landed(
        national=["1", "1", ""], province=["2", "2", "2"], municipal=["3", "3", "3"],
        other=["0", "0", "0"], budget=["6", "7", "9"],
    )  # fmt: skip

    checked = check_table(rows, contract, read_suites(ROOT / "expectations"), gx_max_rows=0)

    assert checked.issues.collect().rows()[0][:4] == (
        3, "national, province, municipal, other, budget", "money_split.sum", "critical"
    )  # fmt: skip
    assert checked.quarantined_rows == 1


def test_a_place_outside_the_box_of_its_area_is_told():
    degrees = {"type": "number", "decimals": 6}
    contract = contract_of(
        {"name": "latitude"} | degrees, {"name": "longitude"} | degrees, expectations=[PLACE]
    )
    rows = landed(latitude=["36.48", "37.56", ""], longitude=["127.28", "126.97", "127.2"])
    codelists = read_code_sets(ROOT / "schemas", contract.codelists)

    checked = check_table(
        rows, contract, read_suites(ROOT / "expectations"), gx_max_rows=0, codelists=codelists
    )

    assert contract.codelists == ("sido",)
    assert [(row, field) for row, field, *_ in checked.issues.collect().rows()] == [
        (3, "latitude"),
        (3, "longitude"),
    ]
    assert checked.quarantined_rows == 0
