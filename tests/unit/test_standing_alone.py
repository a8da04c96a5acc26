"""The pipeline stands alone: all of it can be imported where Airflow and CKAN are not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
IMPORT_ALL = """
import importlib, pkgutil, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"airflow", "ckan", "ckanext"}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
import etl
names = [m.name for m in pkgutil.walk_packages(etl.__path__, "etl.") if ".migrations" not in m.name]
for name in names:
    importlib.import_module(name)
print(len(names))
"""
PARSE_CONTRACTS = """
import sys
from etl.contract.loading import load_contracts
from etl.states import Landed
print(sorted({"great_expectations", "polars", "duckdb", "pandas", "pyarrow"} & sys.modules.keys()))
"""


def run(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", code],
        check=True, capture_output=True, text=True, cwd=ROOT,
    ).stdout.strip()  # fmt: skip


def test_no_module_needs_airflow_or_ckan():
    assert int(run(IMPORT_ALL)) > 50, "modules are missing: this test would prove little"


def test_what_the_dags_read_contracts_with_is_light():
    assert run(PARSE_CONTRACTS) == "[]"
