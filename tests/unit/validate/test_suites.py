from __future__ import annotations

import json
from pathlib import Path

import pytest

from etl.contract.loading import load_contracts
from etl.errors import ContractError
from etl.validate.compiling import compile_rules
from etl.validate.reading import read_suites
from etl.validate.suites import canonical, parse_suite

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
    named = {name for contract in contracts for name in contract.expectations}

    assert contracts, "no contract found: this test would prove nothing"
    assert not broken
    assert named == set(suites), "a suite that nobody names is dead"
    for contract in contracts:
        assert compile_rules(contract, suites)
