"""The catalogue record, compiled from contract and certificate.

One content, two forms: the fields of a CKAN dataset, and DCAT-AP 3 as JSON-LD.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from etl.contract.fields import Field
from etl.contract.model import Contract
from etl.contract.vocabulary import FieldType, Label
from etl.publish.measurements import RATES, measurements
from etl.publish.names import csv_resource_id, file_url, page_url, parquet_resource_id

PARQUET_TYPE = "application/vnd.apache.parquet"
CSV_TYPE = "text/csv"
NO_RELEASE = ""

_TABLE_TYPES: dict[FieldType, str] = {
    "string": "text",
    "integer": "int8",
    "year": "int8",
    "boolean": "bool",
    "date": "date",
    "datetime": "timestamptz",
    "time": "time",
    "yearmonth": "text",
}

_LICENCE_URLS = {
    "kogl-0": "https://www.kogl.or.kr/info/license.do#00-tab",
    "kogl-1": "https://www.kogl.or.kr/info/license.do#01-tab",
    "kogl-2": "https://www.kogl.or.kr/info/license.do#02-tab",
    "kogl-3": "https://www.kogl.or.kr/info/license.do#03-tab",
    "kogl-4": "https://www.kogl.or.kr/info/license.do#04-tab",
    "cc-by": "https://creativecommons.org/licenses/by/4.0/",
    "cc0": "https://creativecommons.org/publicdomain/zero/1.0/",
}


@dataclass(frozen=True, slots=True)
class Distribution:
    """One downloadable file of a release.

    Attributes:
        file_name: `data.parquet` or `data.csv`.
        sha256: Hash of its bytes.
        size_bytes: Its length.
    """

    file_name: str
    sha256: str
    size_bytes: int


def table_fields(contract: Contract) -> list[dict[str, str]]:
    """Return the columns of the catalogue's table with their labels."""
    return [
        {
            "id": field.name,
            "type": _table_type(field),
            "label": field.title.ko,
            "notes": field.description.ko if field.description else "",
        }
        for field in contract.published_fields
    ]


