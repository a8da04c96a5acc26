"""What must not be told is told nowhere: a marker in cells and names stays in restricted places."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from live_catalogue import Visitor
from live_stack import LiveStack
from supplied import PARKS, ROWS, encoded

from etl.intake.folders import folder_of
from stack.sample_tables import park_rows
from stack.samples import _unissued_number

MARK = f"Zq9marker{uuid.uuid4().hex[:10]}"
RESIDENT_NUMBER = _unissued_number("05", "48213")
RESTRICTED_COLUMNS = ("original_name", "landed_sha256", "kept_as", "content_sha256")
DATABASES = ("airflow", "ckan", "datastore")
FEW, MANY = slice(3, 5), slice(3, 1003)  # below and above the five in a hundred of the contract


@dataclass(frozen=True)
class Planted:
    """A file that holds the marker, and how its run must end."""

    name: str
    content: bytes
    status: str
    owner: str | None


def spoilt(column: str, text: str, rows: slice) -> pl.DataFrame:
    """Return parks with the same text in some rows of a column."""
    is_spoilt = pl.int_range(pl.len()).is_between(rows.start, rows.stop, closed="left")
    chosen = pl.when(is_spoilt).then(pl.lit(text)).otherwise(pl.col(column)).alias(column)
    return park_rows(ROWS, seed=49).with_columns(chosen)


def one_bad_row_of_each_kind() -> bytes:
    """Return a file that is published without the rows that hold the marker."""
    table = park_rows(ROWS, seed=49)
    columns = ("지정고시일", "공원구분", "전화번호", "위도", "관리번호")
    for row, column in enumerate(columns, start=10):
        is_row = pl.int_range(pl.len()) == row
        table = table.with_columns(
            pl.when(is_row).then(pl.lit(f"{MARK} {row}")).otherwise(pl.col(column)).alias(column)
        )
    twice = table.slice(50, 1).with_columns(pl.lit(f"{MARK} 두 번").alias("공원명"))
    lines = encoded(pl.concat([table, twice])).decode("cp949").split("\r\n")
    lines[60] += f",{MARK} 남는 칸"
    return "\r\n".join(lines).encode("cp949")


def planted_files() -> dict[str, Planted]:
    """Return a file for each way in which a run can end."""
    name = f"홍길동 {{{{ 7*7 }}}} {MARK}"
    department, officer = "supplying department", "privacy officer"
    too_many = encoded(spoilt("공원구분", MARK, MANY))
    number = encoded(spoilt("공원보유시설(기타시설)", f"{MARK} {RESIDENT_NUMBER}", FEW))
    columns = encoded(spoilt("공원명", MARK, FEW).drop("공원면적", "데이터기준일자"))
    return {
        "published": Planted(f"{name} 1.csv", one_bad_row_of_each_kind(), "published", None),
        "too many bad rows": Planted(f"{name} 2.csv", too_many, "failed", department),
        "resident number": Planted(f"{name} 3.csv", number, "failed", officer),
        "columns missing": Planted(f"{name} 4.csv", columns, "failed", department),
        "no text": Planted(f"{name} 5.csv", MARK.encode() + b"\x80\xff\x00", "failed", department),
        "empty": Planted(f"{name} 6.csv", b"", "failed", department),
    }


@pytest.fixture(scope="module")
def planted(stack: LiveStack) -> dict[str, Planted]:
    """Drop every file, and wait until all runs have ended."""
    files = planted_files()
    for file in files.values():
        stack.drop(PARKS, file.name, file.content)
    for file in files.values():
        stack.wait_for_run(file.name)
    return files


@pytest.fixture(scope="module")
def secrets(planted: dict[str, Planted]) -> tuple[str, ...]:
    """Return what must be found nowhere: the marker, the number, the hashes of supplied bytes."""
    hashes = [hashlib.sha256(file.content).hexdigest() for file in planted.values()]
    return (MARK, RESIDENT_NUMBER, RESIDENT_NUMBER.replace("-", ""), *hashes)


def test_every_planted_file_ends_as_it_must(stack: LiveStack, planted: dict[str, Planted]) -> None:
    ends = {why: stack.wait_for_run(file.name) for why, file in planted.items()}

    assert {why: (run.status, run.owner) for why, run in ends.items()} == {
        why: (file.status, file.owner) for why, file in planted.items()
    }
    for why, run in ends.items():
        told = folder_of(stack.settings.intake, PARKS) / f"{planted[why].name}.receipt.txt"
        where = "accepted" if why in ("published", "resident number") else "returned"
        assert where in told.read_text(encoding="utf-8-sig"), why
        if why != "published":
            assert run.reason, why
            assert "live" in run.reason or "returned" in run.reason, run.reason


def test_no_file_of_the_stack_tells_it(
    stack: LiveStack, planted: dict[str, Planted], secrets: tuple[str, ...]
) -> None:
    store = Path(stack.settings.store)
    landed = list(files_below(store / "landing", ()))
    assert any(MARK.encode() in file.read_bytes() for file in landed), "nothing was planted"
    excepted = (
        stack.settings.state / "pg",  # its content is looked at as dumps
        store / "landing",
        store / "restricted",
        stack.settings.intake,  # the departments' own
    )

    searched = list(files_below(stack.settings.state, excepted))
    telling = {
        str(file.relative_to(stack.settings.state)): found
        for file in searched
        if (found := told_in(file.read_bytes(), secrets))
    }

    assert telling == {}
    logs = [file for file in searched if file.is_relative_to(stack.settings.logs)]
    assert any(PARKS.encode() in file.read_bytes() for file in logs), "no log was searched"


@pytest.mark.parametrize("database", DATABASES)
def test_no_database_of_airflow_and_ckan_tells_it(
    stack: LiveStack, secrets: tuple[str, ...], database: str
) -> None:
    dump = stack.dump(database).encode()

    assert len(dump) > 10_000, "an empty dump would prove nothing"
    assert told_in(dump, secrets) == []


def test_the_ledger_tells_it_in_restricted_columns_only(
    stack: LiveStack, secrets: tuple[str, ...]
) -> None:
    tables = [
        name
        for (name,) in stack.query(
            "madang", "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"
        )
    ]
    rows = [
        (table, row)
        for table in tables
        for (row,) in stack.query("madang", f'SELECT to_jsonb(t) FROM "{table}" t')
    ]

    def text_of(row: dict[str, object], *, restricted: bool) -> bytes:
        chosen = {key: row[key] for key in row if (key in RESTRICTED_COLUMNS) == restricted}
        return json.dumps(chosen, ensure_ascii=False).encode()

    assert any(told_in(text_of(row, restricted=True), secrets) for _, row in rows)
    telling = {table for table, row in rows if told_in(text_of(row, restricted=False), secrets)}
    assert telling == set()


def test_neither_search_index_nor_pages_tell_it(
    stack: LiveStack, visitor: Visitor, secrets: tuple[str, ...]
) -> None:
    index = f"{stack.settings.url('solr')}/solr/ckan/select"
    documents = visitor.get(index, q="*:*", rows=10_000, fl="*").content
    assert PARKS.encode() in documents
    of_dataset = (f"/dataset/{PARKS}", f"/dataset/activity/{PARKS}")
    pages = ("", "/dataset/", *of_dataset, "/organization/parks")

    assert told_in(documents, secrets) == []
    for page in pages:
        answer = visitor.get(page)
        assert answer.ok, page
        assert told_in(answer.content, secrets) == [], page
    found = visitor.get("/dataset/", q=MARK).text.count(f"/dataset/{PARKS}")
    assert found == 0


def test_no_published_file_tells_it(visitor: Visitor, secrets: tuple[str, ...]) -> None:
    release = str(visitor.release(PARKS))

    for name in ("data.csv", "dictionary.csv", "certificate.json", "record.jsonld"):
        assert told_in(visitor.file(PARKS, release, name), secrets) == [], name


def files_below(folder: Path, excepted: tuple[Path, ...]) -> Iterator[Path]:
    """Yield every plain file below a folder, but for some folders."""
    for path in sorted(folder.iterdir()):
        if path in excepted or path.is_symlink():
            continue
        if path.is_dir():
            yield from files_below(path, excepted)
        elif path.is_file():
            yield path


def told_in(content: bytes, secrets: tuple[str, ...]) -> list[str]:
    """Return which secrets a content holds, as text or as a hexadecimal dump of it."""
    return [
        secret
        for secret in secrets
        if secret.encode() in content or secret.encode().hex().encode() in content
    ]
