"""`madang intake add`: what it makes, and what it leaves to an administrator."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.integration.yard import MADANG, ROOT, Yard


@pytest.fixture
def yard(tmp_path):
    return Yard(tmp_path)


def madang(yard, *arguments):
    done = subprocess.run(
        [*MADANG, "intake", "add", *arguments],
        env=yard.process_environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_without_its_group_nothing_is_made_and_the_commands_are_told(yard):
    code, told, _ = madang(yard, "city", "--json")

    answer = json.loads(told)
    assert (code, answer["status"], answer["group"]) == (40, "failed", "madang-city")
    assert answer["commands"][0] == "groupadd madang-city"
    assert not (yard.settings().intake / "city").exists()


def test_the_commands_are_told_to_people_too(yard):
    code, told, _ = madang(yard, "city", "--lang", "ko")

    assert code == 40
    assert "groupadd madang-city" in told
    assert "관리자" in told


def test_an_organisation_without_contracts_gets_no_folder(yard):
    code, _, told = madang(yard, "elsewhere", "--lang", "en")

    assert code == 10
    assert "no contract takes files from this organisation" in told
    assert not yard.settings().intake.exists()
