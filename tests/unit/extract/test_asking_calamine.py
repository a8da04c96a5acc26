"""What calamine makes of damaged workbooks is one error."""

from __future__ import annotations

import pytest
from python_calamine import CalamineError

from etl.errors import SourceFormatError
from etl.extract.asking_calamine import ask_calamine


class PanicException(BaseException):
    """What a panic of Rust code becomes in Python; the real class cannot be imported."""


@pytest.mark.parametrize("problem", [CalamineError("x"), PanicException("x"), IndexError("x")])
def test_damage_is_one_error_that_quotes_nothing(problem):
    def question():
        raise problem

    with pytest.raises(SourceFormatError, match="damaged") as caught:
        ask_calamine(question, "xlsx")

    assert caught.value.__suppress_context__


def test_an_interruption_is_no_damage():
    def question():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask_calamine(question, "xlsx")
