"""A guard holds what changes too much; an operator lets exactly that pass, with a reason."""

from __future__ import annotations

import json

import pytest

from etl.checking import check_files, reachable_ledger
from etl.errors import ApprovalRefusedError, ContractError, ReleaseHeldError
from etl.running import release_held
from tests.integration.test_run_command import madang
from tests.integration.yard import PARKS, PARKS_CONTRACT, Yard, park, parks

UNGUARDED = PARKS_CONTRACT.replace("guards: {rows: 60%}\n", "")


@pytest.fixture
def yard(tmp_path):
    yard = Yard(tmp_path, gx_max_rows=0)
    yard.write_contract(PARKS, UNGUARDED)
    return yard


def pass_guard(yard: Yard, run_id: str, reason: str = "통폐합으로 줄었음"):
    return release_held(yard.pipeline(), PARKS, run_id, by="운영자", reason=reason)


def test_a_file_that_lost_40_percent_of_its_rows_is_held_and_the_live_release_stays(yard):
    live = yard.run(parks(30))

    held = yard.run(parks(18))

    assert (held.status, held.exit_code) == ("held", 10)
    assert isinstance(held.error, ReleaseHeldError)
    assert "30 rows would become 18" in held.error.message
    assert held.run_id in held.error.message
    assert yard.releases() == {live.as_json()["release"]: "live"}


def test_an_operator_releases_it_and_the_ledger_keeps_the_reason(yard):
    yard.run(parks(30))
    held = yard.run(parks(18))

    released = pass_guard(yard, held.run_id)

    assert (released.status, released.exit_code) == ("published", 0)
    assert list(yard.releases().values()) == ["replaced", "live"]
    [waiver] = yard.pipeline().ledger.waivers(held.run_id)
    assert (waiver.waived_by, waiver.reason) == ("운영자", "통폐합으로 줄었음")
    assert "30 rows would become 18" in waiver.violations[0]


def test_a_waiver_is_for_one_run_alone(yard):
    yard.run(parks(30))
    first = yard.run(parks(18))
    pass_guard(yard, first.run_id)

    assert yard.run(parks(9)).status == "held"


def test_a_waiver_is_for_what_was_seen_alone(yard):
    yard.run(parks(30))
    held = yard.run(parks(18))
    yard.run(parks(40))

    again = pass_guard(yard, held.run_id)

    assert again.status == "held"
    assert "40 rows would become 18" in again.error.message
    assert pass_guard(yard, held.run_id).status == "published"


def test_an_empty_reason_or_run_releases_nothing(yard):
    yard.run(parks(30))

    with pytest.raises(ContractError, match="no guard holds a run"):
        pass_guard(yard, "0" * 32)


def test_what_another_gate_holds_is_not_the_operators_to_release(yard):
    yard.run(parks(30))
    older = yard.run(parks(18, checked_on="2026-10-01"))

    assert "speak for 2026-10-01" in older.error.message
    with pytest.raises(ContractError, match="no guard holds a run"):
        pass_guard(yard, older.run_id)


def test_a_newer_release_meanwhile_holds_what_a_guard_was_waived_for(yard):
    yard.run(parks(30))
    held = yard.run(parks(18))
    yard.run(parks(30, checked_on="2026-12-01"))

    again = pass_guard(yard, held.run_id)

    assert again.status == "held"
    assert "The older data are held" in again.error.message


def test_the_officer_is_not_passed_by(yard):
    yard.run(parks(30))
    yard.write_contract(PARKS, UNGUARDED.replace("approval: none", "approval: privacy-officer"))
    held = yard.run(parks(18))

    waiting = pass_guard(yard, held.run_id)

    assert isinstance(waiting.error, ApprovalRefusedError)
    assert waiting.exit_code == 30
    assert list(yard.releases().values()) == ["live", "prepared"]


