"""The record is compiled from contract and certificate: a CKAN dataset, and DCAT-AP as JSON-LD."""

from __future__ import annotations

import json

import pytest

from etl.contract.vocabulary import Label
from etl.publish.names import csv_resource_id, parquet_resource_id
from etl.publish.record import (
    Distribution,
    dataset_fields,
    first_record,
    resource_fields,
    table_fields,
    write_jsonld,
)
from tests.unit.validate.tables import CANARY, contract_of

SITE = "http://data.example"
CONTRACT = contract_of(
    {"name": "name", "role": "direct-identifier", "title": {"ko": CANARY}},
    {"name": "park", "title": {"ko": "공원명"}, "description": {"ko": "이름"}},
    {"name": "count", "type": "integer"},
    {"name": "fee", "type": "number", "decimals": 2},
    {"name": "is_open", "type": "boolean"},
    {"name": "day", "type": "date"},
    {"name": "moment", "type": "datetime"},
    {"name": "clock", "type": "time"},
    {"name": "month", "type": "yearmonth"},
    {"name": "year", "type": "year"},
)
CERTIFICATE = {
    "release": "20261125-1",
    "reference_date": "2026-11-01",
    "certified_at": "2026-11-25T00:00:00Z",
    "files": [
        {"name": name, "sha256": digit * 64, "size_bytes": size}
        for name, digit, size in (
            ("data.csv", "a", 10),
            ("data.parquet", "b", 20),
            ("dictionary.csv", "c", 30),
        )
    ],
}


def test_the_table_has_the_published_columns_with_their_labels():
    assert [(column["id"], column["type"]) for column in table_fields(CONTRACT)] == [
        ("park", "text"),
        ("count", "int8"),
        ("fee", "numeric(18,2)"),
        ("is_open", "bool"),
        ("day", "date"),
        ("moment", "timestamptz"),
        ("clock", "time"),
        ("month", "text"),
        ("year", "int8"),
    ]
    assert table_fields(CONTRACT)[0] == {
        "id": "park",
        "type": "text",
        "label": "공원명",
        "notes": "이름",
    }


def test_the_dataset_says_what_it_is():
    fields = dataset_fields(CONTRACT, "20261125-1", "2026-11-01", SITE)
    extras = {extra["key"]: extra["value"] for extra in fields["extras"]}

    assert fields["title"] == "마당 시험"
    assert fields["private"] is False
    assert extras["release"] == "20261125-1"
    assert extras["reference_date"] == "2026-11-01"
    assert extras["certificate"] == (
        f"{SITE}/dataset/test-yard/release/20261125-1/certificate.json"
    )
    assert all(isinstance(value, str) and value for value in extras.values())


def test_the_dataset_tells_the_rates_that_its_certificate_tells():
    quality = {"error_rate": 0.0012, "completeness": 1.0, "uniqueness": None}

    extras = dataset_fields(CONTRACT, "20261125-1", "", SITE, quality)["extras"]

    told = {extra["key"]: extra["value"] for extra in extras}
    assert (told["quality_error_rate"], told["quality_completeness"]) == ("0.0012", "1")
    assert "quality_uniqueness" not in told


def test_what_is_not_known_is_not_said():
    extras = dataset_fields(CONTRACT, "20261125-1", "", SITE)["extras"]

    assert "reference_date" not in {extra["key"] for extra in extras}
    assert "notes_en" not in {extra["key"] for extra in extras}


def test_the_first_record_is_seen_by_editors_only_and_has_no_release():
    record = first_record(CONTRACT, "org-id")

    assert record["private"] is True
    assert record["owner_org"] == "org-id"
    assert [(r["id"], r["release"]) for r in record["resources"]] == [
        (parquet_resource_id("test-yard"), ""),
        (csv_resource_id("test-yard"), ""),
    ]


@pytest.mark.parametrize(
    ("file_name", "kind", "mimetype", "is_table"),
    [
        ("data.parquet", "Parquet", "application/vnd.apache.parquet", False),
        ("data.csv", "CSV", "text/csv", True),
    ],
)
def test_a_resource_names_its_release_and_file(file_name, kind, mimetype, is_table):
    item = Distribution(file_name, "a" * 64, 10)

    fields = resource_fields(CONTRACT, "20261125-1", item, SITE)

    assert fields["url"] == f"{SITE}/dataset/test-yard/release/20261125-1/{file_name}"
    assert (fields["hash"], fields["size"]) == ("a" * 64, 10)
    assert (fields["format"], fields["mimetype"]) == (kind, mimetype)
    assert fields["release"] == "20261125-1"
    assert ("table" in fields, "datastore_active" in fields) == (is_table, is_table)


def write(site: str, **changes: object) -> dict[str, object]:
    label = Label(ko="마당시", en="Madang")
    return json.loads(write_jsonld(CONTRACT, CERTIFICATE | changes, label, site))


def test_the_record_in_the_words_of_dcat():
    record = write(SITE)

    assert record["@type"] == "dcat:Dataset"
    assert record["@id"] == f"{SITE}/dataset/test-yard"
    assert record["version"] == "20261125-1"
    assert record["modified"] == "2026-11-01"
    assert record["title"] == [
        {"@language": "ko", "@value": "마당 시험"},
        {"@language": "en", "@value": "Yard test"},
    ]
    addresses = {part["dcat:downloadURL"]["@id"] for part in record["distribution"]}
    page = f"{SITE}/dataset/test-yard/release/20261125-1"
    assert addresses == {f"{page}/data.csv", f"{page}/data.parquet"}
    [csv] = [part for part in record["distribution"] if part["dcat:byteSize"] == 10]
    assert csv["spdx:checksum"]["spdx:checksumValue"] == "a" * 64
    assert csv["dct:license"]["@id"].startswith("https://www.kogl.or.kr/")


def test_figures_of_quality_are_told_in_the_words_of_dqv():
    quality = {
        "error_rate": 0.0125,
        "completeness": 1.0,
        "uniqueness": None,
        "timeliness": {"age_days": 24, "due": "2026-12-01", "is_timely": True},
    }

    told = write(SITE, quality=quality)["dqv:hasQualityMeasurement"]

    assert [
        (part["dqv:isMeasurementOf"]["dqv:inDimension"]["@id"], part["dqv:value"]["@value"])
        for part in told
    ] == [
        ("ldqd:semanticAccuracy", "0.0125"),
        ("ldqd:completeness", "1"),
        ("ldqd:timeliness", "24"),
    ]
    assert write(SITE)["dqv:hasQualityMeasurement"] == []


def test_without_a_catalogue_addresses_are_relative():
    record = write("")

    assert record["@id"] == "urn:madang:test-yard"
    assert {part["dcat:downloadURL"]["@id"] for part in record["distribution"]} == {
        "data.csv",
        "data.parquet",
    }


def test_without_a_reference_date_the_day_of_the_certificate_stands():
    assert write(SITE, reference_date=None)["modified"] == "2026-11-25T00:00:00Z"


def test_nothing_of_an_unpublished_field_is_in_any_record():
    told = [
        table_fields(CONTRACT),
        dataset_fields(CONTRACT, "20261125-1", "", SITE),
        first_record(CONTRACT, "x"),
        write(SITE),
    ]

    assert CANARY not in json.dumps(told, ensure_ascii=False)


def test_the_same_release_gives_the_same_bytes():
    label = Label(ko="마당시")

    first, second = (write_jsonld(CONTRACT, CERTIFICATE, label, SITE) for _ in range(2))

    assert first == second
