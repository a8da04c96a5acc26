"""The store: whole or not at all, in a folder and in an object store."""

from __future__ import annotations

import errno
import uuid
from pathlib import Path

import pytest

from etl.errors import StoreError, StoreUnavailableError
from etl.states import Landed, Published, Validated
from etl.store import Store

STATE = Published(
    dataset="city-parks",
    run_id="0" * 32,
    contract_sha256="1" * 64,
    key="certified/city-parks/r/publish",
    rows=3,
    release="20261125-1",
    previous="",
    status="published",
    url="",
)


@pytest.fixture(params=["folder", "memory"])
def store(request, tmp_path):
    where = str(tmp_path / "store") if request.param == "folder" else f"memory://{uuid.uuid4()}"
    return Store(where)


def test_what_was_written_is_read_back(store):
    store.write_bytes("landing/city-parks/r/file", b"1,2\n")

    assert store.exists("landing/city-parks/r/file")
    assert store.size_bytes("landing/city-parks/r/file") == 4
    assert store.read_bytes("landing/city-parks/r/file") == b"1,2\n"
    with store.local_path("landing/city-parks/r/file") as path:
        assert path.read_bytes() == b"1,2\n"


def test_a_file_is_put_as_a_copy(store, tmp_path):
    (tmp_path / "source").write_bytes(b"x")

    store.put_file(tmp_path / "source", "certified/a")

    assert store.read_bytes("certified/a") == b"x"
    assert (tmp_path / "source").exists()


def write_half_and_fail(store, key):
    with store.writing(key) as path:
        path.write_bytes(b"half")
        raise ZeroDivisionError


def test_a_writer_that_fails_leaves_the_file_before_it(store):
    store.write_bytes("certified/a/data.parquet", b"old")

    with pytest.raises(ZeroDivisionError):
        write_half_and_fail(store, "certified/a/data.parquet")

    assert store.read_bytes("certified/a/data.parquet") == b"old"
    assert store.keys("certified") == ["certified/a/data.parquet"]


def test_a_writer_sees_the_ending_and_nobody_sees_the_half(store):
    with store.writing("certified/a/data.parquet") as path:
        path.write_bytes(b"half")

        assert path.suffix == ".parquet"
        assert store.keys("certified/a") == []
        assert not store.exists("certified/a/data.parquet")


def test_a_step_is_invisible_until_its_manifest_is_written(store):
    store.write_bytes("certified/a/data.csv", b"1")

    before = store.open_manifest("certified/a", Published)
    store.write_manifest("certified/a", STATE)

    assert before is None
    assert store.open_manifest("certified/a", Published) == STATE


def test_a_manifest_has_the_same_bytes_each_time(store):
    store.write_manifest("certified/a", STATE)
    first = store.read_bytes("certified/a/state.json")
    store.write_manifest("certified/a", STATE)

    assert store.read_bytes("certified/a/state.json") == first
    assert first.startswith(b'{"contract_sha256":"1111')


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        pytest.param(None, Validated, id="another step's"),
        pytest.param(b"[]", Landed, id="a list"),
        pytest.param(b"{", Landed, id="no JSON"),
        pytest.param(b'{"state":"Landed"}', Landed, id="fields are missing"),
    ],
)
def test_a_manifest_of_something_else_is_refused(store, text, kind):
    store.write_manifest("certified/a", STATE)
    if text is not None:
        store.write_bytes("certified/a/state.json", text)

    with pytest.raises(StoreError, match=f"not a manifest of {kind.__name__}"):
        store.open_manifest("certified/a", kind)


def test_a_text_where_a_number_belongs_is_refused(store):
    store.write_manifest("a", STATE)
    store.write_bytes("a/state.json", store.read_bytes("a/state.json").replace(b":3,", b':"3",'))

    with pytest.raises(StoreError, match="not a manifest of Published"):
        store.open_manifest("a", Published)


def test_what_is_destroyed_is_gone_and_destroying_again_is_fine(store):
    store.write_bytes("landing/a/file", b"1")
    store.write_manifest("landing/a", STATE)
    store.write_bytes("landing/b/file", b"2")

    store.delete("landing/a")
    store.delete("landing/a")

    assert store.keys("landing") == ["landing/b/file"]


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "..",
        "landing/../../x",
        "landing/./x",
        "landing//x",
        "landing/x/",
        "landing\\x",
        ".hidden",
        "landing/홍길동.csv",
        "landing/{{ 7*7 }}.csv",
        "landing/x\n",
    ],
)
def test_a_key_of_anything_but_plain_names_is_refused_and_not_repeated(store, key):
    for use in (store.exists, store.read_bytes, store.delete, store.keys):
        with pytest.raises(StoreError) as caught:
            use(key)
        assert len(key) < 4 or key.strip("/") not in str(caught.value)
    with pytest.raises(StoreError), store.writing(key):
        pass


def test_a_missing_file_is_told_without_its_path(store):
    with pytest.raises(StoreError, match="not in the store") as caught:
        store.read_bytes("landing/secret-name")
    with pytest.raises(StoreError, match="not in the store"), store.local_path("landing/none"):
        pass

    assert "secret-name" not in str(caught.value)


@pytest.mark.parametrize("zone", ["landing", "restricted"])
def test_private_zones_are_closed_to_others_even_when_found_open(tmp_path, zone):
    (tmp_path / zone).mkdir(mode=0o755)

    Store(str(tmp_path)).write_bytes(f"{zone}/a/b", b"1")

    assert (tmp_path / zone).stat().st_mode & 0o777 == 0o700


def write_to_a_full_disk(store):
    with store.writing("certified/a") as path, Path("/dev/full").open("wb", buffering=0) as full:
        path.write_bytes(b"half")
        full.write(b"x")


def test_a_full_disk_is_named(store):
    with pytest.raises(StoreError, match="disk is full"):
        write_to_a_full_disk(store)

    assert store.keys("certified") == []


@pytest.mark.parametrize("words", ["No space left on device (os error 28)", "[Errno 28] Error: x"])
def test_a_full_disk_is_named_when_a_library_only_says_it_in_words(store, words):
    words = words.replace("Error: x", "No space left on device")

    with pytest.raises(StoreError, match="disk is full"), store.writing("certified/a"):
        raise RuntimeError(words)


def test_a_disk_that_fills_at_the_last_moment_leaves_nothing(tmp_path, monkeypatch):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    store = Store(str(tmp_path))
    monkeypatch.setattr("os.fsync", full)

    with pytest.raises(StoreError, match="disk is full"):
        store.write_bytes("certified/a", b"1")

    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_a_silent_store_may_be_tried_again(tmp_path, monkeypatch):
    store = Store(f"memory://{uuid.uuid4()}")

    def silent(*_: object) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(type(store._files), "cat_file", silent)

    with pytest.raises(StoreUnavailableError, match="does not answer"):
        store.read_bytes("certified/a")


def test_an_address_that_nothing_serves_is_refused():
    with pytest.raises(StoreError, match="MADANG_STORE"):
        Store("nosuchprotocol://bucket")
