"""Small contracts and landed tables for the tests of the validate step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from etl.contract.model import Contract
from etl.validate.checking import check_table
from etl.validate.issues import log_issues
from etl.validate.places import Places
from etl.validate.reporting import Report

CANARY = "카나리아-8f3a1c"
TODAY = date(2026, 11, 25)


def contract_of(*fields: dict[str, object], **keys: object) -> Contract:
    """Build a contract around fields; a field needs `name` and may give anything else."""
    return Contract.model_validate(
        {
            "format": 1,
            "version": 1,
            "title": {"ko": "마당 시험", "en": "Yard test"},
            "description": {"ko": "시험"},
            "steward": "시험과",
            "licence": "kogl-1",
            "theme": "transport",
            "frequency": "P1M",
            "source": {"folder": {}},
            "disclosure": {"level": "public"},
            "fields": [_field(**field) for field in fields],
            "privacy": {"unit": "none"},
            "approval": "none",
        }
        | keys
    ).named("test-yard", "0" * 64)


def _field(name: str, **keys: object) -> dict[str, object]:
    return {"name": name, "title": {"ko": f"{name} 열"}, "type": "string", "role": "open"} | keys


def landed(**columns: list[str]) -> pl.LazyFrame:
    """Return rows as extract leaves them; the first record of data stands in row 2."""
    rows = len(next(iter(columns.values())))
    return pl.LazyFrame(
        {"_row": range(2, rows + 2), **columns},
        schema={"_row": pl.Int64, **dict.fromkeys(columns, pl.String)},
    )


def report_on(
    rows: pl.LazyFrame,
    contract: Contract,
    ragged: Sequence[int] = (),
    places: Places | None = None,
) -> Report:
    """Check rows, and return what their department is told."""
    checked = check_table(rows, contract, {}, gx_max_rows=0)
    where = places or Places.in_order(contract)
    log = log_issues(checked, rows, contract, where, TODAY).collect().lazy()
    return Report.build(checked, contract, log, where, ragged)
