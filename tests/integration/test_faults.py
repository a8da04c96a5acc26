"""A run that was killed, raced or starved is repeated, and ends where it would have ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from etl.errors import StoreError
from etl.ledger.book import Ledger
from etl.running import run_file
from tests.integration.killed_run import PLACES
from tests.integration.yard import MADANG, PARKS, ROOT, Yard, parks, take_steps

RUN = "a" * 32


@pytest.fixture
def yard(tmp_path):
    return Yard(tmp_path, gx_max_rows=0)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The data files of a run that nothing happened to."""
    yard = Yard(tmp_path_factory.mktemp("undisturbed"), gx_max_rows=0)
    return yard.published(yard.run(parks()))


def start(yard: Yard, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*map(str, arguments)],
        env=yard.process_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


@pytest.mark.parametrize("place", PLACES)
def test_a_killed_run_is_repeated_and_ends_in_the_same_bytes(yard, undisturbed, place):
    file = yard.supply(parks())
    driver = [sys.executable, "-m", "tests.integration.killed_run"]
    killed = start(yard, *driver, yard.folder, RUN, file, place)
    _, errors = killed.communicate(timeout=300)
    assert killed.returncode == -9, errors
    step = place.partition(",")[0]
    pipeline = yard.pipeline()
    before = [(s.step, s.status) for s in pipeline.ledger.steps(RUN) if s.step == step]
    assert before[-1:] in ([(step, "running")], [(step, "done")]), "it died elsewhere"

    published = take_steps(pipeline, RUN, file)["publish"]

    assert published.status == "published"
    assert yard.read_release(PARKS, published.release) == undisturbed
    assert yard.releases() == {published.release: "live"}
    assert pipeline.ledger.run(RUN).status == "published"
    steps = pipeline.ledger.steps(RUN)
    assert {s.status for s in steps} <= {"done", "interrupted"}
    assert [path.name for path in (yard.out / PARKS).iterdir()] == [published.release]


def test_a_killed_run_keeps_no_later_one_from_its_turn(yard):
    """Its lease ends a minute after the last heartbeat; the clock is turned, nobody waits."""
    file = yard.supply(parks())
    driver = [sys.executable, "-m", "tests.integration.killed_run"]
    start(yard, *driver, yard.folder, RUN, file, "publish, before the ledger knows").communicate()
    url = yard.pipeline().settings.ledger
    later = Ledger(url, clock=lambda: datetime.now(UTC) + timedelta(seconds=61))
    later.open_run("b" * 32, PARKS)

    later.acquire_lease(PARKS, "b" * 32)


@pytest.mark.parametrize(
    ("second", "endings"),
    [
        pytest.param(29, ["published", "published"], id="other data"),
        pytest.param(30, ["published", "unchanged"], id="the same data"),
    ],
)
def test_two_processes_on_one_dataset_at_once_both_end_right(yard, second, endings):
    files = [yard.supply(parks(30), name="1.csv"), yard.supply(parks(second), name="2.csv")]

    both = [start(yard, *MADANG, "run", PARKS, f, "--to", yard.out, "--json") for f in files]
    answers = [process.communicate(timeout=300) for process in both]

    assert [process.returncode for process in both] == [0, 0], answers
    told = [json.loads(out) for out, _ in answers]
    assert sorted(one["status"] for one in told) == endings
    states = sorted(yard.releases().values())
    assert states == (["live", "replaced"] if second == 29 else ["live"])
    for one, file in zip(told, files, strict=True):
        alone = run_file(yard.pipeline(yard.folder / f"alone {file.stem}"), PARKS, file)
        expected = yard.read_release(
            PARKS, alone.as_json()["release"], yard.folder / f"alone {file.stem}"
        )
        assert yard.read_release(PARKS, one["release"]) == expected


@pytest.fixture
def small_disk(yard):
    """A disk of its own, too small for a release; root may make one."""
    folder = yard.folder / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k,nr_inodes=200", "madang-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("A SMALL DISK CANNOT BE MADE HERE (root may): a full disk was not tested")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_the_operators_and_a_later_run_completes(yard, small_disk, undisturbed):
    out = small_disk / "out"
    pipeline = yard.pipeline(out)
    filler = small_disk / "filler"
    filler.write_bytes(os.urandom(os.statvfs(small_disk).f_bavail * 4096 - 40_960))

    full = run_file(pipeline, PARKS, yard.supply(parks()))

    assert (full.status, full.exit_code) == ("failed", 40)
    assert "disk is full" in full.error.message or "No space left" in full.error.message
    assert not (out / PARKS).exists()
    filler.unlink()
    done = run_file(yard.pipeline(out), PARKS, yard.supply(parks()))
    assert (done.status, done.exit_code) == ("published", 0)
    assert yard.read_release(PARKS, done.as_json()["release"], out) == undisturbed


@pytest.mark.parametrize("room", range(0, 200_000, 24_000))
def test_wherever_the_disk_fills_up_nothing_is_half_shown(yard, small_disk, undisturbed, room):
    out = small_disk / "out"
    pipeline = yard.pipeline(out)
    filler = small_disk / "filler"
    free = os.statvfs(small_disk).f_bavail * 4096
    filler.write_bytes(os.urandom(max(0, free - room)))

    report = run_file(pipeline, PARKS, yard.supply(parks()))

    assert report.exit_code in (0, 40), report.error
    shown = list((out / PARKS).iterdir()) if (out / PARKS).exists() else []
    assert report.exit_code == 40 or len(shown) == 1
    for release in shown:  # the ledger may be the first that finds no room after the switch
        assert yard.read_release(PARKS, release.name, out) == undisturbed
        assert (release / "report" / "report.html").exists()


def test_a_store_that_lost_a_file_says_so(yard):
    pipeline = yard.pipeline()
    states = take_steps(pipeline, RUN, yard.supply(parks()), until="validate")
    store = yard.out / ".madang" / "store"
    (store / states["validate"].key / "rows.parquet").unlink()

    with pytest.raises(StoreError, match="is not in the store"):
        pipeline.anonymise(states["validate"])
