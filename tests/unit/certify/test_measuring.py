"""DuckDB measures what Polars wrote, and refuses files with other columns."""

from __future__ import annotations

import traceback
from decimal import Decimal

import polars as pl
import pytest

from etl.certify.measuring import count_between, find_matches, measure_file, verifier
from etl.digest import Column
from etl.errors import DisclosureRiskError, StoreError
from tests.unit.certify.written import measure, write_files
from tests.unit.validate.tables import CANARY, contract_of

PEOPLE = contract_of(
    {"name": "name", "role": "direct-identifier"},
    {"name": "ward", "role": "quasi-identifier"},
    {"name": "at", "type": "integer", "role": "quasi-identifier"},
    privacy={"unit": "person", "unit_key": "none", "k": 2, "suppression": "2%"},
)


def test_facts_of_a_table(tmp_path):
    write_files(tmp_path, PEOPLE, [("북", 1), ("북", 1), (None, None), (None, None), (None, None)])

    table, files = measure(tmp_path, PEOPLE)

    assert table.rows == 5
    assert table.smallest_group == 2
    assert table.nulls == {"ward": 3, "at": 3}
    assert table.columns == (("ward", "VARCHAR"), ("at", "BIGINT"))
    assert table.parquet == table.csv
    assert files["data.csv"].size_bytes == (tmp_path / "data.csv").stat().st_size


@pytest.mark.parametrize(
    ("rows", "smallest"),
    [
        pytest.param([("북", 1)] * 5 + [(None, 1)], 1, id="one missing value is a group of one"),
        pytest.param([(None, None)] * 3, 3, id="missing values are a group"),
        pytest.param([("북", 1)] * 2 + [("북", None)] * 2, 2, id="half missing is another group"),
        pytest.param([], 0, id="an empty table has no group"),
    ],
)
def test_the_smallest_group(tmp_path, rows, smallest):
    write_files(tmp_path, PEOPLE, rows)

    assert measure(tmp_path, PEOPLE)[0].smallest_group == smallest


def add_column(folder, name: str, values: object) -> None:
    parquet = folder / "data.parquet"
    pl.read_parquet(parquet).with_columns(pl.Series(name, values)).write_parquet(parquet)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda f: add_column(f, "name", [CANARY] * 2), id="an identifier in Parquet"),
        pytest.param(lambda f: add_column(f, "index", [0, 1]), id="the position of the row"),
        pytest.param(
            lambda f: (
                pl.read_parquet(f / "data.parquet")
                .select("at", "ward")
                .write_parquet(f / "data.parquet")
            ),
            id="another order in Parquet",
        ),
        pytest.param(
            lambda f: (
                pl.read_parquet(f / "data.parquet").drop("at").write_parquet(f / "data.parquet")
            ),
            id="a column less in Parquet",
        ),
        pytest.param(
            lambda f: (f / "data.csv").write_text(f"\ufeffward,at,name\r\n북,1,{CANARY}\r\n"),
            id="a column more in CSV",
        ),
        pytest.param(
            lambda f: (f / "data.csv").write_text("\ufeffat,ward\r\n1,북\r\n"),
            id="another order in CSV",
        ),
        pytest.param(lambda f: (f / "data.csv").write_bytes(b""), id="an empty CSV"),
        pytest.param(
            lambda f: (f / "data.csv").write_bytes(CANARY.encode("cp949")), id="no UTF-8 at all"
        ),
    ],
)
def test_files_with_other_columns_are_refused(tmp_path, spoil):
    write_files(tmp_path, PEOPLE, [("북", 1), ("북", 1)])
    spoil(tmp_path)

    with pytest.raises(DisclosureRiskError, match="columns which are not exactly") as caught:
        measure(tmp_path, PEOPLE)

    assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(
            lambda f: (f / "data.csv").write_text(f"\ufeffward,at\r\n{CANARY},1,2,3\r\n"),
            id="a row with more cells",
        ),
        pytest.param(
            lambda f: (f / "data.csv").write_bytes(
                b"ward,at\r\n" + b"x" * 10_000 + CANARY.encode("cp949") + b",1\r\n"
            ),
            id="another encoding",
        ),
        pytest.param(
            lambda f: (f / "data.parquet").write_bytes(CANARY.encode()), id="no Parquet at all"
        ),
    ],
)
def test_what_the_engine_cannot_read_is_told_without_its_words(tmp_path, spoil):
    write_files(tmp_path, PEOPLE, [("북", 1), ("북", 1)])
    spoil(tmp_path)

    with pytest.raises(StoreError, match="The verifier failed") as caught:
        measure(tmp_path, PEOPLE)

    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_the_engine_has_no_network_and_no_extensions(tmp_path):
    with pytest.raises(StoreError), verifier(tmp_path) as connection:
        connection.execute("SELECT * FROM read_parquet('https://127.0.0.1:9/x.parquet')")


@pytest.mark.parametrize("name", ["text", "cells", "match", "at", "n", "면적", "Ward"])
def test_no_name_of_a_column_confuses_the_measuring(tmp_path, name):
    contract = contract_of(
        {"name": name, "role": "quasi-identifier"},
        {"name": "other"},
        privacy={"unit": "person", "unit_key": "none", "k": 2, "suppression": "2%"},
    )
    parquet = write_files(tmp_path, contract, [("a1", "x"), ("a1", "y"), ("b", "z"), ("b", None)])

    with verifier(tmp_path) as connection:
        found = find_matches(connection, parquet, Column("other", "string", None), ["[xy]"])
        named = find_matches(connection, parquet, Column(name, "string", None), ["[a-z]"])

    assert sorted(found["[xy]"]) == [(["x"], 1), (["y"], 1)]
    assert sorted(named["[a-z]"]) == [(["a"], 2), (["b"], 2)]
    assert measure(tmp_path, contract)[0].smallest_group == 2


def test_of_decimals_only_the_whole_ones_are_texts(tmp_path):
    contract = contract_of({"name": "n", "type": "number", "decimals": 2})
    values = ["9001011234567.00", "9001011234567.50", "-12.00", "0.00"]
    parquet = write_files(tmp_path, contract, [(Decimal(v),) for v in values] + [(None,)])

    with verifier(tmp_path) as connection:
        found = find_matches(connection, parquet, Column("n", "number", 2), ["^.+$"])

    assert sorted(found["^.+$"]) == [(["-12"], 1), (["0"], 1), (["9001011234567"], 1)]


def test_numbers_within_ranges_are_counted(tmp_path):
    contract = contract_of({"name": "n", "type": "number", "decimals": 4})
    values = ["36.3512", "127.3845", "0.0000", "39.1000"]
    parquet = write_files(tmp_path, contract, [(Decimal(v),) for v in values] + [(None,)])

    with verifier(tmp_path) as connection:
        assert count_between(connection, parquet, "n", [(33, 39), (124, 132)]) == (2, 4)


def test_a_file_is_identified_by_all_of_its_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * (5 << 20))
    (tmp_path / "b").write_bytes(b"x" * ((5 << 20) - 1) + b"y")

    a, b = measure_file(tmp_path / "a"), measure_file(tmp_path / "b")

    assert a.size_bytes == b.size_bytes
    assert a.sha256 != b.sha256
