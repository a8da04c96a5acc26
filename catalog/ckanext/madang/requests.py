"""What callers may send, checked before anything is done."""

from __future__ import annotations

import re
from typing import Any

import ckan.plugins.toolkit as tk
from ckanext.madang.digest import TableDigest
from ckanext.madang.names import FILES, is_release, table_name
from ckanext.madang.release_tables import Field, Load

_SQL_TYPE = re.compile(r"text|int8|bool|date|timestamptz|time|numeric\((\d{1,4}),(\d{1,4})\)")
_NAME_BYTES = 63
"""PostgreSQL cuts longer identifiers, silently."""


def _matching(pattern: str, what: str) -> Any:
    def check(value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise tk.Invalid(f"Must be {what}.")
        return value

    return check


def _release(value: Any) -> str:
    if not isinstance(value, str) or not is_release(value):
        raise tk.Invalid("Must be a release name such as 20261125-1.")
    return value


def _file_name(value: Any) -> str:
    if value not in FILES:
        raise tk.Invalid(f"Must be one of {', '.join(FILES)}.")
    return value


_SHA256 = _matching(r"[0-9a-f]{64}", "a SHA-256 in lower-case hexadecimal")
_DIGITS = _matching(r"\d{1,20}", "a decimal number of at most 20 digits, as text")
_SLUG = _matching(r"[a-z0-9_]{2,100}", "2 to 100 lower-case letters, digits or underscores")


def _check(schema: dict[str, list[Any]], data_dict: dict[str, Any]) -> dict[str, Any]:
    data, errors = tk.navl_validate(data_dict, schema)
    if errors:
        raise tk.ValidationError(errors)
    return data


def check_file_put(data_dict: dict[str, Any]) -> dict[str, Any]:
    """Return the checked request of `madang_release_file_put`."""
    needed, whole, optional = map(
        tk.get_validator, ("not_empty", "natural_number_validator", "ignore_missing")
    )
    schema = {
        "package_id": [needed, tk.get_validator("unicode_safe")],
        "release": [needed, _release],
        "file_name": [needed, _file_name],
        "sha256": [needed, _SHA256],
        "size_bytes": [needed, whole],
        "upload": [optional],
    }
    return _check(schema, data_dict)


def check_table_load(data_dict: dict[str, Any]) -> tuple[str, str, Load]:
    """Return resource id, release and the table to make, of `madang_release_table_load`."""
    needed, whole = map(tk.get_validator, ("not_empty", "natural_number_validator"))
    schema = {
        "resource_id": [needed, tk.get_validator("uuid_validator")],
        "release": [needed, _release],
        "sha256": [needed, _SHA256],
        "rows": [needed, whole],
        "digest": [needed, _DIGITS],
    }
    data = _check(schema, {key: data_dict.get(key) for key in schema})
    fields = _fields(data_dict.get("fields"))
    load = Load(
        table_name(data["resource_id"], data["release"]),
        fields,
        _indexes(data_dict.get("indexes") or [], {field.name for field in fields}),
        data["sha256"],
        TableDigest(data["rows"], data["digest"]),
    )
    return data["resource_id"], data["release"], load


def _fields(value: Any) -> list[Field]:
    if not isinstance(value, list) or not value:
        raise tk.ValidationError({"fields": ["Must be a list of at least one field."]})
    fields = [_field(item) for item in value]
    if len({field.name for field in fields}) < len(fields):
        raise tk.ValidationError({"fields": ["Two fields have the same id."]})
    return fields


def _field(item: Any) -> Field:
    if not isinstance(item, dict) or not all(isinstance(v, str) for v in item.values()):
        raise tk.ValidationError({"fields": ["A field has id, type, label and notes, all text."]})
    field = Field(
        item.get("id", ""), item.get("type", ""), item.get("label", ""), item.get("notes", "")
    )
    _check_name(field.name)
    if not _SQL_TYPE.fullmatch(field.sql_type):
        raise tk.ValidationError({"fields": [f"{field.name}: type {field.sql_type} is not known."]})
    return field


def _check_name(name: str) -> None:
    is_fit = 0 < len(name.encode()) <= _NAME_BYTES and name.isprintable()
    if not is_fit or name != name.strip() or name.startswith("_") or '"' in name:
        raise tk.ValidationError(
            {"fields": [f"{name[:_NAME_BYTES]}: not a name for a column (63 bytes, no quote)."]}
        )


def _indexes(value: Any, names: set[str]) -> list[list[str]]:
    is_list = isinstance(value, list) and all(isinstance(item, list) and item for item in value)
    if not is_list or not all(set(item) <= names for item in value):
        raise tk.ValidationError({"indexes": ["Must be a list of lists of field ids."]})
    return value


def check_organization(data_dict: dict[str, Any]) -> dict[str, Any]:
    """Return the checked request of `madang_organization_ensure`."""
    needed, text, optional = map(tk.get_validator, ("not_empty", "unicode_safe", "ignore_missing"))
    schema = {
        "name": [needed, _SLUG],
        "title": [needed, text],
        "title_translated": [optional],
    }
    return _check(schema, data_dict)


def check_drift(data_dict: dict[str, Any]) -> dict[str, Any]:
    """Return the checked request of `madang_drift`."""
    optional, whole, flag = map(
        tk.get_validator, ("ignore_missing", "natural_number_validator", "boolean_validator")
    )
    schema = {
        "repair": [tk.get_validator("default")(False), flag],
        "settled_seconds": [optional, whole],
    }
    return _check(schema, data_dict)
