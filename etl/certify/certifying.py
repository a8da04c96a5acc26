"""Decide whether the written files may leave, and say so in a certificate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from etl.certify.measuring import FileFacts, TableFacts
from etl.certify.scanning import Finding
from etl.contract.fields import Field
from etl.contract.model import Contract
from etl.errors import DefectError, DisclosureRiskError
from etl.states import Converted

FORMAT = 1
NOT_PROMISED = {
    "ko": "k-익명성은 같은 집단의 민감 정보가 모두 같은 경우, 다른 자료와의 결합,"
    " 같은 사람들에 관한 다른 자료의 판과 비교해 드러나는 정보까지 막아 주지는 않습니다.",
    "en": "k-anonymity does not protect a group whose members all share one sensitive value, nor"
    " against joining with other sources, nor against comparing with releases of other datasets"
    " about the same people.",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold.

    Attributes:
        name: What is checked.
        required: What must be measured.
        measured: What was measured.
        holds: Whether it does.
        is_risk: Whether a failure would disclose something; otherwise it is a defect.
    """

    name: str
    required: str
    measured: str
    holds: bool
    is_risk: bool = False


def check_release(
    contract: Contract,
    claimed: Converted,
    table: TableFacts,
    files: Mapping[str, FileFacts],
    findings: Sequence[Finding],
) -> list[Check]:
    """Hold the measured files against what the contract and the earlier steps say."""
    digest = (claimed.rows, claimed.digest)
    hashes = {
        "data.parquet": claimed.parquet_sha256,
        "data.csv": claimed.csv_sha256,
        "dictionary.csv": claimed.dictionary_sha256,
    }
    books = claimed.rows + claimed.suppressed + claimed.held_back
    return [
        _equal("rows", claimed.rows, table.rows),
        _equal("books", claimed.accepted, books),
        _equal("digest of data.parquet", digest, (table.parquet.rows, str(table.parquet.total))),
        _equal("digest of data.csv", digest, (table.csv.rows, str(table.csv.total))),
        *(_equal(f"sha256 of {name}", hashes[name], files[name].sha256) for name in hashes),
        *_privacy_checks(contract, claimed, table),
        *(_scan_check(finding) for finding in findings),
    ]


def planned_rows_check(plan: Mapping[str, Any], claimed: Converted) -> Check:
    """Hold the rows that were left out against those that the search counted."""
    return _equal("rows left out as planned", plan["suppressed"], claimed.suppressed)


def require_all(contract: Contract, checks: Sequence[Check]) -> None:
    """Refuse a release of which one check does not hold.

    Raises:
        DisclosureRiskError: It would reveal more than the contract allows.
        DefectError: The program contradicts itself.
    """
    failed = [check for check in checks if not check.holds]
    if not failed:
        return
    kind = DisclosureRiskError if any(check.is_risk for check in failed) else DefectError
    told = "; ".join(
        f"{check.name}: required {check.required}, measured {check.measured}" for check in failed
    )
    advice = (
        "Ask the department to remove the personal data, change the contract's generalisation,"
        " or declare the kind with a reason where it is lawful."
        if kind is DisclosureRiskError
        else "Report it with this message."
    )
    raise kind(
        f"{contract.name}: {told}. Nothing was published; the live release stays. {advice}",
        dataset=contract.name,
        failed=len(failed),
    )


