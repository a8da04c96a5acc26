"""Files that are changed at random end in a table, a question or a refusal, never in a crash."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.mutating import LIMIT_BYTES, find_samples, try_files
from benchmarks.polluting import make_cases

SAMPLES = Path(os.environ.get("MADANG_SAMPLES", "/nonexistent"))


def test_changed_tables_crash_nothing(tmp_path):
    cases = [case for case in make_cases() if case.kind in ("clean", "header", "quote")]
    for number, case in enumerate(cases):
        (tmp_path / f"{number}-{case.file_name}").write_bytes(case.content)

    tried = try_files(find_samples(tmp_path), seed=20261125, files=200)

    assert tried.faults == []
    assert set(tried.statuses) == {"read", "question", "refused"}


@pytest.mark.skipif(
    not (SAMPLES / "nasty-csv").is_dir(),
    reason="SAMPLE FILES ARE ABSENT: set MADANG_SAMPLES to their folder",
)
def test_changed_samples_crash_nothing():
    samples = find_samples(SAMPLES / "nasty-csv") + find_samples(SAMPLES / "real-data")

    tried = try_files(samples, seed=20261125, files=100)

    assert tried.faults == []
    assert tried.peak_bytes < LIMIT_BYTES
