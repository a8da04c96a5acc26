"""Tables of releases: loaded whole and certified, or not at all."""

from __future__ import annotations

import pytest
from publishing import FIELDS, Release, make_release

from stack import Stack

CANARY = "카나리아-900101"
RELEASE = make_release("20261125-1", rows=50)


def table_exists(stack: Stack, name: str) -> bool:
    with stack.database("ckan.datastore.write_url") as cursor:
        cursor.execute("SELECT 1 FROM pg_tables WHERE tablename = %s", [name])
        return cursor.fetchone() is not None


def test_a_table_is_loaded_once_and_found_there(dataset):
    dataset.put_all(RELEASE)

    answers = [dataset.load(RELEASE).result()["status"] for _ in range(2)]

    assert answers == ["loaded", "there"]


def test_the_catalogue_states_the_digest_that_was_certified(dataset):
    dataset.put_all(RELEASE)

    result = dataset.load(RELEASE).result()

    assert (result["rows"], result["digest"]) == (RELEASE.rows, RELEASE.digest)


def test_a_release_without_rows_is_a_release(dataset, visitor):
    empty = make_release("20261125-1", rows=0)
    dataset.publish(empty)

    found = visitor.call("datastore_search", resource_id=dataset.csv_id).result()

    assert (empty.digest, found["total"], found["records"]) == ("0", 0, [])


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        pytest.param({"digest": "1"}, "digest", id="another digest"),
        pytest.param({"rows": 49}, "rows", id="another number of rows"),
        pytest.param({"sha256": "0" * 64}, "sha256", id="another file"),
        pytest.param({"digest": "x"}, "digest", id="not a digest"),
        pytest.param({"fields": []}, "fields", id="no fields"),
        pytest.param({"fields": FIELDS[:5]}, "copy", id="fewer fields than columns"),
        pytest.param(
            {"fields": [{**FIELDS[0], "type": "int8; DROP TABLE x"}, *FIELDS[1:]]},
            "fields",
            id="a type that is none",
        ),
        pytest.param(
            {"fields": [{**FIELDS[0], "id": 'a" int); --'}, *FIELDS[1:]]},
            "fields",
            id="a name that is none",
        ),
        pytest.param({"indexes": [["nowhere"]]}, "indexes", id="an index on no field"),
    ],
)
def test_a_table_that_is_not_the_certified_one_is_refused_and_leaves_nothing(
    dataset, stack, changes, key
):
    dataset.put_all(RELEASE)

    answer = dataset.load(RELEASE, **changes)

    assert (answer.status, answer.error_keys) == (409, {key})
    assert not table_exists(stack, f"{dataset.csv_id}_{RELEASE.name}")
    assert dataset.load(RELEASE).result()["status"] == "loaded"


def test_a_table_without_its_file_is_refused(dataset):
    answer = dataset.load(RELEASE)

    assert (answer.status, answer.error_keys) == (409, {"file_missing"})


def test_a_value_that_does_not_fit_is_named_by_its_place_and_never_quoted(dataset, stack):
    header, first, rest = RELEASE.csv.split(b"\r\n", 2)
    broken = b"\r\n".join([header, first, CANARY.encode() + rest[rest.index(b",") :]])
    release = Release("20261125-1", broken, RELEASE.rows, RELEASE.digest)
    dataset.put_all(release)

    answer = dataset.load(release)

    assert (answer.status, answer.error_keys) == (409, {"copy"})
    assert answer.document["error"]["copy"][0].startswith("SQLSTATE 22P02 line 3, column id: ")
    assert CANARY not in str(answer.document)
    for log in (stack.state / "logs").rglob("*") if (stack.state / "logs").exists() else []:
        if log.is_file() and "postgres" not in log.name:
            assert CANARY.encode() not in log.read_bytes(), log.name


def test_a_load_that_another_request_is_at_is_busy(dataset, stack):
    dataset.put_all(RELEASE)
    table = f"{dataset.csv_id}_{RELEASE.name}"
    with stack.database("ckan.datastore.write_url") as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [table])
        answer = dataset.load(RELEASE)

    assert (answer.status, answer.document["error"]["__type"]) == (409, "Busy Error")
    assert answer.error_keys == {"busy"}
    assert dataset.load(RELEASE).result()["status"] == "loaded"


def test_a_put_that_another_request_is_at_is_busy(dataset, stack):
    package_id = dataset.publisher.call("package_show", id=dataset.name).result()["id"]
    with stack.database() as cursor:
        key = f"madang {package_id} {RELEASE.name}"
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [key])
        answer = dataset.put(RELEASE, "data.csv")

    assert (answer.status, answer.document["error"]["__type"]) == (409, "Busy Error")
    assert dataset.put(RELEASE, "data.csv").result()["status"] == "stored"


@pytest.mark.parametrize("who", ["visitor", "other_editor"])
def test_only_the_publisher_may_load(request, dataset, who):
    dataset.put_all(RELEASE)
    dataset.publisher = request.getfixturevalue(who)

    assert dataset.load(RELEASE).status == 403


@pytest.mark.parametrize(
    "action",
    ["datastore_create", "datastore_upsert", "datastore_delete", "datastore_records_delete"],
)
def test_the_datastores_own_writing_is_barred_from_managed_resources(dataset, action):
    dataset.publish(RELEASE)

    answer = dataset.publisher.call(
        action, resource_id=dataset.csv_id, force=True, fields=FIELDS, records=[], filters={}
    )

    assert (answer.status, answer.error_keys) == (409, {"resource_id"})


def test_the_datastore_stays_open_for_other_resources(publisher):
    import uuid

    record = publisher.call(
        "package_create",
        name=f"plain-{uuid.uuid4().hex[:8]}",
        owner_org="madang_tests",
        resources=[{"url": "http://example.org/x.csv"}],
    ).result()
    resource_id = record["resources"][0]["id"]

    created = publisher.call(
        "datastore_create",
        resource_id=resource_id,
        force=True,
        fields=[{"id": "a", "type": "text"}],
        records=[{"a": "한"}],
    )
    found = publisher.call("datastore_search", resource_id=resource_id).result()
    dump = publisher.get(f"/datastore/dump/{resource_id}")

    assert created.status == 200
    assert found["records"] == [{"_id": 1, "a": "한"}]
    assert dump.text.splitlines() == ["_id,a", "1,한"]
    publisher.call("package_delete", id=record["id"])
