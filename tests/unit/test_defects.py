"""A fault of the program tells where it happened, and never with which value."""

from __future__ import annotations

import traceback

import polars as pl
import pytest

from etl.contract.loading import dataset_name
from etl.defects import telling_no_values
from etl.errors import DefectError, SourceFormatError

CANARY = "홍길동 900101-1234567"


def fail_with(error: Exception) -> None:
    with telling_no_values("city-parks"):
        raise error


def cast_with_polars() -> None:
    with telling_no_values("city-parks"):
        pl.Series("name", [CANARY]).cast(pl.Int64)


def read_without_a_path() -> None:
    with telling_no_values("city-parks"):
        dataset_name(CANARY)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        pytest.param(lambda: fail_with(ValueError(CANARY)), "ValueError", id="Python's"),
        pytest.param(cast_with_polars, "InvalidOperationError", id="Polars quotes the cell"),
        pytest.param(
            lambda: fail_with(UnicodeDecodeError("cp949", CANARY.encode(), 0, 1, CANARY)),
            "UnicodeDecodeError",
            id="a decoder quotes the bytes",
        ),
    ],
)
def test_a_value_is_in_no_line_of_what_is_logged(act, kind):
    with pytest.raises(DefectError, match=f"city-parks: {kind} at") as caught:
        act()

    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_the_line_of_ours_is_named():
    with pytest.raises(DefectError, match=r"AttributeError at etl/contract/loading\.py:\d+\. "):
        read_without_a_path()


def test_an_error_raised_on_purpose_passes_untouched():
    error = SourceFormatError("2 columns are missing.")

    with pytest.raises(SourceFormatError) as caught:
        fail_with(error)

    assert caught.value is error


@pytest.mark.parametrize("signal", [KeyboardInterrupt, SystemExit])
def test_a_request_to_stop_passes(signal):
    with pytest.raises(signal), telling_no_values("city-parks"):
        raise signal
