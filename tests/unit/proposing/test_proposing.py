"""A proposal is a contract in everything but the roles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl
import pytest

from etl.contract.loading import InvalidContractError, parse_contract
from etl.contract.model import Contract
from etl.errors import ContractError
from etl.proposing.proposing import propose_contract, propose_for_file

TODAY = date(2026, 11, 25)


@dataclass(frozen=True)
class Column:
    name: str
    header: str
    unit: str | None = None


@pytest.fixture
def propose(tmp_path):
    def _propose(table: dict[str, list[str]], **units: str) -> str:
        landed = tmp_path / "landed.parquet"
        roles = ["data"] * len(next(iter(table.values())))
        pl.DataFrame({"_role": roles, **table}).write_parquet(landed)
        columns = [
            Column(name, f"{name}({units[name]})" if name in units else name, units.get(name))
            for name in table
        ]
        return propose_contract(landed, columns, "car_parks", TODAY)

    return _propose


def decided(text: str) -> Contract:
    """Decide every role, as a person does."""
    content = text.replace("role: undecided", "role: open").encode()
    return parse_contract(content, organisation="traffic", dataset="car_parks")


TABLE = {
    "관리번호": ["001", "002", "003"],
    "면적": ["1.5", "-", "3"],
    "데이터기준일자": ["2026-01-31"] * 3,
    "column_D": ["가", "나", ""],
}


def test_a_proposal_is_refused_until_a_person_has_decided_every_role(propose):
    all_but_one = propose(TABLE).replace("role: undecided", "role: open", 3).encode()

    with pytest.raises(InvalidContractError) as caught:
        parse_contract(all_but_one, organisation="traffic", dataset="car_parks")

    (complaint,) = caught.value.complaints
    assert complaint.field == "fields[3].role"
    assert complaint.message.startswith("is not decided; a person has to name one of: open")
    assert "사람이" in complaint.message_ko


def test_with_its_roles_a_proposal_is_a_contract(propose):
    contract = decided(propose(TABLE, 면적="㎡"))

    number, area, day, other = contract.fields
    assert (number.name, number.title.ko, number.type) == (
        "management_number",
        "관리번호",
        "string",
    )
    assert (area.type, area.decimals, area.unit, area.aliases) == ("number", 1, "㎡", ("면적(㎡)",))
    assert area.missing_values == ("-",)
    assert (day.type, contract.reference_date.field) == ("date", "reference_date")
    assert (number.constraints.required, other.constraints.required) == (True, False)
    assert contract.primary_key == ("management_number",)


def test_columns_are_a_key_together_where_none_is_alone(propose):
    contract = decided(propose({"구": ["가", "가", "나"], "연도": ["2025", "2026", "2025"]}))

    assert contract.primary_key == ("구", "year")


def test_rows_that_nothing_tells_apart_have_no_key(propose):
    assert decided(propose({"구": ["가", "가"]})).primary_key == ()


def test_rows_that_are_no_data_decide_nothing(tmp_path):
    landed = tmp_path / "landed.parquet"
    rows = {"_role": ["data", "total", "ragged"], "면수": ["12", "합계", None]}
    pl.DataFrame(rows).write_parquet(landed)

    contract = decided(propose_contract(landed, [Column("면수", "면수")], "car_parks", TODAY))

    assert contract.fields[0].type == "integer"
    assert contract.fields[0].missing_values == ()


def test_what_speaks_of_people_is_marked_and_enumerates_no_value(propose):
    people = {
        "성명": ["김하나", "이두리"] * 5,
        "연락": ["010-1234-5678", "010-8765-4321"] * 5,
        "연령": ["31", "42"] * 5,
        "공원명": ["새벽", "마당"] * 5,
    }

    text = propose(people)

    assert "likely direct-identifier: the header speaks of one person" in text
    assert "likely direct-identifier: mobile-number in 10 cells" in text
    assert "likely quasi-identifier" in text
    assert "approval: privacy-officer" in text
    assert "[새벽, 마당]" in text or "[마당, 새벽]" in text
    assert "김하나" not in text
    assert "010-" not in text


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(["위도", "latitude"], id="a name that is another column's header"),
        pytest.param(["이름", "이름_2", "이름_2_2"], id="numbered headers"),
        pytest.param(["ctid", "XMIN"], id="names of the database's own"),
        pytest.param(["가" * 40, "가" * 41], id="names that are cut to the same text"),
        pytest.param(["A", "a"], id="capital letters alone"),
        pytest.param(["no", "yes", "1.0", "null", "2026-01-01"], id="words that YAML reads"),
        pytest.param(['a: {b}, "c" # d', "[x]", "- y", "가\n나"], id="signs that YAML reads"),
        pytest.param(["(합계)", "①", "%", "2026년", "_x"], id="headers without a first letter"),
    ],
)
def test_whatever_the_headers_the_proposal_loads(propose, headers):
    contract = decided(propose({header: ["가", "나"] for header in headers}))

    assert [field.title.ko for field in contract.fields] == headers


def test_coordinates_are_declared_only_where_nothing_speaks_of_people(propose):
    place = {"위도": ["37.12345", "37.23456"], "경도": ["127.12345", "127.23456"]}

    of_places, of_people = propose(place), propose({**place, "성별": ["남", "여"]})

    assert decided(of_places).fields[0].declared_personal[0].kind == "coordinates"
    assert "declared_personal" not in of_people


def test_a_proposal_never_overwrites_a_file(tmp_path):
    supplied, proposal = tmp_path / "parks.csv", tmp_path / "parks.yaml"
    supplied.write_text("관리번호,공원명\n001,새벽\n002,마당\n", encoding="utf-8")
    proposal.write_text("mine", encoding="utf-8")

    with pytest.raises(ContractError, match="Nothing was written"):
        propose_for_file(supplied, proposal, None, TODAY)

    assert proposal.read_text(encoding="utf-8") == "mine"


def test_nothing_is_proposed_for_a_file_that_cannot_be_read(tmp_path):
    supplied, proposal = tmp_path / "parks.csv", tmp_path / "parks.yaml"
    supplied.write_bytes(b"\xff\xfe\xff")

    found = propose_for_file(supplied, proposal, None, TODAY)

    assert (found.status, proposal.exists()) == ("refused", False)
