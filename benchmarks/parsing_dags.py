"""Parse the publication DAGs as Airflow's processes do.

`python -m benchmarks.parsing_dags` prints how many DAGs were built, and how long that took
once Airflow itself was imported. In a task's process Airflow names the one DAG that is
wanted; in the DAG processor it names none.
"""

from __future__ import annotations

import json
import os
import time

from airflow.dag_processing.dagbag import DagBag

from benchmarks.generating import CHECKOUT
from etl.ledger import memory

WANTED = "_AIRFLOW_PARSING_CONTEXT_DAG_ID"
FILE = CHECKOUT / "dags" / "publish_datasets.py"


def main() -> None:
    """Parse once for nothing, so that imports are done, then once for what is wanted."""
    wanted = os.environ.pop(WANTED, None)
    _parse("none")
    memory.reset_peak()
    begun = time.perf_counter()
    built = _parse(wanted)
    seconds = time.perf_counter() - begun
    print(json.dumps({"count": built, "seconds": seconds, "peak_bytes": memory.peak_bytes()}))


def _parse(wanted: str | None) -> int:
    if wanted is not None:
        os.environ[WANTED] = wanted
    bag = DagBag(FILE, load_op_links=False)
    os.environ.pop(WANTED, None)
    if bag.import_errors:
        raise RuntimeError("\n".join(bag.import_errors.values()))
    return len(bag.dags)


if __name__ == "__main__":
    main()
