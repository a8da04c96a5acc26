"""Bring the catalogue from whatever state it is in to one release.

Ask, do, read back. Every thing has a deterministic name, so repeating needs no memory of the
run before: everything up to the flip is invisible to visitors, the flip is one commit, and
what follows may fail without harm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etl.contract.model import Contract
from etl.contract.vocabulary import Label
from etl.errors import CatalogueRejectedError, CatalogueUnavailableError
from etl.publish.ckan import Catalogue
from etl.publish.names import csv_resource_id, page_url, parquet_resource_id
from etl.publish.record import (
    NO_RELEASE,
    Distribution,
    dataset_fields,
    first_record,
    resource_fields,
    table_fields,
)

ID_PREFIX = 8  # characters of a resource id that `package_revise` wants at least


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A certified release, ready to be shown.

    Attributes:
        contract: The dataset.
        organisation: The supplying organisation's title.
        name: `YYYYMMDD-n`.
        reference_date: ISO date; empty when the contract names none.
        rows: Rows of the table.
        digest: Certified table digest.
        files: Local paths of all files of the release, by name.
        distributions: The two downloadable ones, certified.
        quality: Figures of the certificate.
    """

    contract: Contract
    organisation: Label
    name: str
    reference_date: str
    rows: int
    digest: str
    files: Mapping[str, Path]
    distributions: tuple[Distribution, ...]
    quality: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Switched:
    """What the catalogue shows now.

    Attributes:
        previous: The release before; empty for the first.
        url: Page of the dataset.
    """

    previous: str
    url: str


def publish_release(catalogue: Catalogue, visitor: Catalogue, release: Release) -> Switched:
    """Make a release the live one.

    Args:
        catalogue: The site, seen by its publisher.
        visitor: The same site, seen by anybody; what it serves is read back.
        release: Verified by the caller: signature, hashes, approval.

    Raises:
        CatalogueUnavailableError: Repeating can help; the live release is whole.
        CatalogueRejectedError: The catalogue refuses, or holds something else under this name.
    """
    record = _ensure_record(catalogue, release)
    previous = _live_release(record, release.contract)
    if previous != release.name:
        _put_files(catalogue, release)
        _load_table(catalogue, release)
        _flip(catalogue, release, previous)
    _read_back(visitor, release)
    return Switched(
        previous="" if previous == release.name else previous,
        url=page_url(catalogue.url, release.contract.name),
    )


def shown_release(visitor: Catalogue, dataset: str) -> str:
    """Return the release that anybody is shown; empty when there is none."""
    record = visitor.find("package_show", {"id": dataset})
    named = {
        resource.get("release") or NO_RELEASE for resource in (record or {}).get("resources", [])
    }
    return str(named.pop()) if len(named) == 1 else NO_RELEASE


def _ensure_record(catalogue: Catalogue, release: Release) -> dict[str, Any]:
    name = release.contract.name
    organisation = catalogue.call(
        "madang_organization_ensure",
        {
            "name": release.contract.organisation,
            "title": release.organisation.ko,
            "title_translated": release.organisation.model_dump(exclude_none=True),
        },
    )
    record = catalogue.find("package_show", {"id": name})
    if record is None:
        record = _create_record(catalogue, release.contract, organisation["id"])
    _require_ours(record, release.contract)
    return dict(record)


def _create_record(catalogue: Catalogue, contract: Contract, organisation_id: str) -> Any:
    try:
        catalogue.call("package_create", first_record(contract, organisation_id))
    except CatalogueRejectedError:
        record = catalogue.find("package_show", {"id": contract.name})
        if record is None:
            raise
        return record  # another process made it in this moment
    return catalogue.call("package_show", {"id": contract.name})


def _require_ours(record: Mapping[str, Any], contract: Contract) -> None:
    owner = (record.get("organization") or {}).get("name")
    resources = {resource["id"] for resource in record["resources"]}
    expected = {parquet_resource_id(contract.name), csv_resource_id(contract.name)}
    if owner != contract.organisation or resources != expected:
        raise CatalogueRejectedError(
            f"{contract.name}: the catalogue holds another dataset under this name. It was left"
            " as it is. Rename that one, or the contract's file.",
            dataset=contract.name,
        )


