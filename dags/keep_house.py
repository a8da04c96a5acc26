"""The DAG that destroys restricted copies when their retention ends."""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import CronTriggerTimetable, dag, task

TIMEZONE = "Asia/Seoul"


@task(show_return_value_in_logs=False)
def destroy_due() -> int:
    """Destroy what is due, and return how many copies there were."""
    from etl.keeping import destroy_due as destroy
    from etl.ledger.book import utc_now
    from etl.pipeline import standing

    return len(destroy(standing(), utc_now()))


@dag(
    dag_display_name="보존 기간 정리 · Keep house",
    schedule=CronTriggerTimetable("30 3 * * *", timezone=TIMEZONE),
    start_date=pendulum.datetime(2025, 1, 1, tz=TIMEZONE),
    catchup=False,
    max_active_runs=1,
    default_args={
        "owner": "platform operator",
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
    },
    tags=["house"],
)
def keep_house() -> None:
    """Keep the promise of each contract's `retention`."""
    destroy_due()


keep_house()
