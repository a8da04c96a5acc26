"""The flip: record, register, files and table in one commit, or none of them."""

from __future__ import annotations

import pytest
from publishing import Dataset, make_release

from stack import Stack

FIRST = make_release("20261125-1", rows=3, mark="가")
SECOND = make_release("20261125-2", rows=5, mark="나")


def named_releases(dataset: Dataset) -> set[str]:
    record = dataset.publisher.call("package_show", id=dataset.name).result()
    return {resource["release"] for resource in record["resources"]}


def test_a_flip_changes_record_files_and_table_together(dataset, visitor):
    dataset.publish(FIRST)
    dataset.publish(SECOND, FIRST.name)

    found = visitor.call("datastore_search", resource_id=dataset.csv_id).result()

    assert named_releases(dataset) == {SECOND.name}
    assert (found["release"], found["total"]) == (SECOND.name, SECOND.rows)
    assert visitor.get(dataset.file_path(SECOND.name, "data.parquet")).content == SECOND.parquet


def test_a_flip_is_refused_whose_expectation_of_the_live_release_is_wrong(dataset):
    dataset.publish(FIRST)
    dataset.put_all(SECOND)
    dataset.load(SECOND).result()

    answer = dataset.flip(SECOND, old="20261125-7")

    assert (answer.status, answer.error_keys) == (409, {"match"})
    assert named_releases(dataset) == {FIRST.name}


def test_a_flip_to_a_release_that_was_never_put_is_refused(dataset):
    answer = dataset.flip(FIRST)

    assert (answer.status, answer.error_keys) == (409, {"release"})
    assert named_releases(dataset) == {""}


def test_a_flip_without_its_table_is_refused(dataset):
    dataset.put_all(FIRST)

    answer = dataset.flip(FIRST)

    assert (answer.status, answer.error_keys) == (409, {"table"})
    assert named_releases(dataset) == {""}


def test_a_flip_without_one_of_its_files_is_refused(dataset):
    dataset.put(FIRST, "data.csv").result()
    dataset.load(FIRST).result()

    answer = dataset.flip(FIRST)

    assert (answer.status, answer.error_keys) == (409, {"files"})


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        pytest.param({"hash": "0" * 64}, "files", id="a hash that is not the file's"),
        pytest.param({"url": "http://example.org/data.csv"}, "files", id="another address"),
        pytest.param({"release": ""}, "release", id="two releases in one record"),
    ],
)
def test_a_record_that_does_not_fit_its_release_is_refused(dataset, changes, key):
    dataset.publish(FIRST)
    resource = f"update__resources__{dataset.csv_id[:8]}"

    answer = dataset.publisher.call(
        "package_revise", match={"name": dataset.name}, **{resource: changes}
    )

    assert (answer.status, answer.error_keys) == (409, {key})
    assert named_releases(dataset) == {FIRST.name}


def test_a_refused_flip_leaves_the_new_release_unseen(dataset, visitor):
    dataset.publish(FIRST)
    dataset.put_all(SECOND)
    dataset.flip(SECOND, FIRST.name)

    assert visitor.get(dataset.file_path(SECOND.name, "data.csv")).status_code == 404
    pinned = visitor.call("datastore_search", resource_id=dataset.csv_id, release=SECOND.name)
    assert pinned.status == 404


def test_nobody_but_the_publisher_changes_which_release_is_live(dataset, other_editor):
    dataset.publish(FIRST)
    dataset.put_all(SECOND)
    dataset.load(SECOND).result()
    dataset.publisher, publisher = other_editor, dataset.publisher

    to_next = dataset.flip(SECOND, FIRST.name).status
    emptied = other_editor.call("package_patch", id=dataset.name, resources=[]).status
    dataset.publisher = publisher

    assert (to_next, emptied) == (403, 403)
    assert named_releases(dataset) == {FIRST.name}


def test_another_editor_may_still_correct_the_description(dataset, other_editor):
    dataset.publish(FIRST)

    answer = other_editor.call("package_patch", id=dataset.name, notes="더 나은 설명")

    assert answer.status == 200
    assert named_releases(dataset) == {FIRST.name}


def test_going_back_to_an_earlier_release_makes_it_the_live_one(dataset, stack: Stack):
    dataset.publish(FIRST)
    dataset.publish(SECOND, FIRST.name)

    dataset.flip(FIRST, SECOND.name).result()

    with stack.database() as cursor:
        cursor.execute(
            "SELECT r.release, r.state FROM madang_release r JOIN package p ON p.id = r.package_id"
            " WHERE p.name = %s ORDER BY r.published_at DESC",
            [dataset.name],
        )
        assert cursor.fetchall() == [(FIRST.name, "published"), (SECOND.name, "published")]


def test_the_publishers_datasets_have_an_id_that_follows_from_their_name(publisher):
    one, other = (Dataset(publisher, "madang_tests") for _ in range(2))
    other.name = one.name

    record = one.create().result()
    again = other.create()
    with_old_id = publisher.call("package_show", id=one.name).result()["id"]

    assert record["id"][14] == "5"
    assert again.status == 409
    assert with_old_id == record["id"]
    publisher.call("package_delete", id=one.name)
