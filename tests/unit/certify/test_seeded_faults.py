"""Whatever goes wrong between the search and the files is caught, and called by its name."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from etl.anonymise.anonymising import anonymise_tiers
from etl.certify.anonymity import check_anonymity, measure_anonymity
from etl.certify.certificate import canonical, read_certificate, sign
from etl.certify.certifying import Check, check_release
from etl.certify.measuring import measure_file, measure_table, verifier
from etl.contract.model import Contract
from etl.convert.writing import write_csv, write_dictionary, write_parquet
from etl.digest import published_columns
from etl.errors import DisclosureRiskError, StoreError
from etl.states import Converted
from tests.unit.validate.tables import CANARY, contract_of

FILES = ("data.parquet", "data.csv", "dictionary.csv")


def declared() -> Contract:
    return contract_of(
        {"name": "person", "role": "direct-identifier"},
        {"name": "age", "type": "integer", "role": "quasi-identifier",
         "hierarchy": {"steps": [{"band": 10}, {"band": 20}], "floor": 1}},
        {"name": "ward", "role": "quasi-identifier", "hierarchy": {"floor": 0, "ceiling": 0}},
        {"name": "illness", "role": "sensitive"},
        privacy={"unit": "person", "unit_key": "person", "k": 3, "suppression": "20%",
                 "l_diversity": {"illness": 2}, "alpha": "80%"},
    )  # fmt: skip


def people() -> pl.DataFrame:
    rows = [
        (f"p{number}", 31 + number % 8, ward, ("감기", "골절")[number % 2])
        for ward in ("남", "북", None)
        for number in range(8)
    ]
    rows += [("lone", 77, "북", "감기"), ("p0", 31, "남", "감기")]
    return pl.DataFrame(rows, ["person", "age", "ward", "illness"], orient="row")


@dataclass
class Written:
    """A release on the disk, with what is claimed of it."""

    folder: Path
    contract: Contract
    levels: dict[str, int]
    claimed: Converted

    @property
    def parquet(self) -> Path:
        return self.folder / "data.parquet"

    @property
    def pinned(self) -> Contract:
        return self.contract.at_levels(self.levels)

    def rewrite(self, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
        """Change the table and write all files anew, with hashes that fit."""
        table = change(pl.read_parquet(self.parquet))
        write_parquet(table.lazy(), self.pinned, self.parquet)
        self.settle()

    def settle(self) -> None:
        """Write the other files from the Parquet, and claim what is there now."""
        write_csv(self.parquet, self.pinned, self.folder / "data.csv")
        self.claimed = claim_of(self)

    def checks(self) -> list[Check]:
        columns = published_columns(self.pinned)
        with verifier(self.folder) as connection:
            table = measure_table(
                connection, self.parquet, self.folder / "data.csv", columns,
                self.pinned.quasi_identifiers,
            )  # fmt: skip
            facts = {name: measure_file(self.folder / name) for name in FILES}
            measured = measure_anonymity(
                connection, self.parquet, self.pinned, self.folder, self.folder / "units.parquet"
            )
        return [
            *check_release(self.pinned, self.claimed, table, facts, []),
            *check_anonymity(self.contract, self.pinned, self.levels, "public", measured),
        ]

    def failed(self) -> set[str]:
        return {check.name for check in self.checks() if not check.holds}


def claim_of(written: Written) -> Converted:
    columns = published_columns(written.pinned)
    with verifier(written.folder) as connection:
        table = measure_table(
            connection, written.parquet, written.folder / "data.csv", columns,
            written.pinned.quasi_identifiers,
        )  # fmt: skip
    hashes = {name: measure_file(written.folder / name).sha256 for name in FILES}
    return Converted(
        dataset="test-yard", run_id="a" * 32, contract_sha256="0" * 64, key="k",
        rows=table.rows, accepted=26, suppressed=26 - table.rows, held_back=0, reference_date="",
        digest=str(table.parquet.total), parquet_sha256=hashes["data.parquet"],
        csv_sha256=hashes["data.csv"], dictionary_sha256=hashes["dictionary.csv"],
    )  # fmt: skip


@pytest.fixture
def written(tmp_path) -> Written:
    contract = declared()
    made = anonymise_tiers(people().lazy(), contract)
    levels = made.plans["public"].levels
    release = Written(tmp_path, contract, levels, claimed=None)  # type: ignore[arg-type]
    write_parquet(made.tables["public"], release.pinned, release.parquet)
    made.units["public"].collect().write_parquet(tmp_path / "units.parquet")
    write_dictionary(release.pinned, tmp_path / "dictionary.csv")
    release.settle()
    return release


def test_without_a_fault_everything_holds(written):
    assert written.levels == {"age": 1, "ward": 0}
    assert written.failed() == set()


def add_lone_row(table: pl.DataFrame) -> pl.DataFrame:
    lone = pl.DataFrame({"age": ["70-79"], "ward": ["북"], "illness": ["감기"]})
    return pl.concat([table, lone]).sort(pl.all())


def pool_nulls(table: pl.DataFrame) -> pl.DataFrame:
    """One missing value among others of its group, as a careless filter lets through."""
    is_first = pl.int_range(pl.len()) == pl.len() - 1
    return table.with_columns(
        pl.when(is_first).then(None).otherwise("age").alias("age")
    ).sort(pl.all())  # fmt: skip


def raw_age(table: pl.DataFrame) -> pl.DataFrame:
    is_band = pl.col("age") == "30-39"
    return table.with_columns(pl.when(is_band).then(pl.lit("31")).otherwise("age").alias("age"))


def other_bands(table: pl.DataFrame) -> pl.DataFrame:
    return table.with_columns(pl.col("age").str.replace("30-39", "20-39"))


def shifted_bands(table: pl.DataFrame) -> pl.DataFrame:
    return table.with_columns(pl.col("age").str.replace("30-39", "31-40"))


def one_illness(table: pl.DataFrame) -> pl.DataFrame:
    is_north = pl.col("ward") == "북"
    return table.with_columns(
        pl.when(is_north).then(pl.lit("감기")).otherwise("illness").alias("illness")
    ).sort(pl.all())


def shared_illness(table: pl.DataFrame) -> pl.DataFrame:
    """Seven of eight share one value: two values, and yet above 80 %."""
    north = table.filter(pl.col("ward") == "북")
    changed = north.with_columns(
        pl.when(pl.int_range(pl.len()) > 0)
        .then(pl.lit("골절"))
        .otherwise("illness")
        .alias("illness")
    )
    return pl.concat([table.filter(pl.col("ward").ne_missing("북")), changed]).sort(pl.all())


@pytest.mark.parametrize(
    ("change", "names"),
    [
        pytest.param(add_lone_row, {"k", "rows of the table with units"}, id="suppressed row kept"),
        pytest.param(pool_nulls, {"k"}, id="nulls pooled"),
        pytest.param(raw_age, {"values of age that are none of its level"}, id="not generalised"),
        pytest.param(other_bands, {"values of age that are none of its level"}, id="other levels"),
        pytest.param(
            shifted_bands, {"values of age that are none of its level"}, id="swapped bands"
        ),
        pytest.param(one_illness, {"distinct values of illness"}, id="one sensitive value"),
        pytest.param(shared_illness, {"largest share of illness"}, id="share above alpha"),
        pytest.param(
            lambda t: t.sort(pl.all(), descending=True), {"rows out of order"}, id="order"
        ),
        pytest.param(lambda t: t.head(6), {"suppression"}, id="too much left out"),
    ],
)
def test_a_fault_in_the_table_is_named(written, change, names):
    written.rewrite(change)

    assert names <= written.failed()


def test_k_off_by_one_is_named(written):
    written.contract = written.contract.model_copy(
        update={"privacy": written.contract.privacy.model_copy(update={"k": 9})}
    )

    assert {"k", "k by units"} & written.failed() == {"k", "k by units"}


def test_one_person_in_many_rows_is_one_unit(written):
    units = pl.read_parquet(written.folder / "units.parquet")
    units.with_columns(pl.lit("same").alias("person")).write_parquet(
        written.folder / "units.parquet"
    )

    assert written.failed() == {"k by units"}


def test_other_rows_beside_the_units_are_named(written):
    units = pl.read_parquet(written.folder / "units.parquet")
    units.head(20).write_parquet(written.folder / "units.parquet")

    assert "rows of the table with units" in written.failed()


@pytest.mark.parametrize(
    ("levels", "name"),
    [
        pytest.param({"age": 0, "ward": 0}, "level of age", id="below the floor"),
        pytest.param({"age": 1, "ward": 1}, "level of ward", id="above the ceiling"),
    ],
)
def test_a_level_outside_floor_and_ceiling_is_named(written, levels, name):
    pinned, written.levels = written.levels, levels
    with verifier(written.folder) as connection:
        contract = written.contract.at_levels(pinned)
        measured = measure_anonymity(connection, written.parquet, contract, written.folder)

    checks = check_anonymity(written.contract, contract, levels, "public", measured)

    assert name in {check.name for check in checks if not check.holds}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("index", id="extra index column"),
        pytest.param("age_raw", id="twin column that is not generalised"),
    ],
)
def test_an_undeclared_column_stops_everything(written, name):
    table = pl.read_parquet(written.parquet)
    table.with_columns(pl.Series(name, range(table.height))).write_parquet(written.parquet)

    with pytest.raises(DisclosureRiskError, match="columns"):
        written.checks()


def arrow(written: Written) -> pa.Table:
    return pq.read_table(written.parquet)


def test_raw_values_in_footer_metadata_are_named(written):
    table = arrow(written).replace_schema_metadata({"pandas": json.dumps([CANARY])})
    pq.write_table(table, written.parquet)
    written.settle()

    assert "footer keys that are not ours" in written.failed()


def test_raw_values_in_a_dictionary_are_named(written):
    """A category that no row has any more is still written."""
    table = arrow(written)
    ward = table.column("ward").combine_chunks().dictionary_encode()
    entries = pa.concat_arrays([ward.dictionary, pa.array([CANARY], ward.dictionary.type)])
    wider = pa.DictionaryArray.from_arrays(ward.indices, entries)
    pq.write_table(table.set_column(1, "ward", wider), written.parquet)
    written.settle()

    assert "dictionary entries without a cell" in written.failed()


def test_raw_values_in_statistics_are_named(written):
    content = written.parquet.read_bytes()
    at = content.rindex(b"30-39", 0, len(content))
    written.parquet.write_bytes(content[:at] + b"31-31" + content[at + 5 :])
    written.claimed = replace(written.claimed, parquet_sha256=measure_file(written.parquet).sha256)

    assert "statistics without a cell" in written.failed()


def test_other_types_are_named(written):
    with verifier(written.folder) as connection:
        measured = measure_anonymity(connection, written.parquet, written.pinned, written.folder)
    other = replace(measured, types=measured.types | {"illness": "BLOB"})

    checks = check_anonymity(written.contract, written.pinned, written.levels, "public", other)

    assert [check.name for check in checks if not check.holds] == ["types"]


@pytest.mark.parametrize(
    ("claim", "name"),
    [
        pytest.param({"digest": "1"}, "digest of data.parquet", id="wrong digest"),
        pytest.param({"rows": 1}, "rows", id="wrong number of rows"),
        pytest.param({"accepted": 99}, "books", id="books that do not balance"),
        pytest.param({"parquet_sha256": "0" * 64}, "sha256 of data.parquet", id="another file"),
    ],
)
def test_a_false_claim_is_named(written, claim, name):
    written.claimed = replace(written.claimed, **claim)

    assert name in written.failed()


def test_a_csv_that_is_not_the_parquet_is_named(written):
    text = (written.folder / "data.csv").read_text(encoding="utf-8-sig")
    (written.folder / "data.csv").write_text("\ufeff" + text.replace("골절", "화상", 1), "utf-8")

    assert "digest of data.csv" in written.failed()


def test_a_certificate_of_other_content_is_refused():
    stale = json.loads(sign({"release": "20261125-1"}, Ed25519PrivateKey.generate()))
    stale["release"] = "20261125-2"

    with pytest.raises(DisclosureRiskError, match="signature"):
        read_certificate(canonical(stale), trusted=None)


def test_a_verifier_that_fails_lets_nothing_pass_and_quotes_nothing(written):
    written.parquet.write_bytes(CANARY.encode())

    with pytest.raises(StoreError, match="verifier failed") as caught:
        written.checks()

    assert CANARY not in str(caught.value)
