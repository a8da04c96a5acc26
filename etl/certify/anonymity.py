"""Hold the written files against what the contract says of people, and tell it the public.

The checks of this module have names that a refusal, the certificate and its readers share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.certify.certifying import Check
from etl.certify.inspecting import Inside, inspect_parquet
from etl.certify.measuring import measure_file
from etl.certify.privacy import (
    PrivacyFacts,
    count_foreign_values,
    expected_types,
    measure_privacy,
)
from etl.contract.model import Contract
from etl.contract.vocabulary import TierName
from etl.digest import literal_path

if TYPE_CHECKING:
    import duckdb

UNITS_PROMISE = {
    "ko": "k는 사람 수를 셉니다. 식별키는 공개하지 않으므로 이 수는 공개 전에 제한구역의"
    " 같은 행에서 쟀으며, 공개 파일만으로는 다시 잴 수 없습니다."
    " 공개 파일에서는 행 수를 잴 수 있습니다.",
    "en": "k counts units. Their key is never published, so that number was measured before"
    " publication on the same rows in the restricted zone and cannot be measured again on the"
    " published file, where records can be counted.",
}


@dataclass(frozen=True, slots=True)
class Anonymity:
    """What was measured of a table's privacy.

    Attributes:
        privacy: Groups, and what they hold.
        inside: What the Parquet file holds beside its cells.
        foreign: For each generalised column how many values are none of its level.
        types: Type of each column, as written.
        code_lists: Hash of each code list that published values come from.
    """

    privacy: PrivacyFacts
    inside: Inside
    foreign: dict[str, int]
    types: dict[str, str]
    code_lists: dict[str, str] = field(default_factory=dict)


def measure_anonymity(
    connection: duckdb.DuckDBPyConnection,
    parquet: Path,
    contract: Contract,
    hierarchies: Path,
    units: Path | None = None,
) -> Anonymity:
    """Measure a written table of people.

    Args:
        connection: The measuring engine.
        parquet: The written file; not modified.
        contract: The contract of the table's tier, its levels fixed.
        hierarchies: Folder of the code lists.
        units: The same rows with the key of units beside; None where every row counts as one.
    """
    columns = [one.name for one in contract.published_fields]
    described = connection.execute(
        "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet($file))",
        {"file": literal_path(parquet)},
    ).fetchall()
    return Anonymity(
        privacy=measure_privacy(connection, parquet, contract, units),
        inside=inspect_parquet(connection, parquet, columns),
        foreign={
            one.name: count_foreign_values(connection, parquet, one, hierarchies)
            for one in contract.published_fields
            if one.role == "quasi-identifier"
        },
        types={str(name): str(kind) for name, kind in described},
        code_lists={
            name: measure_file(hierarchies / f"{name}.csv").sha256
            for name in contract.hierarchy_tables
        },
    )


def check_anonymity(
    declared: Contract, contract: Contract, levels: Mapping[str, int], tier: TierName,
    measured: Anonymity,
) -> list[Check]:  # fmt: skip
    """Hold what was measured against what is declared.

    Args:
        declared: The contract as it stands, with floors and ceilings.
        contract: The same with this tier's levels and limits fixed.
        levels: Level of each quasi-identifier.
        tier: Which table it is.
        measured: What was measured.
    """
    return [
        *_group_checks(contract, measured.privacy),
        *_level_checks(declared, levels, tier, measured),
        *(_none(name, found) for name, found in measured.inside.named().items()),
        _same("types", expected_types(contract), measured.types),
    ]


def tell_anonymity(
    declared: Contract, contract: Contract, tier: TierName, measured: Anonymity,
    plan: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """Return what the certificate says of levels, groups and loss; shares are text.

    No group below k is in it. Where fewer than k rows were left out, the loss is not told
    either: with the published file at hand their number could be reckoned from it.
    """
    tells_loss = not 0 < plan["suppressed"] < plan["k"]
    privacy, facts = contract.privacy, measured.privacy
    return {
        "tier": tier,
        "counts": facts.counts,
        "k": {"required": privacy.k, "achieved": facts.smallest},
        "levels": plan["levels"],
        "floors": declared.floors(tier),
        "code_lists": measured.code_lists,
        "groups": {
            "count": facts.groups,
            "percentile_5": facts.percentile_5,
            "median": facts.median,
            "largest": facts.largest,
        },
        "risk": {
            "prosecutor_max": _share(1 / facts.smallest if facts.smallest else 1.0),
            "marketer_average": _share(_average_risk(plan, facts)),
        },
        "sensitive": {
            name: {
                "distinct": {"required": declared.privacy.distinct_values(name),
                             "achieved": found.distinct},
                "entropy": _share(found.entropy),
                "alpha": {"required": None if privacy.alpha is None else _share(privacy.alpha),
                          "achieved": _share(found.largest_share)},
                "t_equal": _share(found.t_equal),
                "t_ordered": None if found.t_ordered is None else _share(found.t_ordered),
            }
            for name, found in facts.diversity.items()
        },
        "search": {
            "metric": plan["metric"],
            "loss": _share(plan["loss"]) if tells_loss else None,
            "loss_by_field": {
                name: _share(cost["loss"]) if tells_loss else None
                for name, cost in plan["costs"].items()
            },
            "average_class_size": _share(plan["average_class_size"]) if tells_loss else None,
            "optimal": plan["optimal"],
            "gap": _share(plan["gap"]),
            "pinned": plan.get("pinned") or None,
        },
        "discernibility_of_published": str(facts.discernibility),
        "population": privacy.population,
        **(
            {"purpose": privacy.purpose, "legal_basis": privacy.legal_basis}
            if tier == "agency"
            else {}
        ),
        **({"units": UNITS_PROMISE} if facts.counts == "units" else {}),
    }  # fmt: skip


def _group_checks(contract: Contract, facts: PrivacyFacts) -> list[Check]:
    k = contract.privacy.k or 0
    checks = [
        Check(f"k by {facts.counts}", f">= {k}", str(facts.smallest), facts.smallest >= k,
              is_risk=True),
        Check("rows of the table with units", "the published ones",
              "the published ones" if facts.units_agree else "others", facts.units_agree,
              is_risk=True),
    ]  # fmt: skip
    alpha = contract.privacy.alpha
    for name, found in facts.diversity.items():
        distinct = contract.privacy.distinct_values(name) or 1
        checks.append(Check(f"distinct values of {name}", f">= {distinct}", str(found.distinct),
                            found.distinct >= distinct, is_risk=True))  # fmt: skip
        if alpha is not None:
            checks.append(Check(f"largest share of {name}", f"<= {alpha:.2%}",
                                f"{found.largest_share:.2%}",
                                found.largest_share <= alpha + 1e-9, is_risk=True))  # fmt: skip
    return checks if facts.counts == "units" else [checks[0], *checks[2:]]


def _level_checks(
    declared: Contract, levels: Mapping[str, int], tier: TierName, measured: Anonymity
) -> list[Check]:  # fmt: skip
    floors = declared.floors(tier)
    ceilings = {one.name: one.ceiling for one in declared.fields}
    checks = []
    for name, foreign in measured.foreign.items():
        level = levels.get(name, -1)
        is_allowed = floors[name] <= level <= ceilings[name]
        checks += [
            Check(f"level of {name}", f"{floors[name]} to {ceilings[name]}", str(level),
                  is_allowed, is_risk=True),
            Check(f"values of {name} that are none of its level", "0", str(foreign),
                  not foreign, is_risk=True),
        ]  # fmt: skip
    return checks


def _average_risk(plan: Mapping[str, Any], facts: PrivacyFacts) -> float:
    published = plan["rows"] - plan["suppressed"]
    return facts.groups / published if published else 1.0


def _none(name: str, found: int) -> Check:
    return Check(name, "0", str(found), not found, is_risk=True)


def _same(name: str, required: Mapping[str, str], measured: Mapping[str, str]) -> Check:
    differing = sum(measured.get(key) != kind for key, kind in required.items())
    is_same = dict(required) == dict(measured)
    return Check(name, "as declared", "as declared" if is_same else f"{differing} differ", is_same,
                 is_risk=True)  # fmt: skip


def _share(value: float) -> str:
    """Return a number as text: a certificate's numbers are whole."""
    return f"{value:.12g}"
