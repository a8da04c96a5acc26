"""The levels of the employment contract are the best there are, on the real file."""

from __future__ import annotations

import os
from itertools import product
from math import prod
from pathlib import Path

import polars as pl
import pytest

from etl.anonymise.anonymising import anonymise_tiers
from etl.anonymise.frames import anonymise_frame
from etl.anonymise.planning import levelled_fields
from etl.certify.measuring import measure_smallest_group, verifier
from etl.certify.privacy import measure_diversity
from etl.contract.fields import Field
from etl.contract.loading import find_contract
from etl.contract.vocabulary import Label

ROOT = Path(__file__).parents[2]
SAMPLES = Path(os.environ.get("MADANG_SAMPLES", "/nonexistent")) / "real-data"
FILE = SAMPLES / "kead_disabled_employment_microdata_2020.csv"

needs_real_files = pytest.mark.skipif(
    not FILE.is_file(), reason="real files are absent: set MADANG_SAMPLES to their folder"
)


@pytest.fixture
def employed() -> pl.DataFrame:
    table = pl.read_csv(FILE, encoding="cp949", infer_schema=False)
    contract = find_contract(ROOT / "schemas", "employment-disabled_employment")
    return table.rename(
        dict(zip(table.columns, (field.name for field in contract.fields), strict=True))
    ).with_columns(pl.col("employed_on").str.to_date(), pl.col("age").cast(pl.Int64))


@needs_real_files
def test_the_levels_are_those_of_the_whole_lattice(employed):
    contract = find_contract(ROOT / "schemas", "employment-disabled_employment")
    fields = levelled_fields(contract)
    floors = list(contract.floors("public").values())
    rows = employed.height
    coarse, shares, domains = {}, {}, []
    for field in fields:
        leaves = employed.select(pl.col(field.name)).unique()
        domains.append(leaves.height)
        for number, level in enumerate(field.levels):
            labelled = leaves.select(pl.col(field.name), level.cast(pl.String).alias("label"))
            coarse[field.name, number] = employed.select(level.cast(pl.String))[field.name]
            shares[field.name, number] = dict(
                labelled.group_by("label").agg(pl.len() / leaves.height).rows()
            )
    best = None
    spans = [range(low, f.ceiling + 1) for low, f in zip(floors, fields, strict=True)]
    for vector in product(*spans):
        keys = list(zip((f.name for f in fields), vector, strict=True))
        groups = pl.DataFrame([coarse[key] for key in keys]).group_by(pl.all()).len("rows")
        kept = groups.filter(pl.col("rows") >= 10)
        suppressed = rows - int(kept["rows"].sum())
        if suppressed > 0.02 * rows:
            continue
        parts = []
        for key, domain in zip(keys, domains, strict=True):
            by_label = kept.group_by(key[0]).agg(pl.col("rows").sum())
            total = suppressed + sum(n * shares[key][label] for label, n in by_label.rows())
            parts.append(1 + (total - rows / domain) / (rows - rows / domain))
        found = (prod(parts) ** (1 / len(parts)) - 1, vector, suppressed)
        best = found if best is None or found < best else best
    assert best is not None, "no vector is feasible: this test would prove nothing"

    plans = anonymise_tiers(employed.lazy(), contract).plans

    public, agency = plans["public"], plans["agency"]
    assert public.loss == pytest.approx(best[0], rel=1e-9)
    assert tuple(public.levels.values()) == best[1]
    assert public.suppressed == best[2] == 563
    assert public.levels["disability_type"] == 0
    assert public.optimal
    assert (agency.k, agency.classes["smallest"]) == (3, 3)
    assert all(agency.levels[name] <= level for name, level in public.levels.items())


@needs_real_files
def test_what_is_measured_of_our_output_is_what_pycanon_measures(employed, tmp_path):
    """pycanon 1.3.5 on the same rows, missing values filled and the index new."""
    is_seventh = pl.int_range(pl.len()) % 7 == 0
    table = employed.with_columns(
        pl.when(is_seventh).then(None).otherwise(pl.col("severity")).alias("severity")
    )
    found = anonymise_frame(
        table.lazy(),
        {
            "age": [pl.format("{}", pl.col("age") // width) for width in (5, 10, 20)],
            "severity": [],
            "work_region": [pl.col("work_region").str.split(" ").list.first()],
        },
        k=10, sensitive={"disability_type": 2},
    )  # fmt: skip
    found.table.sink_parquet(tmp_path / "data.parquet")
    kind = Field(name="disability_type", title=Label(ko="유형"), type="string", role="sensitive")
    with verifier(tmp_path) as connection:
        k = measure_smallest_group(connection, tmp_path / "data.parquet", list(found.levels))
        held = measure_diversity(connection, tmp_path / "data.parquet", list(found.levels), kind)

    assert (k, held.distinct, int(held.entropy)) == (10, 2, 1)
    assert held.t_equal == pytest.approx(0.6370715516691134, rel=1e-9)
