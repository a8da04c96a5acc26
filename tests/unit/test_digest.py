"""Parquet, CSV and a plain reckoning by hand give one digest; the smallest edit another."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.certify.measuring import verifier
from etl.contract.model import Contract
from etl.convert.schema import published_dtype
from etl.convert.writing import write_csv, write_parquet
from etl.digest import (
    TableDigest,
    digest_csv,
    digest_parquet,
    published_columns,
    quoted,
)
from tests.unit.validate.tables import contract_of

EVERY_TYPE = contract_of(
    {"name": "text"},
    {"name": "at", "type": "integer"},
    {"name": "year", "type": "year"},
    {"name": "price", "type": "number", "decimals": 2},
    {"name": "whole", "type": "number", "decimals": 0},
    {"name": "is_open", "type": "boolean"},
    {"name": "day", "type": "date"},
    {"name": "moment", "type": "datetime"},
    {"name": "clock", "type": "time"},
    {"name": "month", "type": "yearmonth"},
)
NOTHING = (None,) * 10
FULL = (
    "마당",
    -1,
    2026,
    Decimal("-0.50"),
    Decimal(7),
    True,
    date(2026, 11, 25),
    datetime(2026, 11, 25, 3, 4, 5, 600, UTC),
    time(9, 30, 15),
    "2026-11",
)


def write(folder: Path, contract: Contract, rows: list[tuple[object, ...]]) -> tuple[Path, Path]:
    schema = {field.name: published_dtype(field) for field in contract.published_fields}
    parquet, csv = folder / "data.parquet", folder / "data.csv"
    write_parquet(pl.LazyFrame(rows, schema, orient="row"), contract, parquet)
    write_csv(parquet, contract, csv)
    return parquet, csv


def digests(folder, contract, rows) -> tuple[TableDigest, TableDigest]:
    parquet, csv = write(folder, contract, rows)
    columns = published_columns(contract)
    with verifier(folder) as connection:
        return (
            digest_parquet(connection, parquet, columns),
            digest_csv(connection, csv, columns),
        )


def spell(value: object, kind: str, decimals: int | None) -> str:
    """Write one value of the canonical record."""
    if value is None:
        return ""
    if kind in ("string", "yearmonth"):
        return '"' + str(value).replace('"', '""') + '"'
    if isinstance(value, Decimal):
        exact = value.quantize(Decimal(1).scaleb(-(decimals or 0)))
        return f"{exact or abs(exact):f}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):{value.year:04d}-%m-%dT%H:%M:%S.%fZ}"
    return value.isoformat() if isinstance(value, date | time) else str(value)


def reckon(contract: Contract, rows: list[tuple[object, ...]]) -> TableDigest:
    """Compute the digest as the documentation says, without any engine."""
    kinds = [(field.published_type, field.decimals) for field in contract.published_fields]
    total = 0
    for row in rows:
        record = ",".join(
            spell(value, *kind) for value, kind in zip(row, kinds, strict=True)
        ).encode()
        total += int.from_bytes(hashlib.sha256(record).digest()[:8], "big")
    return TableDigest(len(rows), total % 2**64)


def with_value(name: str, value: object) -> tuple[object, ...]:
    names = [field.name for field in EVERY_TYPE.fields]
    return tuple(value if name == other else None for other in names)


def test_a_known_number(tmp_path):
    """Reckoned once with sha256sum; a change here breaks every certificate ever signed."""
    known = TableDigest(2, 4365463948942005243)

    assert digests(tmp_path, EVERY_TYPE, [FULL, NOTHING]) == (known, known)
    assert reckon(EVERY_TYPE, [FULL, NOTHING]) == known


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([], id="an empty table"),
        pytest.param([NOTHING], id="a row of nothing"),
        pytest.param([FULL, FULL], id="repeated rows count"),
        *(
            pytest.param([with_value("text", text)], id=f"text {label}")
            for label, text in {
                "with marks": 'say "at"',
                "that is a mark": '"',
                "that is two marks": '""',
                "with a delimiter": "a,b",
                "with a line break": "a\nb",
                "with CRLF": "a\r\nb",
                "with a lone CR": "a\rb",
                "that looks missing": "NULL",
                "with a backslash": "\\",
                "with a blank": " ",
                "beyond the first plane": "👩‍👩‍👧 𠀀",
                "decomposed": "\u1100\u1161",
                "with odd line ends": "a\u2028b\x85c\x0bd\x0c",
                "with a BOM": "\ufeffa",
                "like a comment": "#a",
                "like a formula": "=1+1",
                "of 100,000 characters": "x" * 100_000,
            }.items()
        ),
        pytest.param([with_value("at", 2**63 - 1), with_value("at", -(2**63))], id="64 bits"),
        pytest.param([with_value("price", Decimal("-0.00"))], id="negative zero is zero"),
        pytest.param([with_value("price", Decimal("-0.01"))], id="a negative fraction"),
        pytest.param([with_value("price", Decimal("9999999999999999.99"))], id="18 digits"),
        pytest.param([with_value("whole", Decimal(-5))], id="no decimals"),
        pytest.param([with_value("year", 1), with_value("year", 9999)], id="years"),
        pytest.param(
            [with_value("day", date(1, 1, 1)), with_value("day", date(9999, 12, 31))], id="days"
        ),
        pytest.param([with_value("day", date(1582, 10, 10))], id="a day no calendar had"),
        pytest.param(
            [
                with_value("moment", datetime(1, 1, 1, tzinfo=UTC)),
                with_value("moment", datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)),
                with_value("moment", datetime(1899, 12, 31, 23, 59, 59, 1, UTC)),
            ],
            id="moments",
        ),
        pytest.param(
            [with_value("clock", time(0)), with_value("clock", time(23, 59, 59))], id="clock"
        ),
    ],
)
def test_files_and_hand_agree(tmp_path, rows):
    assert digests(tmp_path, EVERY_TYPE, rows) == (reckon(EVERY_TYPE, rows),) * 2


@pytest.mark.parametrize("kind", ["string", "integer"])
@pytest.mark.parametrize("count", [1, 3])
def test_a_single_column_of_nothing_is_rows_and_not_blank_lines(tmp_path, kind, count):
    contract = contract_of({"name": "only", "type": kind})
    rows = [(None,)] * count

    assert digests(tmp_path, contract, rows) == (reckon(contract, rows),) * 2


ROWS = st.tuples(
    st.none()
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1),
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.integers(1, 9999),
    st.none() | st.decimals(-(10**15), 10**15, places=2),
    st.none() | st.integers(-(10**17), 10**17).map(Decimal),
    st.none() | st.booleans(),
    st.none() | st.dates(),
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.none() | st.integers(0, 86_399).map(lambda s: time(s // 3600, s // 60 % 60, s % 60)),
    st.none() | st.dates().map(lambda day: day.isoformat()[:7]),
)


@settings(max_examples=50)
@given(rows=st.lists(ROWS, max_size=5))
@example(rows=[NOTHING, FULL])
def test_any_rows_agree(tmp_path_factory, rows):
    expected = reckon(EVERY_TYPE, rows)

    assert digests(tmp_path_factory.getbasetemp(), EVERY_TYPE, rows) == (expected, expected)


def test_order_does_not_matter(tmp_path):
    rows = [with_value("at", number) for number in range(50)]
    before = digests(tmp_path, EVERY_TYPE, rows)

    random.Random(1).shuffle(rows)

    assert digests(tmp_path, EVERY_TYPE, rows) == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(b"0.50", b"0.5", id="a zero less"),
        pytest.param(b"0.50", b"0.500", id="a zero more"),
        pytest.param(b"0.50", b"0.51", id="another digit"),
        pytest.param(b"true", b"t", id="another word for true"),
        pytest.param(b",-1,", b",-01,", id="a leading zero"),
        pytest.param(b"2026-11-25,", b"2026-11-26,", id="another day"),
        pytest.param("마당".encode(), "마당 ".encode(), id="a blank more"),
        pytest.param("마당".encode(), b'""', id="an empty text"),
        pytest.param("마당".encode(), b"", id="a text less"),
    ],
)
def test_one_edit_in_the_csv_shows(tmp_path, before, after):
    _, csv = write(tmp_path, EVERY_TYPE, [FULL])
    content = csv.read_bytes()
    assert before in content

    csv.write_bytes(content.replace(before, after))

    with verifier(tmp_path) as connection:
        found = digest_csv(connection, csv, published_columns(EVERY_TYPE))
    assert found != reckon(EVERY_TYPE, [FULL])


def test_the_session_zone_does_not_matter(tmp_path):
    parquet, _ = write(tmp_path, EVERY_TYPE, [FULL])
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'Asia/Seoul'")

        found = digest_parquet(connection, parquet, published_columns(EVERY_TYPE))

    assert found == reckon(EVERY_TYPE, [FULL])


def test_a_large_csv_with_line_breaks_in_cells_is_read_whole(tmp_path):
    contract = contract_of({"name": "a"}, {"name": "b"})
    rows = [
        (f'{number}\n"{number}', "x" * 480 if number % 3 else None) for number in range(100_000)
    ]

    parquet, csv = digests(tmp_path, contract, rows)

    assert (tmp_path / "data.csv").stat().st_size > 30 << 20
    assert parquet == csv == reckon(contract, rows)


def test_a_record_may_be_as_long_as_extract_lets_it_be(tmp_path):
    contract = contract_of({"name": "a"}, {"name": "b"})
    rows = [("x" * (8 << 20), None), ('"\n' * (3 << 20), "y"), ("z", "z")]

    assert digests(tmp_path, contract, rows) == (reckon(contract, rows),) * 2


def test_only_published_columns_count(tmp_path):
    contract = contract_of({"name": "name", "role": "direct-identifier"}, {"name": "ward"})

    assert [column.name for column in published_columns(contract)] == ["ward"]


@pytest.mark.parametrize(
    ("name", "identifier"), [("at", '"at"'), ('say "at"', '"say ""at"""'), ("면적", '"면적"')]
)
def test_every_identifier_is_quoted(name, identifier):
    assert quoted(name) == identifier


@pytest.mark.parametrize("name", ["out [1]", "out*", "what?", "{x}", "it's"])
def test_a_folder_may_have_any_name(tmp_path, name):
    for other in ("out 1", "outer", "whats"):
        (tmp_path / other).mkdir()
        write(tmp_path / other, EVERY_TYPE, [NOTHING, NOTHING])
    folder = tmp_path / name
    folder.mkdir()

    assert digests(folder, EVERY_TYPE, [FULL]) == (reckon(EVERY_TYPE, [FULL]),) * 2
