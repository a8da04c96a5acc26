"""Files of a release: put once, seen when published, never changed."""

from __future__ import annotations

import hashlib
from functools import partial

import pytest
from publishing import Caller, make_release

from stack import Stack

RELEASE = make_release("20261125-1")


def test_a_file_is_asked_for_stored_and_found_there(dataset):
    facts = dataset.file_facts(RELEASE, "data.csv")
    ask = partial(dataset.publisher.call, "madang_release_file_put", **facts)
    put = partial(dataset.put, RELEASE, "data.csv")

    answers = [call().result()["status"] for call in (ask, put, ask, put)]

    assert answers == ["missing", "stored", "there", "there"]


def test_other_bytes_under_a_name_that_is_taken_are_refused(dataset):
    dataset.put_all(RELEASE)

    answer = dataset.put(make_release("20261125-1", mark="나"), "data.csv")

    assert (answer.status, answer.error_keys) == (409, {"release_changed"})
    assert dataset.put(RELEASE, "data.csv").result()["status"] == "there"


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        pytest.param({"sha256": "0" * 64}, "sha256", id="the bytes have another SHA-256"),
        pytest.param({"size_bytes": 1}, "size_bytes", id="the bytes have another length"),
        pytest.param({"sha256": "ABC"}, "sha256", id="not a SHA-256"),
        pytest.param({"release": "../../etc"}, "release", id="not a release name"),
        pytest.param({"release": "20261125-01"}, "release", id="a number with a leading zero"),
        pytest.param({"file_name": "../ckan.ini"}, "file_name", id="not a file of a release"),
    ],
)
def test_a_wrong_announcement_stores_nothing(dataset, changes, key):
    answer = dataset.put(RELEASE, "data.csv", **changes)

    assert (answer.status, answer.error_keys) == (409, {key})
    facts = dataset.file_facts(RELEASE, "data.csv")
    asked = dataset.publisher.call("madang_release_file_put", **facts)
    assert asked.result()["status"] == "missing"


def test_nothing_can_be_added_to_a_release_that_is_published(dataset):
    dataset.publish(RELEASE)
    late = b"{}"
    facts = {
        "package_id": dataset.name,
        "release": RELEASE.name,
        "file_name": "certificate.json",
        "sha256": hashlib.sha256(late).hexdigest(),
        "size_bytes": len(late),
    }

    answer = dataset.publisher.upload("madang_release_file_put", late, **facts)

    assert (answer.status, answer.error_keys) == (409, {"release_changed"})


@pytest.mark.parametrize("who", ["visitor", "other_editor"])
def test_only_the_publisher_may_put(request, dataset, who):
    caller: Caller = request.getfixturevalue(who)

    answer = caller.call("madang_release_file_put", **dataset.file_facts(RELEASE, "data.csv"))

    assert answer.status == 403


def test_a_staged_file_has_no_address_not_even_for_the_publisher(dataset, visitor):
    dataset.put_all(RELEASE)
    path = dataset.file_path(RELEASE.name, "data.csv")

    assert [caller.get(path).status_code for caller in (visitor, dataset.publisher)] == [404, 404]


def test_a_published_file_is_served_whole_in_part_and_not_again(dataset, visitor):
    dataset.publish(RELEASE)
    path = dataset.file_path(RELEASE.name, "data.csv")
    etag = f'"{hashlib.sha256(RELEASE.csv).hexdigest()}"'

    whole = visitor.get(path)
    part = visitor.get(path, Range="bytes=3-9")
    end = visitor.get(path, Range="bytes=-8")

    assert (whole.status_code, whole.content, whole.headers["ETag"]) == (200, RELEASE.csv, etag)
    assert whole.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert {"public", "no-cache"} <= set(whole.headers["Cache-Control"].split(", "))
    assert (part.status_code, part.content) == (206, RELEASE.csv[3:10])
    assert (end.status_code, end.content) == (206, RELEASE.csv[-8:])
    assert visitor.get(path, Range="bytes=99999999-").status_code == 416
    assert visitor.get(path, **{"If-None-Match": etag}).status_code == 304
    assert visitor.get(path, Range="bytes=0-1", **{"If-Range": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("{dataset}/release/20261125-1/record.jsonld", id="a file never put"),
        pytest.param("{dataset}/release/20261125-9/data.csv", id="a release never made"),
        pytest.param("{dataset}/release/20261125-1/..%2Fdata.csv", id="a way out"),
        pytest.param("no-such-dataset/release/20261125-1/data.csv", id="another dataset"),
    ],
)
def test_what_is_not_there_is_not_found(dataset, visitor, path):
    dataset.publish(RELEASE)

    assert visitor.get(f"/dataset/{path.format(dataset=dataset.name)}").status_code == 404


def test_a_private_dataset_shows_its_files_to_its_organisation_only(dataset, visitor, other_editor):
    dataset.put_all(RELEASE)
    dataset.load(RELEASE).result()
    dataset.flip(RELEASE, update={"private": True}).result()
    path = dataset.file_path(RELEASE.name, "data.csv")

    assert visitor.get(path).status_code == 404
    answer = other_editor.get(path)
    assert answer.status_code == 200
    assert {"private", "no-cache"} <= set(answer.headers["Cache-Control"].split(", "))


def retract(stack: Stack, dataset, release: str) -> None:
    """Do in the register what a retraction does."""
    with stack.database() as cursor:
        cursor.execute(
            "UPDATE madang_release SET state = 'retracted' WHERE release = %s AND package_id ="
            " (SELECT id FROM package WHERE name = %s)",
            [release, dataset.name],
        )


def test_a_retracted_release_is_gone_and_the_others_stay(dataset, visitor, stack: Stack):
    second = make_release("20261125-2", mark="나")
    dataset.publish(RELEASE)
    dataset.publish(second, RELEASE.name)
    retract(stack, dataset, RELEASE.name)

    addresses = [dataset.file_path(name, "data.csv") for name in (RELEASE.name, second.name)]

    assert [visitor.get(path).status_code for path in addresses] == [410, 200]
    assert dataset.flip(RELEASE, second.name).error_keys == {"release"}


def test_a_live_release_that_is_retracted_has_no_table_any_more(dataset, visitor, stack: Stack):
    dataset.publish(RELEASE)
    retract(stack, dataset, RELEASE.name)

    assert visitor.call("datastore_search", resource_id=dataset.csv_id).status == 404
    assert visitor.get(f"/datastore/dump/{dataset.csv_id}").status_code == 404


def test_old_releases_keep_their_addresses(dataset, visitor):
    dataset.publish(RELEASE)
    dataset.publish(make_release("20261125-2", mark="나"), RELEASE.name)

    assert visitor.get(dataset.file_path(RELEASE.name, "data.csv")).content == RELEASE.csv
