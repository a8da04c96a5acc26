"""Organisations made on demand."""

from __future__ import annotations

import uuid

import pytest


def test_an_organisation_is_made_once_and_the_publisher_may_publish_in_it(publisher):
    name = f"org_{uuid.uuid4().hex[:8]}"

    first, again = (
        publisher.call(
            "madang_organization_ensure", name=name, title=title, title_translated={"en": "Roads"}
        ).result()
        for title in ("도로과", "다른 이름")
    )

    assert (first["id"], first["title"]) == (again["id"], again["title"])
    assert {"key": "title_en", "value": "Roads"}.items() <= first["extras"][0].items()
    made = publisher.call("package_create", name=f"{name}-roads", owner_org=name, private=True)
    assert made.status == 200
    publisher.call("package_delete", id=f"{name}-roads")


@pytest.mark.parametrize("who", ["visitor", "other_editor"])
def test_only_the_publisher_makes_organisations(request, who):
    caller = request.getfixturevalue(who)

    answer = caller.call("madang_organization_ensure", name="seized", title="x")

    assert answer.status == 403


@pytest.mark.parametrize("name", ["", "With Space", "a-b", "../x", "한글"])
def test_a_name_that_is_none_is_refused(publisher, name):
    answer = publisher.call("madang_organization_ensure", name=name, title="x")

    assert (answer.status, answer.error_keys) == (409, {"name"})
