#!/bin/sh
# make check: form, lint, types, layers and the fast tests; stops at the first that fails.
set -eu
bin=.venv/bin

say() { printf '\n== %s\n' "$*"; }

say "form and lint"
$bin/ruff format --check --quiet .
$bin/ruff check --quiet .

say "types"
$bin/mypy --strict -p etl -p stack

say "layers"
$bin/lint-imports

say "fast tests: no socket, no Airflow, warnings are errors"
without=.tools/without-airflow
mkdir -p $without/airflow
echo 'raise ImportError("the pipeline and its fast tests stand without Airflow")' >$without/airflow/__init__.py
PYTHONPATH=$without $bin/pytest -q -n 2 --disable-socket -W error --doctest-modules -rs \
  tests/unit tests/contracts etl stack catalog/solr \
  --ignore=etl/ledger/migrations --ignore=stack/airflow_preparation.py --ignore=stack/preload
