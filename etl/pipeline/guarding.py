"""Hold a new release against the live one; what an operator waived passes once."""

from __future__ import annotations

from etl.certify.comparing import Comparison, compare_tables
from etl.certify.guarding import find_violations, require_announced, require_guards
from etl.contract.model import Contract
from etl.errors import ContractError
from etl.ledger.book import Release
from etl.pipeline.keys import comparison_key
from etl.pipeline.workbench import Workbench
from etl.states import Converted


def hold_to_live(
    bench: Workbench, contract: Contract, converted: Converted, live: Release | None
) -> None:
    """Compare the public table with the live one, and hold what changes too much.

    The comparison, counts only, is kept in the restricted zone.

    Raises:
        ReleaseHeldError: A guard holds the release and no operator waived just this, or the
            contract breaks with the live one without raising its version.
    """
    if live is None or live.run_id == converted.run_id:
        return
    _require_version(bench, contract, live)
    found = _compare(bench, contract, converted, live)
    violations = find_violations(contract, found)
    content = found.as_json() | {"violations": list(violations)}
    bench.write_json(comparison_key(converted.dataset, converted.run_id), content)
    waived = (waiver.violations for waiver in bench.ledger.waivers(converted.run_id))
    if violations not in waived:
        require_guards(contract, violations, converted.run_id)


def waive_guards(bench: Workbench, dataset: str, run_id: str, *, by: str, reason: str) -> None:
    """Record that an operator lets a held run pass with the violations that were found.

    Raises:
        ContractError: The run is not held by a guard.
    """
    run, key = bench.ledger.run(run_id), comparison_key(dataset, run_id)
    is_held = run is not None and (run.dataset, run.status) == (dataset, "held")
    violations = bench.read_json(key)["violations"] if bench.store.exists(key) else []
    if not (is_held and violations):
        raise ContractError(
            f"{dataset}: no guard holds a run of this id. Nothing was changed; the live release"
            " stays. Take dataset and run from the message that told of the hold.",
            dataset=dataset,
        )
    bench.ledger.waive_guards(run_id, violations, by=by, reason=reason)


def _require_version(bench: Workbench, contract: Contract, live: Release) -> None:
    run = bench.ledger.run(live.run_id)
    if run is None or run.contract_sha256 in (None, contract.sha256):
        return
    require_announced(bench.contract_of(contract.name, str(run.contract_sha256)), contract)


def _compare(
    bench: Workbench, declared: Contract, converted: Converted, live: Release
) -> Comparison:
    contract = bench.at_tier(declared, "public", converted)
    plain = {f.name for f in contract.published_fields if f.generalise is None}
    key = contract.primary_key if set(contract.primary_key) <= plain else ()
    before = f"restricted/{live.dataset}/{live.run_id}/converted/data.parquet"
    with (
        bench.store.local_path(f"{converted.key}/data.parquet") as new,
        bench.store.local_path(before) as old,
        bench.verifier() as connection,
    ):
        is_guarded = contract.guards is not None and contract.guards.distinct is not None
        return compare_tables(connection, new, old, live.release, key, counts_distinct=is_guarded)
