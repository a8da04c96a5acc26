"""Shows contracts that cannot be read as an import error in Airflow; holds no DAG.

An import error takes away every DAG of its file, hence a file of its own.
"""

from __future__ import annotations

from etl import settings
from etl.contract.loading import load_contracts

_, broken = load_contracts(settings.load().schemas)
if broken:
    raise ImportError("\n".join(map(str, broken)))
