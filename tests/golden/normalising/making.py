"""What normalising makes of the cells of real files: before, after, how often.

One line for each way in which a column writes its values: `plain` cells come out as they stand,
`spelled` ones with the same meaning in another spelling, `nothing` is missing by declaration and
`refused` names why. Where cells differ in digits alone, one stands for all of them.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from etl.contract.codelists import CodeSet, read_code_sets
from etl.contract.model import Contract
from etl.extract.inspecting import inspect_file
from etl.validate.casting import ROW, cast_rows, readable
from etl.validate.checking import check_table
from tests.unit.validate.tables import contract_of

SCHEMAS = Path(__file__).parents[3] / "schemas"
GOLDEN = Path(__file__).with_name("normalised.csv")
HEADER = ("file", "column", "read as", "outcome", "cells", "before", "after")
KOREA = ZoneInfo("Asia/Seoul")
LONGEST = 40

DAY = {"type": "date"}
WHOLE = {"type": "integer"}
MOMENT = {"type": "datetime"}
PHONE = {"format": "phone"}


def number(decimals: int, **keys: Any) -> dict[str, Any]:
    """Declare a field of decimals."""
    return {"type": "number", "decimals": decimals, **keys}


@dataclass(frozen=True, slots=True)
class Case:
    """Columns of a file, and how a contract would declare them.

    Attributes:
        file: Name of the sample.
        columns: Keys of a field by the column's name.
        keys: Keys of the contract; columns are named `a`, `b` … there.
        is_hidden: Whether digits are shown as 9, as in telephone numbers.
    """

    file: str
    columns: Mapping[str, dict[str, Any]]
    keys: Mapping[str, Any]
    is_hidden: bool = False


def case(file: str, column: str, is_hidden: bool = False, **keys: Any) -> Case:  # noqa: FBT001, FBT002
    """Declare one column."""
    return Case(file, {column: keys}, {}, is_hidden)


def pair(file: str, longitude: str, latitude: str, decimals: int, epsg: int) -> Case:
    """Declare two columns of coordinates."""
    grid = {"longitude": "a", "latitude": "b", "epsg": epsg}
    columns = {longitude: number(decimals), latitude: number(decimals)}
    return Case(file, columns, {"coordinates": [grid]})


CASES = (
    case("senior_centers_2020.csv", "establishment", format="partial-date", pivot=30),
    case("seoul_bar_permits_tm_coords.csv", "인허가일자", **DAY),
    case("seoul_bar_permits_tm_coords.csv", "최종수정일자", **MOMENT),
    case("seoul_bar_permits_tm_coords.csv", "데이터갱신일자", **MOMENT),
    case("seoul_bar_permits_tm_coords.csv", "데이터갱신일자", type="date", format="datetime"),
    case("seoul_bar_permits_tm_coords.csv", "소재지면적", **number(2)),
    case("seoul_bar_permits_tm_coords.csv", "다중이용업소여부", type="boolean"),
    case("seoul_bar_permits_tm_coords.csv", "전화번호", is_hidden=True, **PHONE),
    pair("seoul_bar_permits_tm_coords.csv", "좌표정보(X)", "좌표정보(Y)", 7, 5174),
    case("std_parking_nationwide.csv", "평일운영종료시각", type="time", format="closing-time"),
    case("std_parking_nationwide.csv", "평일운영종료시각", type="time"),
    case("std_parking_nationwide.csv", "결제방법", separators="+,/", missingValues=["0"]),
    case("std_parking_nationwide.csv", "전화번호", is_hidden=True, **PHONE),
    case("std_parking_nationwide.csv", "데이터기준일자", **DAY),
    pair("std_parking_nationwide.csv", "경도", "위도", 10, 4326),
    case("std_parks_nationwide.csv", "공원면적", **number(4)),
    case("std_parks_nationwide.csv", "지정고시일", **DAY),
    pair("std_parks_nationwide.csv", "경도", "위도", 10, 4326),
    case("kma_seoul_temperature_banner.csv", "날짜", **DAY),
    case("kma_seoul_temperature_banner.csv", "평균기온", **number(1)),
    case("derived_lofin_QWGJK_spending_2026.csv", "exe_ymd", **DAY),
    case("derived_openfiscal_budget2023.csv", "정부안금액", **number(0, unit="원")),
    case("local_records_budget_raw.csv", "budget_amount", missingValues=["null"], **WHOLE),
    case("local_records_budget_raw.csv", "region", codelist={"name": "sido", "by": "label"}),
    case("cheonan_parking_20250716.csv", "총면수", **WHOLE),
    case("seoul_passport_stats.csv", "합계", **WHOLE),
    case("subway_fee_thousands.csv", "유임승차", **WHOLE),
    case("subway_fee_thousands.csv", "사용월", type="yearmonth"),
    case("subway_fee_thousands.csv", "작업일시", **MOMENT),
    case("subway_fee_thousands.csv", "역ID"),
    case("seoul_streetlights_summary.csv", "2022_터널_개소", zero_values=["-"], **WHOLE),
    case("seoul_streetlights_summary.csv", "2022_터널_연장", missingValues=["-"], **WHOLE),
    case("seoul_streetlights_summary.csv", "2022_터널_면적", **WHOLE),
    case(
        "gyeongnam_ozone_hourly_2020.csv",
        "웅남동",
        missingValues=[{"value": "교정중", "reason": "not-measured"}],
        **number(3),
    ),
    case("fiscal_efforts_city.csv", "지방세체납액축소노력도", **number(4)),
    case("hospital_directory.csv", "전화번호", is_hidden=True, **PHONE),
    case("admin_divisions_2012.csv", "행정동 영문명칭"),
    case("derived_datagokr_catalogue_local4000.csv", "국가중점여부", type="boolean"),
    case("jinju_cctv_2025.csv", "설치연도", type="year"),
    case("mois_age_population_2022.csv", "2022년06월_계_총인구수", **WHOLE),
    Case(
        "hospital_directory.csv",
        {"시도": {"codelist": {"name": "sido", "by": "label"}}, "주소": {"format": "address"}},
        {"reference_date": {"field": "c"}},
    ),
)


def make_table(samples: Path) -> str:
    """Return the golden table as CSV."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for each in CASES:
        writer.writerows(_lines(each, samples))
    return text.getvalue()


