"""Keys that the format knows and the program does not honour yet.

A contract that names one is refused: a promise that nobody keeps is worse than none.
When a behaviour is built, its line here goes.
"""

from __future__ import annotations

from etl.contract.model import Contract


def find_unbuilt(contract: Contract) -> list[str]:
    """Return the paths of the keys whose behaviour is not built."""
    reference = contract.reference_date
    found = {
        "source.sql": contract.source.sql is not None,
        "update.append": contract.update != "snapshot",
        "reference_date.file_name": reference is not None and reference.file_name is not None,
        "disclosure.level": contract.disclosure.level != "public",
    }
    return [key for key, is_named in found.items() if is_named]
