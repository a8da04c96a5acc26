from __future__ import annotations

import hashlib
import pickle

import pytest

from etl.contract.loading import (
    InvalidContractError,
    contract_files,
    find_contract,
    load_contract,
    load_contracts,
    parse_contract,
)
from etl.errors import ContractError

BROKEN_PARKS = [
    pytest.param(
        "approval: none",
        "approval: none\nrules:\n  - compare: [park_id, '<=', nowhere]",
        27,
        "rules[0]",
        "nowhere is not among the fields",
        id="a rule over an unknown field",
    ),
    pytest.param(
        "approval: none",
        "approval: none\nrules:\n  - {unique: [park_id, area], total: [area]}",
        27,
        "rules[0]",
        "exactly one of compare, sum",
        id="two rules in one",
    ),
    pytest.param(
        "approval: none",
        "approval: none\nrules:\n  - {total: [area], severity: critical}",
        27,
        "rules[0]",
        "a total row is no data",
        id="a total row that sends rows away",
    ),
    pytest.param(
        "approval: none",
        "approval: none\n"
        "foreignKeys: [{fields: [park_id], reference: {resource: r, fields: [a, b]}}]",
        26,
        "foreignKeys[0]",
        "not equally many",
        id="a key of one field that points to two",
    ),
    pytest.param(
        "theme: environment",
        "theme: environment\ntheme-en: environment",
        8,
        "theme-en",
        "not permitted",
        id="an unknown key",
    ),
    pytest.param(
        "    decimals: 1",
        "    decimals: 1\n    decimal: 1",
        23,
        "fields[1].decimal",
        "not permitted",
        id="an unknown key of a field",
    ),
    pytest.param(
        "primaryKey:",
        "primary_key:",
        11,
        "primary_key",
        "not permitted",
        id="a key in Python's spelling",
    ),
    pytest.param(
        "    decimals: 1\n    role: open",
        "    decimals: 1",
        18,
        "fields[1].role",
        "required",
        id="a field without a role",
    ),
    pytest.param("steward: 공원녹지과\n", "", 1, "steward", "required", id="a missing key"),
    pytest.param(
        "approval: none",
        "approval: none\napproval: none",
        26,
        "(yaml)",
        "the key approval is repeated",
        id="a repeated key",
    ),
    pytest.param(
        "    type: string",
        "    type: string\n    type: string",
        16,
        "(yaml)",
        "the key type is repeated",
        id="a repeated key of a field",
    ),
    pytest.param(
        "steward: 공원녹지과",
        "1: 공원녹지과",
        5,
        "(yaml)",
        "a key must be text",
        id="a key that is a number",
    ),
    pytest.param(
        "theme: environment", "theme: [environment", 8, "(yaml)", "expected", id="no YAML"
    ),
    pytest.param(
        "name: area",
        "name: park_id",
        12,
        "fields",
        "park_id is declared twice",
        id="a repeated name",
    ),
    pytest.param(
        "aliases: [면적]",
        "aliases: [관리번호]",
        12,
        "fields",
        "the header 관리번호 fits two fields",
        id="a header of two fields",
    ),
    pytest.param(
        "name: area",
        "name: 9area",
        18,
        "fields[1].name",
        "match pattern",
        id="a name that begins with a digit",
    ),
    pytest.param(
        "name: area",
        "name: " + "가" * 22,
        18,
        "fields[1]",
        "at most 63 bytes",
        id="a name that PostgreSQL would cut",
    ),
    pytest.param(
        "type: number", "type: money", 21, "fields[1].type", "Input should be", id="an unknown type"
    ),
    pytest.param(
        "    decimals: 1\n",
        "",
        18,
        "fields[1]",
        "number needs it",
        id="a number without decimal places",
    ),
    pytest.param(
        "type: string",
        "type: string\n    decimals: 1",
        13,
        "fields[0]",
        "decimals belongs to type number",
        id="decimal places of a text",
    ),
    pytest.param(
        "primaryKey: [park_id]",
        "primaryKey: [id]",
        11,
        "primaryKey",
        "id is not among the fields",
        id="a key of no field",
    ),
    pytest.param(
        "primaryKey: [park_id]",
        "reference_date: {field: day}",
        11,
        "reference_date",
        "day is not among the fields",
        id="a reference date of no field",
    ),
    pytest.param(
        'published: [{park_id: "1"',
        'published: [{id: "1"',
        26,
        "examples",
        "id is not among the fields",
        id="an example of no field",
    ),
    pytest.param(
        'area: "1.5"}]\n    published',
        "area: 1.5}]\n    published",
        27,
        "examples[0].supplied[0].area",
        "valid string",
        id="an example cell that is no text",
    ),
    pytest.param(
        "{required: true}",
        "{required: yes please}",
        16,
        "fields[0].constraints.required",
        "valid boolean",
        id="a text for true",
    ),
    pytest.param(
        "{required: true}",
        "{pattern: '('}",
        16,
        "fields[0].constraints",
        "no regular expression",
        id="a pattern that is none",
    ),
    pytest.param(
        "version: 1",
        "version: 0",
        2,
        "version",
        "greater than or equal to 1",
        id="a version below one",
    ),
    pytest.param("format: 1", "format: 2", 1, "format", "Input should be 1", id="another format"),
    pytest.param(
        "frequency: P1Y",
        "frequency: yearly",
        8,
        "frequency",
        "match pattern",
        id="a frequency in words",
    ),
    pytest.param(
        "approval: none",
        "thresholds: {quarantine: 0.05}\napproval: none",
        25,
        "thresholds.quarantine",
        "written like 5%",
        id="a share without its sign",
    ),
    pytest.param(
        '{folder: {files: "*.csv"}}',
        "{}",
        9,
        "source",
        "exactly one of folder and sql",
        id="a source of no kind",
    ),
    pytest.param(
        "role: open\nprivacy",
        "role: quasi-identifier\nprivacy",
        24,
        "privacy.unit",
        "area is a quasi-identifier",
        id="a quasi-identifier of nobody",
    ),
    pytest.param(
        "    decimals: 1\n    role: open",
        "    decimals: 1\n    role: open\n    generalise: {all: true}",
        18,
        "fields[1]",
        "only a quasi-identifier is generalised",
        id="an open field made coarser",
    ),
    pytest.param(
        "role: open",
        "role: direct-identifier",
        12,
        "fields",
        "nothing would be published",
        id="nothing to publish",
    ),
]

