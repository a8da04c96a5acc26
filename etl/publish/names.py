"""Names and ids in the catalogue; all follow from the dataset's name alone."""

from __future__ import annotations

import uuid

NAMESPACE = uuid.UUID("6f0b3c1e-8f0e-5a57-9d64-3a1f0c6b7e21")  # drawn once; never change it

RELEASE_FILES = ("data.parquet", "data.csv", "dictionary.csv", "certificate.json", "record.jsonld")


def parquet_resource_id(dataset: str) -> str:
    """Return the id of the resource that is the Parquet file."""
    return str(uuid.uuid5(NAMESPACE, f"{dataset}/parquet"))


def csv_resource_id(dataset: str) -> str:
    """Return the id of the resource that is the CSV file and the table.

    Examples:
        >>> csv_resource_id("city-parks") == csv_resource_id("city-parks")
        True
    """
    return str(uuid.uuid5(NAMESPACE, f"{dataset}/csv"))


def page_url(catalogue_url: str, dataset: str) -> str:
    """Return the address of a dataset's page."""
    return f"{catalogue_url.rstrip('/')}/dataset/{dataset}"


def file_url(catalogue_url: str, dataset: str, release: str, file_name: str) -> str:
    """Return the lasting address of one file of one release."""
    return f"{page_url(catalogue_url, dataset)}/release/{release}/{file_name}"
