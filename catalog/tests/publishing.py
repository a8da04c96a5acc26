"""A publisher that speaks to the catalogue call by call, and a release to publish."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from typing import Any

import requests

TIMEOUT_SECONDS = 120
FIELDS = [
    {"id": "id", "type": "int8", "label": "번호", "notes": ""},
    {"id": "name", "type": "text", "label": "이름", "notes": "간판에 적힌 대로"},
    {"id": "fee", "type": "numeric(18,2)", "label": "요금", "notes": ""},
    {"id": "open", "type": "bool", "label": "운영", "notes": ""},
    {"id": "since", "type": "date", "label": "개장일", "notes": ""},
    {"id": "seen", "type": "timestamptz", "label": "확인일시", "notes": ""},
]


@dataclass(frozen=True)
class Answer:
    """Status and document of an answer."""

    status: int
    document: dict[str, Any]

    def result(self) -> Any:
        """Return what a successful call answered."""
        assert self.status == 200, self.document
        return self.document["result"]

    @property
    def error_keys(self) -> set[str]:
        return set(self.document["error"]) - {"__type", "message"}


class Caller:
    """Somebody who calls actions: with a token or, without one, an anonymous visitor."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url
        self.headers = {"Authorization": token} if token else {}

    def call(self, action: str, **arguments: Any) -> Answer:
        """Call an action with JSON."""
        response = requests.post(
            f"{self.url}/api/3/action/{action}",
            json=arguments,
            headers=self.headers,
            timeout=TIMEOUT_SECONDS,
        )
        return Answer(response.status_code, _document(response))

    def upload(self, action: str, content: bytes, **arguments: Any) -> Answer:
        """Call an action with a file."""
        response = requests.post(
            f"{self.url}/api/3/action/{action}",
            data=arguments,
            files={"upload": ("upload", content)},
            headers=self.headers,
            timeout=TIMEOUT_SECONDS,
        )
        return Answer(response.status_code, _document(response))

    def get(self, path: str, **headers: str) -> requests.Response:
        """Get an address of the site."""
        url = path if path.startswith("http") else f"{self.url}{path}"
        return requests.get(url, headers={**self.headers, **headers}, timeout=TIMEOUT_SECONDS)


def _document(response: requests.Response) -> dict[str, Any]:
    try:
        return response.json()
    except requests.JSONDecodeError:
        return {"error": {"__type": "not JSON"}}


@dataclass(frozen=True)
class Release:
    """Files and certified figures of one release."""

    name: str
    csv: bytes
    rows: int
    digest: str
    parquet: bytes = field(default=b"PAR1 stands for a Parquet file")

    @property
    def files(self) -> dict[str, bytes]:
        return {"data.parquet": self.parquet, "data.csv": self.csv}


def make_release(name: str, rows: int = 3, mark: str = "가") -> Release:
    """Make a release whose every row says which release it is of."""
    records = [_record(number, mark) for number in range(rows)]
    csv = "\ufeff" + ",".join(item["id"] for item in FIELDS) + "\r\n"
    csv += "".join(record + "\r\n" for record in records)
    digest = sum(_row_digest(record) for record in records) % 2**64
    return Release(name, csv.encode(), rows, str(digest), b"PAR1" + mark.encode())


def _record(number: int, mark: str) -> str:
    fee = "" if number % 7 == 3 else f"{number * 1.5:.2f}"
    name = f'"{mark} ""{number}"", 주차장"'
    seen = f"2026-11-25T01:02:03.{number % 1000:06d}Z"
    return (
        f"{number},{name},{fee},{str(number % 2 == 0).lower()},2026-01-{number % 28 + 1:02d},{seen}"
    )


def _row_digest(record: str) -> int:
    return int.from_bytes(hashlib.sha256(record.encode()).digest()[:8], "big")


class Dataset:
    """A dataset of the tests and the way its releases take."""

    def __init__(self, publisher: Caller, organization: str) -> None:
        self.publisher = publisher
        self.name = f"{organization}-{uuid.uuid4().hex[:12]}"
        self.organization = organization
        self.parquet_id, self.csv_id = str(uuid.uuid4()), str(uuid.uuid4())

    def create(self, **fields: Any) -> Answer:
        """Create the record: private, two resources, no release."""
        resources = [
            {
                "id": self.parquet_id,
                "name": "Parquet",
                "format": "Parquet",
                "url": "",
                "release": "",
            },
            {"id": self.csv_id, "name": "CSV", "format": "CSV", "url": "", "release": ""},
        ]
        record = {"title": "시험 주차장", "owner_org": self.organization, "private": True}
        return self.publisher.call(
            "package_create", **{"name": self.name, "resources": resources, **record, **fields}
        )

    def file_facts(self, release: Release, file_name: str) -> dict[str, Any]:
        """Return what `madang_release_file_put` wants to know of a file."""
        content = release.files[file_name]
        return {
            "package_id": self.name,
            "release": release.name,
            "file_name": file_name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "size_bytes": len(content),
        }

    def put(self, made: Release, of: str, **changes: Any) -> Answer:
        """Put a file of the release."""
        facts = self.file_facts(made, of) | changes
        return self.publisher.upload("madang_release_file_put", made.files[of], **facts)

    def put_all(self, release: Release) -> list[str]:
        """Put all files and return what the catalogue answered."""
        return [self.put(release, name).result()["status"] for name in release.files]

    def load(self, release: Release, **changes: Any) -> Answer:
        """Load the table of the release."""
        asked = {
            "resource_id": self.csv_id,
            "release": release.name,
            "fields": FIELDS,
            "sha256": hashlib.sha256(release.csv).hexdigest(),
            "rows": release.rows,
            "digest": release.digest,
            "indexes": [["id"]],
        }
        return self.publisher.call("madang_release_table_load", **{**asked, **changes})

    def flip(self, release: Release, old: str = "", **changes: Any) -> Answer:
        """Make the record name the release."""
        parquet, csv = self.parquet_id[:8], self.csv_id[:8]
        table = {"table": "release", "datastore_active": True}
        request = {
            "match": {"name": self.name},
            f"match__resources__{parquet}": {"release": old},
            f"match__resources__{csv}": {"release": old},
            f"update__resources__{parquet}": self._resource(release, "data.parquet"),
            f"update__resources__{csv}": self._resource(release, "data.csv") | table,
            "update": {"private": False},
        }
        return self.publisher.call("package_revise", **{**request, **changes})

    def _resource(self, release: Release, file_name: str) -> dict[str, Any]:
        facts = self.file_facts(release, file_name)
        return {
            "release": release.name,
            "url": self.publisher.url + self.file_path(release.name, file_name),
            "hash": facts["sha256"],
            "size": facts["size_bytes"],
        }

    def file_path(self, release: str, file_name: str) -> str:
        """Return the address of a file, below the site."""
        return f"/dataset/{self.name}/release/{release}/{file_name}"

    def publish(self, release: Release, old: str = "") -> None:
        """Take the whole way."""
        self.put_all(release)
        self.load(release).result()
        self.flip(release, old).result()
