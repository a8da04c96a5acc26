"""One publication DAG per dataset contract."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pendulum
from airflow.providers.standard.exceptions import HITLTimeoutError
from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import (
    Asset,
    Context,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    dag,
    get_current_context,
    get_parsing_context,
    task,
)
from airflow.sdk.exceptions import AirflowSkipException

from etl import errors, settings
from etl.contract.loading import contract_files, dataset_name, load_contract
from etl.contract.model import Contract
from etl.defects import telling_no_values
from etl.states import Anonymised, Certified, Converted, Landed, Published, Validated

TIMEZONE = "Asia/Seoul"
PREFIX = "publish__"
APPROVE, REJECT = "Approve", "Reject"
APPROVAL_PATIENCE = timedelta(days=30)

RETRYABLE: list[type[BaseException] | str] = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.EtlError) and kind.retryable
]

SUBJECT = (
    "{% set c = ti.xcom_pull('certify') %}{{ dag.dag_display_name }}:"
    " {{ '{:,}'.format(c.rows) }}행을 공개할까요? · Publish {{ '{:,}'.format(c.rows) }} rows?"
)
BODY = """\
{% set c = ti.xcom_pull('certify') %}
| 항목 · what | 값 · value |
|---|---|
| 공개할 행 · rows to publish | {{ '{:,}'.format(c.rows) }} |
| 비공개 처리한 행 · rows suppressed | {{ '{:,}'.format(c.suppressed) }} |
| 가장 작은 집단 · smallest group | {{ c.k_achieved }} (기준 · required: {{ c.k_required }}) |
| 공개판 · release | {{ c.release }} |
| 인증서 · certificate (SHA-256) | `{{ c.certificate_sha256 }}` |
{% if c.k_required %}| 검토서 · page | `restricted/{{ c.dataset }}/{{ c.run_id }}/privacy.html` |
{% endif %}
승인하면 시민 누구나 내려받을 수 있습니다. 반려하면 지금 공개된 자료가 그대로 남습니다.