def write_content(
    contract: Contract,
    claimed: Converted,
    release: str,
    table: TableFacts,
    files: Mapping[str, FileFacts],
    findings: Sequence[Finding],
    checks: Sequence[Check],
    judged_by: str,
    quarantined: int,
    verifier_version: str,
    now: datetime,
    anonymity: Mapping[str, Any] | None = None,
    quality: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the certificate's content: what was measured, and what it does not promise.

    Counts of people below k read `<k`; where one could be reckoned from two others, the
    others are left out.
    """
    return {
        "format": FORMAT,
        "dataset": contract.name,
        "release": release,
        "contract": {
            "name": contract.name,
            "version": contract.version,
            "sha256": contract.sha256,
        },
        "reference_date": claimed.reference_date or None,
        "fields": [_describe(field) for field in contract.published_fields],
        "privacy": _privacy(contract, table) | dict(anonymity or {}),
        "rows": _rows(contract, claimed),
        "quality": dict(quality or {}),
        "validation": {"judged_by": judged_by, "quarantined": _shown(contract, quarantined)},
        "scan": [_finding(contract, finding) for finding in findings],
        "checks": [
            {key: value for key, value in asdict(check).items() if key != "is_risk"}
            for check in checks
            if not _tells_people(contract, claimed, check)
        ],
        "digest": {"rows": table.parquet.rows, "total": str(table.parquet.total)},
        "files": [{"name": name, **asdict(files[name])} for name in sorted(files)],
        "verifier": {"engine": "DuckDB", "version": verifier_version},
        "certified_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _equal(name: str, required: object, measured: object) -> Check:
    return Check(name, _spelled(required), _spelled(measured), required == measured)


def _spelled(value: object) -> str:
    return " / ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _privacy_checks(contract: Contract, claimed: Converted, table: TableFacts) -> list[Check]:
    privacy = contract.privacy
    if privacy.k is None or privacy.suppression is None:
        return []
    achieved = table.smallest_group
    share = claimed.suppressed / claimed.accepted if claimed.accepted else 1.0
    limit = privacy.suppression
    return [
        Check("k", f">= {privacy.k}", str(achieved), achieved >= privacy.k, is_risk=True),
        Check("suppression", f"<= {limit:.2%}", f"{share:.2%}", share <= limit, is_risk=True),
    ]


def _scan_check(finding: Finding) -> Check:
    return Check(
        name=f"{finding.kind} in {finding.field}",
        required="declared with a reason" if finding.is_declared else "0 cells",
        measured="declared" if finding.is_declared else f"{finding.cells} cells",
        holds=finding.is_declared,
        is_risk=True,
    )


def _describe(field: Field) -> dict[str, Any]:
    way = field.generalise
    return {
        "name": field.name,
        "type": field.published_type,
        "decimals": field.decimals if field.published_type == "number" else None,
        "role": field.role,
        "generalisation": way.model_dump(exclude_none=True) if way else None,
        "declared_personal": [
            {"kind": declared.kind, "reason": declared.reason.model_dump(exclude_none=True)}
            for declared in field.declared_personal
        ],
    }


def _privacy(contract: Contract, table: TableFacts) -> dict[str, Any]:
    privacy = contract.privacy
    if privacy.k is None or privacy.suppression is None:
        return {"unit": privacy.unit}
    return {
        "unit": privacy.unit,
        "counts": "records",
        "quasi_identifiers": list(contract.quasi_identifiers),
        "k": {"required": privacy.k, "achieved": table.smallest_group},
        "suppression_limit": f"{privacy.suppression:.2%}",
        "not_promised": NOT_PROMISED,
    }


def _rows(contract: Contract, claimed: Converted) -> dict[str, Any]:
    counts: dict[str, Any] = {
        "accepted": claimed.accepted,
        "published": claimed.rows,
        "suppressed": claimed.suppressed,
        "held_back": claimed.held_back,
    }
    if _hides_people(contract, claimed):
        hidden = {name: _shown(contract, counts[name]) for name in ("suppressed", "held_back")}
        counts |= {"accepted": None, **hidden}
    return counts


def _hides_people(contract: Contract, claimed: Converted) -> bool:
    """Tell whether fewer than k people were left out for one reason."""
    left_out = (claimed.suppressed, claimed.held_back)
    return any(isinstance(_shown(contract, count), str) for count in left_out)


def _tells_people(contract: Contract, claimed: Converted, check: Check) -> bool:
    """Tell whether a check's figures would give away a count that is shown as `<k`."""
    telling = ("books", "suppression", "rows left out as planned")
    return check.name in telling and _hides_people(contract, claimed)


def _finding(contract: Contract, finding: Finding) -> dict[str, Any]:
    return {
        "field": finding.field,
        "kind": finding.kind,
        "cells": _shown(contract, finding.cells),
        "declared": finding.is_declared,
    }


def _shown(contract: Contract, count: int) -> int | str:
    """Return a count as the public may see it.

    Examples:
        A count of 3 people under k = 10 is shown as `<10`.
    """
    k = contract.privacy.k
    return f"<{k}" if k is not None and 0 < count < k else count