def _lines(each: Case, samples: Path) -> Iterator[Sequence[object]]:
    rows, units = _rows(each, samples)
    contract = _contract(each)
    codelists = read_code_sets(SCHEMAS, contract.codelists)
    typed = cast_rows(rows, contract, units, codelists).collect()
    reasons = _reasons(rows, contract, units, codelists)
    for name, column in zip("ab", each.columns, strict=False):
        cells = _outcomes(name, rows.collect(), typed, reasons)
        declared = _declared(each, column)
        for line in _grouped(cells, _shaper(each.columns[column]), is_hidden=each.is_hidden):
            yield each.file, column, declared, *line


def _rows(each: Case, samples: Path) -> tuple[pl.LazyFrame, dict[str, str]]:
    """Read the columns of a file as `a`, `b` …, and the units that it states."""
    with tempfile.TemporaryDirectory() as folder:
        landed = Path(folder) / "landed.parquet"
        inspection = inspect_file(samples / each.file, landed)
        table = pl.read_parquet(landed).filter(pl.col("_role") == "data")
    stated = {column["name"]: column["unit"] for column in inspection.document()["columns"]}
    names = dict(zip(each.columns, "ab", strict=False))
    chosen = table.select(
        pl.col(ROW).cast(pl.Int64), *(pl.col(c).alias(n) for c, n in names.items())
    )
    units = {name: stated[column] for column, name in names.items() if stated.get(column)}
    return chosen.with_columns(c=pl.lit("2026-11-01")).lazy(), units


