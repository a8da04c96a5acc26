"""Write the table anew: `MADANG_SAMPLES=… python -m tests.golden.normalising.refresh`; read it."""

from __future__ import annotations

import os
from pathlib import Path

from tests.golden.normalising.making import GOLDEN, make_table

if __name__ == "__main__":
    samples = Path(os.environ["MADANG_SAMPLES"]) / "real-data"
    GOLDEN.write_text(make_table(samples), encoding="utf-8", newline="")
