"""The six steps as one: same bytes, right order, whole books, and every gate refusing."""

from __future__ import annotations

import hashlib
import json
import logging
import random
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from etl.certify.certificate import read_certificate, sign
from etl.checking import verify_published
from etl.errors import (
    ApprovalRefusedError,
    ContractError,
    DisclosureRiskError,
    EtlError,
    ReleaseHeldError,
    SourceError,
    SourceFormatError,
    StoreError,
)
from etl.intake.claim import claim_complete_files, open_claims
from etl.intake.folders import folder_of, make_folders
from etl.ledger.tables import metadata
from etl.publish.ckan import Catalogue
from etl.publish.releasing import shown_release
from etl.running import STEPS, run_file
from etl.store import Store
from tests.integration.fake_catalogue import TOKEN, serve_catalogue
from tests.integration.yard import (
    CANARY,
    JOB_HEADER,
    JOBS,
    JOBS_CONTRACT,
    PARK_HEADER,
    PARKS,
    PARKS_CONTRACT,
    Yard,
    csv_bytes,
    jobs,
    park,
    parks,
    take_steps,
)

RUN = "a" * 32


@pytest.fixture
def yard(tmp_path):
    return Yard(tmp_path)


def outcome(report) -> tuple[str, int]:
    return report.status, report.exit_code


# The same again


@pytest.mark.parametrize(("dataset", "rows"), [(PARKS, parks()), (JOBS, jobs())])
def test_the_same_rows_give_the_same_bytes_in_any_order_and_encoding(yard, dataset, rows):
    shuffled = random.Random(1).sample(rows, len(rows))

    reports = [
        yard.run(rows, dataset, out=yard.folder / "one"),
        yard.run(rows, dataset, out=yard.folder / "two"),
        yard.run(shuffled, dataset, out=yard.folder / "three", encoding="utf-8-sig"),
    ]

    assert [outcome(report) for report in reports] == [("published", 0)] * 3
    first, *others = (
        yard.read_release(dataset, report.as_json()["release"], yard.folder / out)
        for report, out in zip(reports, ("one", "two", "three"), strict=True)
    )
    assert all(other == first for other in others)


def test_the_same_file_twice_is_unchanged(yard):
    first = yard.run(parks())

    again = yard.run(parks(), name="another name.csv")

    assert outcome(again) == ("unchanged", 0)
    assert again.as_json()["release"] == first.as_json()["release"]
    assert yard.releases() == {first.as_json()["release"]: "live"}
    assert again.files == first.files


def test_a_b_a_leaves_a_live(yard):
    a, b = parks(30), parks(29)

    reports = [yard.run(rows) for rows in (a, b, a)]

    assert [report.status for report in reports] == ["published"] * 3
    assert list(yard.releases().values()) == ["replaced", "replaced", "live"]
    assert yard.published(reports[2]) == yard.published(reports[0])
    assert yard.published(reports[1]) != yard.published(reports[0])


def test_a_new_version_of_the_contract_publishes_the_same_file_again(yard):
    yard.run(parks())
    yard.write_contract(PARKS, PARKS_CONTRACT.replace("version: 1", "version: 2"))

    assert outcome(yard.run(parks())) == ("published", 0)
    assert list(yard.releases().values()) == ["replaced", "live"]


def test_a_step_that_is_done_is_not_done_again(yard):
    pipeline, file = yard.pipeline(), yard.supply(parks())
    first = take_steps(pipeline, RUN, file)

    again = take_steps(pipeline, RUN, file)

    assert again == first
    attempts = {step.step: step.attempt for step in pipeline.ledger.steps(RUN)}
    measured_anew = {"extract", "certify"}  # these look, and then return what is there
    assert {step: n for step, n in attempts.items() if step not in measured_anew} == dict.fromkeys(
        ("validate", "anonymise", "convert", "publish"), 1
    )


def test_a_finished_run_that_is_repeated_keeps_no_other_from_its_turn(yard):
    pipeline, file = yard.pipeline(), yard.supply(parks())
    for _ in range(2):
        take_steps(pipeline, RUN, file)
    pipeline.ledger.open_run("b" * 32, PARKS)

    pipeline.ledger.acquire_lease(PARKS, "b" * 32)


