"""The catalogue as an anonymous visitor meets it, measured from outside with nothing of ours."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import requests

TIMEOUT_SECONDS = 120
PAGE_ROWS = 1000
RELEASE = re.compile(r"/release/(\d{8}-\d+)/")
WRAP = 2**64

Row = dict[str, str | None]


@dataclass
class Visitor:
    """Somebody without an account."""

    url: str
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, **parameters: Any) -> requests.Response:
        """Return what an address answers, whatever it is."""
        address = path if path.startswith("http") else f"{self.url}{path}"
        return self.session.get(address, params=parameters, timeout=TIMEOUT_SECONDS)

    def call(self, action: str, **arguments: Any) -> Any:
        """Return the result of an action that must succeed; numbers keep their written places."""
        answer = self.get(f"/api/3/action/{action}", **arguments)
        answer.raise_for_status()
        return json.loads(answer.text, parse_float=Decimal)["result"]

    def record(self, dataset: str) -> dict[str, Any] | None:
        """Return a record, None where a visitor sees none."""
        answer = self.get("/api/3/action/package_show", id=dataset)
        if answer.status_code in (403, 404):
            return None
        answer.raise_for_status()
        return dict(answer.json()["result"])

    def release(self, dataset: str) -> str | None:
        """Return the release that a record names."""
        record = self.record(dataset)
        return release_of(record) if record else None

    def file(self, dataset: str, release: str, name: str) -> bytes:
        """Download a file of a release."""
        answer = self.get(f"/dataset/{dataset}/release/{release}/{name}")
        answer.raise_for_status()
        return answer.content

    def table(self, resource_id: str) -> tuple[dict[str, str], list[Row]]:
        """Read a whole table page by page, staying on the release of the first page.

        Returns:
            The type of each column, and the rows as text.
        """
        asked: dict[str, Any] = {"resource_id": resource_id, "sort": "_id", "limit": PAGE_ROWS}
        rows: list[Row] = []
        while True:
            page = self.call("datastore_search", **asked, offset=len(rows))
            asked["release"] = page["release"]
            types = {one["id"]: one["type"] for one in page["fields"] if one["id"] != "_id"}
            rows += [{name: as_text(row[name]) for name in types} for row in page["records"]]
            if len(rows) >= page["total"]:
                return types, rows


def as_text(value: Any) -> str | None:
    """Return a JSON value as the CSV file writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def release_of(record: dict[str, Any]) -> str:
    """Return the one release that everything in a record names."""
    named = {one["value"] for one in record["extras"] if one["key"] == "release"}
    for one in record["resources"]:
        named |= {one["release"], *RELEASE.findall(one["url"])}
    assert len(named) == 1, f"the record names the releases {sorted(named)}"
    return str(named.pop())


def resource(record: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return the resource of a format: Parquet or CSV."""
    [found] = [one for one in record["resources"] if one["format"] == kind]
    return dict(found)


def sha256(content: bytes) -> str:
    """Return a SHA-256."""
    return hashlib.sha256(content).hexdigest()


def digest(rows: Iterable[Row], types: dict[str, str]) -> tuple[int, int]:
    """Return the number of rows and the sum of their digests, as the certificate defines them.

    Written from the definition alone, so that the pipeline's own SQL is not its own judge.
    """
    count = total = 0
    for row in rows:
        record = ",".join(canonical(row[name], is_text=types[name] == "text") for name in types)
        count += 1
        total += int.from_bytes(hashlib.sha256(record.encode()).digest()[:8], "big")
    return count, total % WRAP


def canonical(value: str | None, *, is_text: bool) -> str:
    """Return a value as the digest takes it: nothing for null, text quoted."""
    if value is None:
        return ""
    return '"' + value.replace('"', '""') + '"' if is_text else value


def csv_rows(content: bytes) -> list[Row]:
    """Return the rows of a published CSV; an empty cell is null."""
    reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return [{name: value or None for name, value in row.items()} for row in reader]


def parquet_rows(path: Path) -> list[Row]:
    """Return the rows of a Parquet file as text."""
    with duckdb.connect() as connection:
        found = connection.execute("SELECT COLUMNS(*)::VARCHAR FROM read_parquet(?)", [str(path)])
        names = [one[0] for one in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def smallest_group(file: Path) -> int:
    """Return the size of the smallest group of equal rows; nulls are values, too.

    Every published column about a person may identify, so all of them make the groups.
    """
    groups = Counter(tuple(row.values()) for row in parquet_rows(file))
    assert groups, "an empty table would prove nothing"
    return min(groups.values())
