from __future__ import annotations

import unicodedata
from datetime import date
from decimal import Decimal

import pytest

from etl.errors import ContractError
from etl.validate.compiling import compile_rules
from etl.validate.rules import (
    Among,
    Between,
    Compared,
    Length,
    Pattern,
    Readable,
    Required,
    Rule,
    Sums,
    Unique,
)
from etl.validate.suites import Suite
from tests.unit.validate.tables import contract_of


def suite_of(*expectations: dict[str, object]) -> dict[str, Suite]:
    return {"shared": Suite.model_validate({"name": "shared", "expectations": expectations})}


def between(column: str, **kwargs: object) -> dict[str, object]:
    return {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": column} | kwargs,
        "severity": "warning",
    }


def test_constraints_become_critical_rules_in_the_contracts_order():
    contract = contract_of(
        {
            "name": "code",
            "constraints": {
                "unique": True,
                "minLength": 2,
                "maxLength": 9,
                "pattern": "[A-Z]+",
                "enum": ["AB", "CD"],
            },
        },
        {
            "name": "share",
            "type": "number",
            "decimals": 1,
            "constraints": {"required": True, "minimum": 0, "maximum": "99.5"},
        },
        primaryKey=["code"],
    )

    rules = compile_rules(contract, {})

    assert [(rule.field, rule.name, rule.check) for rule in rules] == [
        ("code", "type", Readable()),
        ("code", "required", Required()),
        ("code", "unique", Unique()),
        ("code", "minLength", Length(least=2)),
        ("code", "maxLength", Length(most=9)),
        ("code", "pattern", Pattern("^(?:[A-Z]+)$")),
        ("code", "enum", Among(("AB", "CD"))),
        ("share", "type", Readable()),
        ("share", "required", Required()),
        ("share", "minimum", Between(least=Decimal("0.0"))),
        ("share", "maximum", Between(most=Decimal("99.5"))),
        ("code", "primaryKey", Unique()),
    ]
    assert {rule.severity for rule in rules} == {"critical"}


def test_a_value_is_composed_like_the_cells_it_is_compared_with():
    decomposed = unicodedata.normalize("NFD", "가람구")
    contract = contract_of(
        {"name": "ward", "type": "string", "constraints": {"enum": [decomposed]}}
    )

    rules = compile_rules(contract, {})

    assert rules[-1].check == Among(("가람구",))


@pytest.mark.parametrize(
    ("field", "bounds", "check"),
    [
        pytest.param(
            {"type": "integer"}, {"min_value": 0.5}, Between(least=1), id="half rounds up"
        ),
        pytest.param(
            {"type": "integer"}, {"max_value": -0.5}, Between(most=-1), id="and down above"
        ),
        pytest.param(
            {"type": "number", "decimals": 1},
            {"min_value": 33.25, "max_value": 39},
            Between(Decimal("33.3"), Decimal("39.0")),
            id="to the field's decimals, moving no value across",
        ),
        pytest.param(
            {"type": "date"},
            {"min_value": "2015-01-01"},
            Between(least=date(2015, 1, 1)),
            id="a day",
        ),
        pytest.param(
            {"type": "yearmonth"}, {"max_value": "2026-11"}, Between(most="2026-11"), id="a month"
        ),
    ],
)
def test_bounds_are_read_as_the_fields_type(field, bounds, check):
    contract = contract_of({"name": "cell", **field}, expectations=["shared"])

    rules = compile_rules(contract, suite_of(between("cell", **bounds)))

    assert rules[-1].check == check
    assert rules[-1].severity == "warning"


def test_rules_of_a_suite_carry_its_name_and_never_share_a_label():
    contract = contract_of({"name": "n", "type": "integer"}, expectations=["shared"])
    suites = suite_of(
        between("n", min_value=1), between("n", min_value=0), between("n", max_value=9)
    )

    rules = compile_rules(contract, suites)

    assert [rule.label for rule in rules] == [
        "n: type",
        "n: shared.minimum",
        "n: shared.minimum.2",
        "n: shared.maximum",
    ]


def test_a_compound_key_names_its_fields_together():
    contract = contract_of({"name": "a"}, {"name": "b"}, primaryKey=["a", "b"])

    assert compile_rules(contract, {})[-1] == Rule(("a", "b"), "primaryKey", "critical", Unique())


