"""A release is refused where one measured thing is not as required; the certificate says which."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from etl.certify.certifying import check_release, require_all, write_content
from etl.certify.scanning import Finding
from etl.errors import DefectError, DisclosureRiskError
from tests.unit.certify.written import claim, measure, write_files
from tests.unit.validate.tables import contract_of

NOW = datetime(2026, 11, 25, 4, 5, 6, tzinfo=UTC)
K10 = {"unit": "person", "unit_key": "none", "k": 10, "suppression": "2%"}
PEOPLE = contract_of(
    {"name": "name", "role": "direct-identifier"},
    {"name": "ward", "role": "quasi-identifier", "generalise": {"words": 1}},
    {
        "name": "illness",
        "role": "sensitive",
        "declared_personal": [{"kind": "email", "reason": {"ko": "시험"}}],
    },
    privacy=K10,
)
THINGS = contract_of({"name": "park"}, {"name": "area", "type": "integer"})


@pytest.fixture
def people(tmp_path):
    write_files(tmp_path, PEOPLE, [("북", "감기")] * 500)
    return measure(tmp_path, PEOPLE)


@pytest.fixture
def things(tmp_path):
    write_files(tmp_path, THINGS, [("가", 1), ("나", None)])
    return measure(tmp_path, THINGS)


def certify(contract, measured, findings=(), quarantined=0, **claims):
    table, files = measured
    claimed = claim(contract, table, files, **claims)
    checks = check_release(contract, claimed, table, files, findings)
    require_all(contract, checks)
    return write_content(
        contract, claimed, "20261125-1", table, files, findings, checks,
        judged_by="great_expectations", quarantined=quarantined, verifier_version="2.0.1", now=NOW,
    )  # fmt: skip


def test_what_is_as_it_should_be_is_certified(things):
    content = certify(THINGS, things)

    assert content["dataset"] == "test-yard"
    assert content["release"] == "20261125-1"
    assert content["certified_at"] == "2026-11-25T04:05:06Z"
    assert content["rows"] == {"accepted": 2, "published": 2, "suppressed": 0, "held_back": 0}
    assert content["digest"] == {"rows": 2, "total": str(things[0].parquet.total)}
    assert [entry["name"] for entry in content["files"]] == [
        "data.csv",
        "data.parquet",
        "dictionary.csv",
    ]
    assert all(check["holds"] for check in content["checks"])
    assert content["privacy"] == {"unit": "none"}
    assert content["reference_date"] is None
    json.dumps(content, allow_nan=False)


@pytest.mark.parametrize(
    ("claims", "fault"),
    [
        pytest.param({"rows": 3, "accepted": 3}, "rows: required 3, measured 2", id="rows"),
        pytest.param({"accepted": 3}, "books: required 3, measured 2", id="books"),
        pytest.param({"held_back": 1}, "books: required 2, measured 3", id="books of held rows"),
        pytest.param({"digest": "1"}, "digest of data.parquet", id="digest"),
        pytest.param({"parquet_sha256": "0" * 64}, "sha256 of data.parquet", id="Parquet"),
        pytest.param({"csv_sha256": "0" * 64}, "sha256 of data.csv", id="CSV"),
        pytest.param({"dictionary_sha256": "0" * 64}, "sha256 of dictionary.csv", id="dictionary"),
    ],
)
def test_files_that_are_not_those_of_the_state_are_a_defect(things, claims, fault):
    with pytest.raises(DefectError, match=fault) as caught:
        certify(THINGS, things, **claims)

    assert "Nothing was published; the live release stays" in caught.value.message


def test_a_csv_of_other_rows_is_a_defect(tmp_path, things):
    (tmp_path / "data.csv").write_text("\ufeffpark,area\r\n가,1\r\n다,\r\n", newline="")

    with pytest.raises(DefectError, match=r"digest of data\.csv"):
        certify(THINGS, measure(tmp_path, THINGS))


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([("북", "감기")] * 20 + [("남", "감기")] * 9, id="nine share a ward"),
        pytest.param([("북", "감기")] * 20 + [(None, "감기")] * 9, id="nine without a ward"),
        pytest.param([], id="nobody"),
    ],
)
def test_a_group_below_k_is_refused(tmp_path, rows):
    write_files(tmp_path, PEOPLE, rows)

    with pytest.raises(DisclosureRiskError, match=r"k: required >= 10, measured [09]"):
        certify(PEOPLE, measure(tmp_path, PEOPLE))


def test_too_much_suppression_is_refused(people):
    with pytest.raises(DisclosureRiskError, match=r"suppression: required <= 2.00%, measured 2.15"):
        certify(PEOPLE, people, accepted=511, suppressed=11)


def test_suppression_at_the_limit_passes(people):
    content = certify(PEOPLE, people, accepted=510, suppressed=10)

    assert content["rows"] == {
        "accepted": 510,
        "published": 500,
        "suppressed": 10,
        "held_back": 0,
    }


def test_personal_data_that_nobody_declared_are_refused(things):
    findings = [Finding("park", "resident-number", 2, is_declared=False)]

    with pytest.raises(
        DisclosureRiskError, match="resident-number in park: required 0 cells, measured 2 cells"
    ):
        certify(THINGS, things, findings)


def test_a_risk_outweighs_a_defect(things):
    findings = [Finding("park", "email", 1, is_declared=False)]

    with pytest.raises(DisclosureRiskError, match=r"books.*email in park"):
        certify(THINGS, things, findings, accepted=3)


def test_declared_personal_data_pass_and_are_told(people):
    content = certify(PEOPLE, people, [Finding("illness", "email", 12, is_declared=True)])

    assert content["scan"] == [{"field": "illness", "kind": "email", "cells": 12, "declared": True}]
    assert content["fields"][1]["declared_personal"] == [
        {"kind": "email", "reason": {"ko": "시험"}}
    ]


def test_the_promise_is_told_with_its_limits(people):
    privacy = certify(PEOPLE, people)["privacy"]

    assert privacy["k"] == {"required": 10, "achieved": 500}
    assert privacy["counts"] == "records"
    assert privacy["quasi_identifiers"] == ["ward"]
    assert set(privacy["not_promised"]) == {"ko", "en"}


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        pytest.param(0, 0, id="nobody"),
        pytest.param(1, "<10", id="one"),
        pytest.param(9, "<10", id="one below k"),
        pytest.param(10, 10, id="k"),
    ],
)
def test_few_people_are_not_counted_in_public(people, count, shown):
    findings = [Finding("illness", "email", count, is_declared=True)] if count else []

    content = certify(
        PEOPLE, people, findings, quarantined=count, accepted=500 + count, suppressed=count
    )

    assert content["validation"]["quarantined"] == shown
    assert content["rows"]["suppressed"] == shown
    assert [found["cells"] for found in content["scan"]] == ([shown] if count else [])


@pytest.mark.parametrize("count", [1, 3, 9])
def test_nothing_in_the_certificate_lets_few_people_be_reckoned(people, count):
    """A reader knows the published rows; neither the sum nor the share of the rest may stand."""
    content = certify(PEOPLE, people, accepted=500 + count, suppressed=count)
    text = json.dumps(content)

    assert content["rows"]["accepted"] is None
    assert f"{500 + count}" not in text
    assert f"{count / (500 + count):.2%}" not in text


def test_of_things_every_count_is_told(things):
    content = certify(THINGS, things, quarantined=3)

    assert content["validation"]["quarantined"] == 3


def test_every_published_field_is_described_and_no_other(people):
    fields = certify(PEOPLE, people)["fields"]

    assert [(field["name"], field["role"], field["generalisation"]) for field in fields] == [
        ("ward", "quasi-identifier", {"words": 1}),
        ("illness", "sensitive", None),
    ]
