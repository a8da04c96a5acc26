"""What is killed is repeated and ends in the same state; a visitor never sees it happen."""

from __future__ import annotations


import pytest
from live_airflow import LiveAirflow
from live_catalogue import Visitor, csv_rows, resource
from live_stack import LiveStack, wait_for
from polling_visitor import PollingVisitor
from processes import is_alive, kill
from supplied import PARKS, body, new_name, version

STEPS = ("extract", "validate", "anonymise", "convert", "certify", "publish")
BODY_COLUMN = "managing_body"
ROWS = 10_000  # so that a step lasts long enough to be killed in it


@pytest.fixture
def polling(stack: LiveStack, visitor: Visitor) -> PollingVisitor:
    """Return somebody who looks at the parks; publish something to look at, if need be."""
    if visitor.record(PARKS) is None:
        stack.wait_for_run(stack.drop(PARKS, new_name("처음"), version(PARKS, "first")))
    record = visitor.record(PARKS)
    assert record
    return PollingVisitor(visitor.url, PARKS, resource(record, "CSV")["id"], BODY_COLUMN)


def test_a_run_whose_every_step_is_killed_ends_like_any_other(
    stack: LiveStack, visitor: Visitor, polling: PollingVisitor
) -> None:
    before = str(visitor.release(PARKS))

    with polling:
        name = stack.drop(PARKS, new_name("끊긴 실행"), version(PARKS, "killed", ROWS))
        for step in STEPS:
            kill_in_step(stack, PARKS, step)
        run = stack.wait_for_run(name)

    assert run.status == "published", run.reason
    assert attempts(stack, run.run_id) == {step: ["interrupted", "done"] for step in STEPS}
    live = str(visitor.release(PARKS))
    rows = csv_rows(visitor.file(PARKS, live, "data.csv"))
    assert {row[BODY_COLUMN] for row in rows} == {body("killed")}
    assert len(rows) == ROWS
    polling.require_whole()
    assert polling.releases == [before, live]


def test_a_scheduler_killed_between_claim_and_run_loses_no_file_and_runs_none_twice(
    stack: LiveStack, engineer: LiveAirflow
) -> None:
    name = stack.drop(PARKS, new_name("사라진 일정"), version(PARKS, "scheduler"))
    claim_id = wait_for(lambda: open_claim(stack, PARKS), "the file is claimed", pause=0.02)

    stack.kill_part("airflow-scheduler")

    assert engineer.state_of(PARKS, claim_id) is None, "the run was there before the scheduler died"
    run = stack.wait_for_run(name)
    assert (run.run_id, run.status) == (claim_id, "published")
    assert engineer.publication_runs(PARKS).count(f"claim__{claim_id}") == 1
    assert open_claim(stack, PARKS) == ""


def kill_in_step(stack: LiveStack, dataset: str, step: str) -> None:
    """Kill the process of the first attempt at a step, surely before the step is over.

    The ledger says that the step began; a lock on that line keeps it from saying that it ended.
    """
    begun = (
        "SELECT s.run_id FROM steps s JOIN runs r USING (run_id) WHERE r.dataset = %s"
        " AND s.step = %s AND s.attempt = 1 AND s.status = 'running' FOR UPDATE OF s"
    )
    with stack.connect("madang") as ledger:
        ledger.autocommit = False

        def catch() -> list[tuple[str]]:
            found = ledger.execute(begun, (dataset, step)).fetchall()
            if not found:
                ledger.rollback()
            return found

        [(run_id,)] = wait_for(catch, f"{step} begins", pause=0.002)
        pid = process_of_task(stack, dataset, run_id, step)
        kill(pid)
        wait_for(lambda: not is_alive(pid), f"process {pid} is gone", 10, pause=0.01)
        ledger.rollback()


def process_of_task(stack: LiveStack, dataset: str, run_id: str, task: str) -> int:
    """Return the process in which Airflow runs a task."""
    [(pid,)] = stack.query(
        "airflow",
        "SELECT pid FROM task_instance WHERE dag_id = %s AND run_id = %s AND task_id = %s"
        " AND state = 'running'",
        f"publish__{dataset}",
        f"claim__{run_id}",
        task,
    )
    return int(pid)


def attempts(stack: LiveStack, run_id: str) -> dict[str, list[str]]:
    """Return how each attempt at each step of a run ended."""
    found: dict[str, list[str]] = {step: [] for step in STEPS}
    for step, status in stack.query(
        "madang", "SELECT step, status FROM steps WHERE run_id = %s ORDER BY attempt", run_id
    ):
        found[step].append(status)
    return found


def open_claim(stack: LiveStack, dataset: str) -> str:
    """Return the id of a claimed file that no run has landed yet; empty when there is none."""
    folder = stack.settings.intake / ".claims" / dataset
    return next((claim.name for claim in folder.glob("*") if any(claim.iterdir())), "")
