"""What comes out of a supplied file, as text that a reviewer reads."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import polars as pl

from etl.anonymise.anonymising import anonymise_tiers
from etl.contract.codelists import read_code_sets
from etl.contract.loading import find_contract
from etl.contract.model import Contract
from etl.convert.writing import write_csv, write_parquet
from etl.extract.reading import Files, read_supplied
from etl.validate.checking import RULES, Checked, check_table
from etl.validate.reading import read_suites

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent
DATASETS = sorted(folder.parent.name for folder in GOLDEN.glob("*/supplied.csv"))


def make_tables(dataset: str) -> dict[str, str]:
    """Take `supplied.csv` of a dataset the way up to the published file.

    Returns:
        By file name: `published.csv`, what everybody gets, and `quarantine.csv`, the address
        of every row that stays behind, and why. Line ends are LF and there is no mark, so
        that a change shows as a diff.
    """
    contract = find_contract(ROOT / "schemas", dataset)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        supplied = GOLDEN / dataset / "supplied.csv"
        files = Files.within(folder)
        reading = read_supplied(supplied, contract, files)
        rows = pl.scan_parquet(files.rows)
        suites = read_suites(ROOT / "expectations")
        code_sets = read_code_sets(ROOT / "schemas", contract.codelists)
        checked = check_table(rows, contract, suites, gx_max_rows=2_000_000, codelists=code_sets)
        assert reading.records.data == checked.rows
        return {
            "published.csv": _published(checked, contract, folder),
            "quarantine.csv": _quarantine(checked, pl.read_parquet(files.ragged)),
        }


def _published(checked: Checked, contract: Contract, folder: Path) -> str:
    made = anonymise_tiers(checked.accepted, _without_limit(contract))
    if "public" in made.plans:
        contract = contract.at_levels(made.plans["public"].levels)
    write_parquet(made.tables["public"], contract, folder / "data.parquet")
    write_csv(folder / "data.parquet", contract, folder / "data.csv")
    return (folder / "data.csv").read_bytes().decode("utf-8-sig").replace("\r\n", "\n")


def _without_limit(contract: Contract) -> Contract:
    """Let so few rows as a reviewer can read show what is suppressed."""
    if contract.privacy.k is None:
        return contract
    privacy = contract.privacy.model_copy(update={"suppression": 1.0})
    return contract.model_copy(update={"privacy": privacy})


def _quarantine(checked: Checked, ragged: pl.DataFrame) -> str:
    bad = checked.quarantined.select("_row", RULES).collect().rows()
    reasons = {row: "; ".join(sorted(rules)) for row, rules in bad}
    reasons |= {row: f"ragged ({cells} cells)" for row, cells, _, _ in ragged.rows()}
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("row", "reason"))
    writer.writerows(sorted(reasons.items()))
    return text.getvalue()