def test_an_object_store_gives_the_same_bytes_as_a_folder(yard):
    """No step counts on the disk of the step before."""
    expected = yard.published(yard.run(parks(), out=yard.out))
    far = yard.pipeline(yard.folder / "far")
    far = replace(far, store=Store(f"memory://{yard.folder.name}"))

    published = take_steps(far, RUN, yard.supply(parks()))["publish"]

    assert yard.read_release(PARKS, published.release, yard.folder / "far") == expected


@pytest.mark.parametrize("name", ["out [1]", "out*", "a%20b", "what?x", "마당 'x'#1"])
def test_a_folder_may_have_any_name(yard, name):
    (yard.folder / "out 1").mkdir()

    report = yard.run(parks(), out=yard.folder / name)

    assert outcome(report) == ("published", 0)
    assert (yard.folder / name / "ledger.sqlite").is_file()
    assert {path.name for path in yard.folder.iterdir()} == {
        "out 1",
        name,
        "schemas",
        "supplied.csv",
    }


# Claims


def drop(yard, *names):
    intake = yard.settings().intake
    make_folders(intake, [PARKS])
    for number, name in enumerate(names):
        content = csv_bytes(PARK_HEADER, parks(30 - number % 2))
        (folder_of(intake, PARKS) / name).write_bytes(content)
    return claim_complete_files(intake, {PARKS: "*.csv"}, quiet_seconds=0.0)


def test_a_claim_is_landed_once_and_then_closed(yard):
    [claim] = drop(yard, f"{CANARY}.csv")
    pipeline = yard.pipeline()

    landed = pipeline.extract_claim(PARKS, claim.claim_id)

    assert landed.data == 30
    assert not claim.folder(yard.settings().intake).exists()
    assert open_claims(yard.settings().intake) == []
    assert pipeline.extract_claim(PARKS, claim.claim_id) == landed
    assert CANARY not in repr(landed)


