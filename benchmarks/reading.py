"""Read delimited text of a given size, beside the library that parses it.

`python -m benchmarks.reading draw FOLDER MEGABYTES` writes the same table as CP949 and as UTF-8;
`… polars FILE TO` and `… madang FILE TO` write it as Parquet of text, and print seconds and
peak memory.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path

import polars as pl

from etl.ledger import memory

SEED = 20261125
BLOCK_ROWS = 50_000
HEADER = "관리번호,주차장명,구분,유형,도로명주소,지번주소,구획수,위도,경도,기준일자,전화번호\n"


def main(what: str, *arguments: str) -> None:
    """Draw the files, or measure one reader in this process."""
    if what == "draw":
        draw(Path(arguments[0]), int(arguments[1]))
        print(json.dumps({}))
        return
    source, target = map(Path, arguments)
    read = {"polars": read_with_polars, "madang": read_with_madang}[what]
    memory.reset_peak()
    begun = time.perf_counter()
    rows = read(source, target)
    seconds = time.perf_counter() - begun
    found = {"count": rows, "seconds": seconds, "peak_bytes": memory.peak_bytes()}
    print(json.dumps(found))


def draw(folder: Path, megabytes: int) -> None:
    """Write `cp949.csv` of a size, and `utf-8.csv` of the same content."""
    folder.mkdir(parents=True, exist_ok=True)
    block = _block(random.Random(SEED))
    blocks = max(1, round(megabytes * 1e6 / len(block.encode("cp949"))))
    for encoding in ("cp949", "utf-8"):
        with (folder / f"{encoding}.csv").open("wb") as file:
            file.write(HEADER.encode(encoding))
            encoded = block.encode(encoding)
            for _ in range(blocks):
                file.write(encoded)


def read_with_polars(source: Path, target: Path) -> int:
    """Write every cell as text; nothing is decided, counted or told apart."""
    pl.scan_csv(source, infer_schema=False).sink_parquet(target)
    return pl.scan_parquet(target).select(pl.len()).collect().item()


def read_with_madang(source: Path, target: Path) -> int:
    """Read as `madang inspect --landed` does."""
    from etl.extract.inspecting import inspect_file

    reading = inspect_file(source, target).reading
    return reading.records.data if reading else 0


def _block(drawn: random.Random) -> str:
    districts = ("종로구", "중구", "용산구", "성동구", "똠방구", "동대문구", "중랑구")
    return "".join(
        f"{number:08},{drawn.choice(districts)} 주차장{number % 977},"
        f"{drawn.choice(('공영', '민영'))},{drawn.choice(('노상', '노외', '부설'))},"
        f"서울특별시 {drawn.choice(districts)} 세종대로"
        f'{number % 331}길 {number % 97},"서울특별시 {drawn.choice(districts)}, 산{number % 50}",'
        f"{number % 300},{37 + drawn.random():.8f},{127 + drawn.random():.7f},"
        f"2022-09-{number % 28 + 1:02},02-{number % 10_000:04}-{number * 7 % 10_000:04}\n"
        for number in range(BLOCK_ROWS)
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
