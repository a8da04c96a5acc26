from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl

from etl.personal.scanning import ColumnFinding, find_personal, scan_columns

TODAY = date(2026, 11, 25)
CANARY = "960121-1021413"


def test_a_column_is_searched_for_every_kind():
    notes = pl.Series([f"{CANARY} 010-1234-5678", "hong@example.com", None, "", "없음"])

    found = find_personal(notes, TODAY)

    assert found == {"resident-number": 1, "mobile-number": 1, "email": 1}


def test_a_clean_column_is_not_mentioned():
    assert find_personal(pl.Series(["042-606-6865", "184-1-000038"]), TODAY) == {}


def test_a_column_without_a_value_is_clean():
    assert find_personal(pl.Series([None, None], dtype=pl.String), TODAY) == {}


def test_whole_numbers_are_searched_as_text():
    table = pl.LazyFrame({"id": [9601211021413, 7, None]})

    assert scan_columns(table, TODAY) == [ColumnFinding("id", "resident-number", 2, 1)]


def test_decimals_are_searched_for_coordinates_alone():
    table = pl.LazyFrame(
        {
            "place": [Decimal("36.3108909500"), Decimal("36.3100000000"), None],
            "size": [Decimal("960121.1021413000"), Decimal("1.0000000000"), None],
        }
    )

    assert scan_columns(table, TODAY) == [ColumnFinding("place", "coordinates", 2, 1)]


def test_one_point_in_korea_is_found_among_points_elsewhere():
    table = pl.LazyFrame({"latitude": [Decimal("51.4778"), Decimal("37.5665"), Decimal("0.0000")]})

    assert scan_columns(table, TODAY) == [ColumnFinding("latitude", "coordinates", 3, 1)]


def test_days_and_truth_values_hold_nothing():
    table = pl.LazyFrame({"born": [TODAY], "is_open": [True]})

    assert scan_columns(table, TODAY) == []


def test_a_table_without_columns_is_clean():
    assert scan_columns(pl.LazyFrame(), TODAY) == []


def test_findings_stand_in_the_order_of_the_columns():
    table = pl.LazyFrame({"b": ["010-1234-5678"], "clean": ["가"], "a": ["010-1234-5678"]})

    assert [finding.column for finding in scan_columns(table, TODAY)] == ["b", "a"]


def test_repeated_cells_are_each_counted():
    table = pl.LazyFrame({"note": ["010-1234-5678"] * 3 + ["010-1111-2222"] * 2})

    assert scan_columns(table, TODAY) == [ColumnFinding("note", "mobile-number", 5, 5)]


def test_a_finding_never_carries_the_value():
    found = scan_columns(pl.LazyFrame({"note": [CANARY]}), TODAY)

    assert found
    assert CANARY not in repr(found)
