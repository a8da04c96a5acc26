"""Words for yes and no.

Without a declaration those are read that nobody understands otherwise: Y and N, true and
false, 1 and 0, 예 and 아니오, 유 and 무, ○ and ×. The letters O and X are not among them: a
column of O and X in which somebody typed a zero for the letter would be read as its opposite.
A contract that names `trueValues` and `falseValues` (Table Schema) replaces all of these.
Which word stood there is lost, what it says is not.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

TRUE_WORDS = ("y", "yes", "true", "1", "예", "유", "○", "〇", "◯")
FALSE_WORDS = ("n", "no", "false", "0", "아니오", "아니요", "무", "×")


def read_boolean(
    text: pl.Expr, true_words: Sequence[str] = (), false_words: Sequence[str] = ()
) -> pl.Expr:
    """Read yes and no; null for any other word. Capitals do not matter.

    Args:
        text: Cells without outer blanks.
        true_words: What means yes; the words above unless given.
        false_words: What means no; the words above unless given.

    Examples:
        >>> cells = pl.DataFrame({"held": ["Y", "무", "O", "0"]})
        >>> cells.select(read_boolean(pl.col("held"))).to_series().to_list()
        [True, False, None, False]
        >>> cells.select(read_boolean(pl.col("held"), ["O"], ["X"])).to_series().to_list()
        [None, None, True, None]
    """
    word = text.str.to_lowercase()
    is_true = word.is_in([yes.lower() for yes in true_words or TRUE_WORDS])
    is_false = word.is_in([no.lower() for no in false_words or FALSE_WORDS])
    return pl.when(is_true).then(True).when(is_false).then(False)