def test_a_published_run_cannot_be_released_again(yard):
    yard.run(parks(30))
    held = yard.run(parks(18))
    pass_guard(yard, held.run_id)

    with pytest.raises(ContractError, match="no guard holds a run"):
        pass_guard(yard, held.run_id)


def test_the_comparison_is_kept_in_the_restricted_zone_without_values(yard):
    yard.run(parks(30))
    held = yard.run(parks(18))

    key = f"restricted/{PARKS}/{held.run_id}/comparison.json"
    content = yard.pipeline().read_json(key)

    assert (content["rows"], content["rows_before"], content["removed_keys"]) == (18, 30, 12)
    assert "마당" not in json.dumps(content, ensure_ascii=False)


def test_a_breaking_change_of_the_contract_is_held_until_its_version_says_so(yard):
    yard.run(parks(30))
    broken = UNGUARDED.replace("decimals: 2", "decimals: 1")
    yard.write_contract(PARKS, broken)

    held = yard.run(parks(30))
    yard.write_contract(PARKS, broken.replace("\nversion: 1", "\nversion: 2"))
    published = yard.run(parks(30))

    assert (held.status, held.exit_code) == ("held", 10)
    assert "fields.area.type has another type" in held.error.message
    assert published.status == "published"


def test_the_command_tells_how_to_release_and_does_it(yard):
    yard.run(parks(30))
    file = yard.supply([park(n) for n in range(1, 19)])
    done = madang(yard, "run", PARKS, file, "--to", yard.out, "--json")
    run_id = json.loads(done.stdout)["run_id"]

    options = ("--to", yard.out, "--json", "--run", run_id)
    silent = madang(yard, "publish", PARKS, *options, "--reason", " ")
    released = madang(yard, "publish", PARKS, *options, "--reason", "공원 통합")
    again = madang(yard, "publish", PARKS, *options, "--reason", "공원 통합")

    assert (done.returncode, silent.returncode, released.returncode) == (10, 2, 0)
    assert f"madang publish {PARKS} --run {run_id}" in done.stderr
    told = json.loads(released.stdout)
    assert (told["dataset"], told["status"]) == (PARKS, "published")
    assert told["release"] != told["previous"] is not None
    assert (again.returncode, json.loads(again.stdout)["status"]) == (10, "failed")


def test_check_tells_additions_from_breaks_against_the_live_contract(yard):
    live = yard.run(parks(30)).as_json()["release"]
    added = UNGUARDED.replace(
        "  - {name: opened_at", "  - {name: gate, title: {ko: 문}, type: string, role: open}\n"
        "  - {name: opened_at",
    )  # fmt: skip
    file = yard.folder / "schemas/city/parks.yaml"
    told = {}
    for name, text in {
        "added": added,
        "broken": added.replace("decimals: 2", "decimals: 1"),
        "announced": added.replace("decimals: 2", "decimals: 1").replace(
            "version: 1", "version: 2"
        ),
    }.items():
        file.write_text(text, encoding="utf-8")
        [told[name]] = check_files([file], yard.settings(), yard.pipeline().ledger)

    kinds = {name: [(c.kind, c.place) for c in check.changes] for name, check in told.items()}
    assert kinds["added"] == [("additive", "fields.gate")]
    assert kinds["broken"] == kinds["announced"]
    assert kinds["broken"] == [("breaking", "fields.area.type"), ("additive", "fields.gate")]
    assert {name: check.valid for name, check in told.items()} == {
        "added": True,
        "broken": False,
        "announced": True,
    }
    assert [c.field for c in told["broken"].complaints] == ["version"]
    assert {check.live for check in told.values()} == {live}


def test_check_without_a_ledger_compares_with_nothing(yard):
    file = yard.folder / "schemas/city/parks.yaml"

    assert reachable_ledger(yard.settings()) is None
    [told] = check_files([file], yard.settings(), None)

    assert (told.valid, told.live, told.changes) == (True, None, ())
