"""Judge one typed table by Great Expectations on pandas, and by `locate`: the same twenty rules.

`python -m benchmarks.validating draw ROWS FOLDER`, then `gx FOLDER` and `locate FOLDER`.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl

from etl.contract.model import Contract
from etl.ledger.memory import peak_bytes, reset_peak
from etl.validate.addressing import address_issues, collect_marks
from etl.validate.casting import ROW, readable
from etl.validate.compiling import compile_rules
from etl.validate.rules import Rule

SEED = 20261125
RULES = 20
_BATCH = 500_000


def contract() -> Contract:
    """Return a contract of car parks with twenty rules."""
    fields = [
        {"name": "park_id", "constraints": {"required": True, "unique": True,
                                            "pattern": r"\d{3}-\d-\d{8}"}},
        {"name": "name", "constraints": {"required": True, "maxLength": 20}},
        {"name": "kind", "constraints": {"required": True, "enum": ["노상", "노외", "부설"]}},
        {"name": "spaces", "type": "integer", "constraints": {"minimum": 0, "maximum": 5000}},
        {"name": "used", "type": "integer"},
        {"name": "latitude", "type": "number", "decimals": 6,
         "constraints": {"minimum": 33, "maximum": 39}},
        {"name": "as_of", "type": "date", "constraints": {"minimum": "2000-01-01"}},
    ]  # fmt: skip
    return Contract.model_validate(
        {
            "format": 1, "version": 1, "title": {"ko": "주차장"}, "description": {"ko": "벤치"},
            "steward": "교통과", "licence": "kogl-1", "theme": "transport", "frequency": "P1M",
            "source": {"folder": {}}, "disclosure": {"level": "public"},
            "fields": [{"type": "string", "role": "open", "title": {"ko": f["name"]}} | f
                       for f in fields],
            "rules": [{"compare": ["used", "<=", "spaces"]}],
            "privacy": {"unit": "none"}, "approval": "none",
        }
    ).named("bench-parks", "0" * 64)  # fmt: skip


def rules() -> tuple[Rule, ...]:
    """Return the twenty rules."""
    compiled = compile_rules(contract(), {})
    if len(compiled) != RULES:
        raise SystemExit(f"{len(compiled)} rules are compiled, not {RULES}")
    return compiled


def draw(rows: int, folder: Path) -> dict[str, Any]:
    """Write the table as `cast_rows` would return it; a few rows in a thousand fail somewhere."""
    file = folder / "typed.parquet"
    number = pl.int_range(rows, dtype=pl.Int64)
    noise = (number.hash(SEED) % 1_000_000).cast(pl.Int64)
    is_bad = noise < 2_000
    ordinal = pl.when(noise == 7).then(0).otherwise(number).cast(pl.String).str.zfill(8)
    columns = pl.LazyFrame({}).select(
        (number + 2).alias(ROW),
        pl.format("100-1-{}", ordinal).alias("park_id"),
        pl.when(noise != 11).then(pl.format("마당 {}호 주차장", number)).alias("name"),
        pl.when(noise % 1_000 == 3).then(pl.lit("옥상")).otherwise(pl.lit("노상")).alias("kind"),
        pl.when(is_bad).then(-1).otherwise(noise % 500).alias("spaces"),
        pl.when(noise % 10 > 0).then(noise % 400 - 300).alias("used"),
        pl.when(is_bad).then(24).otherwise(33 + noise % 6).cast(pl.Decimal(18, 6))
        .alias("latitude"),
        (11_000 + noise % 9_000).cast(pl.Int32).cast(pl.Date).alias("as_of"),
    )  # fmt: skip
    flags = {field.name: pl.col(field.name).is_not_null() for field in contract().fields}
    helpers = (pl.when(flag).then(flag).alias(readable(name)) for name, flag in flags.items())
    columns.with_columns(helpers).sink_parquet(file, compression="zstd", row_group_size=_BATCH)
    return {"bytes": file.stat().st_size}


def judge_by_gx(folder: Path) -> dict[str, Any]:
    """Let Great Expectations count on pandas; its import is not measured."""
    import great_expectations as gx
    import pandas as pd

    from etl.validate.judging import judge

    typed = pl.scan_parquet(folder / "typed.parquet")
    gx.get_context(mode="ephemeral")
    pd.DataFrame({"a": [1]})
    return _measured(lambda: judge(typed, rules(), contract()))


def judge_by_locate(folder: Path) -> dict[str, Any]:
    """Count with `locate`, and write the address of every failing row."""
    typed = pl.scan_parquet(folder / "typed.parquet")

    def judge() -> dict[str, int]:
        asked = rules()
        marks = collect_marks(typed, asked, contract())
        issues = address_issues(marks, asked)
        issues.sink_parquet(folder / "issues.parquet", compression="zstd")
        return {rule.label: int(marks[rule.label].sum()) for rule in asked}

    return _measured(judge)


def _measured(judge: Any) -> dict[str, Any]:
    reset_peak()
    started = time.perf_counter()
    counts = judge()
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "peak_bytes": peak_bytes(), "counts": counts}


def main() -> None:
    """Do what the command line asks, and print one JSON document."""
    pl.Config.set_streaming_chunk_size(50_000)
    match sys.argv[1:]:
        case ["draw", rows, folder]:
            told = draw(int(rows), Path(folder))
        case ["gx", folder]:
            told = judge_by_gx(Path(folder))
        case ["locate", folder]:
            told = judge_by_locate(Path(folder))
        case _:
            raise SystemExit(__doc__)
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
