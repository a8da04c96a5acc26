"""Names of supplied files: shown and written safely, told apart, never shortened to nothing."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.intake.limits import LINKED, NAME, NO_FILE, Limits, find_refusal
from etl.intake.names import LONGEST_BYTES, free_name, readable_name, safe_name

LIMITS = Limits(size_bytes=100, files=3)


@pytest.mark.parametrize(
    ("name", "taken", "free"),
    [
        pytest.param("공원.csv", [], "공원.csv", id="a free name stays"),
        pytest.param("공원.csv", ["공원.csv"], "공원 (2).csv", id="a number before the ending"),
        pytest.param("README", ["readme"], "README (2)", id="no ending, other capitals"),
        pytest.param("a.tar.gz", ["a.tar.gz"], "a.tar (2).gz", id="the last ending counts"),
    ],
)
def test_names_that_collide_get_a_number(name, taken, free):
    assert free_name(name, taken) == free


def test_a_mac_s_name_is_composed():
    assert readable_name(unicodedata.normalize("NFD", "공원.csv")) == "공원.csv"


def test_a_long_name_keeps_its_ending():
    short = safe_name("가" * 100 + ".csv")

    assert short.endswith("….csv")
    assert LONGEST_BYTES - 3 <= len(short.encode()) <= LONGEST_BYTES


@given(st.text(min_size=1, max_size=120))
def test_any_name_becomes_one_that_can_be_written_beside_its_receipt(name):
    safe = safe_name(name.encode(errors="replace").decode())

    assert len(f"{safe} (999).report.xlsx".encode()) <= 255
    assert not any(unicodedata.category(sign) in {"Cc", "Cf", "Zl", "Zp", "Cs"} for sign in safe)
    assert "/" not in safe


def status(path):
    return path.lstat()


def test_what_is_no_plain_file_is_not_opened(tmp_path):
    file = tmp_path / "1.csv"
    file.write_text("a")
    (tmp_path / "link").symlink_to(file)

    assert find_refusal("1.csv", status(file), 0, LIMITS) is None
    assert find_refusal("link", status(tmp_path / "link"), 0, LIMITS) is NO_FILE
    assert find_refusal("1.csv", status(tmp_path), 0, LIMITS) is NO_FILE


def test_a_second_name_for_somebody_s_file_is_not_opened(tmp_path):
    file = tmp_path / "foreign"
    file.write_text("a")
    (tmp_path / "1.csv").hardlink_to(file)

    assert find_refusal("1.csv", status(tmp_path / "1.csv"), 0, LIMITS) is LINKED


@pytest.mark.parametrize(
    ("size", "earlier", "told"),
    [
        pytest.param(100, 0, "", id="at the limit it is taken"),
        pytest.param(101, 0, "too large (101 bytes; the limit is 100)", id="one byte more is not"),
        pytest.param(1, 2, "", id="the last of three that may wait"),
        pytest.param(1, 3, "More files wait in this folder than it takes at once (3)", id="more"),
    ],
)
def test_limits_are_told_with_their_numbers(tmp_path, size, earlier, told):
    file = tmp_path / "1.csv"
    file.write_bytes(b"x" * size)

    refusal = find_refusal("1.csv", status(file), earlier, LIMITS)

    assert bool(refusal) == bool(told)
    assert told in (refusal.en if refusal else "")


@pytest.mark.parametrize("name", ["a\nb.csv", "a\rb.csv", "a\x00.csv", "a\\b.csv", "a\u2028.csv"])
def test_names_that_no_person_typed_are_refused(tmp_path, name):
    file = tmp_path / "1.csv"
    file.write_text("a")

    assert find_refusal(name, status(file), 0, LIMITS) is NAME