def test_a_claim_that_was_landed_but_not_closed_is_closed(yard, monkeypatch):
    [claim] = drop(yard, "1.csv")
    pipeline = yard.pipeline()
    with monkeypatch.context() as patch:
        patch.setattr("etl.pipeline.taking.close_claim", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            pipeline.extract_claim(PARKS, claim.claim_id)

    assert pipeline.extract_claim(PARKS, claim.claim_id).data == 30
    assert open_claims(yard.settings().intake) == []


def test_a_claim_that_never_was_is_told_without_a_name(yard):
    with pytest.raises(SourceError, match="holds no file"):
        yard.pipeline().extract_claim(PARKS, "f" * 32)


def test_a_claim_of_a_bad_file_is_closed_too_and_its_bytes_kept(yard):
    [claim] = drop(yard, "1.csv")
    file = next(claim.folder(yard.settings().intake).iterdir())
    file.write_bytes(b"")
    pipeline = yard.pipeline()

    with pytest.raises(SourceFormatError, match="the file is empty"):
        pipeline.extract_claim(PARKS, claim.claim_id)

    assert open_claims(yard.settings().intake) == []
    assert pipeline.store.exists(f"landing/{PARKS}/{claim.claim_id}/supplied")


def test_many_files_at_once_are_one_run_each(yard):
    claims = drop(yard, *(f"{number:02d}.csv" for number in range(6)))
    pipeline = yard.pipeline()

    endings = []
    for claim in claims:
        state = pipeline.extract_claim(PARKS, claim.claim_id)
        for step in STEPS[1:]:
            state = getattr(pipeline, step)(state)
        endings.append(state.status)

    assert len({claim.claim_id for claim in claims}) == 6
    assert endings == ["published"] * 6
    assert list(yard.releases().values()).count("live") == 1


# The books


def test_the_books_balance_and_every_step_is_measured(yard):
    rows = [
        *parks(27),
        park(28, name=""),
        park(29, area="-1"),
        ("P-30", "셀이 모자람"),
        ("",) * 5,
        park(27),
    ]

    report = yard.run(rows)

    told = report.as_json()
    assert told["file"] == {
        "records": 33,
        "header": 1,
        "data": 30,
        "totals": 0,
        "notes": 0,
        "blank": 1,
        "ragged": 1,
    }
    assert told["validation"] == {"accepted": 26, "quarantined": 5}
    ledger = yard.pipeline().ledger
    assert ledger.books(report.run_id) == {
        "file_records": 33,
        "header": 1,
        "data": 30,
        "totals": 0,
        "notes": 0,
        "blank": 1,
        "ragged": 1,
        "accepted": 26,
        "quarantined": 5,
        "published": 26,
        "suppressed": 0,
        "held_back": 0,
    }
    steps = ledger.steps(report.run_id)
    assert [(step.step, step.status) for step in steps] == [(step, "done") for step in STEPS]
    assert all(step.seconds > 0 and step.peak_memory_bytes > 1 << 20 for step in steps)
    assert [step.rows for step in steps] == [30, 26, 26, 26, 26, 26]


def test_people_alone_in_their_group_stay_at_home(yard):
    report = yard.run(jobs(), JOBS)

    assert outcome(report) == ("published", 0)
    [tier] = report.as_json()["tiers"]
    assert (tier["published"], tier["suppressed"]) == (29, 1)
    text = yard.published(report)["data.csv"].decode("utf-8-sig")
    assert text.startswith("age,ward,wish\r\n")
    assert "사람" not in text
    assert "70-79" not in text
    certificate = json.loads(
        (yard.out / JOBS / report.as_json()["release"] / "public" / "certificate.json").read_text()
    )
    assert certificate["privacy"]["k"] == {"required": 3, "achieved": 9}
    assert certificate["rows"]["suppressed"] == "<3"


def test_published_files_hold_against_their_certificate(yard):
    report = yard.run(parks())
    folder = yard.out / PARKS / report.as_json()["release"] / "public"
    certificate = (folder / "certificate.json").read_bytes()

    for name in ("data.parquet", "data.csv"):
        assert all(check.holds for check in verify_published(folder / name, certificate, None))


# Gates


@pytest.mark.parametrize(
    ("rows", "status", "owner", "code", "words"),
    [
        pytest.param([], "refused", "supplying department", 20, "no row of data", id="no rows"),
        pytest.param(
            [*parks(6), *parks(6), *parks(20)[6:]],
            "refused",
            "supplying department",
            20,
            "12 of 26 rows",
            id="repeated keys beyond the share",
        ),
        pytest.param(
            [park(n, name="") for n in range(5)],
            "refused",
            "supplying department",
            20,
            "5 of 5 rows",
            id="no good row",
        ),
        pytest.param(
            [*parks(29), park(30, name="담당 900101-1234568")],
            "refused",
            "privacy officer",
            30,
            "resident-number in name: required 0 cells, measured 1 cells",
            id="a planted resident number",
        ),
        pytest.param(
            [*parks(29), park(30, name="010-1234-5678")],
            "refused",
            "privacy officer",
            30,
            "mobile-number in name",
            id="a planted mobile number",
        ),
    ],
)
def test_a_bad_file_is_refused_and_nothing_is_shown(yard, rows, status, owner, code, words):
    report = yard.run(rows)

    assert outcome(report) == (status, code)
    told = report.as_json()
    assert told["owner"] == owner
    assert words in told["reason"]
    assert "the live release stays" in told["reason"].lower()
    assert not (yard.out / PARKS).exists()
    assert yard.pipeline().ledger.run(report.run_id).status == "failed"
    assert outcome(yard.run(parks())) == ("published", 0)


def test_a_refused_file_has_a_report_that_names_its_rows(yard):
    report = yard.run([*parks(6), *parks(6)])

    assert report.exit_code == 20
    page = Path(report.as_json()["report"])
    assert "돌려보냅니다" in page.read_text(encoding="utf-8")
    assert page.is_relative_to(yard.out / ".madang")


def test_a_release_that_is_held_for_its_order_is_not_written_beside_the_live_ones(yard):
    """Two runs are certified against the same live release; the slower one may not switch."""
    pipeline, file = yard.pipeline(), yard.supply(parks(30))
    first = take_steps(pipeline, RUN, file, until="certify")["certify"]
    pipeline.ledger.release_lease(PARKS, RUN)
    yard.run(parks(29))

    with pytest.raises(ReleaseHeldError, match="certified against another release"):
        pipeline.publish(first)

    assert list(yard.releases().values()).count("live") == 1
    assert not (yard.out / PARKS / first.release).exists()


def test_after_a_refusal_the_live_release_is_as_it_was(yard):
    first = yard.run(parks())
    before = yard.published(first)

    refused = yard.run([*parks(29), park(30, name="900101-1234568")])

    assert refused.exit_code == 30
    assert yard.published(first) == before
    assert yard.releases() == {first.as_json()["release"]: "live"}


def test_too_many_alone_are_refused(yard):
    lonely = [(f"사람{n}", str(n * 10), "북동", "직종") for n in range(10)]

    report = yard.run(lonely, JOBS)

    assert outcome(report) == ("refused", 30)
    assert "10 of 10 rows stand in groups below k = 3 over (age, ward)" in report.error.message


def test_an_older_file_after_a_newer_one_is_held(yard):
    yard.run(parks(checked_on="2026-11-01"))

    older = yard.run(parks(29, checked_on="2026-10-01"))

    assert outcome(older) == ("held", 10)
    assert "speak for 2026-10-01" in older.error.message
    assert list(yard.releases().values()) == ["live"]
    assert outcome(yard.run(parks(29, checked_on="2026-11-02"))) == ("published", 0)


def test_a_file_that_changes_too_much_is_held(yard):
    yard.run(parks(30))

    assert outcome(yard.run(parks(11))) == ("held", 10)
    assert outcome(yard.run(parks(12))) == ("published", 0)


def test_a_retracted_content_is_barred(yard):
    report = yard.run(parks())
    ledger = yard.pipeline().ledger
    run_key = ledger.release_of(report.run_id).run_key
    yard.run(parks(29))
    ledger.bar_key(PARKS, run_key, by="steward", reason="wrong")

    assert outcome(yard.run(parks())) == ("held", 10)


def test_an_approval_that_is_asked_for_holds_the_release_with_its_files(yard):
    yard.write_contract(JOBS, JOBS_CONTRACT.replace("approval: none", "approval: privacy-officer"))

    report = yard.run(jobs(), JOBS)

    assert outcome(report) == ("held", 30)
    assert report.as_json()["owner"] == "privacy officer"
    folder = yard.out / JOBS / report.as_json()["release"] / "public"
    certificate = (folder / "certificate.json").read_bytes()
    assert all(c.holds for c in verify_published(folder / "data.parquet", certificate, None))
    pipeline = yard.pipeline()
    assert pipeline.ledger.live_release(JOBS) is None
    assert pipeline.ledger.run(report.run_id).status == "held"

    published = pipeline.publish(report.states["certify"], approved_by="officer")

    assert published.status == "published"
    assert pipeline.ledger.live_release(JOBS).run_id == report.run_id


@pytest.mark.parametrize("person", ["", "engineer", "officer "])
def test_nobody_but_the_officer_approves(yard, person):
    yard.write_contract(JOBS, JOBS_CONTRACT.replace("approval: none", "approval: privacy-officer"))
    report, pipeline = yard.run(jobs(), JOBS), yard.pipeline()

    with pytest.raises(ApprovalRefusedError):
        pipeline.publish(report.states["certify"], approved_by=person)

    assert pipeline.ledger.live_release(JOBS) is None


def test_a_command_takes_no_approval_away_that_somebody_is_asked_for(yard):
    yard.write_contract(JOBS, JOBS_CONTRACT.replace("approval: none", "approval: privacy-officer"))
    asked = yard.pipeline()
    state = asked.extract_file(JOBS, RUN, yard.supply(jobs(), header=JOB_HEADER))
    for step in STEPS[1:5]:
        state = getattr(asked, step)(state)

    report = yard.run(jobs(40), JOBS)

    assert outcome(report) == ("held", 30)
    assert asked.ledger.run(RUN).status == "waiting"
    assert asked.publish(state, approved_by="officer").status == "published"


def test_a_contract_with_the_line_ends_of_windows_runs(yard):
    file = yard.folder / "schemas" / "city" / "parks.yaml"
    file.write_bytes(PARKS_CONTRACT.replace("\n", "\r\n").encode())

    assert outcome(yard.run(parks())) == ("published", 0)


def test_a_comma_at_the_end_of_each_line_is_no_column(yard):
    rows = [(*park(number), "") for number in range(1, 30)]
    rows.append((*park(30), CANARY))

    report = run_file(yard.pipeline(), PARKS, yard.supply(rows, header=(*PARK_HEADER, "")))

    assert outcome(report) == ("published", 0)
    assert report.as_json()["file"]["data"] == 29
    assert report.as_json()["file"]["ragged"] == 1


def test_a_run_of_another_dataset_is_left_alone(yard):
    pipeline = yard.pipeline()
    take_steps(pipeline, RUN, yard.supply(parks()), until="certify")

    with pytest.raises(StoreError, match="knows no such run"):
        pipeline.extract_file(JOBS, RUN, yard.supply(jobs(), header=JOB_HEADER))
    pipeline.fail(JOBS, RUN)

    assert pipeline.ledger.run(RUN).status == "running"


def test_what_was_certified_against_another_release_is_certified_again(yard):
    pipeline = yard.pipeline()
    states = take_steps(pipeline, RUN, yard.supply(parks(30)), until="certify")
    pipeline.ledger.release_lease(PARKS, RUN)
    between = yard.run(parks(31))

    again = pipeline.certify(states["convert"])

    assert pipeline.publish(again).previous == between.as_json()["release"]


def test_what_the_catalogue_shows_decides_whether_anything_changed(yard, monkeypatch):
    """B was killed between the flip and the ledger's entry; A, dropped again, must come back."""
    with serve_catalogue() as site:
        private = yard.pipeline()
        (private.settings.secrets / "catalogue-token").touch(mode=0o600)
        (private.settings.secrets / "catalogue-token").write_text(TOKEN)
        settings = private.settings.replace(catalogue_url=site.url)
        pipeline = replace(private, settings=settings, folder=None)
        first = run_file(pipeline, PARKS, yard.supply(parks(30)))
        with monkeypatch.context() as patch:
            patch.setattr(type(pipeline.ledger), "mark_live", _die)
            with pytest.raises(KeyboardInterrupt):
                run_file(pipeline, PARKS, yard.supply(parks(31)))
        assert shown_release(Catalogue(site.url), PARKS) != first.as_json()["release"]
        killed = pipeline.ledger.history(PARKS)[-1].run_id
        pipeline.ledger.release_lease(PARKS, killed)

        again = run_file(pipeline, PARKS, yard.supply(parks(30)))

        assert outcome(again) == ("published", 0)
        assert shown_release(Catalogue(site.url), PARKS) == again.as_json()["release"]
        assert pipeline.ledger.live_release(PARKS).release == again.as_json()["release"]


def _die(*_):
    raise KeyboardInterrupt


def test_a_record_that_somebody_wrote_into_the_store_is_not_published(yard, certified):
    pipeline, state = certified
    record = yard.out / ".madang" / "store" / "certified" / PARKS / RUN / "record.jsonld"
    record.write_text(f'{{"leak": "{CANARY}"}}')

    pipeline.publish(state)

    published = yard.out / PARKS / state.release / "public" / "record.jsonld"
    assert CANARY not in published.read_text()


def test_a_refused_release_never_goes_live(yard):
    yard.write_contract(JOBS, JOBS_CONTRACT.replace("approval: none", "approval: privacy-officer"))
    report, pipeline = yard.run(jobs(), JOBS), yard.pipeline()
    certified = report.states["certify"]

    pipeline.refuse(certified, "officer", "wards are too small")

    with pytest.raises((ApprovalRefusedError, ReleaseHeldError)):
        pipeline.publish(certified, approved_by="officer")
    assert pipeline.ledger.live_release(JOBS) is None


# Contracts


def test_a_further_dataset_is_one_file_and_a_broken_one_takes_no_other_away(yard):
    yard.write_contract("city-ponds", PARKS_CONTRACT.replace("도시공원", "연못"))
    yard.write_contract("city-broken", PARKS_CONTRACT.replace("type: date", "type: daet"))

    broken = yard.run(parks(), "city-broken")

    assert outcome(yard.run(parks(), "city-ponds")) == ("published", 0)
    assert outcome(broken) == ("refused", 10)
    assert "city/broken.yaml:" in broken.error.message
    assert outcome(yard.run(parks())) == ("published", 0)
    assert outcome(yard.run(jobs(), JOBS)) == ("published", 0)


def test_an_unknown_dataset_is_told_with_the_known_ones(yard):
    report = yard.run(parks(), "city-lakes")

    assert outcome(report) == ("refused", 10)
    assert f"Name one of: {JOBS}, {PARKS}" in report.error.message


def test_a_run_keeps_the_contract_that_it_began_with(yard):
    pipeline = yard.pipeline()
    landed = pipeline.extract_file(PARKS, RUN, yard.supply(parks()))
    yard.write_contract(PARKS, "broken: [")

    state = landed
    for step in STEPS[1:]:
        state = getattr(pipeline, step)(state)

    assert state.status == "published"


# Forged states


@pytest.fixture
def certified(yard):
    pipeline = yard.pipeline()
    return pipeline, take_steps(pipeline, RUN, yard.supply(parks()), until="certify")["certify"]


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        pytest.param({"run_id": "f" * 32}, StoreError, id="a run that never was"),
        pytest.param({"run_id": "../../etc"}, StoreError, id="a run that leads out of the store"),
        pytest.param({"dataset": JOBS}, StoreError, id="another dataset"),
        pytest.param({"dataset": "../x"}, StoreError, id="a dataset that leads out"),
        pytest.param({"contract_sha256": "0" * 64}, StoreError, id="another contract"),
        pytest.param({"certificate_sha256": "0" * 64}, DisclosureRiskError, id="a certificate"),
        pytest.param({"status": "unchanged"}, DisclosureRiskError, id="that nothing changed"),
    ],
)
def test_a_forged_state_publishes_nothing(yard, certified, changes, kind):
    pipeline, state = certified

    with pytest.raises(kind) as caught:
        pipeline.publish(replace(state, **changes))

    assert caught.value.exit_code in (30, 40)
    assert pipeline.ledger.live_release(PARKS) is None
    assert not (yard.out / PARKS).exists()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"key": "certified/elsewhere"}, id="another key"),
        pytest.param({"release": "20991231-9"}, id="another name"),
        pytest.param({"release": "../../outside"}, id="a name that leads out of the folder"),
        pytest.param({"rows": 10**9}, id="other rows"),
        pytest.param({"approval": "none", "k_achieved": 99}, id="another promise"),
    ],
)
def test_what_a_state_says_beside_is_not_believed(yard, certified, changes):
    pipeline, state = certified

    published = pipeline.publish(replace(state, **changes))

    assert published.release == state.release
    assert set(yard.releases()) == {state.release}
    assert (yard.out / PARKS / state.release / "public" / "data.csv").exists()


