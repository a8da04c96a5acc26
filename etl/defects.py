"""What a fault of the program itself may say."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from etl.errors import DefectError, EtlError

PACKAGE = Path(__file__).parent


@contextmanager
def telling_no_values(dataset: str) -> Iterator[None]:
    """Turn an error that nobody raised on purpose into one that quotes no data.

    Libraries put the cell that they stumbled over into their messages, and Airflow writes
    those to its log. What is left is the error's class and the lines of ours it came through.

    Raises:
        DefectError: In the place of every error that is not of our own tree.
    """
    try:
        yield
    except EtlError:
        raise
    except Exception as problem:  # noqa: BLE001  (nothing may pass that quotes a cell)
        raise DefectError(
            f"{dataset}: {type(problem).__name__} at {_places(problem)}. Nothing was published;"
            " the live release stays. Report this as a defect, with this line.",
            dataset=dataset,
        ) from None


def _places(problem: Exception) -> str:
    """Return the lines of this package that an error came through, the deepest last."""
    frames = traceback.extract_tb(problem.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(PACKAGE)]
    names = [f"{Path(f.filename).relative_to(PACKAGE.parent)}:{f.lineno}" for f in ours[1:]]
    return ", ".join(names) or "an unknown place"
