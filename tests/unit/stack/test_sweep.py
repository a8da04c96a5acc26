"""What a killed supervisor left behind is found by its session, and nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from stack import sweep
from stack.sweep import Process, Session, is_alive, members, read_stat, recall, remember, session_of

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
LEADER = (
    "import subprocess, sys, time;"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print('ready', flush=True); time.sleep(60)"
)


@pytest.fixture
def leader():
    process = subprocess.Popen(
        [sys.executable, "-c", LEADER], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    process.stdout.readline()
    session = session_of(process.pid)
    yield process, session
    sweep.sweep(session)
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("java", id="a plain name"),
        pytest.param("gunicorn: master", id="a name with a blank"),
        pytest.param("a) S 1 (b", id="a name that looks like the fields behind it"),
    ],
)
def test_session_and_start_are_read_whatever_the_name(name):
    line = f"77 ({name}) R 1 77 70 0 -1 4194560 " + "0 " * 12 + "123456 0 0"

    assert read_stat(line) == Process(77, 1, 70, 123456, "R")


def test_children_of_a_killed_leader_are_ended(leader):
    process, session = leader
    assert len(members(session)) == 2
    process.kill()
    process.wait()

    swept = sweep.sweep(session)

    assert len(swept) == 1
    wait_until_gone(session)


def test_a_process_of_another_session_is_left_alone(leader):
    _, session = leader
    bystander = subprocess.Popen(SLEEP, start_new_session=True)

    sweep.sweep(session)

    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_a_later_process_with_the_same_id_is_not_taken_for_the_leader(leader):
    process, session = leader
    earlier = Session(session.id, session.started - 1, session.boot)

    assert is_alive(session)
    assert not is_alive(earlier)
    assert process.poll() is None


def test_a_session_of_an_earlier_boot_is_forgotten(tmp_path):
    file = tmp_path / "session"
    remember(Session(os.getpid(), 1, "another boot"), file)

    assert recall(file) is None
    assert recall(tmp_path / "none") is None


def wait_until_gone(session):
    end = time.monotonic() + 5
    while members(session):
        assert time.monotonic() < end
        time.sleep(0.02)
