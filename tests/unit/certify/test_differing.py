"""What two tables tell together is counted, whatever levels they stand at."""

from __future__ import annotations

from collections import Counter, defaultdict

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.anonymise.anonymising import anonymise_tiers
from etl.certify.differing import Table, count_uncovered, measure_difference
from etl.certify.measuring import verifier
from etl.contract.model import Contract
from etl.errors import ContractError, DisclosureRiskError
from tests.unit.validate.tables import contract_of

K = 3


def declared(**privacy) -> Contract:
    return contract_of(
        {"name": "age", "type": "integer", "role": "quasi-identifier",
         "hierarchy": {"steps": [{"band": 10}, {"band": 20}], "floor": 0}},
        {"name": "ward", "role": "quasi-identifier", "hierarchy": {"floor": 0}},
        {"name": "illness", "role": "sensitive"},
        privacy={"unit": "person", "unit_key": "none", "k": K, "suppression": "100%",
                 "l_diversity": {"illness": 1}} | privacy,
    )  # fmt: skip


def table(folder, name: str, rows, levels: dict[str, int], contract: Contract) -> Table:
    pinned = contract.at_levels(levels)
    kinds = {f.name: pl.Int64 if f.published_type == "integer" else pl.String
             for f in pinned.published_fields}  # fmt: skip
    pl.DataFrame(rows, kinds, orient="row").write_parquet(folder / f"{name}.parquet")
    return Table(folder / f"{name}.parquet", contract, levels)


def measure(folder, new, old, levels=({"age": 1, "ward": 0}, {"age": 1, "ward": 0}), **privacy):
    contract = declared(**privacy)
    with verifier(folder) as connection:
        return measure_difference(
            connection,
            table(folder, "new", new, levels[0], contract),
            table(folder, "old", old, levels[1], contract),
            folder,
        )


NORTH, SOUTH = ("30-39", "북", "감기"), ("30-39", None, "골절")


@pytest.mark.parametrize(
    ("new", "old", "small"),
    [
        pytest.param([NORTH] * 5, [NORTH] * 5, 0, id="the same again"),
        pytest.param([NORTH] * 6, [NORTH] * 5, 1, id="one came"),
        pytest.param([NORTH] * 7, [NORTH] * 5, 1, id="fewer than k came"),
        pytest.param([NORTH] * 8, [NORTH] * 5, 0, id="k came"),
        pytest.param([NORTH] * 5, [NORTH] * 6, 1, id="one went"),
        pytest.param([NORTH] * 5 + [SOUTH] * 4, [NORTH] * 5, 0, id="a class came whole"),
        pytest.param([NORTH] * 5, [NORTH] * 5 + [SOUTH] * 4, 0, id="a class went whole"),
        pytest.param([SOUTH] * 6, [SOUTH] * 5, 1, id="missing values are a class"),
        pytest.param(
            [("30-39", "북", "골절"), *[NORTH] * 4], [NORTH] * 5, 1,
            id="one value was corrected, and the count is the same",
        ),
        pytest.param(
            [NORTH] * 5 + [SOUTH], [NORTH] * 4 + [SOUTH] * 3, 2, id="each class for itself"
        ),
    ],
)  # fmt: skip
def test_classes_that_differ_by_fewer_than_k_are_counted(tmp_path, new, old, small):
    assert measure(tmp_path, new, old).small == small


def test_releases_at_other_levels_are_brought_to_common_ones(tmp_path):
    finer = [("30-39", "북", "감기")] * 3 + [("20-29", "북", "감기")] * 3
    coarser = [("20-39", "북", "감기")] * 7

    found = measure(tmp_path, coarser, finer, ({"age": 2, "ward": 0}, {"age": 1, "ward": 0}))

    assert found.small == 1
    assert found.columns == ("age", "ward", "illness")


def test_those_who_came_must_be_as_diverse_as_a_class(tmp_path):
    new, wanted = [NORTH] * 8, {"l_diversity": {"illness": 2}}

    assert measure(tmp_path, new, [NORTH] * 5, **wanted).uniform == 1
    mixed = [*[NORTH] * 7, ("30-39", "북", None)]
    assert measure(tmp_path, mixed, [NORTH] * 5, **wanted).uniform == 0


