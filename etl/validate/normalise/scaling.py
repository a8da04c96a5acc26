"""Which numbers of a file count in thousands or millions of what is published.

Nothing is guessed from the size of numbers: a number is multiplied only where the contract
declares `source_unit`, or the file states its unit in header or heading.
"""

from __future__ import annotations

from collections.abc import Mapping

from etl.contract.fields import Field
from etl.contract.model import Contract
from etl.contract.units import is_scaled, power_between
from etl.errors import ContractError, SourceFormatError


def find_powers(contract: Contract, stated: Mapping[str, str]) -> dict[str, int]:
    """Return by which power of ten the numbers of each field are multiplied.

    Args:
        contract: Names the unit that is published, and may name the one that is written.
        stated: Unit that the file states, by field.

    Returns:
        By the names of the fields of numbers.

    Raises:
        SourceFormatError: The file states another unit than the contract expects.
        ContractError: The file counts in thousands or millions, and the contract names no unit.
    """
    return {
        field.name: _power(field, stated.get(field.name), contract)
        for field in contract.fields
        if field.type in ("integer", "number")
    }


def _power(field: Field, stated: str | None, contract: Contract) -> int:
    declared = field.source_unit or field.unit
    if stated and declared is None:
        if is_scaled(stated):
            raise _without_unit(field, contract)
        return 0
    if stated and field.source_unit and power_between(stated, field.source_unit) != 0:
        raise _other_unit(field, contract)
    written = field.source_unit or stated
    if written is None or field.unit is None:
        return 0
    power = power_between(written, field.unit)
    if power is None:
        raise _other_unit(field, contract)
    return power


def _other_unit(field: Field, contract: Contract) -> SourceFormatError:
    expected = field.source_unit or field.unit
    return SourceFormatError(
        f"{contract.name}: {field.name}: the file states another unit than {expected}, which the"
        " contract expects. Nothing was validated; the live release stays. Write the numbers in"
        f" {expected}, or correct the unit that the file states, and drop the file again.",
        dataset=contract.name,
        field=field.name,
    )


def _without_unit(field: Field, contract: Contract) -> ContractError:
    return ContractError(
        f"{contract.name}: {field.name}: the file counts in thousands or millions, and the"
        " contract names no unit. Nothing was validated; the live release stays. Name in the"
        " contract the unit that is published, as `unit: 원`.",
        dataset=contract.name,
        field=field.name,
    )
