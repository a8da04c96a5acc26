"""The running stack, its callers, and datasets to publish into."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from publishing import Caller, Dataset

from stack import Stack

ORGANIZATION = "madang_tests"


@pytest.fixture(scope="session")
def stack() -> Stack:
    found = Stack()
    if not found.is_there:
        pytest.skip(f"no running stack: {found.ini} is not there; `make up` first")
    return found


@pytest.fixture(scope="session")
def visitor(stack: Stack) -> Caller:
    return Caller(stack.url)


@pytest.fixture(scope="session")
def publisher(stack: Stack) -> Caller:
    caller = Caller(stack.url, stack.publisher_token)
    caller.call("madang_organization_ensure", name=ORGANIZATION, title="시험 기관").result()
    return caller


@pytest.fixture(scope="session")
def other_editor(stack: Stack, publisher: Caller) -> Caller:
    """An editor of the same organisation who is not the publisher."""
    organization = publisher.call("organization_show", id=ORGANIZATION).result()
    name = f"editor-{uuid.uuid4().hex[:8]}"
    mail = f"email={name}@example.org"
    stack.run_ckan("user", "add", name, mail, f"password={uuid.uuid4().hex}").check_returncode()
    token = stack.run_ckan("user", "token", "add", name, "tests", "-q").stdout.split()[-1]
    with stack.database() as cursor:
        cursor.execute(
            "INSERT INTO member (id, table_name, table_id, capacity, group_id, state)"
            " SELECT %s, 'user', id, 'editor', %s, 'active' FROM \"user\" WHERE name = %s",
            [str(uuid.uuid4()), organization["id"], name],
        )
    return Caller(stack.url, token)


@pytest.fixture
def dataset(publisher: Caller) -> Iterator[Dataset]:
    """A dataset before its first release."""
    new = Dataset(publisher, ORGANIZATION)
    new.create().result()
    yield new
    publisher.call("package_delete", id=new.name)
