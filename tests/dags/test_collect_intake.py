"""Collecting: every complete file starts one run, and no name leaves the intake."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from intake_watch import IntakeTrigger

from etl.errors import StoreError
from etl.intake.claim import claim_complete_files, claimed_file, close_claim, open_claims
from etl.intake.folders import make_folders
from etl.intake.look import Seen
from etl.ledger.database import migrate

DAGS = Path(__file__).parents[2] / "dags"
SCHEMAS = Path(__file__).parents[2] / "schemas"
PARKS = "parks-city_parks"
NAME = "{{ 7*7 }} 홍길동.csv"


@pytest.fixture
def intake(tmp_path, monkeypatch):
    monkeypatch.setenv("MADANG_INTAKE", str(tmp_path / "intake"))
    monkeypatch.setenv("MADANG_SCHEMAS", str(SCHEMAS))
    ledger = f"sqlite:///{tmp_path / 'state' / 'ledger.sqlite'}"
    monkeypatch.setenv("MADANG_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("MADANG_STORE", str(tmp_path / "state" / "store"))
    monkeypatch.setenv("MADANG_LEDGER", ledger)  # beside a stack it would be the stack's
    migrate(ledger)
    make_folders(tmp_path / "intake", [PARKS, "parks-broken"])
    return tmp_path / "intake"


def drop(intake: Path, dataset: str = "city_parks", name: str = NAME) -> Path:
    file = intake / "parks" / dataset / name
    file.write_text(f"a\n{name}\n")
    return file


# The DAG


@pytest.fixture
def claim_files(intake, monkeypatch):
    dag = DagBag(DAGS / "collect_intake.py", load_op_links=False).dags["collect_intake"]
    function = dag.task_dict["claim_files"].python_callable
    monkeypatch.setattr(sys.modules["etl.intake.claim"].time, "sleep", lambda _: None)
    return function


def test_each_file_asks_for_one_run_by_a_random_id(claim_files, intake):
    for number in range(20):
        drop(intake, name=f"{number}{NAME}")

    wanted = claim_files()

    assert len({one["trigger_run_id"] for one in wanted}) == 20
    assert {one["trigger_dag_id"] for one in wanted} == {f"publish__{PARKS}"}
    assert all(one["trigger_run_id"] == f"claim__{one['conf']['claim_id']}" for one in wanted)
    assert "홍길동" not in str(wanted)
    assert "{{" not in str(wanted)


def test_every_sender_has_a_receipt_before_a_run_is_asked_for(claim_files, intake):
    names = [drop(intake, name=f"{number}{NAME}").name for number in range(3)]

    claim_files()

    receipts = {file.name for file in (intake / "parks" / "city_parks").iterdir() if file.is_file()}
    assert receipts == {f"{name}.receipt.txt" for name in names}


def test_the_same_bytes_twice_ask_for_one_run(claim_files, intake):
    for name in ("1.csv", "2.csv"):
        drop(intake, name=name).write_text("a\n")

    assert len(claim_files()) == 1


def test_a_claim_that_a_crash_left_without_a_run_is_asked_for_again(claim_files, intake):
    drop(intake)
    [claim] = claim_complete_files(intake, {PARKS: "*"}, quiet_seconds=0)

    first, again = claim_files(), claim_files()

    assert first == again
    assert first[0]["conf"] == {"claim_id": claim.claim_id}


def test_a_file_that_cannot_be_taken_keeps_no_other_and_is_told_once_they_went(
    claim_files, intake, monkeypatch
):
    stuck, rename = drop(intake, name=f"another disk {NAME}"), Path.rename
    drop(intake)

    def on_one_disk(file: Path, target: Path) -> Path:
        if file == stuck:
            raise OSError(18, "Invalid cross-device link", str(file))
        return rename(file, target)

    monkeypatch.setattr(Path, "rename", on_one_disk)

    assert len(claim_files()) == 1

    [claim] = open_claims(intake)
    close_claim(intake, claim)
    with pytest.raises(StoreError, match="cross-device link") as caught:
        claim_files()
    assert "홍길동" not in str(caught.value)
    assert list((intake / ".claims" / PARKS).iterdir()) == []


def test_a_landed_claim_is_asked_for_no_more(claim_files, intake):
    drop(intake)
    claim_files()
    for claim in open_claims(intake):
        close_claim(intake, claim)

    assert claim_files() == []


def test_files_of_a_contract_that_cannot_be_read_stay(claim_files, intake):
    file = drop(intake, "broken")

    assert claim_files() == []
    assert file.exists()


def test_a_new_contract_gets_its_folder(claim_files, intake):
    (intake / "parks" / "city_parks").rmdir()

    claim_files()

    assert (intake / "parks" / "city_parks").is_dir()


def test_asking_for_a_run_that_exists_is_fine_and_no_two_collectors_meet():
    dag = DagBag(DAGS / "collect_intake.py", load_op_links=False).dags["collect_intake"]
    start = dag.task_dict["start_run"]

    assert start.operator_class is TriggerDagRunOperator
    assert start.partial_kwargs["skip_when_already_exists"] is True
    assert start.partial_kwargs["logical_date"] is None
    assert dag.max_active_runs == 1
    assert [asset.uri for asset in dag.timetable.asset_condition.objects] == ["madang://intake/"]


# The watch


def events_of(intake: Path, seconds: float, meanwhile=None, **times: float) -> list[object]:
    """Run a watch for a while, and return what it announced."""
    given = {"poll_seconds": 0.02, "remind_seconds": 10.0, **times}

    async def collect() -> list[object]:
        seen: list[object] = []

        async def watch() -> None:
            events = IntakeTrigger(str(intake), **given).run()
            async for event in events:
                seen.append(event.payload)  # noqa: PERF401  (read while it grows)

        running = asyncio.create_task(watch())
        if meanwhile:
            await asyncio.sleep(seconds / 2)
            meanwhile()
        await asyncio.sleep(seconds)
        running.cancel()
        return seen

    return asyncio.run(collect())


def test_an_empty_intake_is_silent(intake):
    assert events_of(intake, 0.3) == []


def test_a_complete_file_is_announced_once_as_a_count(intake):
    drop(intake)

    assert events_of(intake, 0.5) == [{"waiting": 1}]


def test_a_new_file_is_announced_at_once_even_between_reminders(intake):
    drop(intake)

    events = events_of(intake, 0.6, meanwhile=lambda: drop(intake, name="second.csv"))

    assert events == [{"waiting": 1}, {"waiting": 2}]


def test_what_waits_is_announced_again_but_less_and_less_often(intake):
    drop(intake)

    events = events_of(intake, 1.2, remind_seconds=0.1, remind_seconds_at_most=0.4)

    assert 3 <= len(events) <= 5  # after 0, 0.1, 0.3, 0.7 and 1.1 seconds


def test_a_claim_without_a_run_is_announced_when_the_watch_starts(intake):
    drop(intake)
    [claim] = claim_complete_files(intake, {PARKS: "*"}, quiet_seconds=0)

    assert events_of(intake, 0.3) == [{"waiting": 1}]
    assert claimed_file(intake, claim).name == NAME


def test_a_share_that_goes_away_does_not_end_the_watch(intake, monkeypatch):
    calls = []

    def away(_):
        calls.append(1)
        if len(calls) < 3:
            raise OSError(116, "Stale file handle")
        return {Path("a/b/c"): Seen(1, 1)}, []

    monkeypatch.setattr(IntakeTrigger, "_look", away)

    assert events_of(intake, 0.4) == [{"waiting": 1}]


def test_a_watch_is_made_anew_from_what_it_serialises(intake):
    path, given = IntakeTrigger(str(intake), poll_seconds=2).serialize()

    assert path == "intake_watch.IntakeTrigger"
    assert IntakeTrigger(**given).serialize() == (path, given)
