"""Names and ids in the catalogue follow from the dataset's name alone, for ever."""

from __future__ import annotations

from etl.publish.names import csv_resource_id, file_url, page_url, parquet_resource_id


def test_ids_are_those_that_were_given_once():
    assert parquet_resource_id("city-parks") == "41aa376e-462b-51b3-9ef2-1d5b3e7c33bc"
    assert csv_resource_id("city-parks") == "5d5b87e2-51a6-558e-b760-6d2f3dcc3449"


def test_addresses():
    assert (
        page_url("http://data.example/", "city-parks") == "http://data.example/dataset/city-parks"
    )
    assert file_url("http://data.example", "city-parks", "20261125-1", "data.csv") == (
        "http://data.example/dataset/city-parks/release/20261125-1/data.csv"
    )
