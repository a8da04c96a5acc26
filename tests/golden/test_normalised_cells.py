"""What normalising does to real files is reviewed as a diff; see `normalising.making`."""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path

import pytest

from tests.golden.normalising.making import CASES, GOLDEN, make_table

SAMPLES = Path(os.environ.get("MADANG_SAMPLES", "/nonexistent")) / "real-data"


@pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="REAL FILES ARE ABSENT: set MADANG_SAMPLES to their folder"
)
def test_normalising_changes_real_cells_only_as_reviewed():
    assert make_table(SAMPLES) == GOLDEN.read_bytes().decode("utf-8")


def test_every_column_of_the_cases_stands_in_the_reviewed_table():
    with GOLDEN.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    outcomes = Counter(line["outcome"].partition(":")[0] for line in lines)

    columns = {(each.file, column) for each in CASES for column in each.columns}

    assert columns == {(line["file"], line["column"]) for line in lines}
    assert set(outcomes) == {"plain", "spelled", "nothing", "empty", "refused"}