def test_an_approval_cannot_be_forged_away(yard):
    yard.write_contract(JOBS, JOBS_CONTRACT.replace("approval: none", "approval: privacy-officer"))
    report, pipeline = yard.run(jobs(), JOBS), yard.pipeline()

    with pytest.raises(ApprovalRefusedError):
        pipeline.publish(replace(report.states["certify"], approval="none"))

    assert pipeline.ledger.live_release(JOBS) is None


@pytest.mark.parametrize("name", ["data.parquet", "data.csv", "dictionary.csv"])
def test_a_file_that_changed_after_it_was_certified_is_not_published(yard, certified, name):
    pipeline, state = certified
    file = yard.out / ".madang" / "store" / "restricted" / PARKS / state.run_id / "converted" / name
    file.write_bytes(file.read_bytes() + b" ")

    with pytest.raises(DisclosureRiskError, match=f"{name} is not the certified file"):
        pipeline.publish(state)

    assert not (yard.out / PARKS).exists()


def test_a_certificate_of_another_key_is_not_believed(yard, certified):
    """Somebody who writes to store and ledger still lacks the key."""
    pipeline, state = certified
    file = yard.out / ".madang" / "store" / "certified" / PARKS / state.run_id / "certificate.json"
    content = read_certificate(file.read_bytes(), trusted=None)
    file.write_bytes(sign(content, Ed25519PrivateKey.generate()))
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    pipeline.ledger.record_certificate(state.run_id, sha256, content["digest"]["total"])

    with pytest.raises(DisclosureRiskError, match="signed by another key"):
        pipeline.publish(replace(state, certificate_sha256=sha256))

    assert not (yard.out / PARKS).exists()