rows = st.lists(
    st.tuples(st.sampled_from([21, 29, 31, None]), st.sampled_from(["북", None]),
              st.sampled_from(["감기", "골절", None])),
    max_size=25,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(new=rows, old=rows, levels=st.tuples(st.integers(0, 3), st.integers(0, 3)))
def test_the_counts_are_those_of_a_reader_with_a_pencil(tmp_path_factory, new, old, levels):
    folder = tmp_path_factory.mktemp("d")
    spell = [
        lambda a: a,
        lambda a: None if a is None else f"{a // 10 * 10}-{a // 10 * 10 + 9}",
        lambda a: None if a is None else f"{a // 20 * 20}-{a // 20 * 20 + 19}",
        lambda _: "*",
    ]
    written = [[(spell[level](a), w, i) for a, w, i in some]
               for some, level in zip((new, old), levels, strict=True)]  # fmt: skip
    common = spell[max(levels)]
    after, before = (Counter((common(a), w, i) for a, w, i in some) for some in (new, old))
    moved = defaultdict(lambda: [0, 0])
    for row in after | before:
        change = after[row] - before[row]
        moved[row[:2]][change < 0] += abs(change)
    small = sum(any(0 < count < K for count in both) for both in moved.values())

    found = measure(folder, *written, tuple({"age": level, "ward": 0} for level in levels))

    assert found.small == small


def test_a_column_that_only_one_has_is_left_out(tmp_path):
    old = declared()
    new = old.model_copy(update={"fields": old.fields[:2]})
    levels = {"age": 1, "ward": 0}
    with verifier(tmp_path) as connection:
        found = measure_difference(
            connection,
            table(tmp_path, "new", [NORTH[:2]] * 6, levels, new),
            table(tmp_path, "old", [NORTH] * 5, levels, old),
            tmp_path,
        )

    assert found.columns == ("age", "ward")
    assert found.small == 1


@pytest.mark.parametrize(
    ("coarser", "uncovered"),
    [
        pytest.param([("20-39", "북", "감기")] * 2, 0, id="each follows from one"),
        pytest.param([("20-39", "북", "감기")] * 4, 1, id="one too many"),
        pytest.param([("20-39", "북", "골절")], 1, id="another sensitive value"),
        pytest.param([("40-59", "북", "감기")], 1, id="another class"),
    ],
)
def test_rows_that_no_finer_row_stands_behind_are_counted(tmp_path, coarser, uncovered):
    contract = declared()
    with verifier(tmp_path) as connection:
        found = count_uncovered(
            connection,
            table(tmp_path, "public", coarser, {"age": 2, "ward": 0}, contract),
            table(tmp_path, "agency", [(31, "북", "감기"), (29, "북", "감기"), (38, "북", "감기")],
                  {"age": 0, "ward": 0}, contract),
            tmp_path,
        )  # fmt: skip

    assert found == uncovered


@settings(max_examples=60, deadline=None)
@given(people=rows, k=st.integers(2, 4), distinct=st.integers(1, 2))
def test_every_public_row_follows_from_a_row_of_the_agency(tmp_path_factory, people, k, distinct):
    folder = tmp_path_factory.mktemp("tiers")
    tiers = {"agency": {"k": 2, "suppression": "100%", "floors": {"age": 0}}}
    contract = declared(
        k=k, tiers=tiers, l_diversity={"illness": distinct}, purpose="statistics", legal_basis="x",
    )  # fmt: skip
    kinds = {"age": pl.Int64, "ward": pl.String, "illness": pl.String}
    try:
        made = anonymise_tiers(pl.LazyFrame(people, kinds, orient="row"), contract)
    except (DisclosureRiskError, ContractError):
        return  # nothing remains, or there is no row
    tables = {}
    for tier, made_table in made.tables.items():
        made_table.collect().write_parquet(folder / f"{tier}.parquet")
        tables[tier] = Table(folder / f"{tier}.parquet", contract, made.plans[tier].levels)

    with verifier(folder) as connection:
        uncovered = count_uncovered(connection, tables["public"], tables["agency"], folder)

    assert uncovered == 0
    assert all(
        made.plans["agency"].levels[name] <= level
        for name, level in made.plans["public"].levels.items()
    )
