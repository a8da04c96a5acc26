"""Publishing survives every failure of the catalogue, and ends in one state."""

from __future__ import annotations

import json
import traceback
from copy import deepcopy

import pytest

from etl.contract.vocabulary import Label
from etl.errors import CatalogueError, CatalogueRejectedError, CatalogueUnavailableError
from etl.publish import ckan
from etl.publish.ckan import Catalogue
from etl.publish.names import RELEASE_FILES, csv_resource_id, parquet_resource_id
from etl.publish.record import Distribution
from etl.publish.releasing import Release, publish_release, shown_release
from tests.integration.fake_catalogue import TOKEN, RefusalError, serve_catalogue
from tests.unit.certify.written import measure, write_files
from tests.unit.validate.tables import CANARY, contract_of

CONTRACT = contract_of({"name": "park"}, {"name": "area", "type": "integer"}, primaryKey=["park"])
NAME = CONTRACT.name


@pytest.fixture
def site():
    with serve_catalogue() as served:
        yield served


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """Wait for nobody, and remember how long one would have."""
    slept = []
    monkeypatch.setattr(ckan.time, "sleep", slept.append)
    return slept


@pytest.fixture
def release(tmp_path):
    return make_release(tmp_path / "a", "20261125-1", [("가", 1), ("나", None)])


def make_release(folder, name, rows) -> Release:
    folder.mkdir()
    write_files(folder, CONTRACT, rows)
    table, facts = measure(folder, CONTRACT)
    for other in ("certificate.json", "record.jsonld"):
        (folder / other).write_text(f'{{"release": "{name}"}}')
    return Release(
        contract=CONTRACT,
        organisation=Label(ko="마당시", en="Madang"),
        name=name,
        reference_date="2026-11-01",
        rows=table.rows,
        digest=str(table.parquet.total),
        files={file: folder / file for file in RELEASE_FILES},
        distributions=tuple(
            Distribution(file, facts[file].sha256, facts[file].size_bytes)
            for file in ("data.parquet", "data.csv")
        ),
        quality={"error_rate": 0.0012},
    )


def publish(site, release):
    return publish_release(Catalogue(site.url, TOKEN), Catalogue(site.url), release)


def state(site):
    """Return all that the catalogue keeps, save for what differs from one site to the next."""
    packages = json.loads(json.dumps(site.packages).replace(site.url, ""))
    for package in packages.values():
        package.pop("owner_org"), package.pop("organization")
    return packages, dict(site.files), deepcopy(site.tables), set(site.published)


def test_the_first_release(site, release):
    switched = publish(site, release)

    assert (switched.previous, switched.url) == ("", f"{site.url}/dataset/{NAME}")
    assert site.live(NAME) == {"20261125-1"}
    record = site.packages[NAME]
    assert record["private"] is False
    assert [resource["id"] for resource in record["resources"]] == [
        parquet_resource_id(NAME),
        csv_resource_id(NAME),
    ]
    assert {name for _, _, name in site.files} == set(RELEASE_FILES)
    table = site.tables[csv_resource_id(NAME), "20261125-1"]
    assert [(column["id"], column["type"]) for column in table["fields"]] == [
        ("park", "text"),
        ("area", "int8"),
    ]
    assert table["indexes"] == [["park"]]
    assert (table["rows"], table["digest"]) == (2, release.digest)


def test_a_later_release_leaves_the_earlier_ones_addresses(site, release, tmp_path):
    publish(site, release)
    second = make_release(tmp_path / "b", "20261125-2", [("다", 3)])

    switched = publish(site, second)

    assert switched.previous == "20261125-1"
    assert site.live(NAME) == {"20261125-2"}
    assert site.download(NAME, "20261125-1", "data.csv") == release.files["data.csv"].read_bytes()


def test_publishing_again_changes_nothing(site, release):
    publish(site, release)
    before, made = state(site), len(site.calls)

    switched = publish(site, release)

    assert switched.previous == ""
    assert state(site) == before
    assert "package_revise" not in site.calls[made:]


