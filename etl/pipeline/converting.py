"""Step 4: the very files that would be published."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from etl.contract.model import Contract
from etl.contract.vocabulary import TierName
from etl.convert.writing import write_csv, write_dictionary, write_parquet
from etl.digest import digest_parquet, published_columns
from etl.pipeline.keys import identity, step_key
from etl.pipeline.workbench import Workbench
from etl.states import (
    Anonymised,
    Converted,
)


def convert(bench: Workbench, anonymised: Anonymised) -> Converted:
    """Write the files that the catalogue would serve."""
    prefix = step_key(anonymised, "converted")
    if done := bench.store.open_manifest(prefix, Converted):
        return done
    contract = bench.contract(anonymised)
    with bench.step(anonymised.dataset, anonymised.run_id, "convert") as count:
        plans = bench.plans(anonymised)
        if agency := plans.get("agency"):
            finer = replace(
                anonymised,
                rows=agency["rows"] - agency["suppressed"],
                suppressed=agency["suppressed"],
                held_back=0,
            )
            _convert_tier(bench, contract, "agency", finer, f"{prefix}/agency")
        converted = _convert_tier(bench, contract, "public", anonymised, prefix)
        count.rows = converted.rows
    return converted


def _convert_tier(
    bench: Workbench, declared: Contract, tier: TierName, anonymised: Anonymised, prefix: str
) -> Converted:
    contract = bench.at_tier(declared, tier, anonymised)
    with (
        bench.store.local_path(f"{anonymised.key}/{tier}.parquet") as table,
        bench.store.writing(f"{prefix}/data.parquet") as parquet,
    ):
        write_parquet(pl.scan_parquet(table, glob=False), contract, parquet)
    with bench.store.local_path(f"{prefix}/data.parquet") as parquet:
        with bench.store.writing(f"{prefix}/data.csv") as csv:
            write_csv(parquet, contract, csv)
        with bench.verifier() as connection:
            digest = digest_parquet(connection, parquet, published_columns(contract))
    with bench.store.writing(f"{prefix}/dictionary.csv") as dictionary:
        write_dictionary(contract, dictionary)
    facts = bench.file_facts(prefix)
    converted = Converted(
        **identity(anonymised, prefix, anonymised.rows),
        accepted=anonymised.accepted,
        suppressed=anonymised.suppressed,
        held_back=anonymised.held_back,
        reference_date=anonymised.reference_date,
        digest=str(digest.total),
        parquet_sha256=facts["data.parquet"].sha256,
        csv_sha256=facts["data.csv"].sha256,
        dictionary_sha256=facts["dictionary.csv"].sha256,
    )
    bench.store.write_manifest(prefix, converted)
    return converted
