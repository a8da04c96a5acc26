"""What nobody asks for and everybody relies on: retention kept, search in step with records."""

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
    from etl.pipeline.steps import standing

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


@task(show_return_value_in_logs=False)
def mend_search() -> int:
    """Bring the search index to what the records say, and return how many it differed in."""
    from etl.pipeline.steps import standing

    return standing().mend_search()


@dag(
    dag_display_name="검색 색인 바로잡기 · Keep search",
    schedule=CronTriggerTimetable("*/10 * * * *", timezone=TIMEZONE),
    start_date=pendulum.datetime(2025, 1, 1, tz=TIMEZONE),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "platform operator", "retries": 0},
    tags=["house"],
)
def keep_search() -> None:
    """Mend what a crash of catalogue or search server left different; seldom anything."""
    mend_search()


keep_search()