@pytest.mark.parametrize("step", ["validate", "anonymise", "convert", "certify"])
def test_earlier_steps_believe_no_forged_state_either(yard, step):
    pipeline = yard.pipeline()
    states = take_steps(pipeline, RUN, yard.supply(parks()), until="certify")
    given = states[STEPS[STEPS.index(step) - 1]]

    for changes in ({"run_id": "f" * 32}, {"dataset": JOBS}):
        with pytest.raises(EtlError):
            getattr(pipeline, step)(replace(given, **changes))
    for changes in ({"key": "x"}, {"rows": 10**9}):
        assert getattr(pipeline, step)(replace(given, **changes)) == states[step]


# Nothing leaks


def test_a_marker_in_a_cell_and_a_file_name_is_nowhere_outside_the_restricted_zone(
    yard, caplog, capfd
):
    caplog.set_level(logging.DEBUG)
    rows = [
        *parks(27),
        park(28, area=CANARY),
        park(29, name=f"{CANARY}\0"),
        (CANARY, "a", "b"),
    ]

    reports = [
        yard.run(rows, name=f"{CANARY}.csv"),
        yard.run([park(1, area=CANARY)], name=f"{CANARY}.csv"),
        yard.run([*parks(29), park(30, name=f"{CANARY} 900101-1234568")], name=f"{CANARY}.csv"),
    ]

    assert [report.exit_code for report in reports] == [0, 20, 30]
    told = json.dumps([report.as_json() for report in reports], ensure_ascii=False)
    assert CANARY not in told
    assert CANARY not in "".join(
        str(report.error) + str(report.error.facts) for report in reports[1:]
    )
    assert CANARY not in repr([report.states for report in reports])
    assert CANARY not in caplog.text
    shown = capfd.readouterr()
    assert CANARY not in shown.out + shown.err
    for file in yard.out.rglob("*"):
        zone = file.relative_to(yard.out).parts
        is_restricted = zone[:3] in (
            (".madang", "store", "landing"),
            (".madang", "store", "restricted"),
        )
        assert CANARY not in file.name
        if file.is_file() and not is_restricted and file.name != "ledger.sqlite":
            assert CANARY.encode() not in file.read_bytes(), file
    assert_ledger_is_clean(yard)


