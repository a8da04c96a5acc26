"""What the dataset page says of a release, beside CKAN's own."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckanext.madang import register
from ckanext.madang.names import FILES

_SHOWN_ELSEWHERE = ("release", "certificate", "contract_sha256", "title_en", "notes_en")
"""Extras that are for programs, or that the page says better at another place."""


def madang_release(package: dict[str, Any]) -> dict[str, Any] | None:
    """Return the live release with its files; None where the dataset has none."""
    live = {resource.get("release") for resource in package.get("resources", [])} - {None, ""}
    row = register.find_release(package["id"], min(live)) if live else None
    if row is None:
        return None
    files = {file.file_name: file for file in register.list_files(row.package_id, row.release)}
    return {
        "release": row.release,
        "published_at": row.published_at,
        "files": [_describe(package, files[name]) for name in FILES if name in files],
    }


def _describe(package: dict[str, Any], file: register.ReleaseFile) -> dict[str, Any]:
    url = tk.url_for(
        "madang.release_file",
        name=package["name"],
        release=file.release,
        file_name=file.file_name,
    )
    return {
        "name": file.file_name,
        "label": _file_labels()[file.file_name],
        "url": url,
        "size_bytes": file.size_bytes,
        "sha256": file.sha256,
    }


def _file_labels() -> dict[str, str]:
    return {
        "data.parquet": tk._("Data as Parquet"),
        "data.csv": tk._("Data as CSV, opens in Excel"),
        "dictionary.csv": tk._("Data dictionary"),
        "certificate.json": tk._("Certificate of this release"),
        "record.jsonld": tk._("Catalogue record (DCAT)"),
    }


def madang_facts(package: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what the record says beyond CKAN's own fields, as labels and values."""
    extras = {extra["key"]: extra["value"] for extra in package.get("extras", [])}
    labels = _fact_labels()
    known = [key for key in labels if extras.get(key)]
    other = sorted(extras.keys() - labels.keys() - set(_SHOWN_ELSEWHERE))
    return [(labels.get(key, key), _fact_value(key, extras[key])) for key in known + other]


def _fact_labels() -> dict[str, str]:
    return {
        "reference_date": tk._("Reference date"),
        "steward": tk._("Department in charge"),
        "frequency": tk._("Update frequency"),
        "theme": tk._("Theme"),
        "quality_error_rate": tk._("Error rate"),
        "quality_completeness": tk._("Completeness"),
        "quality_uniqueness": tk._("Uniqueness"),
        "contract_name": tk._("Dataset contract"),
        "contract_version": tk._("Contract version"),
    }


def _fact_value(key: str, value: str) -> str:
    if key.startswith("quality_"):
        return f"{float(value):.2%}"
    return _frequencies().get(value, value) if key == "frequency" else value


def _frequencies() -> dict[str, str]:
    return {
        "P1D": tk._("daily"),
        "P1W": tk._("weekly"),
        "P1M": tk._("monthly"),
        "P3M": tk._("quarterly"),
        "P6M": tk._("twice a year"),
        "P1Y": tk._("yearly"),
    }


def translate(package: dict[str, Any]) -> dict[str, Any]:
    """Show title and description in the page's language, where the record has them in it."""
    language = tk.h.lang().partition("_")[0]
    extras = {extra["key"]: extra["value"] for extra in package.get("extras", [])}
    for field in ("title", "notes"):
        package[field] = extras.get(f"{field}_{language}") or package.get(field)
    return package


def madang_is_managed(package: dict[str, Any]) -> bool:
    """Tell whether the dataset has its content from releases."""
    return any("release" in resource for resource in package.get("resources", []))


def madang_is_relaxed() -> bool:
    """Tell whether the search of this page found only some of the words."""
    return bool(getattr(tk.g, "madang_relaxed", False))
