"""Mutate sample files at random and let the reader have them.

`python -m benchmarks.mutating FOLDER [--seconds N] [--seed N] [--only PATTERN] [--keep FOLDER]`
prints what was tried, and fails when anything but a reading, a question or a refusal comes
out, or when the memory of the process passes the limit. The same seed tries the same files.
"""

from __future__ import annotations

import argparse
import io
import math
import random
import shutil
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from polars.exceptions import PanicException

from etl.extract.inspecting import inspect_file
from etl.ledger import memory

LIMIT_BYTES = 1 << 30
LARGEST_BYTES = 1 << 20
INSIDE_SHARE = 0.8
STRANGE = (
    b"\0", b"\xff", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b'""', b"\r", b"\n", b"\r\n", b",", b";",
    b"\t", b"|", b"\x1a", b"\xe2\x80\xa8", b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0",
    b"%PDF-", b"<table>", b"</td>", b"&#0;", b"{", "합계".encode("cp949"), "가".encode(),
)  # fmt: skip

Mutate = Callable[[random.Random, bytes], bytes]


@dataclass(slots=True)
class Tried:
    """What came of the files.

    Attributes:
        statuses: How many were read, questioned and refused.
        faults: For each crash, and each file beyond the limit of memory, the sample that it
            started from and what happened.
        peak_bytes: Most memory that the process held at once.
    """

    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    peak_bytes: int = 0


def flip(rng: random.Random, content: bytes) -> bytes:
    """Change some bytes, to signs of ASCII or to any byte."""
    changed = bytearray(content)
    highest = rng.choice((128, 256))
    for _ in range(rng.randint(1, 8)):
        changed[rng.randrange(len(changed))] = rng.randrange(highest)
    return bytes(changed)


def cut(rng: random.Random, content: bytes) -> bytes:
    """Cut the file off."""
    return content[: rng.randrange(len(content))]


def drop(rng: random.Random, content: bytes) -> bytes:
    """Leave a passage out."""
    start = rng.randrange(len(content))
    return content[:start] + content[start + rng.randint(1, 4096) :]


def repeat(rng: random.Random, content: bytes) -> bytes:
    """Say a passage twice."""
    start = rng.randrange(len(content))
    end = start + rng.randint(1, 4096)
    return content[:end] + content[start:end] + content[end:]


def insert(rng: random.Random, content: bytes) -> bytes:
    """Put something strange in, once or often."""
    for _ in range(rng.choice((1, 1, 5))):
        place = rng.randrange(len(content) + 1)
        content = content[:place] + rng.choice(STRANGE) * rng.choice((1, 1, 50)) + content[place:]
    return content


def exchange(rng: random.Random, content: bytes) -> bytes:
    """Replace one kind of byte by another throughout."""
    old, new = rng.choice(b',;"\n\r\t 0'), rng.randrange(256)
    return content.replace(bytes([old]), bytes([new]))


MUTATIONS: tuple[Mutate, ...] = (flip, cut, drop, repeat, insert, exchange)


def mutate(rng: random.Random, content: bytes) -> bytes:
    """Change a file up to three times; of a workbook mostly what is in the archive."""
    if rng.random() < INSIDE_SHARE and zipfile.is_zipfile(io.BytesIO(content)):
        return _mutate_member(rng, content)
    for change in rng.choices(MUTATIONS, k=rng.randint(1, 3)):
        content = change(rng, content or b"\n")
    return content


def _mutate_member(rng: random.Random, content: bytes) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(whole, "w") as new:
        chosen = rng.choice(old.namelist())
        for name in old.namelist():
            member = old.read(name)
            new.writestr(name, mutate(rng, member) if name == chosen else member)
    return whole.getvalue()


def try_files(
    samples: Sequence[Path],
    seed: int,
    *,
    seconds: float = math.inf,
    files: float = math.inf,
    keep: Path | None = None,
) -> Tried:
    """Mutate files until the time or their number is over; some sample may have no turn.

    Args:
        samples: Files to start from; not modified.
        seed: Decides what is tried.
        seconds: How long.
        files: How many.
        keep: Folder for the files of faults.
    """
    rng = random.Random(seed)
    tried = Tried()
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="madang-mutating-") as folder:
        while time.monotonic() < end and tried.statuses.total() < files:
            sample = rng.choice(samples)
            content = sample.read_bytes()[:LARGEST_BYTES]
            file = Path(folder) / f"mutated{sample.suffix}"
            file.write_bytes(mutate(rng, content))
            if fault := _try_one(file, tried):
                tried.faults.append(f"{sample.name}\n{fault}")
                if keep is not None:
                    shutil.copy(file, keep / f"{len(tried.faults)}-{sample.name}")
    return tried


def _try_one(file: Path, tried: Tried) -> str:
    """Read a file and count what came out; return what should not have happened."""
    memory.reset_peak()
    fault = ""
    try:
        status: str = inspect_file(file, file.with_name("landed.parquet")).status
    except (Exception, PanicException):  # noqa: BLE001  (that nothing else comes out is shown)
        status, fault = "crashed", traceback.format_exc(limit=-6)
    tried.statuses[status] += 1
    peak = memory.peak_bytes()
    tried.peak_bytes = max(tried.peak_bytes, peak)
    return fault or (f"{peak:,} bytes of memory" if peak > LIMIT_BYTES else "")


def find_samples(folder: Path, pattern: str = "*") -> list[Path]:
    """Return the sample files of a folder and those below it, in the order of their names."""
    return sorted(p for p in folder.rglob(pattern) if p.is_file() and p.suffix != ".tsv")


def main() -> int:
    """Try for some seconds; 1 when something else came out than is promised."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutating", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="+")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="*", help="pattern of file names")
    parser.add_argument("--keep", type=Path, help="folder for the files of faults")
    given = parser.parse_args()
    samples = [sample for folder in given.folder for sample in find_samples(folder, given.only)]
    tried = try_files(samples, given.seed, seconds=given.seconds, keep=given.keep)
    print(f"{tried.statuses.total()} files of {len(samples)} samples: {dict(tried.statuses)}")
    print(f"most memory: {tried.peak_bytes / 1e6:,.0f} MB of {LIMIT_BYTES / 1e6:,.0f} MB")
    for fault in tried.faults:
        print(fault)
    return int(bool(tried.faults))


if __name__ == "__main__":
    sys.exit(main())
