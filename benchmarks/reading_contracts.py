"""Read every contract of a folder; `python -m benchmarks.reading_contracts SCHEMAS`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from etl.contract.loading import load_contracts
from etl.ledger import memory


def main(schemas: str) -> None:
    """Print how many contracts were read, the seconds and the peak memory."""
    memory.reset_peak()
    begun = time.perf_counter()
    readable, broken = load_contracts(Path(schemas))
    seconds = time.perf_counter() - begun
    if broken:
        raise broken[0]
    found = {"count": len(readable), "seconds": seconds, "peak_bytes": memory.peak_bytes()}
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