def assert_ledger_is_clean(yard):
    with sqlite3.connect(yard.out / "ledger.sqlite") as connection:
        for table in metadata.sorted_tables:
            open_columns = [c.name for c in table.columns if "restricted" not in c.info]
            listed = ", ".join(f'"{name}"' for name in open_columns)
            rows = connection.execute(f'SELECT {listed} FROM "{table.name}"').fetchall()
            assert CANARY not in repr(rows), table.name


def test_processes_that_open_a_fresh_folder_at_once_share_one_key(yard):
    with ThreadPoolExecutor(8) as pool:
        pipelines = list(pool.map(lambda _: yard.pipeline(), range(8)))

    keys = {pipeline.settings.read_secret("signing-key.pem") for pipeline in pipelines}
    assert len(keys) == 1
    assert [path.name for path in (yard.out / ".madang" / "secrets").iterdir()] == [
        "signing-key.pem"
    ]


def test_the_restricted_zones_are_private(yard):
    yard.run(parks())

    store = yard.out / ".madang" / "store"
    assert {(store / zone).stat().st_mode & 0o777 for zone in ("landing", "restricted")} == {0o700}
    assert (yard.out / ".madang").stat().st_mode & 0o777 == 0o700
    assert (yard.out / ".madang" / "secrets" / "signing-key.pem").stat().st_mode & 0o777 == 0o600
    assert (yard.out / "ledger.sqlite").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_not_there_is_the_operators(yard):
    with pytest.raises(SourceError, match="cannot be read") as caught:
        yard.pipeline().extract_file(PARKS, RUN, yard.folder / f"{CANARY}.csv")

    assert caught.value.exit_code == 40
    assert CANARY not in str(caught.value)


def test_a_fault_of_the_program_is_told_and_the_run_ended(yard, monkeypatch):
    def fail(*_: object) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr("etl.pipeline.telling.render_page", fail)

    report = yard.run(parks())

    assert outcome(report) == ("failed", 70)
    assert CANARY not in str(report.error)
    assert yard.pipeline().ledger.run(report.run_id).status == "failed"


def test_contract_errors_are_of_the_steward(yard):
    with pytest.raises(ContractError):
        yard.pipeline().extract_file("../../etc-passwd", RUN, yard.supply(parks()))
