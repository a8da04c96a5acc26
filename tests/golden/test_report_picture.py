from __future__ import annotations

from tests.golden.report_picture import PICTURE, draw


def test_the_picture_in_the_documents_is_the_workbook_that_comes_out():
    """After a wanted change: `python -m tests.golden.report_picture`, then read the diff."""
    assert draw() == PICTURE.read_text(encoding="utf-8")
