"""Sample files on their way: dropped whole, once, and their end is read from Airflow's states."""

from __future__ import annotations

import pytest

from stack.airflow_api import STEPS
from stack.journeys import Diary, Progress, Supplied, is_settled, progress

DONE = dict.fromkeys(STEPS, "success")


class RememberedAirflow:
    """An Airflow that knows some runs and their states."""

    def __init__(self, **states):
        self._states = states

    def run_state(self, dataset, run):
        return self._states.get(run)


@pytest.fixture
def supplied(tmp_path):
    file = tmp_path / "주차장정보_20261101.csv"
    file.write_text("a\n")
    return Supplied(file, "traffic/car_parks", may_pass=True)


def test_a_file_lies_in_its_departments_folder_and_nothing_unfinished_beside_it(supplied, tmp_path):
    supplied.drop(tmp_path / "intake")

    [dropped] = (tmp_path / "intake" / "traffic" / "car_parks").iterdir()
    assert dropped.name == supplied.file.name
    assert dropped.read_bytes() == supplied.file.read_bytes()


def test_a_dropped_file_is_recognised_by_its_bytes(supplied, tmp_path):
    Diary(tmp_path / "diary").note(supplied, "claim__1")

    assert Diary(tmp_path / "diary").run_of(supplied) == "claim__1"
    supplied.file.write_text("b\n")
    assert Diary(tmp_path / "diary").run_of(supplied) is None


@pytest.mark.parametrize(
    ("state", "may_pass", "settled"),
    [
        pytest.param("success", True, True, id="what is live is not dropped again"),
        pytest.param("running", True, True, id="what waits for the officer is not dropped again"),
        pytest.param("failed", True, False, id="what failed by accident is dropped again"),
        pytest.param("failed", False, True, id="what had to be refused is not dropped again"),
        pytest.param(None, True, False, id="what Airflow has forgotten is dropped again"),
    ],
)
def test_a_file_is_dropped_again_only_where_that_can_help(supplied, state, may_pass, settled):
    file = Supplied(supplied.file, supplied.folder, may_pass)

    assert is_settled(RememberedAirflow(run=state), file, "run") is settled


@pytest.mark.parametrize(
    ("run", "tasks", "expected"),
    [
        pytest.param(None, {}, Progress(0, "extract", "under way"), id="not begun"),
        pytest.param("success", DONE, Progress(6, "publish", "live"), id="live"),
        pytest.param(
            "success",
            {**DONE, "publish": "skipped"},
            Progress(6, "publish", "unchanged"),
            id="the live release holds the same",
        ),
        pytest.param(
            "running",
            {**DONE, "approve": "awaiting_input", "publish": None},
            Progress(5, "approve", "waiting"),
            id="waits for the officer",
        ),
        pytest.param(
            "failed",
            {**DONE, "certify": "failed", "publish": "upstream_failed"},
            Progress(4, "certify", "refused"),
            id="refused at the gate",
        ),
        pytest.param(
            "running",
            {"extract": "success", "validate": "up_for_retry"},
            Progress(1, "validate", "under way"),
            id="tried again",
        ),
    ],
)
def test_where_a_file_is_follows_from_the_states_of_its_tasks(run, tasks, expected):
    assert progress(run, tasks) == expected
