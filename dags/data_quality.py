"""Data quality, every 15 minutes: conservation, and what is new in each layer against its contract.

Goes by marks of its own, so a run by hand needs no logical date. A failed check of severity error fails the run at
once with the check's sentence; a server that is away is tried again. Data Docs are rebuilt either way.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import CronDataIntervalTimetable, dag, task
from airflow.sdk.exceptions import AirflowFailException

RETRIES = {"retries": 2, "retry_delay": timedelta(seconds=20), "retry_exponential_backoff": 2.0}


@dag(
    schedule=CronDataIntervalTimetable("*/15 * * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=RETRIES | {"execution_timeout": timedelta(minutes=12)},
    doc_md=__doc__,
    tags=["quality"],
)
def data_quality() -> None:
    """Declare the one task."""

    @task
    def check(run_id: str | None = None) -> str:
        from streamflow.quality.run import run_quality
        from streamflow.settings import settings

        report = run_quality(settings(), str(run_id))
        if not report.ok:
            raise AirflowFailException(" ".join(report.failures))
        return str(report.docs)

    check()


data_quality()
