"""What the scheduler loads once, so that each task it forks need not load it again.

Airflow imports a module of this name when it starts; only the scheduler has it on its path.
Import and nothing else: a query that runs before a fork leaves the child waiting for threads
that it does not have.
"""

import duckdb  # noqa: F401
import great_expectations  # noqa: F401
import pandas as pd  # noqa: F401
import polars as pl  # noqa: F401
import pyarrow.parquet  # noqa: F401

import etl.pipeline.steps  # noqa: F401