def _live_release(record: Mapping[str, Any], contract: Contract) -> str:
    """Return the release that both resources name."""
    named = {resource.get("release") or NO_RELEASE for resource in record["resources"]}
    if len(named) != 1:
        raise CatalogueRejectedError(
            f"{contract.name}: the two resources of the record name different releases. Nothing"
            " was changed. Somebody edited the record by hand: restore it from its activities.",
            dataset=contract.name,
        )
    return str(named.pop())


def _put_files(catalogue: Catalogue, release: Release) -> None:
    hashes = {item.file_name: item.sha256 for item in release.distributions}
    for file_name, path in release.files.items():
        facts = _file_facts(path)
        if hashes.get(file_name, facts[0]) != facts[0]:
            raise CatalogueRejectedError(
                f"{release.contract.name}: {file_name} is not the certified file. Nothing was"
                " published; the live release stays. Start a new run.",
                dataset=release.contract.name,
            )
        catalogue.put_file(
            {
                "package_id": release.contract.name,
                "release": release.name,
                "file_name": file_name,
                "sha256": facts[0],
                "size_bytes": facts[1],
            },
            path,
        )


def _load_table(catalogue: Catalogue, release: Release) -> None:
    csv = next(item for item in release.distributions if item.file_name == "data.csv")
    published = {field.name for field in release.contract.published_fields}
    key = [name for name in release.contract.primary_key if name in published]
    catalogue.call(
        "madang_release_table_load",
        {
            "resource_id": csv_resource_id(release.contract.name),
            "release": release.name,
            "fields": table_fields(release.contract),
            "sha256": csv.sha256,
            "rows": release.rows,
            "digest": release.digest,
            "indexes": [key] if key else [],
        },
    )


def _flip(catalogue: Catalogue, release: Release, previous: str) -> None:
    """Change record, files and table in one commit; look first before believing a failure."""
    contract = release.contract
    ids = {"data.parquet": parquet_resource_id(contract.name),
           "data.csv": csv_resource_id(contract.name)}  # fmt: skip
    request: dict[str, Any] = {
        "match": {"name": contract.name},
        "filter": ["-extras"],  # CKAN merges lists by position: a shorter one would keep a tail
        "update": dataset_fields(
            contract, release.name, release.reference_date, catalogue.url, release.quality
        ),
    }
    for item in release.distributions:
        prefix = ids[item.file_name][:ID_PREFIX]
        fields = resource_fields(contract, release.name, item, catalogue.url)
        request[f"match__resources__{prefix}"] = {"release": previous}
        request[f"update__resources__{prefix}"] = fields
    try:
        catalogue.call("package_revise", request)
    except CatalogueUnavailableError:
        record = catalogue.call("package_show", {"id": contract.name})
        if _live_release(record, contract) != release.name:
            raise


def _read_back(visitor: Catalogue, release: Release) -> None:
    """Compare what anybody gets with what was certified.

    The table's digest was compared inside the load's transaction; here the visitor must get
    that very table, by its release and its number of rows.
    """
    name = release.contract.name
    for item in release.distributions:
        served = visitor.hash_file(name, release.name, item.file_name)
        _require_served(name, item.file_name, is_served=served == item.sha256)
    table = visitor.call("datastore_search", {"resource_id": csv_resource_id(name), "limit": 0})
    is_served = (table.get("release"), table.get("total")) == (release.name, release.rows)
    _require_served(name, "the table", is_served=is_served)


def _require_served(dataset: str, what: str, *, is_served: bool) -> None:
    if not is_served:
        raise CatalogueUnavailableError(
            f"{dataset}: {what} is not served to a visitor as it was certified. The release is"
            " switched, the one before keeps its addresses. See the catalogue's log, run again.",
            dataset=dataset,
        )


def _file_facts(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size