BROKEN_WORKERS = [
    pytest.param(", k: 10", "", 22, "privacy", "needs k; there is no default", id="no k"),
    pytest.param(", suppression: 2%", "", 22, "privacy", "needs suppression", id="no suppression"),
    pytest.param("unit_key: none, ", "", 22, "privacy", "needs unit_key", id="no unit key"),
    pytest.param("k: 10", "k: 1", 22, "privacy.k", "greater than or equal to 2", id="k of one"),
    pytest.param("{band: 5, top: 80}", "{band: 5, words: 1}", 16, "fields[0].generalise",
                 "exactly one of", id="two ways at once"),
    pytest.param("{band: 5, top: 80}", "{band: 5, top: 82}", 16, "fields[0].generalise",
                 "multiples of band", id="bands that would overlap"),
    pytest.param("{band: 5, top: 80}", "{date_part: year}", 12, "fields[0]",
                 "date_part needs type date", id="a year of an age"),
    pytest.param("{date_part: year}", "{band: 5}", 17, "fields[1]",
                 "band needs type integer or year", id="a band of a day"),
]  # fmt: skip

UNBUILT = [
    pytest.param('{folder: {files: "*.csv"}}',
                 "{sql: {connection: c, query: q, schedule: '@monthly'}}", 9, "source.sql",
                 id="a database"),
    pytest.param("{level: public}", "{level: agency}", 10, "disclosure.level", id="agencies"),
    pytest.param("approval: none",
                 "approval: none\nupdate: {append: {partition: month, by: park_id}}", 26,
                 "update.append", id="appending"),
    pytest.param("approval: none", 'approval: none\nreference_date: {file_name: "_(.*)"}', 26,
                 "reference_date.file_name", id="a date in a file's name"),
]  # fmt: skip


def complaint_about(text: str):
    """The first complaint, with the others' places in the message when there are more."""
    with pytest.raises(InvalidContractError) as caught:
        parse_contract(text.encode(), organisation="city", dataset="parks")
    return caught.value.complaints[0]


@pytest.mark.parametrize(("old", "new", "line", "field", "message"), BROKEN_PARKS)
def test_a_complaint_names_file_line_and_field(parks, old, new, line, field, message):
    assert old in parks

    complaint = complaint_about(parks.replace(old, new))

    assert (complaint.file, complaint.line, complaint.field) == ("city/parks.yaml", line, field)
    assert message in complaint.message


@pytest.mark.parametrize(("old", "new", "line", "field", "message"), BROKEN_WORKERS)
def test_nothing_about_people_is_left_undecided(workers, old, new, line, field, message):
    assert old in workers

    complaint = complaint_about(workers.replace(old, new))

    assert (complaint.line, complaint.field) == (line, field)
    assert message in complaint.message


