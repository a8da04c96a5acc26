"""The optimum is ARX's, and what is measured is what pycanon measures.

Expected figures are those of ARX's own tests (`TestAnonymizationKAnonymity`) and of pycanon
1.3.6; the data lie outside the repository.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from etl.anonymise.classes import Diversity
from etl.anonymise.hierarchy import compile_hierarchy
from etl.anonymise.metrics import METRICS
from etl.anonymise.searching import Combinations, Requirements, search
from etl.certify.measuring import measure_smallest_group, verifier
from etl.certify.privacy import measure_diversity
from etl.contract.fields import Field
from etl.contract.vocabulary import Label

ADULT = Path(os.environ.get("MADANG_SAMPLES", "/nonexistent")) / "oracles/arx-adult"

pytestmark = pytest.mark.skipif(
    not ADULT.is_dir(), reason="ARX's data are absent: set MADANG_SAMPLES to their folder"
)

NINE = ("sex", "age", "race", "marital-status", "education", "native-country", "workclass",
        "occupation", "salary-class")  # fmt: skip
EIGHT = tuple(name for name in NINE if name != "occupation")


def levels_of(name: str) -> list[tuple[str, ...]]:
    with (ADULT / f"adult_hierarchy_{name}.csv").open() as rows:
        return list(zip(*csv.reader(rows, delimiter=";"), strict=True))


@pytest.fixture(scope="module")
def adult() -> pl.DataFrame:
    return pl.read_csv(ADULT / "adult.csv", separator=";", infer_schema=False)


def encoded(adult: pl.DataFrame, names: Sequence[str], sensitive: Sequence[str] = ()):
    counted = adult.group_by([*names, *sensitive]).len("rows")
    rows = counted["rows"].cast(pl.Int64).to_numpy()
    hierarchies, cells = [], []
    for name in names:
        levels = levels_of(name)
        numbers = {leaf: number for number, leaf in enumerate(levels[0])}
        cell = np.array([numbers[value] for value in counted[name]], np.int64)
        cells.append(cell)
        leaves = np.bincount(cell, weights=rows, minlength=len(numbers))
        hierarchies.append(compile_hierarchy(name, levels, leaves))
    companions = [counted[name].rank("dense").cast(pl.Int64).to_numpy() for name in sensitive]
    return hierarchies, Combinations(tuple(cells), rows, tuple(companions))


@pytest.mark.parametrize(
    ("metric", "k", "limit", "loss", "vector"),
    [
        pytest.param("entropy", 5, 0.04, 255559.85455731067, (1, 0, 1, 1, 3, 2, 2, 0, 1), id="KA0"),
        pytest.param(
            "entropy", 100, 0.04, 379417.3460570988, (1, 1, 1, 1, 3, 2, 2, 1, 1), id="KA1"
        ),
        pytest.param("entropy", 5, 0.0, 407289.5388925293, (1, 2, 1, 1, 3, 2, 2, 1, 1), id="KA2"),
        pytest.param("entropy", 100, 0.0, 453196.893246, (0, 4, 1, 1, 3, 2, 2, 1, 1), id="KA3"),
        pytest.param("loss", 5, 1.0, 0.22041192847984292, (0, 3, 0, 0, 2, 1, 1, 1, 0), id="H0"),
        pytest.param("loss", 5, 0.04, 0.26611081915757495, (0, 3, 0, 1, 1, 1, 1, 2, 0), id="H4"),
    ],
)
def test_the_optimum_is_that_of_arx(adult, metric, k, limit, loss, vector):
    hierarchies, combinations = encoded(adult, NINE)

    found = search(combinations, hierarchies, Requirements(k, limit), METRICS[metric])

    assert found is not None
    assert found.vector == vector
    assert found.loss == pytest.approx(loss, rel=1e-9)
    assert found.is_optimal


def test_with_three_occupations_in_each_group(adult):
    hierarchies, combinations = encoded(adult, EIGHT, ["occupation"])
    wanted = Requirements(5, 0.04, (Diversity(distinct=3),))

    found = search(combinations, hierarchies, wanted, METRICS["loss"])

    assert found is not None
    assert found.vector == (0, 3, 0, 1, 2, 1, 1, 0)
    assert found.loss == pytest.approx(0.2052083068, rel=1e-9)


@pytest.mark.parametrize(
    ("vector", "k", "distinct", "alpha", "t"),
    [
        pytest.param((1, 4, 1, 0, 3, 2, 2, 1), 21, 9, 5 / 21, 0.2580351814487482, id="TC0"),
        pytest.param((1, 4, 1, 1, 3, 2, 2, 1), 14_086, 14, 0.1793979838, 0.131543755255, id="TC4"),
        pytest.param((0, 0, 1, 1, 2, 2, 2, 0), 5, 2, 7 / 9, 0.8943394937314249, id="OT0"),
    ],
)  # fmt: skip
def test_diversity_of_an_output_is_what_pycanon_measures(
    adult, tmp_path, vector, k, distinct, alpha, t
):
    table = adult.select([*EIGHT, "occupation"])
    for name, level in zip(EIGHT, vector, strict=True):
        levels = levels_of(name)
        table = table.with_columns(pl.col(name).replace_strict(levels[0], levels[level]))
    large = table.group_by(EIGHT).len().filter(pl.col("len") >= 5)
    table.join(large, on=EIGHT, how="semi").write_parquet(tmp_path / "data.parquet")
    occupation = Field(name="occupation", title=Label(ko="직업"), type="string", role="sensitive")

    with verifier(tmp_path) as connection:
        found = measure_diversity(connection, tmp_path / "data.parquet", EIGHT, occupation)
        smallest = measure_smallest_group(connection, tmp_path / "data.parquet", EIGHT)

    assert smallest == k
    assert found.distinct == distinct
    assert found.largest_share == pytest.approx(alpha, rel=1e-9)
    assert found.t_equal == pytest.approx(t, rel=1e-9)


def test_ordered_distance_with_missing_values_is_what_pycanon_measures(adult, tmp_path):
    """Nulls were filled and the index reset for pycanon, which drops and misplaces them."""
    is_seventh = pl.int_range(pl.len()) % 7 == 0
    table = adult.select(
        pl.when(is_seventh).then(None).otherwise(pl.col("sex")).alias("sex"),
        "race",
        pl.col("age").cast(pl.Int64),
    )
    table.write_parquet(tmp_path / "data.parquet")
    age = Field(name="age", title=Label(ko="나이"), type="integer", role="sensitive")

    with verifier(tmp_path) as connection:
        found = measure_diversity(connection, tmp_path / "data.parquet", ["sex", "race"], age)

    assert found.distinct == 20
    assert found.t_ordered == pytest.approx(0.08540172529245427, rel=1e-9)
