"""A department is told by example, not by regular expression."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from etl.contract.fields import Field
from etl.validate.compiling import compile_rules
from etl.validate.messages import advise
from tests.unit.validate.tables import contract_of

PATTERN = r"\d{2}-\d{4}"


def test_an_example_stands_in_the_place_of_the_pattern():
    contract = contract_of(phone(example="02-3400"))
    [rule] = [rule for rule in compile_rules(contract, {}) if rule.name == "pattern"]

    korean, english = (advise(rule, contract, language).remedy for language in ("ko", "en"))

    assert korean == "다음과 같은 꼴로 적으십시오. 예: 02-3400"
    assert english == "Write it like 02-3400"


def test_an_example_that_breaks_its_own_pattern_is_refused():
    with pytest.raises(ValidationError, match="the example does not fit the pattern"):
        Field.model_validate(phone(example="02 3400"))


def phone(example: str) -> dict[str, object]:
    return {
        "name": "phone",
        "title": {"ko": "전화번호"},
        "type": "string",
        "example": example,
        "constraints": {"pattern": PATTERN},
        "role": "open",
    }
