"""Names of releases, their files and their tables, and what may be said in them."""

import re
from typing import NamedTuple

FILES = {
    "data.parquet": "application/vnd.apache.parquet",
    "data.csv": "text/csv",
    "dictionary.csv": "text/csv",
    "certificate.json": "application/json",
    "record.jsonld": "application/ld+json",
}
"""The files a release may have, and the media type each is served with."""

TABLE_FILE = "data.csv"
"""The file that a release's table is loaded from."""

_RELEASE = r"\d{8}-[1-9]\d{0,4}"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_RELEASE_NAME = re.compile(_RELEASE)
_TABLE_NAME = re.compile(f"({_UUID})(?:_({_RELEASE}))?")


class TableName(NamedTuple):
    """A resource id, and the release where one is named."""

    resource_id: str
    release: str | None


def is_release(text: str) -> bool:
    """Tell whether `text` is a release name such as `20261125-1`.

    Examples:
        >>> is_release("20261125-1"), is_release("20261125-0"), is_release("../etc")
        (True, False, False)
    """
    return bool(_RELEASE_NAME.fullmatch(text))


def table_name(resource_id: str, release: str) -> str:
    """Name the table of one release of one resource.

    At most 51 of PostgreSQL's 63 characters. The name has no dot: `pg_relation_size` and its
    kin would read what stands before a dot as a schema.

    Examples:
        >>> table_name("8a9b6c1e-8f0e-5a57-9d64-3a1f0c6b7e21", "20261125-1")
        '8a9b6c1e-8f0e-5a57-9d64-3a1f0c6b7e21_20261125-1'
    """
    return f"{resource_id}_{release}"


def parse_table_name(text: str) -> TableName | None:
    """Split a resource id or a release table's name; None for anything else.

    Examples:
        >>> parse_table_name("8a9b6c1e-8f0e-5a57-9d64-3a1f0c6b7e21_20261125-1").release
        '20261125-1'
        >>> parse_table_name("_table_metadata") is None
        True
    """
    match = _TABLE_NAME.fullmatch(text)
    return TableName(*match.groups()) if match else None
