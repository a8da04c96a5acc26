"""A worker killed at any call leaves the old release or the new one, and the call is repeated."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import contextmanager, suppress
from functools import partial

import pytest
import requests
from publishing import Answer, Dataset, make_release

OLD = make_release("20261125-1", rows=10, mark="가")
NEW = make_release("20261125-2", rows=30000, mark="나")
RELEASES = {release.name: release for release in (OLD, NEW)}
PATIENCE_SECONDS = 60


def kill_workers(stack) -> None:
    for pid in stack.worker_pids():
        os.kill(pid, signal.SIGKILL)


def call_and_kill(stack, call, delay: float) -> None:
    """Start a call, and kill every worker a moment later."""
    assert stack.worker_pids(), "nobody to kill: this test would prove nothing"
    calling = threading.Thread(target=_ignore_lost_answer, args=[call])
    calling.start()
    time.sleep(delay)
    kill_workers(stack)
    calling.join()


def _ignore_lost_answer(call) -> None:
    with suppress(requests.ConnectionError):
        call()


def repeat(call) -> Answer:
    """Call until the catalogue is back and not busy."""
    limit = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            answer = call()
        except requests.ConnectionError:
            answer = Answer(500, {})
        if answer.status < 500 and answer.document.get("error", {}).get("__type") != "Busy Error":
            return answer
        assert time.monotonic() < limit, answer
        time.sleep(0.3)


def live_release(dataset: Dataset, visitor) -> str:
    """Return the live release, having seen that record, table and files are all of it."""
    record = repeat(lambda: visitor.call("package_show", id=dataset.name)).result()
    named = {resource["release"] for resource in record["resources"]}
    assert len(named) == 1, "the record names two releases"
    release = RELEASES[named.pop()]
    found = visitor.call("datastore_search", resource_id=dataset.csv_id, limit=1).result()
    assert (found["release"], found["total"]) == (release.name, release.rows)
    for resource in record["resources"]:
        served = visitor.get(resource["url"])
        assert served.content == release.files[resource["url"].rpartition("/")[2]]
    return release.name


STEPS = {
    "put": lambda dataset: dataset.put(NEW, "data.csv"),
    "load": lambda dataset: dataset.load(NEW),
    "flip": lambda dataset: dataset.flip(NEW, OLD.name),
}


@pytest.mark.parametrize(
    ("step", "delay"),
    [("put", 0.03), ("load", 0.03), ("load", 0.2), ("flip", 0.0), ("flip", 0.03), ("flip", 0.08)],
)
def test_a_killed_worker_leaves_old_or_new_and_the_repetition_ends_right(
    stack, dataset, visitor, step, delay
):
    dataset.publish(OLD)
    for earlier in list(STEPS)[: list(STEPS).index(step)]:
        STEPS[earlier](dataset).result()
    dataset.put(NEW, "data.parquet").result()

    call_and_kill(stack, lambda: STEPS[step](dataset), delay)

    found = live_release(dataset, visitor)
    assert found == OLD.name or step == "flip"
    if found == OLD.name:
        for remaining in list(STEPS)[list(STEPS).index(step) :]:
            repeat(partial(STEPS[remaining], dataset)).result()
    assert live_release(dataset, visitor) == NEW.name


def test_a_worker_killed_while_the_record_is_made_leaves_it_made_or_not(stack, publisher):
    dataset = Dataset(publisher, "madang_tests")

    call_and_kill(stack, dataset.create, delay=0.03)
    shown = repeat(lambda: publisher.call("package_show", id=dataset.name))
    if shown.status == 404:
        repeat(dataset.create).result()
    record = publisher.call("package_show", id=dataset.name).result()

    assert {resource["id"] for resource in record["resources"]} == {
        dataset.parquet_id,
        dataset.csv_id,
    }
    repeat(lambda: publisher.call("madang_drift", settled_seconds=0, repair=True)).result()
    publisher.call("package_delete", id=dataset.name)


def test_a_search_server_that_hangs_takes_the_whole_flip_back(stack, dataset, publisher, visitor):
    dataset.publish(OLD)
    dataset.put_all(NEW)
    dataset.load(NEW).result()
    with stopped(stack.search_server_pids()):
        answer = dataset.flip(NEW, OLD.name)

    assert answer.status == 500
    assert live_release(dataset, visitor) == OLD.name
    assert visitor.get(dataset.file_path(NEW.name, "data.csv")).status_code == 404
    publisher.call("madang_drift", settled_seconds=0, repair=True).result()
    dataset.flip(NEW, OLD.name).result()
    assert live_release(dataset, visitor) == NEW.name


@contextmanager
def stopped(pids: list[int]):
    """Keep processes from running for a while."""
    assert pids, "nothing to stop: this test would prove nothing"
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_visitors_who_ask_all_the_time_get_whole_answers_through_flips(dataset, visitor):
    dataset.publish(OLD)
    answers, stop = [], threading.Event()

    def ask() -> None:
        while not stop.is_set():
            found = visitor.call("datastore_search", resource_id=dataset.csv_id, limit=1)
            marks = [record["name"][0] for record in found.result()["records"]]
            answers.append((found.result()["release"], found.result()["total"], *marks))

    asking = [threading.Thread(target=ask) for _ in range(2)]
    for thread in asking:
        thread.start()
    dataset.put_all(NEW)
    dataset.load(NEW).result()
    for new, old in ((NEW, OLD), (OLD, NEW), (NEW, OLD)):
        dataset.flip(new, old.name).result()
    stop.set()
    for thread in asking:
        thread.join()

    assert len(answers) > 10, "nobody asked: this test would prove nothing"
    assert set(answers) <= {(OLD.name, OLD.rows, "가"), (NEW.name, NEW.rows, "나")}
