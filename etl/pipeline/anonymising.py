"""Step 3: a table for each tier, of which only what was declared leaves."""

from __future__ import annotations

from dataclasses import asdict

import polars as pl

from etl.anonymise.anonymising import anonymise_tiers
from etl.pipeline.earlier import following
from etl.pipeline.keys import identity, plan_key, step_key
from etl.pipeline.workbench import Workbench
from etl.states import (
    Anonymised,
    Validated,
)


def anonymise(bench: Workbench, validated: Validated) -> Anonymised:
    """Drop, generalise and suppress, so that only what was declared leaves."""
    prefix = step_key(validated, "anonymised")
    if done := bench.store.open_manifest(prefix, Anonymised):
        return done
    contract = bench.contract(validated)
    with bench.step(validated.dataset, validated.run_id, "anonymise") as count:
        with (
            bench.store.local_path(f"{validated.key}/rows.parquet") as rows,
            following(bench, contract, validated) as pinned,
        ):
            made = anonymise_tiers(
                pl.scan_parquet(rows, glob=False),
                contract,
                bench.code_lists(contract),
                bench.seconds,
                pinned,
            )
            for tier, table in made.tables.items():
                bench.sink(table, f"{prefix}/{tier}.parquet")
            for tier, table in made.units.items():
                bench.sink(table, f"{prefix}/{tier}-units.parquet")
        plans = {tier: asdict(plan) for tier, plan in made.plans.items()}
        bench.write_json(plan_key(validated), plans)
        with bench.store.local_path(f"{prefix}/public.parquet") as public:
            published = pl.scan_parquet(public, glob=False).select(pl.len()).collect().item()
        left_out = validated.accepted - published
        suppressed = made.plans["public"].suppressed if made.plans else left_out
        anonymised = Anonymised(
            **identity(validated, prefix, published),
            accepted=validated.accepted,
            suppressed=suppressed,
            held_back=left_out - suppressed,
            reference_date=validated.reference_date,
        )
        bench.ledger.record_books(
            validated.run_id,
            published=published,
            suppressed=anonymised.suppressed,
            held_back=anonymised.held_back,
        )
        count.rows = published
        bench.store.write_manifest(prefix, anonymised)
    return anonymised
