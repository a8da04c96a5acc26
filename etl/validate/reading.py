"""Read the shared suites of a folder."""

from __future__ import annotations

from pathlib import Path

from etl.errors import ContractError
from etl.validate.suites import Suite, parse_suite


def read_suites(folder: Path) -> dict[str, Suite]:
    """Return every suite of a folder by name; the folder is not modified.

    Raises:
        ContractError: A file is no suite, or cannot be read.
    """
    try:
        contents = {file.stem: file.read_bytes() for file in sorted(folder.glob("*.json"))}
    except OSError as error:
        raise ContractError(
            f"expectations/: cannot be read: {error.strerror}. Nothing was validated."
            " Let the pipeline's user read the folder."
        ) from None
    return {name: parse_suite(content, name=name) for name, content in contents.items()}
