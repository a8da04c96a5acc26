"""What DuckDB makes coarser is what Polars made coarser, from any level to any later one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import combinations

import duckdb
import polars as pl
import pytest

from etl.anonymise.generalising import generalised_value
from etl.certify.coarsening import Coarsening
from etl.contract.fields import Field
from etl.contract.hierarchies import read_code_lists
from etl.contract.vocabulary import Label

REGIONS = "시군구,권역,시도\n강남구,동남,서울\n종로구,도심,서울\n중구,도심,서울\n동구,원도심,부산\n"
DAYS = [date(1999, 12, 31), date(2000, 1, 1), date(2024, 2, 29), date(2026, 7, 14), None]
PARTS = [{"date_part": part} for part in ("day", "month", "quarter", "year")]


@pytest.mark.parametrize(
    ("kind", "steps", "values"),
    [
        pytest.param(
            "integer",
            [{"band": 5, "bottom": 10, "top": 80}, {"band": 10, "bottom": 10, "top": 80},
             {"band": 20, "top": 80}],
            [0, 9, 10, 37, 79, 80, 81, 104, None],
            id="bands with ends",
        ),
        pytest.param(
            "integer", [{"band": 1}, {"band": 4}, {"band": 8}], [-9, -8, -1, 0, 3, None],
            id="bands below zero",
        ),
        pytest.param("date", [*PARTS, {"years": 5}, {"years": 10}], DAYS, id="dates"),
        pytest.param(
            "datetime", PARTS,
            [datetime(2025, 12, 31, 14, 59, tzinfo=UTC), datetime(2025, 12, 31, 15, 0, tzinfo=UTC)],
            id="moments around midnight in Seoul",
        ),
        pytest.param(
            "string", [{"words": 3}, {"words": 2}, {"words": 1}],
            ["새벽시 마당구 뜰동 1", "새벽시  마당구", "새벽시", "", None], id="leading words",
        ),
        pytest.param(
            "string", [{"keep": 3}, {"keep": 2}, {"keep": 1}],
            ["가나다라", "가", "", "a'b%c", None],
            id="masks",
        ),
        pytest.param(
            "string", [{"table": "regions", "column": name} for name in ("권역", "시도")],
            ["강남구", "중구", "동구", None], id="a code list",
        ),
    ],
)  # fmt: skip
def test_a_coarser_value_follows_from_a_finer_one(tmp_path, kind, steps, values):
    (tmp_path / "hierarchies").mkdir()
    (tmp_path / "hierarchies/regions.csv").write_text(REGIONS, encoding="utf-8")
    lists = read_code_lists(tmp_path, ["regions"])
    field = Field.model_validate(
        {"name": "q", "title": Label(ko="큐"), "type": kind, "role": "quasi-identifier",
         "hierarchy": {"steps": steps, "floor": 0}}
    )  # fmt: skip
    raw = pl.DataFrame({"q": values})
    written = [
        raw.select(generalised_value(field.at_level(level), "Asia/Seoul", lists))
        for level in range(len(field.levels))
    ]

    for low, high in combinations(range(len(written)), 2):
        way = Coarsening.between(field.at_level(low), field.at_level(high))
        expression = way.expression("Asia/Seoul", tmp_path / "hierarchies")
        written[low].write_parquet(tmp_path / "finer.parquet")
        found = duckdb.sql(
            f"SELECT {expression} AS q FROM read_parquet('{tmp_path}/finer.parquet')"
        ).fetchall()
        wanted = written[high]["q"].cast(pl.String).to_list()
        assert [value for (value,) in found] == wanted, (low, high)