@pytest.mark.parametrize(("old", "new", "line", "field"), UNBUILT)
def test_what_is_not_built_is_refused(parks, old, new, line, field):
    assert old in parks

    complaint = complaint_about(parks.replace(old, new))

    assert (complaint.line, complaint.field) == (line, field)
    assert "not built yet" in complaint.message


@pytest.mark.parametrize(
    ("organisation", "dataset"),
    [
        pytest.param("city-hall", "parks", id="a hyphen"),
        pytest.param("city", "Parks", id="a capital"),
        pytest.param("도시", "parks", id="Hangul"),
        pytest.param("city", "1parks", id="a digit first"),
        pytest.param("city", "p" * 32, id="too long"),
    ],
)
def test_a_slug_makes_one_unambiguous_name(parks, organisation, dataset):
    with pytest.raises(InvalidContractError, match="a slug has"):
        parse_contract(parks.encode(), organisation=organisation, dataset=dataset)


def test_a_text_that_is_not_utf_8_names_its_line(parks):
    content = parks.encode().replace("공원녹지과".encode(), "공원녹지과".encode("cp949"))

    with pytest.raises(InvalidContractError, match=r"city/parks\.yaml:5: \(file\): is not UTF-8"):
        parse_contract(content, organisation="city", dataset="parks")


@pytest.mark.parametrize("content", [b"", b"- a\n- b\n", b"parks\n"], ids=["empty", "list", "text"])
def test_a_text_without_keys_is_refused(content):
    with pytest.raises(InvalidContractError, match=r"city/parks\.yaml:1: \(contract\)"):
        parse_contract(content, organisation="city", dataset="parks")


def test_every_fault_is_told_at_once(parks):
    broken = parks.replace("version: 1", "version: x").replace("theme:", "theem:")

    with pytest.raises(InvalidContractError) as caught:
        parse_contract(broken.encode(), organisation="city", dataset="parks")

    assert {complaint.field for complaint in caught.value.complaints} == {
        "version",
        "theme",
        "theem",
    }


def test_complaints_are_told_in_korean_too(parks):
    complaint = complaint_about(parks.replace("theme:", "theme: x\ntheem:"))

    assert complaint.message_ko == "형식에 없는 항목입니다"


def test_a_complaint_survives_a_process_border(parks):
    with pytest.raises(InvalidContractError) as caught:
        parse_contract(parks.replace("theme:", "theem:").encode(), organisation="c", dataset="p")

    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_contract_knows_its_name_and_the_hash_of_its_text(parks):
    contract = parse_contract(parks.encode(), organisation="city", dataset="parks")

    assert (contract.name, contract.organisation) == ("city-parks", "city")
    assert contract.sha256 == hashlib.sha256(parks.encode()).hexdigest()


def test_a_mapping_may_be_merged_into_another(parks):
    merged = parks.replace(
        '[{park_id: "1", area: "1.5"}]\n    published',
        '[&one {park_id: "1", area: "1.5"}, {<<: *one, park_id: "2"}]\n    published',
    )

    contract = parse_contract(merged.encode(), organisation="city", dataset="parks")

    assert contract.examples[0].supplied[1] == {"park_id": "2", "area": "1.5"}


def test_a_broken_contract_takes_no_other_away(tmp_path, parks):
    (tmp_path / "city").mkdir()
    (tmp_path / "city/parks.yaml").write_text(parks, encoding="utf-8")
    (tmp_path / "city/broken.yaml").write_text("format: 1\n", encoding="utf-8")
    (tmp_path / "organisations.yaml").write_text("city: {ko: 시청}\n", encoding="utf-8")

    readable, broken = load_contracts(tmp_path)

    assert [contract.name for contract in readable] == ["city-parks"]
    assert [error.complaints[0].file for error in broken] == ["city/broken.yaml"]


def test_a_contract_that_cannot_be_read_is_a_complaint(tmp_path):
    with pytest.raises(InvalidContractError, match=r"parks\.yaml:1: \(file\): cannot be read"):
        load_contract(tmp_path / "parks.yaml")


def test_contracts_come_in_the_order_of_their_names(tmp_path):
    for name in ("b/x", "a/z", "a/y"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.yaml").touch()

    names = [file.relative_to(tmp_path).as_posix() for file in contract_files(tmp_path)]

    assert names == ["a/y.yaml", "a/z.yaml", "b/x.yaml"]


@pytest.mark.parametrize("name", ["city-lakes", "../city-parks", "city", ""])
def test_a_dataset_without_a_contract_is_told_with_those_that_have_one(tmp_path, parks, name):
    (tmp_path / "city").mkdir()
    (tmp_path / "city/parks.yaml").write_text(parks, encoding="utf-8")

    with pytest.raises(ContractError, match="Name one of: city-parks"):
        find_contract(tmp_path, name)
