from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.contract.fields import Field
from etl.personal.masking import BLOCK, looks_masked, mask, show_cell
from tests.unit.validate.tables import TODAY


def masked(text: str) -> str:
    return pl.select(mask(pl.lit(text))).item()


def field(role: str, **keys: object) -> Field:
    return Field.model_validate(
        {"name": "a", "title": {"ko": "가"}, "type": "string", "role": role} | keys
    )


def shown(text: str, role: str, **keys: object) -> str:
    table = pl.LazyFrame({"a": [text]})
    return table.select(show_cell(field(role, **keys), TODAY)).collect().item()


@given(st.text(max_size=40))
def test_a_mask_keeps_length_and_signs_and_at_most_the_first_letter_or_digit(text):
    told = masked(text)

    assert len(told) == len(text)
    assert all(new in (old, BLOCK) for old, new in zip(text, told, strict=True))
    assert not any(new.isalnum() for new in told[1:])


@given(st.text(min_size=1, max_size=6))
def test_a_short_text_keeps_no_letter_and_no_digit(text):
    assert not any(sign.isalnum() for sign in masked(text))


@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1))
def test_a_mask_is_known_for_one(text):
    assert pl.select(looks_masked(pl.lit(masked(text)))).item()


@pytest.mark.parametrize(
    ("text", "role", "keys", "told"),
    [
        pytest.param("홍길동", "direct-identifier", {}, "▒▒▒", id="a direct identifier"),
        pytest.param("41", "quasi-identifier", {}, "▒▒", id="a quasi-identifier"),
        pytest.param("당뇨", "sensitive", {}, "▒▒", id="a sensitive value"),
        pytest.param("마당공원", "open", {}, "마당공원", id="an open value"),
        pytest.param(
            "문의 010-1234-5678", "open", {}, "문▒ ▒▒▒-▒▒▒▒-▒▒▒▒", id="a number in an open column"
        ),
        pytest.param("36.310890", "open", {}, "3▒.▒▒▒▒▒▒", id="a place"),
        pytest.param(
            "36.310890",
            "open",
            {"declared_personal": [{"kind": "coordinates", "reason": {"ko": "시설"}}]},
            "36.310890",
            id="a place that the contract declares",
        ),
        pytest.param("", "direct-identifier", {}, "", id="nothing"),
    ],
)
def test_a_department_sees_its_personal_cells_as_shapes(text, role, keys, told):
    assert shown(text, role, **keys) == told
