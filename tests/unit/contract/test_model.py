from __future__ import annotations

import pytest
from pydantic import ValidationError

from etl.contract.fields import headers_of
from etl.contract.loading import parse_contract


@pytest.fixture
def contract(workers):
    return parse_contract(workers.encode(), organisation="jobs", dataset="workers")


def test_a_contract_cannot_be_changed(contract):
    with pytest.raises(ValidationError, match="frozen"):
        contract.version = 2


def test_what_generalisation_leaves_has_a_type_of_its_own(contract):
    assert {field.name: field.published_type for field in contract.fields} == {
        "age": "string",
        "employed_on": "year",
    }


def test_quasi_identifiers_are_named_in_order(contract):
    assert contract.quasi_identifiers == ("age", "employed_on")


def test_a_direct_identifier_is_not_published(workers):
    text = workers.replace(
        "fields:\n", "fields:\n  - {name: n, title: {ko: 순번}, type: integer, "
        "role: direct-identifier}\n",
    )  # fmt: skip

    contract = parse_contract(text.encode(), organisation="jobs", dataset="workers")

    assert [field.name for field in contract.published_fields] == ["age", "employed_on"]


def test_a_share_is_read_from_its_percentage(contract):
    assert contract.privacy.suppression == pytest.approx(0.02)


def test_a_field_is_known_by_title_name_and_aliases(parks):
    contract = parse_contract(parks.encode(), organisation="city", dataset="parks")

    assert headers_of(contract.fields[1]) == ("공원면적", "area", "면적")
