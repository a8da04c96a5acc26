"""The Python libraries that people use, on the same tables: `python benchmarks/peers.py …`.

Runs in an environment of its own, because what they need fits no lock of ours; so it imports
nothing of ours. `anjana TABLE HIERARCHIES K PERCENT RESULT` anonymises, `pycanon TABLE
SENSITIVE` measures k, l and t. Prints one JSON document.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pandas as pd


def anonymise(table: str, hierarchies: str, k: str, percent: str, result: str) -> dict[str, object]:
    """Anonymise with anjana, whose search is greedy."""
    from anjana.anonymity import k_anonymity

    rows = pd.read_csv(table, dtype=str, keep_default_na=False)
    with Path(hierarchies).open(encoding="utf-8") as file:
        levels = {
            name: {int(level): pd.Series(values).to_numpy() for level, values in columns.items()}
            for name, columns in json.load(file).items()
        }
    begun = time.perf_counter()
    found = k_anonymity(rows, [], list(levels), int(k), float(percent), levels)
    seconds = time.perf_counter() - begun
    found[list(levels)].to_csv(result, index=False)
    return {"seconds": seconds, "published": len(found)}


def measure(table: str, sensitive: str) -> dict[str, object]:
    """Measure with pycanon; missing values were filled, for it drops them."""
    from pycanon.anonymity import k_anonymity, l_diversity, t_closeness

    rows = pd.read_csv(table, dtype=str, keep_default_na=False)
    quasi = [name for name in rows.columns if name != sensitive]
    begun = time.perf_counter()
    k = k_anonymity(rows, quasi)
    distinct = l_diversity(rows, quasi, [sensitive])
    t = t_closeness(rows, quasi, [sensitive])
    return {"seconds": time.perf_counter() - begun, "k": int(k), "l": int(distinct), "t": float(t)}


if __name__ == "__main__":
    work = {"anjana": anonymise, "pycanon": measure}[sys.argv[1]]
    print(json.dumps(work(*sys.argv[2:])))
