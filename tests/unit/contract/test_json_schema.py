from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from etl.contract.json_schema import contract_schema, schema_text
from etl.contract.loading import contract_files, dataset_name

SCHEMAS = Path(__file__).parents[3] / "schemas"


def is_valid(text: str) -> bool:
    return jsonschema.Draft202012Validator(contract_schema()).is_valid(yaml.safe_load(text))


def test_the_file_for_editors_is_current():
    written = (SCHEMAS / "contract.schema.json").read_text(encoding="utf-8")

    assert written == schema_text(), "write it anew: madang schema"


@pytest.mark.parametrize("file", contract_files(SCHEMAS), ids=dataset_name)
def test_editors_find_no_fault_with_a_contract_that_loads(file):
    assert is_valid(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", contract_files(SCHEMAS), ids=dataset_name)
def test_editors_find_the_schema_from_the_first_line(file):
    first = file.read_text(encoding="utf-8").splitlines()[0]

    assert first == "# yaml-language-server: $schema=../contract.schema.json"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("theme:", "theem:", id="an unknown key"),
        pytest.param("primaryKey", "primary_key", id="a key in Python's spelling"),
        pytest.param("type: number", "type: money", id="an unknown type"),
        pytest.param("approval: none\n", "", id="a missing key"),
        pytest.param(
            "approval: none", "thresholds: {quarantine: 0.05}\napproval: none", id="share"
        ),
    ],
)
def test_editors_mark_what_the_loader_refuses(parks, old, new):
    assert is_valid(parks)

    assert not is_valid(parks.replace(old, new))


def test_editors_explain_keys():
    privacy = contract_schema()["$defs"]["Privacy"]["properties"]

    assert privacy["k"]["description"] == "Smallest group of units over the quasi-identifiers."


def test_editors_accept_names_in_hangul():
    assert "pattern" not in contract_schema()["$defs"]["Field"]["properties"]["name"]