def name_calls(release) -> list[str]:
    with serve_catalogue() as site:
        publish(site, release)
        return site.calls


@pytest.mark.parametrize("fault", ["refuse connection", "500", "html", "lose answer"])
def test_whichever_call_fails_repeating_ends_in_the_same_state(release, fault):
    with serve_catalogue() as site:
        publish(site, release)
        expected, calls = state(site), site.calls
    assert len(calls) > 15, "calls are missing: this test would prove little"

    for number, name in enumerate(calls):
        with serve_catalogue() as site:
            site.faults[number] = fault
            is_looked_up = (name, fault) == ("package_revise", "lose answer")
            if not is_looked_up:
                with pytest.raises(CatalogueUnavailableError):
                    publish(site, release)
            publish(site, release)

            assert state(site) == expected, f"{fault} at call {number}, {name}"


def test_a_lost_answer_of_the_flip_is_looked_up(site, release):
    site.faults[name_calls(release).index("package_revise")] = "lose answer"

    assert publish(site, release).previous == ""
    assert site.live(NAME) == {"20261125-1"}


def test_a_busy_catalogue_is_waited_for(site, release, pauses):
    site.fail_next("busy", times=3)

    publish(site, release)

    assert pauses == [1, 2, 4]
    assert site.live(NAME) == {"20261125-1"}


def test_a_catalogue_that_stays_busy_is_left_alone(site, release, pauses):
    site.fail_next("busy", times=100)

    with pytest.raises(CatalogueUnavailableError, match="another process works at this release"):
        publish(site, release)

    assert sum(pauses) == 30
    assert len(site.calls) == 6


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        pytest.param("500", CatalogueUnavailableError, r"does not answer \(status 500\)", id="500"),
        pytest.param("html", CatalogueUnavailableError, "does not answer", id="no JSON"),
        pytest.param(
            "refuse connection",
            CatalogueUnavailableError,
            r"does not answer \(ConnectionError\)",
            id="the line is cut",
        ),
        pytest.param(
            "403", CatalogueRejectedError, "does not allow this to the publisher", id="403"
        ),
        pytest.param("404", CatalogueRejectedError, "has no such thing", id="404"),
        pytest.param("409", CatalogueRejectedError, "the catalogue refuses some_key", id="409"),
    ],
)
def test_each_failure_says_who_acts(site, release, fault, kind, words):
    site.fail_next(fault)

    with pytest.raises(kind, match=words) as caught:
        publish(site, release)

    assert caught.value.exit_code == (40 if kind is CatalogueUnavailableError else 10)
    assert "The live release stays" in caught.value.message
    assert site.packages == {}


def test_nobody_listens(release):
    with serve_catalogue() as gone:
        pass

    with pytest.raises(CatalogueUnavailableError, match="does not answer"):
        publish(gone, release)


def test_a_wrong_token_is_refused(site, release):
    with pytest.raises(CatalogueRejectedError, match="madang_organization_ensure"):
        publish_release(Catalogue(site.url, "wrong"), Catalogue(site.url), release)


def test_a_refused_record_says_what_is_wrong_with_it(site, release):
    site.faults[name_calls(release).index("package_create")] = "409"

    with pytest.raises(
        CatalogueRejectedError, match="package_create: the catalogue refuses some_key"
    ):
        publish(site, release)


def test_a_record_that_another_process_made_in_this_moment_is_used(site, release):
    """The first look finds nothing; by the time of the creation the record is there."""
    publish(site, release)
    site.faults[len(site.calls) + 1] = "404"

    assert publish(site, release).previous == ""
    assert site.live(NAME) == {"20261125-1"}


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda p: p["organization"].update(name="another"), id="of another office"),
        pytest.param(lambda p: p.update(organization=None), id="of no office"),
        pytest.param(lambda p: p["resources"].pop(), id="with one resource"),
        pytest.param(lambda p: p["resources"][0].update(id="x"), id="with another resource"),
    ],
)
def test_another_dataset_under_the_name_is_left_as_it_is(site, release, tmp_path, spoil):
    publish(site, release)
    spoil(site.packages[NAME])
    before = state(site)

    with pytest.raises(CatalogueRejectedError, match="holds another dataset under this name"):
        publish(site, make_release(tmp_path / "b", "20261125-2", [("다", 3)]))

    assert state(site) == before


