"""Ask calamine, whatever it makes of a damaged workbook."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import python_calamine

from etl.extract.markup import PACKAGE_ERRORS, damaged

Answer = TypeVar("Answer")


def ask_calamine(question: Callable[[], Answer], kind: str) -> Answer:
    """Return calamine's answer.

    Raises:
        SourceFormatError: It has none; a panic of its Rust code counts as that.
    """
    try:
        return question()
    except (python_calamine.CalamineError, *PACKAGE_ERRORS, KeyError, IndexError):
        raise damaged(kind) from None
    except BaseException as problem:
        # a panic is no Exception, so that nobody catches it by chance
        if type(problem).__name__ != "PanicException":
            raise
        raise damaged(kind) from None
