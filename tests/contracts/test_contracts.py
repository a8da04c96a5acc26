"""Every contract of the platform loads, and its examples come out as it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl.checking import run_example
from etl.contract.codelists import read_code_sets
from etl.contract.loading import contract_files, dataset_name, load_contract
from etl.contract.model import Contract, Example
from etl.contract.organisations import organisation_title
from etl.validate.reading import read_suites

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "schemas"
FILES = contract_files(SCHEMAS)

every_contract = pytest.mark.parametrize("file", FILES, ids=dataset_name)


def test_there_are_contracts_to_check():
    assert FILES, "no contract found: the tests below would prove nothing"


@every_contract
def test_its_examples_hold(file):
    contract = load_contract(file)

    faults = [run(contract, example) for example in contract.examples]

    assert faults
    assert not any(faults)


@every_contract
def test_its_examples_show_both_publication_and_quarantine(file):
    for example in load_contract(file).examples:
        assert 0 < len(example.published) < len(example.supplied)


@every_contract
def test_an_example_that_does_not_hold_is_noticed(file):
    contract = load_contract(file)
    example = contract.examples[0].model_copy(update={"published": ()})

    fault = run(contract, example)

    assert "rows come out" in fault


@every_contract
def test_its_organisation_has_a_title(file):
    contract = load_contract(file)

    title = organisation_title(SCHEMAS, contract.organisation)

    assert title.ko != contract.organisation


@every_contract
def test_people_read_it_in_korean_and_english(file):
    contract = load_contract(file)

    labels = [contract.title, contract.description, *(field.title for field in contract.fields)]

    assert all(label.en for label in labels)


@every_contract
def test_what_is_about_people_waits_for_the_privacy_officer(file):
    contract = load_contract(file)

    is_personal = contract.privacy.unit != "none"

    assert is_personal == (contract.approval == "privacy-officer")


@every_contract
def test_only_coordinates_of_facilities_are_declared_as_personal(file):
    contract = load_contract(file)

    declared = [kind.kind for field in contract.fields for kind in field.declared_personal]

    assert set(declared) <= ({"coordinates"} if contract.privacy.unit == "none" else set())


def test_the_person_dataset_drops_the_number_and_keeps_the_disability():
    contract = load_contract(SCHEMAS / "employment/disabled_employment.yaml")

    assert "row_number" not in names(contract)
    assert published_ways(contract)["disability_type"] is None
    assert (contract.privacy.k, contract.privacy.suppression) == (10, 0.02)


def names(contract: Contract) -> list[str]:
    return [field.name for field in contract.published_fields]


def published_ways(contract: Contract) -> dict:
    return {field.name: field.generalise for field in contract.published_fields}


def run(contract: Contract, example: Example) -> str:
    """Take an example the whole way, with the suites and code lists of the platform."""
    suites = read_suites(ROOT / "expectations")
    code_sets = read_code_sets(SCHEMAS, contract.codelists)
    return run_example(contract, example, suites, code_sets=code_sets)