def test_a_record_that_was_edited_by_hand_is_left_as_it_is(site, release, tmp_path):
    publish(site, release)
    site.packages[NAME]["resources"][0]["release"] = "20200101-1"
    before = state(site)

    with pytest.raises(CatalogueRejectedError, match="name different releases"):
        publish(site, make_release(tmp_path / "b", "20261125-2", [("다", 3)]))

    assert state(site) == before


def test_a_record_that_changes_under_the_flip_is_not_overwritten(site, release, monkeypatch):
    publish(site, release)
    revise = site.do_package_revise

    def meddle(given, token):
        for resource in site.packages[NAME]["resources"]:
            resource["release"] = "20991231-1"
        return revise(given, token)

    monkeypatch.setattr(site, "do_package_revise", meddle, raising=False)
    for resource in site.packages[NAME]["resources"]:
        resource["release"] = ""

    with pytest.raises(CatalogueRejectedError, match="package_revise: the catalogue refuses match"):
        publish(site, release)

    assert site.live(NAME) == {"20991231-1"}


def test_other_bytes_under_the_same_release_are_refused(site, release, tmp_path):
    publish(site, release)
    for resource in site.packages[NAME]["resources"]:
        resource["release"] = ""
    other = make_release(tmp_path / "b", "20261125-1", [("다", 3)])

    with pytest.raises(CatalogueRejectedError, match="refuses release_changed"):
        publish(site, other)

    assert site.files[NAME, "20261125-1", "data.csv"] == release.files["data.csv"].read_bytes()


def test_a_file_that_changed_since_it_was_certified_is_not_sent(site, release):
    release.files["data.csv"].write_text(CANARY)

    with pytest.raises(
        CatalogueRejectedError, match=r"data\.csv is not the certified file"
    ) as caught:
        publish(site, release)

    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert not any(name == "data.csv" for _, _, name in site.files)


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        pytest.param(
            lambda s: s.files.update({(NAME, "20261125-1", "data.parquet"): b"x"}),
            r"data\.parquet",
            id="another Parquet",
        ),
        pytest.param(
            lambda s: s.tables[csv_resource_id(NAME), "20261125-1"].update(rows=3),
            "the table",
            id="a table of other rows",
        ),
    ],
)
def test_what_a_visitor_gets_is_compared_with_what_was_certified(site, release, spoil, what):
    publish(site, release)
    spoil(site)

    with pytest.raises(CatalogueUnavailableError, match=f"{what} is not served to a visitor"):
        publish(site, release)


def test_a_page_that_visitors_may_not_see_is_noticed(site, release):
    publish(site, release)
    site.packages[NAME]["private"] = True

    with pytest.raises(CatalogueError):
        publish(site, release)


def test_words_of_the_catalogue_stay_outside(site, release, monkeypatch):
    def quote(given, token):
        raise RefusalError(409, "Validation Error", copy=f"line 3: {CANARY}")

    monkeypatch.setattr(site, "do_madang_release_table_load", quote, raising=False)

    with pytest.raises(CatalogueRejectedError, match="refuses copy") as caught:
        publish(site, release)

    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert CANARY not in str(caught.value.facts)


def test_anybody_can_tell_which_release_is_shown(site, release):
    visitor = Catalogue(site.url)

    before = shown_release(visitor, NAME)
    publish_release(Catalogue(site.url, TOKEN), visitor, release)

    assert (before, shown_release(visitor, NAME)) == ("", release.name)
