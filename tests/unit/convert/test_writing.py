"""The published files: typed, canonical, and the same bytes for the same table."""

from __future__ import annotations

import csv
import io
import traceback
from datetime import UTC, date, datetime, time
from decimal import Decimal

import polars as pl
import pyarrow.parquet as pq
import pytest

from etl.convert import writing
from etl.convert.writing import write_csv, write_dictionary, write_parquet
from tests.unit.validate.tables import CANARY, contract_of

CONTRACT = contract_of(
    {"name": "text"},
    {"name": "count", "type": "integer"},
    {"name": "price", "type": "number", "decimals": 2},
    {"name": "is_open", "type": "boolean"},
    {"name": "day", "type": "date"},
    {"name": "moment", "type": "datetime"},
    {"name": "clock", "type": "time"},
)
TABLE = pl.LazyFrame(
    {
        "text": ["a", None],
        "count": [1, None],
        "price": pl.Series([Decimal("1.5"), None], dtype=pl.Decimal(18, 2)),
        "is_open": [True, None],
        "day": [date(2026, 11, 25), None],
        "moment": [datetime(2026, 1, 1, tzinfo=UTC), None],
        "clock": [time(9, 5), None],
        "undeclared": [CANARY, CANARY],
    }
)


@pytest.fixture
def files(tmp_path):
    write_parquet(TABLE, CONTRACT, tmp_path / "data.parquet")
    write_csv(tmp_path / "data.parquet", CONTRACT, tmp_path / "data.csv")
    write_dictionary(CONTRACT, tmp_path / "dictionary.csv")
    return tmp_path


def test_the_csv_is_made_for_spreadsheets_and_canonical(files):
    assert (files / "data.csv").read_bytes().decode() == (
        "\ufefftext,count,price,is_open,day,moment,clock\r\n"
        "a,1,1.50,true,2026-11-25,2026-01-01T00:00:00.000000Z,09:05:00\r\n"
        ",,,,,,\r\n"
    )


def test_only_declared_columns_are_in_any_byte_of_the_files(files):
    assert pq.read_schema(files / "data.parquet").names == [f.name for f in CONTRACT.fields]
    assert not any(CANARY.encode() in path.read_bytes() for path in files.iterdir())
    assert not any(b"undeclared" in path.read_bytes() for path in files.iterdir())


def test_the_footer_names_the_contract_and_neither_time_nor_release(files):
    footer = pq.read_metadata(files / "data.parquet").metadata

    assert footer[b"madang.contract"] == b"test-yard"
    assert footer[b"madang.version"] == b"1"
    assert footer.keys() <= {b"madang.contract", b"madang.version", b"ARROW:schema"}


def test_the_same_table_gives_the_same_bytes_however_it_lies_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "ROWS_PER_GROUP", 1000)
    contract = contract_of({"name": "a", "type": "integer"}, {"name": "b"})
    whole = pl.DataFrame({"a": range(20_000)}).with_columns(b=pl.col("a").cast(pl.String))
    pieces = pl.concat([whole[start : start + 700] for start in range(0, 20_000, 700)])
    assert pieces.n_chunks() > 20

    for table, name in ((whole, "whole"), (pieces, "pieces")):
        write_parquet(table.lazy(), contract, tmp_path / f"{name}.parquet")
        write_csv(tmp_path / f"{name}.parquet", contract, tmp_path / f"{name}.csv")

    for kind in ("parquet", "csv"):
        first, second = ((tmp_path / f"{name}.{kind}").read_bytes() for name in ("whole", "pieces"))
        assert first == second
    assert pq.read_metadata(tmp_path / "whole.parquet").num_row_groups == 20


def test_rows_keep_their_order(tmp_path):
    contract = contract_of({"name": "a", "type": "integer"})
    descending = list(range(300_000, 0, -1))

    write_parquet(pl.LazyFrame({"a": descending}), contract, tmp_path / "data.parquet")
    write_csv(tmp_path / "data.parquet", contract, tmp_path / "data.csv")

    assert pl.read_parquet(tmp_path / "data.parquet")["a"].to_list() == descending
    assert (tmp_path / "data.csv").read_text("utf-8-sig").split()[1:] == list(map(str, descending))


def test_a_value_that_does_not_fit_fails_before_it_is_rounded(tmp_path):
    contract = contract_of({"name": "a", "type": "number", "decimals": 0})
    table = pl.LazyFrame({"a": pl.Series([Decimal(10) ** 20], dtype=pl.Decimal(38, 0))})

    with pytest.raises(pl.exceptions.PolarsError):
        write_parquet(table, contract, tmp_path / "data.parquet")


def test_the_dictionary_is_a_csv_of_the_published_columns(files):
    text = (files / "dictionary.csv").read_bytes().decode()
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))

    assert text.startswith("\ufeffname,title_ko,title_en,")
    assert [row["name"] for row in rows] == [field.name for field in CONTRACT.fields]
    assert [row["decimals"] for row in rows if row["type"] == "number"] == ["2"]


def test_text_that_is_no_number_is_not_quoted_in_the_error(tmp_path):
    contract = contract_of({"name": "a", "type": "integer"})

    with pytest.raises(pl.exceptions.PolarsError) as caught:
        write_parquet(pl.LazyFrame({"b": [CANARY]}), contract, tmp_path / "data.parquet")

    assert CANARY not in "".join(traceback.format_exception(caught.value))
