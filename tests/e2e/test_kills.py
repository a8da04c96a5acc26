"""What is killed is repeated and ends in the same state; a visitor never sees it happen."""

from __future__ import annotations

import pytest
from live_airflow import LiveAirflow
from live_catalogue import Visitor, csv_rows, resource
from live_stack import LiveStack, wait_for
from polling_visitor import PollingVisitor
from processes import is_alive, kill
from supplied import CAR_PARKS, PARKS, ROWS, body, new_name, version

STEPS = ("extract", "validate", "anonymise", "convert", "certify", "publish")
BODY_COLUMN = "managing_body"
BEGUN = (
    "SELECT s.run_id FROM steps s JOIN runs r USING (run_id) WHERE r.dataset = %s"
    " AND s.step = %s AND s.attempt = 1 AND s.status = 'running'"
)


@pytest.fixture
def polling(stack: LiveStack, visitor: Visitor) -> PollingVisitor:
    """Return somebody who looks at the car parks; what is live then is of one version."""
    if visitor.record(CAR_PARKS) is None or len(live_bodies(visitor)) > 1:
        stack.wait_for_run(stack.drop(CAR_PARKS, new_name("처음"), version(CAR_PARKS, "first")))
    record = visitor.record(CAR_PARKS)
    assert record
    return PollingVisitor(visitor.url, CAR_PARKS, resource(record, "CSV")["id"], BODY_COLUMN)


def test_a_run_whose_every_step_is_killed_ends_like_any_other(
    stack: LiveStack, visitor: Visitor, polling: PollingVisitor
) -> None:
    before = str(visitor.release(CAR_PARKS))

    with polling:
        name = stack.drop(CAR_PARKS, new_name("끊긴 실행"), version(CAR_PARKS, "killed"))
        for step in STEPS:
            kill_in_step(stack, CAR_PARKS, step)
        run = stack.wait_for_run(name)

    assert run.status == "published", run.reason
    assert attempts(stack, run.run_id) == {step: ["interrupted", "done"] for step in STEPS}
    assert stack.query("madang", "SELECT published FROM runs WHERE run_id = %s", run.run_id) == [
        (ROWS,)
    ]
    assert live_bodies(visitor) == {body("killed")}
    polling.require_whole()
    assert polling.releases == [before, visitor.release(CAR_PARKS)]


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


def test_a_database_killed_while_a_run_publishes_comes_back_and_the_run_ends_by_itself(
    stack: LiveStack, visitor: Visitor, polling: PollingVisitor
) -> None:
    before = str(visitor.release(CAR_PARKS))

    with polling:
        name = stack.drop(CAR_PARKS, new_name("끊긴 원장"), version(CAR_PARKS, "database"))
        with polling.outage():
            with stack.connect("madang") as ledger:
                wait_for(
                    lambda: ledger.execute(BEGUN, (CAR_PARKS, "publish")).fetchall(),
                    "publish begins",
                    pause=0.01,
                )
                stack.kill_part("postgres")
            stack.wait_until_whole()
        run = stack.wait_for_run(name)

    assert run.status == "published", run.reason
    assert live_bodies(visitor) == {body("database")}
    polling.require_whole()
    assert polling.releases == [before, visitor.release(CAR_PARKS)]


def kill_in_step(stack: LiveStack, dataset: str, step: str) -> None:
    """Kill the process of the first attempt at a step, surely before the step is over.

    The ledger says that the step began; a lock on that line keeps it from saying that it ended.
    """
    with stack.connect("madang") as ledger:
        ledger.autocommit = False

        def catch() -> list[tuple[str]]:
            found = ledger.execute(f"{BEGUN} FOR UPDATE OF s", (dataset, step)).fetchall()
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


def live_bodies(visitor: Visitor) -> set[str]:
    """Return the versions that the rows of the live release are of."""
    rows = csv_rows(visitor.file(CAR_PARKS, str(visitor.release(CAR_PARKS)), "data.csv"))
    return {str(row[BODY_COLUMN]) for row in rows}


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
