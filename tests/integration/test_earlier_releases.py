"""A release about people follows the ones before it: same levels, and nobody to be subtracted."""

from __future__ import annotations

import json

import pytest

from tests.integration.yard import CANARY, JOBS, JOBS_CONTRACT, PARKS, Yard, parks

CONTRACT = JOBS_CONTRACT.replace(
    "role: quasi-identifier, generalise: {band: 10}}",
    "role: quasi-identifier, hierarchy: {steps: [{band: 10}, {band: 20}], floor: 0}}",
)


@pytest.fixture
def yard(tmp_path) -> Yard:
    made = Yard(tmp_path, gx_max_rows=0)
    made.write_contract(JOBS, CONTRACT)
    return made


def people(age: int, count: int, wish: str = "직종", ward: str = "북동") -> list[tuple[str, ...]]:
    return [(f"{CANARY}{age}-{n}", str(age), ward, f"{wish}{n % 2}") for n in range(count)]


FIRST = [*people(31, 2), *people(33, 2), *people(45, 4), *people(65, 4)]


def certificate(yard: Yard, report) -> dict:
    release = report.as_json()["release"]
    return json.loads((yard.out / JOBS / release / "public/certificate.json").read_bytes())


def names(content: dict) -> list[str]:
    return [check["name"] for check in content["checks"] if "release" in check["name"]]


def test_levels_stay_those_of_the_release_before(yard):
    first = yard.run(FIRST, JOBS)
    second = yard.run([*FIRST, *people(31, 20), *people(33, 20)], JOBS)

    before, after = certificate(yard, first), certificate(yard, second)
    assert second.status == "published"
    assert before["privacy"]["levels"] == after["privacy"]["levels"] == {"age": 1, "ward": 0}
    assert before["privacy"]["search"]["pinned"] is None
    assert after["privacy"]["search"]["pinned"] == first.as_json()["release"]
    assert after["privacy"]["search"]["optimal"] is False


def test_a_higher_version_decides_for_new_levels(yard):
    yard.run(FIRST, JOBS)
    yard.write_contract(JOBS, CONTRACT.replace("version: 1", "version: 2"))

    second = yard.run([*FIRST, *people(31, 20), *people(33, 20)], JOBS)

    content = certificate(yard, second)
    assert content["privacy"]["levels"] == {"age": 0, "ward": 0}
    assert content["privacy"]["search"]["pinned"] is None


def test_other_levels_in_the_same_version_are_held(yard):
    yard.run(FIRST, JOBS)
    yard.write_contract(JOBS, CONTRACT.replace("{band: 20}", "{band: 40}"))

    report = yard.run([*FIRST, *people(31, 20)], JOBS)

    assert (report.status, report.error.owner) == ("held", "data steward")
    assert "age is declared otherwise" in report.error.message


def test_levels_that_no_longer_suffice_are_not_left_in_silence(yard):
    yard.run(FIRST, JOBS)

    report = yard.run([*FIRST, *people(71, 2), *people(81, 2), *people(91, 2)], JOBS)

    assert report.exit_code == 30
    assert "raise the contract's version" in report.error.message
    assert list(yard.releases(JOBS).values()) == ["live"]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        pytest.param(FIRST[1:], "fewer than k: 1", id="one went"),
        pytest.param([*FIRST[1:], *people(32, 1, "딴")], "fewer than k: 1", id="one was changed"),
    ],
)
def test_nobody_can_be_told_by_subtracting(yard, rows, told):
    first = yard.run(FIRST, JOBS)

    report = yard.run(rows, JOBS)

    assert (report.status, report.exit_code) == ("refused", 30)
    assert told in report.error.message
    assert CANARY not in report.error.message
    assert yard.releases(JOBS)[first.as_json()["release"]] == "live"


def test_who_comes_alone_is_held_back_until_enough_have_come(yard):
    first = yard.run(FIRST, JOBS)

    second = yard.run([*FIRST, *people(35, 1)], JOBS)
    third = yard.run([*FIRST, *people(35, 1), *people(36, 1)], JOBS)
    fourth = yard.run([*FIRST, *people(35, 2), *people(36, 1)], JOBS)

    counts = [report.as_json()["tiers"][0] for report in (second, third, fourth)]
    assert [(tier["published"], tier["held_back"]) for tier in counts] == [
        (12, 1), (12, 2), (15, 0),
    ]  # fmt: skip
    assert yard.published(first)["data.csv"] == yard.published(third)["data.csv"]
    content = certificate(yard, second)
    assert content["rows"] == {
        "accepted": None, "published": 12, "suppressed": 0, "held_back": "<3",
    }  # fmt: skip
    assert not {"books", "suppression"} & {check["name"] for check in content["checks"]}


def test_every_earlier_release_is_looked_at(yard):
    base = [*FIRST, *(row for age in (71, 73, 81, 83) for row in people(age, 2))]
    first = yard.run(base, JOBS).as_json()["release"]
    second = yard.run([*base, *people(35, 4)], JOBS).as_json()["release"]

    third = yard.run([*base[1:], *people(35, 1, "딴")], JOBS)
    fourth = yard.run([*base, *people(35, 12)], JOBS)

    assert f"release {first} by fewer than k: 1" in third.error.message
    assert f"release {second}" not in third.error.message
    assert fourth.status == "published"
    assert [name.split()[5] for name in names(certificate(yard, fourth))[::2]] == [first, second]


def test_where_no_row_is_a_person_nothing_is_compared(yard):
    yard.run(parks(30), PARKS)

    assert yard.run(parks(31), PARKS).status == "published"


def test_the_same_people_again_change_nothing(yard):
    yard.run(FIRST, JOBS)

    assert yard.run(FIRST, JOBS).status == "unchanged"
