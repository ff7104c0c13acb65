"""Bronze to silver, hourly; by marks, not by the interval of its run.

A run handles every offset that is new since the last, so a missed hour needs no backfill, and a run by hand no logical
date. A decision that contradicts itself fails at once, anything else is tried again."""

from datetime import UTC, datetime, timedelta

from airflow.sdk import Asset, CronDataIntervalTimetable, dag, task
from airflow.sdk.exceptions import AirflowFailException

RETRIES = {"retries": 3, "retry_delay": timedelta(seconds=20), "retry_exponential_backoff": 2.0}


@dag(
    schedule=CronDataIntervalTimetable("0 * * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=RETRIES | {"execution_timeout": timedelta(minutes=45)},
    doc_md=__doc__,
    tags=["warehouse"],
)
def bronze_to_silver() -> None:
    """Declare the one task."""

    @task(outlets=[Asset("silver")])
    def load(run_id: str = "") -> str:
        from streamflow.settings import settings
        from streamflow.warehouse.report import IntegrityViolation
        from streamflow.warehouse.transforms import bronze_to_silver

        try:
            return bronze_to_silver(settings(), run_id).summary()
        except IntegrityViolation as error:
            raise AirflowFailException(str(error)) from None

    load()


bronze_to_silver()
