"""The DAG that claims complete files and starts one publication per claim."""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Asset, AssetOrTimeSchedule, AssetWatcher, CronTriggerTimetable, dag, task
from intake_watch import IntakeTrigger

from etl import settings

TIMEZONE = "Asia/Seoul"
RETRY_DELAY = timedelta(seconds=10)
MOST_RUNS_AT_ONCE = 500  # Airflow maps over [core] max_map_length at most; the rest follows

intake = Asset(
    "madang://intake",
    watchers=[AssetWatcher(name="intake", trigger=IntakeTrigger(str(settings.load().intake)))],
)


@task(show_return_value_in_logs=False)
def claim_files() -> list[dict[str, str | dict[str, str]]]:
    """Claim every complete file, land its bytes, answer with a receipt, ask for a run for each.

    A run's id comes from its claim: asking again for a run that exists changes nothing,
    and asking for one that a crash prevented mends it. Files and claims of a dataset whose
    contract cannot be read stay where they are. A file that cannot be taken fails this task
    only once there is no run to ask for, so that it keeps no other waiting.
    """
    from etl.contract.loading import load_contracts
    from etl.defects import telling_no_values
    from etl.pipeline.steps import open_pipeline

    here = settings.load()
    with telling_no_values("intake"):
        claims, problem = open_pipeline(here).collect_files(load_contracts(here.schemas)[0])
    if problem and not claims:
        raise problem
    return [
        {
            "trigger_dag_id": f"publish__{claim.dataset}",
            "trigger_run_id": f"claim__{claim.claim_id}",
            "conf": {"claim_id": claim.claim_id},
        }
        for claim in claims[:MOST_RUNS_AT_ONCE]
    ]


@dag(
    dag_display_name="제출 파일 수집 · Collect intake",
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("*/10 * * * *", timezone=TIMEZONE), assets=[intake]
    ),
    start_date=pendulum.datetime(2025, 1, 1, tz=TIMEZONE),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "platform operator", "retries": 2, "retry_delay": RETRY_DELAY},
    tags=["intake"],
)
def collect_intake() -> None:
    """Start one publication for every file that a department has finished writing."""
    TriggerDagRunOperator.partial(
        task_id="start_run", logical_date=None, skip_when_already_exists=True
    ).expand_kwargs(claim_files())


collect_intake()
