"""Small published files for the tests of the release gate, written as the convert step does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from etl.certify.measuring import FileFacts, TableFacts, measure_file, measure_table, verifier
from etl.contract.model import Contract
from etl.convert.schema import published_dtype
from etl.convert.writing import write_csv, write_dictionary, write_parquet
from etl.digest import published_columns
from etl.states import Converted

FILES = ("data.parquet", "data.csv", "dictionary.csv")


def write_files(folder: Path, contract: Contract, rows: Sequence[Sequence[object]]) -> Path:
    """Write the three files of a table; return the Parquet."""
    schema = {field.name: published_dtype(field) for field in contract.published_fields}
    table = pl.LazyFrame(list(rows), schema, orient="row")
    write_parquet(table, contract, folder / "data.parquet")
    write_csv(folder / "data.parquet", contract, folder / "data.csv")
    write_dictionary(contract, folder / "dictionary.csv")
    return folder / "data.parquet"


def measure(folder: Path, contract: Contract) -> tuple[TableFacts, dict[str, FileFacts]]:
    """Measure written files as the gate does."""
    columns = published_columns(contract)
    with verifier(folder) as connection:
        table = measure_table(
            connection,
            folder / "data.parquet",
            folder / "data.csv",
            columns,
            contract.quasi_identifiers,
        )
    return table, {name: measure_file(folder / name) for name in FILES}


def claim(
    contract: Contract, table: TableFacts, files: dict[str, FileFacts], **claims: object
) -> Converted:
    """Return the state that says truly what was written, save for what is given."""
    claimed = {
        "dataset": contract.name,
        "run_id": "a" * 32,
        "contract_sha256": contract.sha256,
        "key": "restricted/x",
        "rows": table.rows,
        "accepted": table.rows,
        "suppressed": 0,
        "held_back": 0,
        "reference_date": "",
        "digest": str(table.parquet.total),
        "parquet_sha256": files["data.parquet"].sha256,
        "csv_sha256": files["data.csv"].sha256,
        "dictionary_sha256": files["dictionary.csv"].sha256,
    }
    return Converted(**claimed | claims)