@pytest.mark.parametrize(
    ("expectation", "complaint"),
    [
        pytest.param(between("other", min_value=1), "no field other", id="unknown field"),
        pytest.param(between("n"), "a bound is missing", id="no bound"),
        pytest.param(
            between("n", min_value=2, max_value=1), "above the upper", id="crossed bounds"
        ),
        pytest.param(
            between("n", min_value=1, mostly=90), "mostly must be", id="a share beyond one"
        ),
        pytest.param(
            between("n", min_value=1, row_condition="x > 1"),
            "row_condition is not",
            id="a condition",
        ),
        pytest.param(between("n", min_value=10**16), "more than 15 digits", id="too large a bound"),
        pytest.param(between("n", min_value="viel"), "no number", id="a bound in words"),
        pytest.param(
            between("text", min_value=1), "does not fit type string", id="text has no order"
        ),
        pytest.param(
            between("day", min_value="2001-02-30"), "no value of type date", id="no such day"
        ),
        pytest.param(
            {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "n", "min_value": 1}},
            "outside the vocabulary",
            id="an expectation about no row",
        ),
        pytest.param(
            {
                "type": "expect_column_values_to_match_regex",
                "kwargs": {"column": "n", "regex": "a"},
            },
            "need type string",
            id="a pattern for numbers",
        ),
        pytest.param(
            {
                "type": "expect_column_values_to_match_regex",
                "kwargs": {"column": "text", "regex": r"\w"},
            },
            "engines differ",
            id="a pattern that engines read differently",
        ),
        pytest.param(
            {
                "type": "expect_column_values_to_be_in_set",
                "kwargs": {"column": "n", "value_set": ["x"]},
            },
            "x is no value of type integer",
            id="a word among numbers",
        ),
        pytest.param(
            {
                "type": "expect_compound_columns_to_be_unique",
                "kwargs": {"column_list": ["n", "text"]},
            },
            "ignore_row_if must be",
            id="nulls that would collide",
        ),
        pytest.param(
            {
                "type": "expect_compound_columns_to_be_unique",
                "kwargs": {
                    "column_list": ["n", "n"],
                    "ignore_row_if": "any_value_is_missing",
                },
            },
            "names a field twice",
            id="a field beside itself",
        ),
    ],
)
def test_what_cannot_be_judged_alike_is_refused_before_a_row_is_read(expectation, complaint):
    contract = contract_of(
        {"name": "n", "type": "integer"},
        {"name": "text"},
        {"name": "day", "type": "date"},
        expectations=["shared"],
    )

    with pytest.raises(ContractError, match=complaint) as caught:
        compile_rules(contract, suite_of(expectation))

    assert "expectations/shared.json: expectations[0]" in caught.value.message


@pytest.mark.parametrize(
    ("contract", "complaint"),
    [
        pytest.param(
            contract_of({"name": "a"}, expectations=["absent"]), "no suite absent", id="no suite"
        ),
        pytest.param(
            contract_of({"name": "a", "constraints": {"pattern": r"\w+"}}),
            "a.constraints: engines differ",
            id="pattern",
        ),
        pytest.param(
            contract_of({"name": "a", "type": "integer", "constraints": {"maxLength": 3}}),
            "a.constraints: lengths, patterns and lists need type string; a is integer",
            id="length of a number",
        ),
        pytest.param(
            contract_of({"name": "a"}, reference_date={"field": "a"}),
            "reference_date.field: a is no date",
            id="reference date that is none",
        ),
        pytest.param(
            contract_of({"name": "a"}, primaryKey=["a", "a"]),
            "primaryKey: a field is named twice",
            id="a key that repeats itself",
        ),
    ],
)
def test_a_contract_that_cannot_be_judged_is_refused(contract, complaint):
    with pytest.raises(ContractError, match=complaint):
        compile_rules(contract, {})


PAIR = {"ignore_row_if": "either_value_is_missing"}
SUM = {"ignore_row_if": "any_value_is_missing"}
NUMBERS = [{"name": name, "type": "integer"} for name in ("a", "b", "c")]


