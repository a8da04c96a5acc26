"""The actions that the publisher calls. Each may be repeated: it ends in the same state."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckanext.madang import (
    drift,
    organizations,
    register,
    release_files,
    release_tables,
    requests,
)
from ckanext.madang.auth import act_for_site
from ckanext.madang.names import TABLE_FILE
from ckanext.madang.refusals import Refused


def madang_release_file_put(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Store one file of a release, or tell whether it is there.

    :param package_id: name or id of the dataset
    :param release: name of the release, `YYYYMMDD-n`
    :param file_name: data.parquet, data.csv, dictionary.csv, certificate.json or record.jsonld
    :param sha256: of the file, lower-case hexadecimal
    :param size_bytes: of the file
    :param upload: the bytes (multipart); left out to ask only
    :returns: ``status`` (stored, there, missing), ``sha256``, ``size_bytes``
    """
    asked = requests.check_file_put(data_dict)
    package = _find_package(asked["package_id"])
    tk.check_access("madang_release_file_put", context, {"package_id": package.id})
    status = "there" if _is_there(package.id, asked) else "missing"
    if status == "missing" and asked.get("upload") is not None:
        status = _store(package.id, asked)
    return {"status": status, "sha256": asked["sha256"], "size_bytes": asked["size_bytes"]}


def _find_package(name_or_id: str) -> Any:
    package = model.Package.get(name_or_id)
    if package is None or package.state == model.State.DELETED:
        raise tk.ObjectNotFound("The dataset was not found.")
    return package


def _is_there(package_id: str, asked: dict[str, Any]) -> bool:
    """Tell whether the very file is stored.

    Raises:
        Refused: `release_changed`: another file has this name, or the release is closed.
    """
    release, file_name = asked["release"], asked["file_name"]
    file = register.find_file(package_id, release, file_name)
    if file is not None and file.sha256 != asked["sha256"]:
        raise _changed(f"{file_name} of {release} is stored with another SHA-256.")
    row = register.find_release(package_id, release)
    if file is None and row is not None and row.state != register.STAGED:
        raise _changed(f"{release} is {row.state} and has no {file_name}.")
    path = release_files.file_path(package_id, release, file_name)
    return file is not None and release_files.is_on_disk(path, asked["size_bytes"])


def _changed(what: str) -> Refused:
    return Refused(
        "release_changed",
        f"{what} A release never changes. Nothing was stored. Publish under a new release name.",
    )


def _store(package_id: str, asked: dict[str, Any]) -> str:
    key = package_id, asked["release"], asked["file_name"]
    content = asked["sha256"], asked["size_bytes"]
    if not hasattr(asked["upload"], "stream"):
        raise Refused("upload", "Must be a file of a multipart request. Nothing was stored.")
    register.lock_release(*key[:2])
    if not _is_there(package_id, asked):
        release_files.write_file(asked["upload"].stream, release_files.file_path(*key), *content)
    register.add_file(*key, *content)
    return "stored"


def madang_release_table_load(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Load the table of a release from its stored data.csv and compare it with its certificate.

    :param resource_id: of the resource that shows the table
    :param release: name of the release
    :param fields: list of ``{id, type, label, notes}``; types text, int8, numeric(p,s), bool,
        date, timestamptz, time
    :param sha256: of the stored data.csv
    :param rows: certified number of rows
    :param digest: certified table digest, decimal digits as text
    :param indexes: list of lists of field ids (optional)
    :returns: ``status`` (loaded, there), ``rows``, ``digest``
    """
    resource_id, release, load = requests.check_table_load(data_dict)
    resource = model.Resource.get(resource_id)
    if resource is None:
        raise tk.ObjectNotFound("The resource was not found.")
    tk.check_access("madang_release_table_load", context, {"package_id": resource.package_id})
    _check_source(resource.package_id, release, load.sha256)
    path = release_files.file_path(resource.package_id, release, TABLE_FILE)
    status = release_tables.load_table(load, path)
    _add_preview(resource)
    return {"status": status, "rows": load.digest.rows, "digest": load.digest.value}


def _check_source(package_id: str, release: str, sha256: str) -> None:
    file = register.find_file(package_id, release, TABLE_FILE)
    if file is None:
        raise Refused("file_missing", f"{TABLE_FILE} of {release} was not put. No table was made.")
    if file.sha256 != sha256:
        raise Refused(
            "sha256", f"{TABLE_FILE} of {release} has SHA-256 {file.sha256}. No table was made."
        )


def _add_preview(resource: Any) -> None:
    """Give the resource the site's views for tables, where it has none yet."""
    shown = {"id": resource.id, "package_id": resource.package_id, "datastore_active": True}
    tk.get_action("resource_create_default_resource_views")(
        act_for_site(), {"resource": shown, "create_datastore_views": True}
    )


def madang_organization_ensure(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Return an organisation, made if missing, with the caller as its editor.

    :param name: lower-case letters, digits, underscores
    :param title: for people
    :param title_translated: title by language, kept as extras ``title_<language>`` (optional)
    """
    asked = requests.check_organization(data_dict)
    tk.check_access("madang_organization_ensure", context, asked)
    return organizations.ensure_organization(context, asked)


def madang_drift(context: Any, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Compare the search index with the database, and mend it where asked.

    :param repair: write documents anew and remove orphans (optional, default false)
    :param settled_seconds: leave out datasets changed within this time (optional, default 30)
    :returns: ``missing``, ``stale``, ``orphan``: lists of dataset ids; ``repaired``
    """
    asked = requests.check_drift(data_dict)
    tk.check_access("madang_drift", context, asked)
    found = drift.find_drift(asked.get("settled_seconds", drift.SETTLED_SECONDS))
    if asked["repair"]:
        drift.repair_drift(found)
    return {**found._asdict(), "repaired": asked["repair"]}