Once approved, every citizen can download it. If rejected, what is live now stays.
"""


@task
def extract(dataset: str) -> Landed:
    """Land the claimed file."""
    from etl.pipeline.steps import standing  # heavy, so never imported while a DAG file is parsed

    with telling_no_values(dataset):
        return standing().extract_claim(dataset, get_current_context()["params"]["claim_id"])


@task
def validate(landed: Landed) -> Validated:
    """Keep the rows that honour the contract."""
    from etl.pipeline.steps import standing

    with telling_no_values(landed.dataset):
        return standing().validate(landed)


@task
def anonymise(validated: Validated) -> Anonymised:
    """Generalise and suppress what would identify a person."""
    from etl.pipeline.steps import standing

    with telling_no_values(validated.dataset):
        return standing().anonymise(validated)


@task
def convert(anonymised: Anonymised) -> Converted:
    """Write the files that the catalogue will serve."""
    from etl.pipeline.steps import standing

    with telling_no_values(anonymised.dataset):
        return standing().convert(anonymised)


@task
def certify(converted: Converted) -> Certified:
    """Measure the written files again, with another engine."""
    from etl.pipeline.steps import standing

    with telling_no_values(converted.dataset):
        return standing().certify(converted)


@task
def publish(certified: Certified) -> Published:
    """Switch the catalogue to the certified files, and announce the release."""
    from etl.pipeline.steps import standing

    context = get_current_context()
    with telling_no_values(certified.dataset):
        published = standing().publish(certified, approved_by=approver(context, certified))
    [asset] = context["outlets"]
    context["outlet_events"][asset].extra = {"release": published.release}
    return published


def approver(context: Context, certified: Certified) -> str:
    """Return who approved the release, nobody where the contract asks for no approval.

    Raises:
        ApprovalRefusedError: The officer refused, or somebody else answered.
    """
    from etl.pipeline.steps import standing

    if "approve" not in context["task"].upstream_task_ids:
        return ""
    answer = context["ti"].xcom_pull("approve")
    person = answer["responded_by_user"]["name"]
    if person != settings.load().officer:
        raise errors.ApprovalRefusedError(
            f"{certified.dataset}: another account than the privacy officer's answered. Nothing"
            " was published; the live release stays. Clear the task approve, to ask again."
        )
    if answer["chosen_options"] != [APPROVE]:
        standing().refuse(certified, person)
        raise errors.ApprovalRefusedError(
            f"{certified.dataset}: release {certified.release} was refused. Nothing was"
            " published; the live release stays. Drop a file that may be published."
        )
    return str(person)


def skip_unchanged(context: Context) -> None:
    """Skip what would come after certify, where the live release holds the same already."""
    if context["ti"].xcom_pull("certify").status == "unchanged":
        raise AirflowSkipException("The live release holds the same already.")


def record_failure(context: Context) -> None:
    """Tell the ledger that the run ended, so that the next one need not wait for it."""
    from etl.pipeline.steps import standing

    dataset = context["dag"].dag_id.removeprefix(PREFIX)
    standing().fail(dataset, context["params"]["claim_id"], reason_of(context.get("exception")))


def reason_of(exception: BaseException | str | None) -> errors.EtlError | None:
    """Return the error that ended a run in our own words; None for a killed process."""
    if isinstance(exception, errors.EtlError):
        return exception
    if isinstance(exception, HITLTimeoutError):
        return errors.ApprovalRefusedError(
            f"Nobody answered within {APPROVAL_PATIENCE.days} days. Nothing was published; the"
            " live release stays. Clear the task approve, to ask again."
        )
    if isinstance(exception, Exception):
        return errors.DefectError(
            f"{type(exception).__name__} outside the steps. Nothing was published; the live"
            " release stays. Clear the failed task, to try again."
        )
    return None


def approval() -> HITLOperator:
    """Ask the privacy officer; what the answer means, `publish` decides and records."""
    here = settings.load()
    return HITLOperator(
        task_id="approve",
        subject=SUBJECT,
        body=BODY,
        options=[APPROVE, REJECT],
        assigned_users={"id": here.officer_id, "name": here.officer} if here.officer_id else None,
        response_timeout=APPROVAL_PATIENCE,
        pre_execute=skip_unchanged,
        retries=0,  # a retry would ask again, and forget a refusal
    )


DEFAULT_ARGS = {
    "retries": 2,  # used by a killed process, and by the errors that the policy names
    "retry_delay": timedelta(seconds=10),
    "retry_policy": ExceptionRetryPolicy(
        rules=[RetryRule(exception=RETRYABLE)], default=RetryAction.FAIL
    ),
    "on_failure_callback": record_failure,
    "weight_rule": "upstream",  # what holds a lease goes first
    "show_return_value_in_logs": False,
}

# one certify at a time waits for the lease of its dataset, the others wait without a worker
PATIENT = {"retries": 20, "retry_delay": timedelta(seconds=15), "max_active_tis_per_dag": 1}


def add_publication_dag(contract: Contract) -> None:
    """Register the DAG that publishes one dataset."""

    @dag(
        dag_id=f"{PREFIX}{contract.name}",
        dag_display_name=contract.title.ko,
        description=contract.title.en,
        schedule=None,
        start_date=pendulum.datetime(2025, 1, 1, tz=TIMEZONE),
        catchup=False,
        max_active_runs=200,  # a run that waits for the officer must not keep a newer one out
        default_args={**DEFAULT_ARGS, "owner": contract.steward},
        params={"claim_id": Param(type="string", pattern="^[0-9a-f]{32}$")},
        tags=["publish", contract.organisation],
    )
    def publication() -> None:
        """Take one dataset from the department to the catalogue."""
        converted = convert(anonymise(validate(extract(contract.name))))
        certified = certify.override(**PATIENT)(converted)
        published = publish.override(
            **PATIENT,
            pre_execute=skip_unchanged,
            outlets=[Asset(f"madang://{contract.name}")],
        )(certified)
        if contract.approval == "privacy-officer":
            certified >> approval() >> published

    publication()


running = get_parsing_context().dag_id  # in a task its own DAG, in the DAG processor None
for file in contract_files(settings.load().schemas):
    if running in (None, f"{PREFIX}{dataset_name(file)}"):
        with suppress(errors.ContractError):  # shown by check_contracts.py
            add_publication_dag(load_contract(file))