def _contract(each: Case) -> Contract:
    fields = [
        {"name": name, **keys} for name, keys in zip("ab", each.columns.values(), strict=False)
    ]
    return contract_of(*fields, {"name": "c", "type": "date"}, **each.keys)


def _reasons(
    rows: pl.LazyFrame, contract: Contract, units: dict[str, str], codelists: dict[str, CodeSet]
) -> pl.DataFrame:
    checked = check_table(rows, contract, {}, gx_max_rows=0, units=units, codelists=codelists)
    return checked.issues.filter(pl.col("rule") == "type").select(ROW, "field", "reason").collect()


def _outcomes(
    name: str, rows: pl.DataFrame, typed: pl.DataFrame, reasons: pl.DataFrame
) -> list[tuple[str, str, str]]:
    """Return outcome, cell and value of each row."""
    why = dict(reasons.filter(pl.col("field") == name).select(ROW, "reason").rows())
    cells = zip(rows[ROW], rows[name], typed[name], typed[readable(name)], strict=True)
    return [
        (_outcome(cell, _written(value), is_read, why.get(row)), cell, _written(value))
        for row, cell, value, is_read in cells
    ]


def _outcome(cell: str, after: str, is_read: object, reason: str | None) -> str:
    if is_read is None:
        return "empty" if not cell.strip() else "nothing"
    if not is_read:
        return f"refused: {reason or 'type'}"
    return "plain" if _is_as_it_stands(cell, after) else "spelled"


def _is_as_it_stands(cell: str, after: str) -> bool:
    """Say whether nothing but zeros behind the point and outer blanks differ."""
    text = cell.strip()
    if re.fullmatch(r"[+-]?[0-9]*\.[0-9]+", text):
        text = f"{Decimal(text).normalize():f}"
    return text == after


def _written(value: Any) -> str:
    match value:
        case None:
            return ""
        case Decimal():
            return f"{value.normalize():f}" if value else "0"
        case bool():
            return str(value).lower()
        case datetime():
            return f"{value.astimezone(KOREA):%Y-%m-%d %H:%M:%S}"
        case time():
            return f"{value:%H:%M}"
        case _:
            return str(value)


def _declared(each: Case, column: str) -> str:
    keys = {"type": "string", **each.columns[column]}
    stated = [str(pair.get("epsg")) for pair in each.keys.get("coordinates", ())]
    kind = str(keys.pop("type"))
    return " ".join([kind, *(f"{key}={_short(value)}" for key, value in keys.items()), *stated])


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return ":".join(map(str, value.values()))
    return "|".join(map(_short, value)) if isinstance(value, list) else str(value)


def _grouped(
    cells: list[tuple[str, str, str]], shape: Callable[[str], str], *, is_hidden: bool
) -> list[tuple[str, int, str, str]]:
    """Count cells by outcome and shape; plain, missing and empty ones by outcome alone."""
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for outcome, cell, after in cells:
        is_alike = outcome in ("plain", "empty")
        groups.setdefault((outcome, "" if is_alike else shape(cell)), []).append((cell, after))
    lines = [
        (outcome, len(members), *(_shown(text, is_hidden=is_hidden) for text in min(members)))
        for (outcome, _), members in groups.items()
    ]
    return sorted(lines, key=lambda line: (line[0], -line[1], line[2]))


def _shaper(keys: Mapping[str, Any]) -> Callable[[str], str]:
    """Return what of a cell tells its spelling from others."""
    if keys.get("format") == "address":
        return lambda cell: cell.split(" ", 1)[0]
    if keys.get("type") in ("integer", "number"):
        return lambda cell: re.sub("[0-9]+", "9", cell.strip())
    return lambda cell: re.sub(r"[0-9]+", lambda run: "9" * min(len(run[0]), 3), cell)


def _shown(text: str, *, is_hidden: bool) -> str:
    shown = re.sub("[0-9]", "9", text) if is_hidden else text
    shown = shown.replace("\n", "⏎").replace("\t", "⇥").replace("\r", "")
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"
