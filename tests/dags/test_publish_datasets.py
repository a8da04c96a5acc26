"""What every publication DAG promises; needs Airflow, but no database and no service."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.providers.standard.exceptions import HITLTimeoutError
from airflow.sdk.exceptions import AirflowSkipException, ParamValidationError
from airflow.sdk.serde import deserialize, serialize

from etl import errors, states
from etl.pipeline import steps

DAGS = Path(__file__).parents[2] / "dags"
STEPS = ["extract", "validate", "anonymise", "convert", "certify", "publish"]
STATES = ["Landed", "Validated", "Anonymised", "Converted", "Certified", "Published"]
ERRORS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.EtlError)
]
CANARY = "홍길동-900101"

CONTRACT = """\
format: 1
version: 1
title: {{ko: {title}, en: Title}}
description: {{ko: 설명}}
steward: 교통정책과
licence: kogl-1
theme: transport
frequency: P1M
source: {{folder: {{files: "*.csv"}}}}
disclosure: {{level: public}}
fields:
  - {{name: place, title: {{ko: 장소}}, type: string, role: open}}
privacy: {{unit: none}}
approval: {approval}
"""

CERTIFIED = states.Certified(
    dataset="city-jobs",
    run_id="a" * 32,
    contract_sha256="b" * 64,
    key="certified/city-jobs/r/certify",
    rows=12345,
    release="20261125-1",
    status="certified",
    approval="privacy-officer",
    certificate_sha256="c" * 64,
    suppressed=7,
    k_required=10,
    k_achieved=11,
)


@pytest.fixture(autouse=True)
def contracts(tmp_path, monkeypatch):
    (tmp_path / "city").mkdir()
    for name, approval in {"parking": "none", "jobs": "privacy-officer"}.items():
        text = CONTRACT.format(title="'{{ 7*7 }} 구직'", approval=approval)
        (tmp_path / "city" / f"{name}.yaml").write_text(text)
    (tmp_path / "city" / "broken.yaml").write_text("title: 깨진 계약\nstewart: 없는과")
    monkeypatch.setenv("MADANG_SCHEMAS", str(tmp_path))


def parse() -> DagBag:
    return DagBag(DAGS, load_op_links=False)


def publication(dataset: str = "jobs"):
    return parse().dags[f"publish__city-{dataset}"]


# What is built


def test_a_broken_contract_is_shown_and_takes_no_other_dag_away():
    bag = parse()

    assert [Path(file).name for file in bag.import_errors] == ["check_contracts.py"]
    assert "city/broken.yaml:2: stewart" in str(bag.import_errors)
    assert set(bag.dags) == {
        "collect_intake",
        "keep_house",
        "keep_search",
        "publish__city-parking",
        "publish__city-jobs",
    }


@pytest.mark.parametrize(
    ("dataset", "steps"),
    [
        pytest.param("parking", STEPS, id="no approval is asked for"),
        pytest.param("jobs", [*STEPS[:5], "approve", "publish"], id="approval before publish"),
    ],
)
def test_each_step_waits_for_the_one_before(dataset, steps):
    dag = publication(dataset)

    assert [task.task_id for task in dag.topological_sort()] == steps
    assert all(b in dag.task_dict[a].downstream_task_ids for a, b in pairwise(steps))


def test_every_dag_is_tagged_and_every_task_owned_and_silent_about_what_it_returns():
    dags = parse().dags.values()
    tasks = [task for dag in dags for task in dag.tasks]

    assert all(dag.tags for dag in dags)
    assert "airflow" not in {task.owner for task in tasks}
    assert not any(getattr(task, "show_return_value_in_logs", False) for task in tasks)


def test_a_publication_tells_the_ledger_of_every_failure():
    assert all(task.on_failure_callback for task in publication().tasks)


def test_a_task_builds_only_its_own_dag(monkeypatch):
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "publish__city-parking")

    assert set(parse().dags) == {
        "collect_intake",
        "keep_house",
        "keep_search",
        "publish__city-parking",
    }


def test_parsing_does_not_load_the_steps():
    heavy = ["etl.pipeline", "polars", "duckdb", "great_expectations", "pandas"]
    script = (
        "import sys; from airflow.dag_processing.dagbag import DagBag;"
        f"bag = DagBag({str(DAGS)!r}, load_op_links=False);"
        f"sys.exit(len(bag.dags) != 5 or any(name in sys.modules for name in {heavy}))"
    )

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def give(params, conf):
    """Fill the parameters as a start of a run does."""
    params.update(conf)
    params.validate()


@pytest.mark.parametrize(
    "conf",
    [
        pytest.param({}, id="no claim"),
        pytest.param({"claim_id": "{{ 7*7 }}"}, id="a template"),
        pytest.param({"claim_id": "../../etc/passwd"}, id="a path"),
        pytest.param({"claim_id": "A" * 32}, id="capitals"),
    ],
)
def test_a_run_without_a_true_claim_cannot_be_started(conf):
    params = publication().params

    with pytest.raises(ParamValidationError):
        give(params, conf)


@pytest.mark.parametrize("name", STATES)
def test_a_state_travels_through_xcom_as_itself(name):
    kind = getattr(states, name)
    values = {"str": "text", "int": 7}
    before = kind(
        **{field.name: values[str(field.type)] for field in kind.__dataclass_fields__.values()}
    )

    assert deserialize(serialize(before)) == before


# Retries


@pytest.mark.parametrize("step", [*STEPS, "approve"])
@pytest.mark.parametrize("error", ERRORS)
def test_a_task_is_tried_again_only_if_the_error_says_that_it_helps(error, step):
    task = publication().task_dict[step]

    decision = task.retry_policy.evaluate(error("message"), try_number=1, max_tries=2)

    assert decision.action.value == ("retry" if error.retryable else "fail")


@pytest.mark.parametrize("error", [ValueError("x"), MemoryError(), KeyError("x")])
def test_a_defect_is_not_tried_again(error):
    policy = publication().task_dict["validate"].retry_policy

    assert policy.evaluate(error, try_number=1, max_tries=2).action.value == "fail"


def test_a_refusal_is_never_asked_again():
    assert publication().task_dict["approve"].retries == 0


def test_one_certify_waits_for_the_lease_and_what_holds_it_goes_first():
    tasks = publication().task_dict

    assert tasks["certify"].max_active_tis_per_dag == 1
    assert tasks["certify"].retries >= 10
    assert {task.weight_rule.__class__.__name__ for task in tasks.values()} == {
        tasks["publish"].weight_rule.__class__.__name__
    }


# Approval


@pytest.fixture
def running(monkeypatch):
    """A publish task in its context, and a pipeline that notes what it is asked."""
    asked: list[tuple[str, ...]] = []
    task = publication().task_dict["publish"]
    pulled: dict[str, object] = {"certify": CERTIFIED}
    events: dict[object, SimpleNamespace] = {}
    [asset] = task.outlets
    events[asset] = SimpleNamespace(extra={})
    context = {
        "task": task,
        "ti": SimpleNamespace(xcom_pull=pulled.get),
        "outlets": task.outlets,
        "outlet_events": events,
        "dag": task.dag,
        "params": {"claim_id": "a" * 32},
    }
    module = sys.modules[task.python_callable.__module__]
    monkeypatch.setattr(module, "get_current_context", lambda: context)

    def publish(certified, approved_by):
        asked.append(("publish", approved_by))
        return states.Published(
            dataset=certified.dataset,
            run_id=certified.run_id,
            contract_sha256=certified.contract_sha256,
            key="k",
            rows=certified.rows,
            release=certified.release,
            previous="",
            status="published",
            url="",
        )

    noting = SimpleNamespace(
        publish=publish,
        refuse=lambda _, by: asked.append(("refuse", by)),
        fail=lambda *given: asked.append(("fail", *given)),
    )
    monkeypatch.setattr(steps, "standing", lambda: noting)
    return SimpleNamespace(
        task=task, context=context, asked=asked, pulled=pulled, module=module, event=events[asset]
    )


def answer(option: str, person: str = "officer") -> dict[str, object]:
    return {"chosen_options": [option], "responded_by_user": {"id": "2", "name": person}}


def test_an_approval_reaches_the_pipeline_with_its_person_and_the_release_is_announced(running):
    running.pulled["approve"] = answer("Approve")

    published = running.task.python_callable(CERTIFIED)

    assert running.asked == [("publish", "officer")]
    assert published.release == "20261125-1"
    assert running.event.extra == {"release": "20261125-1"}


def test_a_refusal_is_recorded_and_ends_the_run(running):
    running.pulled["approve"] = answer("Reject")

    with pytest.raises(errors.ApprovalRefusedError, match="was refused"):
        running.task.python_callable(CERTIFIED)

    assert running.asked == [("refuse", "officer")]
    assert running.event.extra == {}


@pytest.mark.parametrize("option", ["Approve", "Reject"])
def test_an_answer_of_somebody_else_publishes_and_records_nothing(running, option):
    running.pulled["approve"] = answer(option, "engineer")

    with pytest.raises(errors.ApprovalRefusedError, match="another account"):
        running.task.python_callable(CERTIFIED)

    assert running.asked == []


@pytest.mark.parametrize("step", ["approve", "publish"])
def test_what_is_live_already_is_neither_asked_for_nor_published(running, step):
    running.pulled["certify"] = replace(CERTIFIED, status="unchanged")
    skip = publication().task_dict[step]._pre_execute_hook

    with pytest.raises(AirflowSkipException):
        skip(running.context)

    running.pulled["certify"] = CERTIFIED
    assert skip(running.context) is None


def test_only_the_officer_may_answer_where_the_id_is_known(monkeypatch):
    monkeypatch.setenv("MADANG_OFFICER_ID", "2")

    approve = publication().task_dict["approve"]

    assert approve.assigned_users == [{"id": "2", "name": "officer"}]


def test_the_officer_reads_counts_in_two_languages_and_no_template_of_a_title_is_run(running):
    dag = running.task.dag
    approve = dag.task_dict["approve"]
    environment = dag.get_template_env()
    shown = {"ti": running.context["ti"], "dag": dag}

    subject = environment.from_string(approve.subject).render(shown)
    body = environment.from_string(approve.body).render(shown)

    assert "{{ 7*7 }} 구직" in subject
    assert "12,345행을 공개할까요?" in subject
    assert "Publish 12,345 rows?" in subject
    assert "| 비공개 처리한 행 · rows suppressed | 7 |" in body
    assert "| 11 (기준 · required: 10) |" in body


# Failures


@pytest.mark.parametrize(
    ("exception", "kind"),
    [
        pytest.param(errors.QualityGateError("12 rows"), errors.QualityGateError, id="ours"),
        pytest.param(ValueError(CANARY), errors.DefectError, id="another's is a defect"),
        pytest.param(HITLTimeoutError({}), errors.ApprovalRefusedError, id="nobody answered"),
        pytest.param(None, type(None), id="a killed process"),
    ],
)
def test_a_failure_is_told_to_the_ledger_without_a_value(running, exception, kind):
    running.module.record_failure({**running.context, "exception": exception})

    [(verb, dataset, run_id, error)] = running.asked
    assert (verb, dataset, run_id) == ("fail", "city-jobs", "a" * 32)
    assert type(error) is kind
    assert CANARY not in str(error)


@pytest.mark.parametrize("step", STEPS[1:5])
def test_a_library_that_quotes_a_cell_is_silenced(step, monkeypatch):
    def stumble(_: object) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr(steps, "standing", lambda: SimpleNamespace(**{step: stumble}))
    task = publication().task_dict[step]

    with pytest.raises(errors.DefectError, match="city-jobs: ValueError at") as caught:
        task.python_callable(CERTIFIED)

    assert CANARY not in str(caught.value)
    assert caught.value.__suppress_context__
