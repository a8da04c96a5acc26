"""Write the golden tables anew: `python -m tests.golden.refresh`; then read the diff."""

from __future__ import annotations

from tests.golden.making import DATASETS, GOLDEN, make_tables

if __name__ == "__main__":
    for dataset in DATASETS:
        for name, text in make_tables(dataset).items():
            (GOLDEN / dataset / name).write_text(text, encoding="utf-8", newline="")
