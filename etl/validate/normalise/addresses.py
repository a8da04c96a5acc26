"""Addresses: the 시도 in front written out, as it was called on the row's day.

`서울 종로구 …` becomes `서울특별시 종로구 …`, `강원도 춘천시 …` of 2024 `강원특별자치도 춘천시 …`.
The rest of the address is not touched. A first word is only taken for a 시도 where the second
fits it: `광주 북구` is of 광주광역시, `광주시 오포읍` may be of 경기도 and stays as it is.
"""

from __future__ import annotations

import polars as pl

from etl.contract.codelists import CodeSet
from etl.validate.normalise.codes import spell_code

_OF_A_CITY = r"[구군]$"
_OF_A_PROVINCE = r"[시군]$"
_WITHOUT_DISTRICTS = r"^세종"


def spell_address(text: pl.Expr, regions: CodeSet, day: pl.Expr | None = None) -> pl.Expr:
    """Write out the 시도 at the head of addresses; other text stays as it is.

    Args:
        text: Cells without outer blanks.
        regions: The code list of 시도.
        day: On which they are named; without one a name that changed is left alone.
    """
    head = text.str.extract(r"^(\S+)\s", 1)
    second = text.str.extract(r"^\S+\s+(\S+)", 1)
    region = spell_code(head, regions, "label", day)
    fits = (
        pl.when(region.str.contains(_WITHOUT_DISTRICTS))
        .then(pl.lit(value=True))
        .when(region.str.ends_with("시"))
        .then(second.str.contains(_OF_A_CITY))
        .otherwise(second.str.contains(_OF_A_PROVINCE))
    )
    rest = text.str.slice(head.str.len_chars())
    return pl.when(fits & (region != head)).then(region + rest).otherwise(text)