@pytest.mark.parametrize(
    ("kind", "kwargs", "fields", "check"),
    [
        pytest.param(
            "column_pair_values_a_to_be_greater_than_b",
            {"column_A": "a", "column_B": "b", "or_equal": True} | PAIR,
            ("b", "a"),
            Compared("<="),
            id="the less first",
        ),
        pytest.param(
            "column_pair_values_a_to_be_greater_than_b",
            {"column_A": "a", "column_B": "b"} | PAIR,
            ("b", "a"),
            Compared("<"),
            id="strictly",
        ),
        pytest.param(
            "column_pair_values_to_be_equal",
            {"column_A": "a", "column_B": "b"} | PAIR,
            ("a", "b"),
            Compared("="),
            id="equal",
        ),
        pytest.param(
            "multicolumn_sum_to_equal",
            {"column_list": ["a", "b"], "sum_total": "c"} | SUM,
            ("a", "b", "c"),
            Sums(),
            id="a sum that a field states",
        ),
    ],
)
def test_expectations_over_several_fields_are_read_as_gx_means_them(kind, kwargs, fields, check):
    expectation = {
        "type": f"expect_{kind}",
        "kwargs": kwargs | {"mostly": 0.9},
        "severity": "info",
        "meta": {"responsibility": "data-steward"},
    }
    contract = contract_of(*NUMBERS, expectations=["shared"])

    rule = compile_rules(contract, suite_of(expectation))[-1]

    assert (rule.fields, rule.check) == (fields, check)
    assert (rule.share, rule.responsibility) == (0.1, "data-steward")


@pytest.mark.parametrize(
    ("kwargs", "use", "complaint"),
    [
        pytest.param({}, {}, "gives no parameter limit", id="a parameter that nobody gives"),
        pytest.param(
            {},
            {"parameters": {"limit": 1, "other": 2}},
            "has no parameter other",
            id="a parameter that nobody takes",
        ),
        pytest.param(
            {}, {"area": {"codelist": "areas", "code": "9"}}, "no code list areas", id="no list"
        ),
        pytest.param({"mostly": True}, {"parameters": {"limit": 1}}, "mostly must be", id="a word"),
    ],
)
def test_a_suite_that_is_used_wrongly_is_refused(kwargs, use, complaint):
    asked = between("a", min_value={"$PARAMETER": "limit"})
    asked["kwargs"] |= kwargs
    contract = contract_of(*NUMBERS, expectations=[{"suite": "shared"} | use])

    with pytest.raises(ContractError, match=complaint):
        compile_rules(contract, suite_of(asked))


def test_a_parameter_stands_for_what_the_contract_says():
    asked = between("a", min_value={"$PARAMETER": "limit"})
    use = {"suite": "shared", "parameters": {"limit": 7}}

    rules = compile_rules(contract_of(*NUMBERS, expectations=[use]), suite_of(asked))

    assert rules[-1].check == Between(least=7)


@pytest.mark.parametrize(
    ("fields", "keys", "complaint"),
    [
        pytest.param(
            [{"name": "a"}, {"name": "b", "type": "date"}],
            {"rules": [{"compare": ["a", "=", "b"]}]},
            r"rules\[0\]: a is string and b is date",
            id="text beside a day",
        ),
        pytest.param(
            [{"name": "a"}, {"name": "b"}],
            {"rules": [{"compare": ["a", "<", "b"]}]},
            "type string has no order",
            id="an order of texts",
        ),
        pytest.param(
            [*NUMBERS[:2], {"name": "c"}],
            {"rules": [{"sum": {"of": ["a", "b"], "total": "c"}}]},
            "a sum needs type integer or number; c is string",
            id="a sum that is text",
        ),
        pytest.param(
            NUMBERS,
            {"rules": [{"sum": {"of": ["a", "b"], "total": "c", "within": "0.5"}}]},
            "within has more than the fields' 0 decimals",
            id="a slack finer than the numbers",
        ),
        pytest.param(
            NUMBERS,
            {"rules": [{"recent": {"field": "a", "within": "P1Y"}}]},
            "recent needs type date; a is integer",
            id="a number that is no day",
        ),
        pytest.param(
            [{"name": "a", "codelist": "absent"}], {}, "no code list absent", id="an unknown list"
        ),
    ],
)
def test_a_demand_that_does_not_fit_its_fields_is_refused(fields, keys, complaint):
    with pytest.raises(ContractError, match=complaint):
        compile_rules(contract_of(*fields, **keys), {})


def test_demands_carry_their_severity_share_and_whose_job_a_failure_is():
    contract = contract_of(
        *NUMBERS,
        rules=[
            {"compare": ["a", "<=", "b"]},
            {"unique": ["a", "b"], "severity": "info", "share": "1%",
             "responsibility": "data-steward"},
            {"total": ["c"]},
        ],
        foreignKeys=[
            {"fields": ["a"], "reference": {"resource": "x-y", "fields": ["k"]},
             "severity": "warning"},
        ],
    )  # fmt: skip

    told = [
        (rule.label, rule.severity, rule.share, rule.responsibility)
        for rule in compile_rules(contract, {})[3:]
    ]

    assert told == [
        ("a: foreignKey", "warning", None, "department"),
        ("a, b: compare", "critical", None, "department"),
        ("a, b: unique", "info", 0.01, "data-steward"),
    ]
