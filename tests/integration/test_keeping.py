"""Restricted copies are destroyed when their retention ends, and not before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from etl.errors import StoreError
from etl.keeping import destroy_due
from etl.ledger.book import utc_now
from etl.running import folder_pipeline, run_file
from etl.settings import load

CONTRACT = """\
format: 1
version: 1
title: {ko: 공원}
description: {ko: 공원 목록}
steward: 공원과
licence: kogl-1
theme: environment
frequency: P1M
source: {folder: {files: "*.csv"}}
disclosure: {level: public}
fields:
  - {name: park, title: {ko: 공원명}, type: string, constraints: {required: true}, role: open}
thresholds: {quarantine: 60%}
privacy: {unit: none}
approval: none
retention: {landing: P10D, quarantine: P3D}
"""


@pytest.fixture
def finished(tmp_path):
    schemas = tmp_path / "schemas" / "city"
    schemas.mkdir(parents=True)
    (schemas / "parks.yaml").write_text(CONTRACT, encoding="utf-8")
    file = tmp_path / "parks.csv"
    file.write_text("공원명\n가람공원\n \n", encoding="utf-8")
    settings = load({"MADANG_SCHEMAS": str(tmp_path / "schemas")})
    pipeline = folder_pipeline(settings, tmp_path / "out")
    report = run_file(pipeline, "city-parks", file)
    assert report.status == "published", report.error
    return pipeline, report


def kept(pipeline, report):
    landing = pipeline.store.keys(f"landing/city-parks/{report.run_id}")
    quarantine = pipeline.store.keys(f"restricted/city-parks/{report.run_id}/validated")
    return bool(landing), bool(quarantine)


@pytest.mark.parametrize(
    ("days", "landing", "quarantine"),
    [
        pytest.param(2, True, True, id="within both retentions everything stays"),
        pytest.param(4, True, False, id="quarantine goes first"),
        pytest.param(11, False, False, id="then the supplied bytes"),
    ],
)
def test_restricted_copies_go_when_their_time_is_over(finished, days, landing, quarantine):
    pipeline, report = finished

    destroy_due(pipeline, utc_now() + timedelta(days=days))

    assert kept(pipeline, report) == (landing, quarantine)


def test_destroying_is_recorded_once_and_leaves_what_is_published(finished, tmp_path):
    pipeline, report = finished
    later = utc_now() + timedelta(days=20)

    first, again = destroy_due(pipeline, later), destroy_due(pipeline, later)

    assert [gone.zone for gone in first] == ["landing", "quarantine"]
    assert again == []
    assert list((tmp_path / "out" / "city-parks").glob("*/public/data.parquet"))
    assert pipeline.ledger.release_of(report.run_id).state == "live"


def test_a_run_that_was_killed_and_left_keeps_its_copies_no_longer_than_others(finished):
    pipeline, _ = finished
    left = "a" * 32
    pipeline.ledger.open_run(
        left, "city-parks", pipeline.ledger.kept_runs("landing")[0].contract_sha256
    )
    pipeline.store.write_bytes(f"landing/city-parks/{left}/supplied", b"x")

    destroy_due(pipeline, utc_now() + timedelta(days=6))
    assert pipeline.ledger.run(left).status == "running"

    destroy_due(pipeline, utc_now() + timedelta(days=11))
    assert pipeline.ledger.run(left).status == "failed"
    assert pipeline.store.keys(f"landing/city-parks/{left}") == []


def test_a_copy_that_cannot_be_destroyed_keeps_no_other(finished, monkeypatch):
    pipeline, report = finished
    delete = type(pipeline.store).delete

    def refuse_the_landing_zone(store, prefix):
        if prefix.startswith("landing/"):
            raise StoreError("The store cannot be used (Read-only file system).")
        delete(store, prefix)

    monkeypatch.setattr(type(pipeline.store), "delete", refuse_the_landing_zone)

    with pytest.raises(StoreError, match="Read-only"):
        destroy_due(pipeline, utc_now() + timedelta(days=20))

    assert kept(pipeline, report) == (True, False)


def test_files_that_the_gate_refused_go_with_the_quarantine(finished, tmp_path):
    pipeline, published = finished
    file = tmp_path / "numbers.csv"
    file.write_text("공원명\n900101-1234567\n", encoding="utf-8")
    refused = run_file(pipeline, "city-parks", file)
    assert refused.exit_code == 30, refused.error

    destroy_due(pipeline, utc_now() + timedelta(days=4))

    written = [
        bool(pipeline.store.keys(f"restricted/city-parks/{run_id}/converted"))
        for run_id in (published.run_id, refused.run_id)
    ]
    assert written == [True, False]
