"""Nothing about persons is published unless the privacy officer says so, on Airflow's page."""

from __future__ import annotations

from pathlib import Path

import pytest
from live_airflow import LiveAirflow
from live_browser import OpenPage
from live_catalogue import Visitor, smallest_group
from live_stack import LiveStack, wait_for
from supplied import EMPLOYMENT, new_name, people

SMALLEST_GROUP = 10
MOST_SUPPRESSED = 0.02


def ask_the_officer(stack: LiveStack, engineer: LiveAirflow, times: int = 1) -> str:
    """Drop a file about persons; return its run once Airflow waits for the officer."""
    name = stack.drop(EMPLOYMENT, new_name("장애인취업정보"), people(times))
    run_id = stack.wait_for_run(name, "waiting").run_id
    wait_for(
        lambda: engineer.state_of(EMPLOYMENT, run_id, "approve") == "awaiting_input",
        "Airflow asks the officer",
    )
    return run_id


@pytest.fixture(scope="module")
def waiting(stack: LiveStack, engineer: LiveAirflow) -> str:
    """Return a run that waits for the officer."""
    return ask_the_officer(stack, engineer)


def answer_as_officer(stack: LiveStack, korean_page: OpenPage, run_id: str, option: str) -> str:
    """Log in as the officer, open what waits, click; return the text of the page before."""
    airflow = stack.settings.url("airflow")
    question = f"/dags/publish__{EMPLOYMENT}/runs/claim__{run_id}/tasks/approve/required_actions"
    with korean_page() as page:
        page.goto(f"{airflow}/auth/login/")
        page.fill("#username", "officer")
        page.fill("#password", stack.password("airflow-officer"))
        page.press("#password", "Enter")
        page.wait_for_url(f"{airflow}/")
        page.goto(f"{airflow}{question}")
        button = page.get_by_test_id(f"hitl-option-{option}")
        button.wait_for()
        page.get_by_text("필수 작업").first.wait_for()  # the page speaks Korean
        shown = page.locator("body").inner_text()
        with page.expect_response(lambda answer: answer.request.method == "PATCH") as taken:
            button.click()
        assert taken.value.ok, taken.value.status_text
    return shown


def test_nobody_but_the_officer_can_approve(
    stack: LiveStack, engineer: LiveAirflow, visitor: Visitor, waiting: str
) -> None:
    before = visitor.release(EMPLOYMENT)
    run = f"/dags/publish__{EMPLOYMENT}/dagRuns/claim__{waiting}"
    answer = {"chosen_options": ["Approve"], "params_input": {}}

    tried = engineer.ask("PATCH", f"{run}/taskInstances/approve/-1/hitlDetails", json=answer)

    assert tried.status_code == 403, "the request for an approval was used up by another account"
    assert engineer.state_of(EMPLOYMENT, waiting, "approve") == "awaiting_input"
    assert status(stack, waiting) == "waiting"
    assert decisions(stack, waiting) == []
    assert visitor.release(EMPLOYMENT) == before


def test_an_approved_release_goes_live_and_no_group_in_it_is_small(
    stack: LiveStack, visitor: Visitor, waiting: str, korean_page: OpenPage, tmp_path: Path
) -> None:
    before = visitor.release(EMPLOYMENT)
    assert before == stack.live_release(EMPLOYMENT)
    run_id = waiting

    shown = answer_as_officer(stack, korean_page, run_id, "Approve")

    assert "공개할까요?" in shown
    wait_for(lambda: status(stack, run_id) == "published", "the approved run is published")
    live = visitor.release(EMPLOYMENT)
    assert live not in (None, before)
    assert live == stack.live_release(EMPLOYMENT)
    assert decisions(stack, run_id) == [("approved", "officer")]
    file = tmp_path / "data.parquet"
    file.write_bytes(visitor.file(EMPLOYMENT, str(live), file.name))
    assert smallest_group(file) >= SMALLEST_GROUP
    accepted, suppressed = books(stack, run_id)
    assert 0 < suppressed <= MOST_SUPPRESSED * accepted


def test_a_refused_release_ends_and_the_live_one_stays(
    stack: LiveStack,
    engineer: LiveAirflow,
    visitor: Visitor,
    korean_page: OpenPage,
) -> None:
    before = visitor.release(EMPLOYMENT)
    run_id = ask_the_officer(stack, engineer, times=2)

    answer_as_officer(stack, korean_page, run_id, "Reject")

    wait_for(lambda: status(stack, run_id) == "refused", "the run is refused")
    wait_for(lambda: engineer.state_of(EMPLOYMENT, run_id) == "failed", "Airflow ends the run")
    assert decisions(stack, run_id) == [("refused", "officer")]
    assert visitor.release(EMPLOYMENT) == before == stack.live_release(EMPLOYMENT)
    [(prepared,)] = stack.query("madang", "SELECT release FROM releases WHERE run_id = %s", run_id)
    assert visitor.get(f"/dataset/{EMPLOYMENT}/release/{prepared}/data.csv").status_code == 404


def status(stack: LiveStack, run_id: str) -> str:
    """Return how a run stands in the ledger."""
    [(found,)] = stack.query("madang", "SELECT status FROM runs WHERE run_id = %s", run_id)
    return str(found)


def decisions(stack: LiveStack, run_id: str) -> list[tuple[str, str]]:
    """Return what was decided about a run, and by whom."""
    return stack.query(
        "madang", "SELECT verdict, decided_by FROM decisions WHERE run_id = %s", run_id
    )


def books(stack: LiveStack, run_id: str) -> tuple[int, int]:
    """Return the rows that a run accepted and suppressed."""
    [found] = stack.query(
        "madang", "SELECT accepted, suppressed FROM runs WHERE run_id = %s", run_id
    )
    return found