def dataset_fields(
    contract: Contract,
    release: str,
    reference_date: str,
    catalogue_url: str,
    quality: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the CKAN dataset without its resources.

    Args:
        contract: The dataset.
        release: Name of the release.
        reference_date: ISO date; empty when there is none.
        catalogue_url: Address of the site.
        quality: Figures of the certificate; a rate that is not told is left out.
    """
    figures = quality or {}
    rates = {name: figures.get(name) for name in RATES}
    extras = {
        **{f"quality_{name}": f"{rate:g}" for name, rate in rates.items() if rate is not None},
        "title_en": contract.title.en,
        "notes_en": contract.description.en,
        "release": release,
        "steward": contract.steward,
        "theme": contract.theme,
        "frequency": contract.frequency,
        "reference_date": reference_date,
        "contract_name": contract.name,
        "contract_version": str(contract.version),
        "contract_sha256": contract.sha256,
        "certificate": file_url(catalogue_url, contract.name, release, "certificate.json"),
    }
    return {
        "title": contract.title.ko,
        "notes": contract.description.ko,
        "license_id": contract.licence,
        "private": False,
        "extras": [{"key": key, "value": value} for key, value in extras.items() if value],
    }


def first_record(contract: Contract, organisation_id: str) -> dict[str, Any]:
    """Return the record of a dataset that has no release yet; only its editors see it."""
    return {
        "name": contract.name,
        "title": contract.title.ko,
        "notes": contract.description.ko,
        "owner_org": organisation_id,
        "license_id": contract.licence,
        "private": True,
        "resources": [
            {"id": parquet_resource_id(contract.name), "name": "Parquet", "release": NO_RELEASE,
             "url": "", "format": "Parquet"},
            {"id": csv_resource_id(contract.name), "name": "CSV", "release": NO_RELEASE,
             "url": "", "format": "CSV"},
        ],
    }  # fmt: skip


def resource_fields(
    contract: Contract, release: str, distribution: Distribution, catalogue_url: str
) -> dict[str, Any]:
    """Return what a resource says of its release."""
    is_table = distribution.file_name == "data.csv"
    fields: dict[str, Any] = {
        "name": "CSV · 표 (Excel)" if is_table else "Parquet",
        "release": release,
        "url": file_url(catalogue_url, contract.name, release, distribution.file_name),
        "hash": distribution.sha256,
        "size": distribution.size_bytes,
        "format": "CSV" if is_table else "Parquet",
        "mimetype": CSV_TYPE if is_table else PARQUET_TYPE,
    }
    return fields | ({"table": "release", "datastore_active": True} if is_table else {})


def write_jsonld(
    contract: Contract,
    certificate: Mapping[str, Any],
    publisher: Label,
    catalogue_url: str,
) -> bytes:
    """Return the DCAT record of a release as JSON-LD.

    The vocabulary is DCAT-AP 3.0; hashes are SPDX checksums, quality is told in W3C's DQV.
    Without a catalogue the addresses are relative to the record.
    """
    release = str(certificate["release"])
    page = page_url(catalogue_url, contract.name) if catalogue_url else ""
    record = {
        "@context": _CONTEXT,
        "@id": page or f"urn:madang:{contract.name}",
        "@type": "dcat:Dataset",
        "identifier": contract.name,
        "title": _texts(contract.title),
        "description": _texts(contract.description),
        "publisher": {"@type": "foaf:Agent", "foaf:name": _texts(publisher)},
        "contactPoint": {"@type": "vcard:Organization", "vcard:fn": contract.steward},
        "theme": contract.theme,
        "accrualPeriodicity": contract.frequency,
        "version": release,
        "modified": certificate["reference_date"] or certificate["certified_at"],
        "distribution": [
            _distribution(contract, release, entry, catalogue_url)
            for entry in certificate["files"]
            if entry["name"] in ("data.parquet", "data.csv")
        ],
        "dqv:hasQualityMeasurement": measurements(certificate.get("quality") or {}),
    }
    return json.dumps(record, ensure_ascii=False, sort_keys=True, indent=2).encode() + b"\n"


_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "dqv": "http://www.w3.org/ns/dqv#",
    "ldqd": "http://www.w3.org/2016/05/ldqd#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "title": "dct:title",
    "description": "dct:description",
    "identifier": "dct:identifier",
    "publisher": "dct:publisher",
    "modified": "dct:modified",
    "accrualPeriodicity": "dct:accrualPeriodicity",
    "theme": "dcat:theme",
    "version": "dcat:version",
    "contactPoint": "dcat:contactPoint",
    "distribution": "dcat:distribution",
}


def _table_type(field: Field) -> str:
    if field.published_type == "number":
        return f"numeric(18,{field.decimals})"
    return _TABLE_TYPES[field.published_type]


def _texts(label: Label) -> list[dict[str, str]]:
    texts = {"ko": label.ko, "en": label.en}
    return [{"@language": code, "@value": text} for code, text in texts.items() if text]


def _distribution(
    contract: Contract, release: str, entry: Mapping[str, Any], catalogue_url: str
) -> dict[str, Any]:
    name = str(entry["name"])
    url = file_url(catalogue_url, contract.name, release, name) if catalogue_url else name
    return {
        "@type": "dcat:Distribution",
        "dcat:downloadURL": {"@id": url},
        "dcat:mediaType": PARQUET_TYPE if name == "data.parquet" else CSV_TYPE,
        "dcat:byteSize": entry["size_bytes"],
        "dct:license": {"@id": _LICENCE_URLS[contract.licence]},
        "spdx:checksum": {
            "spdx:algorithm": "spdx:checksumAlgorithm_sha256",
            "spdx:checksumValue": entry["sha256"],
        },
    }
