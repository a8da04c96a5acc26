"""The drift check finds what a crash left in the search index, and mends it."""

from __future__ import annotations

import uuid

import pytest
import requests
from publishing import Dataset


@pytest.fixture
def index(stack):
    """Return a function that sends an update to the search server behind CKAN's back."""

    def update(document):
        response = requests.post(
            f"{stack.config['solr_url'].rstrip('/')}/update?commit=true", json=document, timeout=30
        )
        response.raise_for_status()

    return update


@pytest.fixture
def document_of(stack):
    """Return a function that reads a dataset's search document."""

    def read(package_id):
        query = {"q": f"id:{package_id}", "fl": "*", "rows": 1}
        url = f"{stack.config['solr_url'].rstrip('/')}/select"
        docs = requests.get(url, params=query, timeout=30).json()["response"]["docs"]
        return (
            {key: value for key, value in docs[0].items() if key != "_version_"} if docs else None
        )

    return read


@pytest.fixture
def record(publisher):
    dataset = Dataset(publisher, "madang_tests")
    yield dataset.create(title="지금 제목", private=False).result()
    publisher.call("package_delete", id=dataset.name)


def check(publisher, **arguments):
    return publisher.call("madang_drift", settled_seconds=0, **arguments).result()


@pytest.mark.usefixtures("record")
def test_a_whole_index_has_no_drift(publisher):
    check(publisher, repair=True)

    assert check(publisher) == {"missing": [], "stale": [], "orphan": [], "repaired": False}


def test_a_missing_document_is_found_and_written(publisher, record, index, document_of):
    index({"delete": {"query": f"id:{record['id']}"}})

    assert record["id"] in check(publisher)["missing"]
    assert record["id"] in check(publisher, repair=True)["missing"]
    assert check(publisher)["missing"] == []
    assert document_of(record["id"])["title"] == "지금 제목"


def test_a_document_with_a_text_that_was_taken_back_is_found_and_written(
    publisher, record, index, document_of
):
    check(publisher)
    rolled_back = document_of(record["id"]) | {
        "title": "되돌린 제목",
        "metadata_modified": "2026-01-01T00:00:00.123Z",
    }
    index([rolled_back])

    assert record["id"] in check(publisher, repair=True)["stale"]
    assert check(publisher)["stale"] == []
    assert document_of(record["id"])["title"] == "지금 제목"


def test_a_document_without_a_dataset_is_found_and_removed(publisher, record, index, document_of):
    check(publisher)
    orphan = str(uuid.uuid4())
    index([document_of(record["id"]) | {"id": orphan, "index_id": uuid.uuid4().hex}])

    assert check(publisher, repair=True)["orphan"] == [orphan]
    assert check(publisher)["orphan"] == []
    assert document_of(orphan) is None


def test_a_fresh_change_is_not_judged(publisher, record, index):
    index({"delete": {"query": f"id:{record['id']}"}})

    found = publisher.call("madang_drift").result()
    check(publisher, repair=True)

    assert record["id"] not in found["missing"]


def test_a_create_that_was_taken_back_is_overwritten_by_its_repetition(
    publisher, index, document_of
):
    dataset = Dataset(publisher, "madang_tests")
    first = dataset.create(private=False).result()
    check(publisher)
    left_behind = document_of(first["id"]) | {"title": "되돌린 제목"}
    dataset.publisher.call("package_delete", id=first["id"])
    index([left_behind])

    assert first["id"] in check(publisher, repair=True)["orphan"]
    assert check(publisher)["orphan"] == []


def test_the_operators_command_tells_drift_by_its_exit_code(stack, record, index):
    index({"delete": {"query": f"id:{record['id']}"}})

    found = stack.run_ckan("madang", "drift", "--settled", "0")
    mended = stack.run_ckan("madang", "drift", "--settled", "0", "--repair")
    after = stack.run_ckan("madang", "drift", "--settled", "0")

    assert found.returncode == 1
    assert f"missing=1 {record['id']}" in found.stdout
    assert (mended.returncode, after.returncode) == (0, 0)


@pytest.mark.parametrize("who", ["visitor", "other_editor"])
def test_only_the_publisher_may_ask(request, who):
    assert request.getfixturevalue(who).call("madang_drift").status == 403
