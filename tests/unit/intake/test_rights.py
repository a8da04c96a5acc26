"""Departments enter their own folders and no other's."""

from __future__ import annotations

import grp
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from etl.errors import StoreError
from etl.intake import rights
from etl.intake.folders import make_folders

PARKS, TRAFFIC = "parks-city_parks", "traffic-car_parks"
GROUPS = {"madang-parks": 61_001, "madang-traffic": 61_002}
CLERKS = {"parks": 62_001, "traffic": 62_002}
is_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="ONLY ROOT CAN BE SEVERAL DEPARTMENTS: their rights were not tested"
)


@pytest.fixture
def known_groups(monkeypatch):
    def find(name):
        if name not in GROUPS:
            raise KeyError(name)
        return SimpleNamespace(gr_name=name, gr_gid=GROUPS[name])

    monkeypatch.setattr(grp, "getgrnam", find)


@pytest.fixture
def intake(known_groups):
    """Two departments' folders, in a place that other accounts can reach."""
    with tempfile.TemporaryDirectory(prefix="madang-rights-") as folder:
        Path(folder).chmod(0o755)
        made = Path(folder) / "intake"
        made.mkdir(mode=0o755)
        for organisation, dataset in (("parks", PARKS), ("traffic", TRAFFIC)):
            rights.share_folders(made, organisation, [dataset])
        make_folders(made, [PARKS, TRAFFIC])
        yield made


def as_clerk(organisation: str, code: str) -> str:
    """Run a line of Python as a clerk; return what it prints, or the error that ended it."""
    gid = GROUPS[f"madang-{organisation}"]
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import os, pathlib; os.umask(0o007); {code}"],
        user=CLERKS[organisation],
        group=gid,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    return done.stdout + done.stderr


@is_root
def test_a_department_can_drop_and_read_what_comes_back(intake):
    folder = intake / "parks" / "city_parks"

    assert as_clerk("parks", f"pathlib.Path({str(folder / '1.csv')!r}).write_text('a')") == ""

    dropped = (folder / "1.csv").stat()
    assert dropped.st_gid == GROUPS["madang-parks"]
    assert oct(dropped.st_mode & 0o777) == oct(0o660)
    (folder / "accepted" / "0.csv").write_text("back")
    read = f"print(pathlib.Path({str(folder / 'accepted' / '0.csv')!r}).read_text())"
    assert as_clerk("parks", read) == "back\n"


@is_root
@pytest.mark.parametrize(
    "code",
    [
        pytest.param("os.listdir({folder!r})", id="list"),
        pytest.param("pathlib.Path({folder!r}, '1.csv').read_text()", id="read"),
        pytest.param("pathlib.Path({folder!r}, '2.csv').write_text('b')", id="write"),
        pytest.param("os.rename({folder!r} + '/1.csv', '/tmp/stolen.csv')", id="take"),
    ],
)
def test_one_department_can_do_nothing_in_another_s_folder(intake, code):
    folder = intake / "parks" / "city_parks"
    (folder / "1.csv").write_text("theirs")

    told = as_clerk("traffic", code.format(folder=str(folder)))

    assert "PermissionError" in told
    assert (folder / "1.csv").read_text() == "theirs"


@is_root
@pytest.mark.parametrize("place", [".claims", ".landed"])
def test_no_department_sees_what_was_taken(intake, place):
    assert "PermissionError" in as_clerk("parks", f"os.listdir({str(intake / place)!r})")


@is_root
@pytest.mark.parametrize("place", ["parks/evil", "parks/city_parks/accepted/forged.csv"])
def test_a_department_makes_nothing_beside_its_datasets_or_among_what_came_back(intake, place):
    assert "PermissionError" in as_clerk("parks", f"os.mkdir({str(intake / place)!r})")


@is_root
def test_a_dataset_that_comes_later_is_its_department_s_as_well(intake):
    make_folders(intake, ["parks-trees"])

    folder = intake / "parks" / "trees"
    assert as_clerk("parks", f"pathlib.Path({str(folder / '1.csv')!r}).write_text('a')") == ""
    assert "PermissionError" in as_clerk("traffic", f"os.listdir({str(folder)!r})")


@is_root
def test_sharing_again_sets_rights_right_and_leaves_files_alone(intake):
    folder = intake / "parks" / "city_parks"
    (folder / "1.csv").write_text("theirs")
    folder.chmod(0o777)

    share = rights.share_folders(intake, "parks", [PARKS])

    assert share.datasets == (PARKS,)
    assert oct(folder.stat().st_mode & 0o7777) == oct(0o2770)
    assert (folder / "1.csv").read_text() == "theirs"


@is_root
def test_a_link_in_the_place_of_a_folder_is_not_given_away(intake, tmp_path):
    folder = intake / "parks" / "city_parks"
    (folder / "accepted").rmdir()
    (folder / "accepted").symlink_to(tmp_path)
    before = tmp_path.stat()

    with pytest.raises(StoreError):
        rights.share_folders(intake, "parks", [PARKS])

    after = tmp_path.stat()
    assert (before.st_mode, before.st_gid) == (after.st_mode, after.st_gid)


def test_a_missing_group_is_a_command_that_root_runs(known_groups, monkeypatch, tmp_path):
    monkeypatch.setattr(rights, "pipeline_account", lambda _: "airflow")
    monkeypatch.setattr(rights, "_is_member", lambda *_: False)

    assert rights.missing_commands(tmp_path, "health") == (
        "groupadd madang-health",
        "usermod --append --groups madang-health airflow",
    )


def test_a_group_that_is_there_needs_no_command(known_groups, monkeypatch, tmp_path):
    monkeypatch.setattr(rights, "pipeline_account", lambda _: "root")

    assert rights.missing_commands(tmp_path, "parks") == ()


def test_a_command_that_fails_is_named():
    with pytest.raises(StoreError, match="This command failed: false now"):
        rights.run_commands(["false now"])


def test_a_name_too_long_for_a_group_is_refused():
    with pytest.raises(StoreError, match="longer than the 32 letters"):
        rights.group_of("a" * 26)
