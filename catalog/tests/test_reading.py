"""The DataStore's reading side: every answer is of one release, and names it."""

from __future__ import annotations

import csv
import io
import uuid

import pytest
from publishing import FIELDS, make_release

FIRST = make_release("20261125-1", rows=9, mark="가")
SECOND = make_release("20261125-2", rows=11, mark="나")


@pytest.fixture
def published(dataset):
    dataset.publish(FIRST)
    dataset.publish(SECOND, FIRST.name)
    return dataset


def test_a_search_answers_from_the_live_release_and_names_it(published, visitor):
    found = visitor.call("datastore_search", resource_id=published.csv_id, limit=2).result()

    assert (found["release"], found["total"]) == (SECOND.name, SECOND.rows)
    assert found["resource_id"] == published.csv_id
    assert found["records"][0]["name"] == '나 "0", 주차장'
    assert [field["id"] for field in found["fields"]] == ["_id", *(f["id"] for f in FIELDS)]


def test_a_search_that_pins_a_release_stays_on_it(published, visitor):
    pages = [
        visitor.call(
            "datastore_search", resource_id=published.csv_id, release=FIRST.name, offset=offset
        ).result()
        for offset in (0, 5)
    ]

    assert {page["release"] for page in pages} == {FIRST.name}
    assert all("가" in record["name"] for page in pages for record in page["records"])


@pytest.mark.parametrize(
    "release", ["20261125-3", "20990101-1", "x", "20261125-1_x", "'; DROP TABLE x", ""]
)
def test_a_release_that_is_not_public_is_not_found(published, visitor, release):
    published.put_all(make_release("20261125-3"))
    published.load(make_release("20261125-3")).result()

    answer = visitor.call("datastore_search", resource_id=published.csv_id, release=release)

    assert answer.status == (200 if release == "" else 404)


def test_a_staged_table_cannot_be_asked_for_by_its_name(published, visitor):
    published.put_all(make_release("20261125-3"))
    published.load(make_release("20261125-3")).result()
    name = f"{published.csv_id}_20261125-3"

    asked = [visitor.call(action, resource_id=name, id=name).status
             for action in ("datastore_search", "datastore_info")]  # fmt: skip

    assert asked == [404, 404]
    assert visitor.get(f"/datastore/dump/{name}").status_code == 404


def test_a_search_by_word_finds_korean_in_a_table(published, visitor):
    found = visitor.call("datastore_search", resource_id=published.csv_id, q="나").result()

    assert found["total"] == SECOND.rows


def test_a_filter_in_decomposed_hangul_finds_composed_text(published, visitor):
    import unicodedata

    name = unicodedata.normalize("NFD", '나 "3", 주차장')

    found = visitor.call(
        "datastore_search", resource_id=published.csv_id, filters={"name": name}
    ).result()

    assert found["total"] == 1


def test_the_description_of_a_table_has_the_data_dictionary(published, visitor):
    info = visitor.call("datastore_info", id=published.csv_id).result()

    assert (info["release"], info["meta"]["id"]) == (SECOND.name, published.csv_id)
    assert info["meta"]["count"] == SECOND.rows
    described = {field["id"]: field["info"]["label"] for field in info["fields"]}
    assert described == {field["id"]: field["label"] for field in FIELDS}


def test_the_whole_dump_is_the_releases_own_file(published, visitor):
    dump = visitor.get(f"/datastore/dump/{published.csv_id}?bom=true")
    of_first = visitor.get(f"/datastore/dump/{published.csv_id}?release={FIRST.name}")

    assert (dump.content, of_first.content) == (SECOND.csv, FIRST.csv)


@pytest.mark.parametrize("form", ["csv", "tsv", "json", "xml"])
def test_a_dump_in_part_or_another_form_comes_from_the_table(published, visitor, form):
    dump = visitor.get(f"/datastore/dump/{published.csv_id}?format={form}&limit=4&sort=id")

    assert dump.status_code == 200
    assert dump.text.count("주차장") == 4


def test_a_dump_of_chosen_fields_has_only_these(published, visitor):
    dump = visitor.get(f"/datastore/dump/{published.csv_id}?fields=id,name")

    rows = list(csv.reader(io.StringIO(dump.text)))

    assert rows[0] == ["id", "name"]
    assert len(rows) == SECOND.rows + 1


@pytest.mark.parametrize("identifier", [str(uuid.uuid4()), "no-such-alias", "_table_metadata"])
def test_what_is_no_table_is_not_found(visitor, identifier):
    assert visitor.get(f"/datastore/dump/{identifier}").status_code == 404
    assert visitor.call("datastore_search", resource_id=identifier).status == 404


def test_a_private_dataset_has_no_table_for_a_visitor(dataset, visitor, other_editor):
    dataset.put_all(FIRST)
    dataset.load(FIRST).result()
    dataset.flip(FIRST, update={"private": True}).result()

    refused = [visitor.call(action, resource_id=dataset.csv_id, id=dataset.csv_id).status
               for action in ("datastore_search", "datastore_info")]  # fmt: skip

    assert refused == [403, 403]
    assert visitor.get(f"/datastore/dump/{dataset.csv_id}").status_code == 404
    assert other_editor.call("datastore_search", resource_id=dataset.csv_id).status == 200


def test_a_dataset_before_its_first_release_has_no_table(dataset, publisher):
    assert publisher.call("datastore_search", resource_id=dataset.csv_id).status == 404


def test_sql_is_off(published, visitor):
    sql = f'SELECT * FROM "{published.csv_id}_{SECOND.name}"'

    assert visitor.call("datastore_search_sql", sql=sql).status in (400, 403, 404)
