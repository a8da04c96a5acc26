"""What is published of known files is reviewed as a diff, never by chance.

A change that is meant is written with `python -m tests.golden.refresh` and read before it is
committed.
"""

from __future__ import annotations

import pytest

from etl.contract.loading import contract_files, dataset_name
from tests.golden.making import DATASETS, GOLDEN, ROOT, make_tables


def test_every_golden_table_has_its_contract():
    contracts = set(map(dataset_name, contract_files(ROOT / "schemas")))

    assert contracts, "no contract found: the test below would prove nothing"
    assert DATASETS, "no golden table found: the test below would prove nothing"
    assert set(DATASETS) <= contracts, "other contracts are held to real files alone"


@pytest.mark.parametrize("dataset", DATASETS)
def test_what_is_published_is_as_reviewed(dataset):
    tables = make_tables(dataset)

    reviewed = {name: (GOLDEN / dataset / name).read_bytes().decode("utf-8") for name in tables}
    assert tables == reviewed
