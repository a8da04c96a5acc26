"""What was public before: its levels are kept, and the difference to it is measured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import polars as pl

from etl.anonymise.planning import Pinned
from etl.certify.certifying import Check
from etl.certify.differing import Difference, Table, count_uncovered, measure_difference
from etl.contract.hierarchies import FOLDER as HIERARCHIES
from etl.contract.model import Contract
from etl.contract.vocabulary import TierName
from etl.errors import DisclosureRiskError, ReleaseHeldError
from etl.ledger.book import Release
from etl.pipeline.keys import plan_of
from etl.pipeline.workbench import Workbench
from etl.states import Converted, Reference


def published_before(bench: Workbench, state: Reference) -> list[Release]:
    """Return every other release of a dataset that anybody could see, the oldest first.

    One that was replaced or retracted is among them: whoever took it still has it.
    """
    if not bench.compares:
        return []
    history = bench.ledger.history(state.dataset)
    return [one for one in history if one.live_at is not None and one.run_id != state.run_id]


@contextmanager
def following(
    bench: Workbench, contract: Contract, state: Reference
) -> Iterator[Pinned | None]:  # fmt: skip
    """Lend the levels that are kept, with the tables that were published at them."""
    pinned = pinned_levels(bench, contract, state)
    if pinned is None:
        yield None
        return
    columns = [field.name for field in contract.published_fields]
    with ExitStack() as lent:
        tables = [
            pl.scan_parquet(
                lent.enter_context(bench.store.local_path(table_of(release))), glob=False
            )
            for release in published_before(bench, state)
            if _plans_of(bench, release)["public"]["levels"] == pinned.levels["public"]
        ]
        same = [table for table in tables if table.collect_schema().names() == columns]
        yield replace(pinned, tables=same)


def pinned_levels(bench: Workbench, contract: Contract, state: Reference) -> Pinned | None:
    """Return the levels that the contract's version was last published at.

    A higher version is the decision to search anew.

    Raises:
        ReleaseHeldError: The contract declares other levels than before, and its version does
            not say so.
    """
    for release in reversed(published_before(bench, state)):
        before = contract_of_run(bench, release)
        plans = _plans_of(bench, release)
        if before.version != contract.version or not plans:
            return None
        levels = {tier: plan["levels"] for tier, plan in plans.items()}
        _require_same_levels(contract, before, release)
        return Pinned(release.release, levels)
    return None


def difference_checks(
    bench: Workbench, declared: Contract, converted: Converted
) -> Iterator[Check]:  # fmt: skip
    """Hold the difference to every earlier public release against k.

    Where no row is about a person there is nothing to subtract, and nothing is measured.
    """
    if declared.privacy.k is None:
        return
    levels = bench.plans(converted)["public"]["levels"]
    for release in published_before(bench, converted):
        found = _measure(bench, declared, levels, converted, release)
        yield Check(
            f"classes that differ from release {release.release} by fewer than k",
            "0", str(found.small), not found.small, is_risk=True,
        )  # fmt: skip
        yield Check(
            f"classes that differ from release {release.release} too uniformly",
            "0", str(found.uniform), not found.uniform, is_risk=True,
        )  # fmt: skip


def require_difference(contract: Contract, checks: list[Check]) -> None:
    """Refuse a release from which an earlier one can be subtracted.

    Raises:
        DisclosureRiskError: A class differs by too few rows, or by too uniform ones.
    """
    failed = [check for check in checks if not check.holds]
    if failed:
        told = "; ".join(f"{check.name}: {check.measured}" for check in failed)
        raise DisclosureRiskError(
            f"{contract.name}: {told}. Whoever has both could tell the few people who came or"
            " went. Nothing was published; the live release stays. Drop a file again when more"
            " has changed, or decide for coarser levels in a higher version of the contract.",
            dataset=contract.name,
            failed=len(failed),
        )


def coarsening_check(bench: Workbench, declared: Contract, converted: Converted) -> Iterator[Check]:
    """Hold the public table against the agency's, from which it must follow."""
    agency = bench.converted_tiers(converted).get("agency")
    if agency is None:
        return
    plans = bench.plans(converted)
    with (
        bench.store.local_path(f"{converted.key}/data.parquet") as coarser,
        bench.store.local_path(f"{agency.key}/data.parquet") as finer,
        bench.verifier() as connection,
    ):
        uncovered = count_uncovered(
            connection,
            Table(coarser, declared, plans["public"]["levels"]),
            Table(finer, declared, plans["agency"]["levels"]),
            bench.settings.schemas / HIERARCHIES,
        )
    yield Check("public rows that follow from no agency row", "0", str(uncovered), not uncovered,
                is_risk=True)  # fmt: skip


def table_of(release: Release) -> str:
    """Return where the public table of a release is kept."""
    return f"restricted/{release.dataset}/{release.run_id}/converted/data.parquet"


def contract_of_run(bench: Workbench, release: Release) -> Contract:
    """Return the contract that a release was made with."""
    run = bench.ledger.run(release.run_id)
    return bench.contract_of(release.dataset, str(run.contract_sha256 if run else None))


def _measure(
    bench: Workbench, declared: Contract, levels: dict[str, int], converted: Converted,
    release: Release,
) -> Difference:  # fmt: skip
    with (
        bench.store.local_path(f"{converted.key}/data.parquet") as new,
        bench.store.local_path(table_of(release)) as old,
        bench.verifier() as connection,
    ):
        return measure_difference(
            connection,
            Table(new, declared, levels),
            Table(old, contract_of_run(bench, release), _levels_of(bench, release)),
            bench.settings.schemas / HIERARCHIES,
        )


def _plans_of(bench: Workbench, release: Release) -> dict[TierName, Any]:
    return dict(bench.read_json(plan_of(release.dataset, release.run_id)))


def _levels_of(bench: Workbench, release: Release) -> dict[str, int]:
    """Return the levels of a release's public table; none where nothing was generalised."""
    plans = _plans_of(bench, release)
    return dict(plans["public"]["levels"]) if plans else {}


def _require_same_levels(contract: Contract, before: Contract, release: Release) -> None:
    now, then = _declared_levels(contract), _declared_levels(before)
    if changed := sorted(
        name for name in now.keys() | then.keys() if now.get(name) != then.get(name)
    ):
        raise ReleaseHeldError(
            f"{contract.name}: {', '.join(changed)} is declared otherwise than in release"
            f" {release.release}, whose levels are kept, and the contract's version is still"
            f" {contract.version}. Nothing was anonymised; the live release stays. Raise the"
            " version: then levels are searched anew.",
            dataset=contract.name,
        )


def _declared_levels(contract: Contract) -> dict[str, tuple[object, ...]]:
    """Return what a contract says of the levels of each quasi-identifier."""
    finest = contract.floors("agency")
    return {
        field.name: (field.type, field.levels, field.floor, field.ceiling, finest[field.name])
        for field in contract.fields
        if field.role == "quasi-identifier"
    }
