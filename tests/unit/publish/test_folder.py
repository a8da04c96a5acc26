"""A release appears in a folder at once, and is never overwritten."""

from __future__ import annotations

import shutil
import stat

import pytest

from etl.errors import StoreError
from etl.publish.folder import export_release


@pytest.fixture
def files(tmp_path):
    (tmp_path / "made").mkdir()
    for name in ("data.csv", "data.parquet", "report.html"):
        (tmp_path / "made" / name).write_text(name)
    return {name: tmp_path / "made" / name for name in ("data.csv", "data.parquet")}


def export(tmp_path, files):
    report = {"report.html": tmp_path / "made" / "report.html"}
    parts = {"public": files, "report": report}
    return export_release(tmp_path / "out", "city-parks", "20261125-1", parts)


def test_the_files_stand_where_they_are_promised(tmp_path, files):
    release = export(tmp_path, files)

    assert release == tmp_path / "out" / "city-parks" / "20261125-1"
    assert {str(path.relative_to(release)) for path in release.rglob("*") if path.is_file()} == {
        "public/data.csv",
        "public/data.parquet",
        "report/report.html",
    }
    assert (release / "public" / "data.csv").read_text() == "data.csv"


def test_the_report_is_for_its_owner_only(tmp_path, files):
    report = export(tmp_path, files) / "report"

    assert stat.S_IMODE(report.stat().st_mode) == 0o700


def test_a_release_that_is_there_is_left_as_it_is(tmp_path, files):
    release = export(tmp_path, files)
    files["data.csv"].write_text("other")

    assert export(tmp_path, files) == release
    assert (release / "public" / "data.csv").read_text() == "data.csv"


def test_a_copy_that_fails_shows_nothing(tmp_path, files, monkeypatch):
    copy = shutil.copyfile

    def fail(source, target):
        if source.name == "report.html":
            raise OSError(28, "No space left on device")
        return copy(source, target)

    monkeypatch.setattr(shutil, "copyfile", fail)

    with pytest.raises(StoreError, match="No space left"):
        export(tmp_path, files)

    assert list((tmp_path / "out" / "city-parks").iterdir()) == []
    monkeypatch.undo()
    assert (export(tmp_path, files) / "report" / "report.html").exists()


def test_what_a_killed_run_left_is_cleared_away(tmp_path, files):
    left = tmp_path / "out" / "city-parks" / ".20261125-1" / "public"
    left.mkdir(parents=True)
    (left / "data.csv").write_text("half")

    release = export(tmp_path, files)

    assert (release / "public" / "data.csv").read_text() == "data.csv"
    assert list(release.parent.iterdir()) == [release]
